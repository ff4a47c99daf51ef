// Entry point: the page's frame around the view of the current address; follows links without reloading.

import { BASE } from "./core/frame.js";
import { html, render, useEffect } from "./core/html.js";
import { applyPreferences } from "./core/preferences.js";
import { matchPath, navigate, readAddress } from "./core/router.js";
import { handleKey } from "./core/shortcuts.js";
import { store, useStore } from "./core/store.js";
import { Header } from "./components/header.js";
import { Notice } from "./edit/actions.js";
import { Shortcuts } from "./components/shortcut_help.js";
import { Boundary, ErrorState } from "./components/states.js";
import { ROUTES } from "./routes.js";

function App() {
  const path = useStore((state) => state.address.path);
  const [route, parameters] = findRoute(path);
  useEffect(() => { document.getElementById("main")?.focus({ preventScroll: true }); }, [path]);
  return html`<a class="skip" href="#main">Skip to the content</a>
    <${Header} project=${parameters.project} section=${route?.section} runs=${parameters.runs} />
    <main id="main" tabindex="-1"><${Boundary} key=${path}>${route ? html`<${route.view} ...${parameters} />` : html`<${NoSuchPage} />`}</${Boundary}></main>
    <${Notice} /><${Shortcuts} />`;
}

/** @param {string} path @returns {[import("./routes.js").Route | null, Record<string, string>]} */
function findRoute(path) {
  for (const route of ROUTES) {
    const parameters = matchPath(route.pattern, path);
    if (parameters) return [route, parameters];
  }
  return [null, {}];
}

function NoSuchPage() {
  const error = new Error("This server has no page at this address.");
  error.name = "NotFound";
  return html`<${ErrorState} error=${error} />`;
}

document.addEventListener("click", (event) => {
  const link = /** @type {Element} */ (event.target).closest?.("a[href]");
  if (!(link instanceof HTMLAnchorElement) || event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey || link.target) return;
  const address = new URL(link.href);
  if (BASE) { // links open a tab of the browser, which has its own session; the data of the run is read here
    if (address.origin === location.origin && address.pathname.startsWith("/page/")) link.href = BASE + address.pathname + address.search;
    return;
  }
  if (address.origin !== location.origin || !(address.pathname === "/" || address.pathname.startsWith("/o/"))) return;
  if (link.hasAttribute("download") || (address.pathname === location.pathname && address.hash)) return;
  event.preventDefault();
  navigate(address.pathname + address.search);
  scrollTo(0, 0);
});
addEventListener("keydown", handleKey);
addEventListener("popstate", readAddress);
applyPreferences(store.get().preferences);
render(html`<${App} />`, /** @type {HTMLElement} */ (document.getElementById("app")));
