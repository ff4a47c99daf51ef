// Entry point: draws the view of the current address and follows links without reloading.

import { h } from "./dom.js";
import { navigate, onNavigate, projectPath } from "./navigation.js";
import * as project from "./project.js";
import * as run from "./run.js";

const main = document.getElementById("main");
const trail = document.getElementById("trail");
let leave = () => {};

async function show() {
  leave();
  leave = () => {};
  const [, , , , name, runs] = location.pathname.split("/");
  const at = name === undefined ? "" : decodeURIComponent(name);
  trail.replaceChildren(...(at ? [h("a", { href: projectPath(at) }, at)] : []), ...(runs ? [h("span", {}, runs.includes(",") ? "compared" : "run")] : []));
  const container = h("div");
  main.replaceChildren(container);
  document.title = `${at || "Projects"} · Pluto`;
  try {
    const view = runs ? run.view : at ? project.view : project.projectList;
    const stop = await view(container, at, runs);
    if (container.isConnected) leave = stop || (() => {});
    else if (stop) stop();
  } catch (error) {
    container.replaceChildren(h("p", { class: "bad", role: "alert" }, error.message), h("p", {}, runs ? h("a", { href: projectPath(at) }, `All runs of ${at}`) : h("a", { href: "/" }, "All projects")));
    if (!(error instanceof Error) || error.name !== "Error") throw error;
  }
}

document.addEventListener("click", (event) => {
  const link = event.target.closest?.("a[href]");
  if (!link || event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey || link.target || link.hasAttribute("download")) return;
  const address = new URL(link.href);
  if (address.origin !== location.origin || !(address.pathname === "/" || address.pathname.startsWith("/o/"))) return;
  event.preventDefault();
  navigate(address.pathname + address.search);
  main.focus({ preventScroll: true });
  scrollTo(0, 0);
});
addEventListener("popstate", show);
onNavigate(show);
show();
