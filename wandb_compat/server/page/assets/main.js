// The page: which view an address shows, and how one leads to another without loading anew.

import { h } from "./dom.js";
import * as project from "./project.js";
import * as run from "./run.js";

const main = document.getElementById("main");
const trail = document.getElementById("trail");
let leave = () => {};

/** Change the address's query in place; null takes a name out. */
export function remember(changes) {
  const query = new URLSearchParams(location.search);
  for (const [name, value] of Object.entries(changes)) {
    query.delete(name);
    for (const one of Array.isArray(value) ? value : [value]) if (one !== null && one !== undefined && one !== "") query.append(name, one);
  }
  const text = query.toString();
  history.replaceState(null, "", location.pathname + (text ? `?${text}` : ""));
}

export function go(address) {
  history.pushState(null, "", address);
  show();
}

export const path = (project, runs = "") => `/o/local/projects/${encodeURIComponent(project)}${runs && `/${runs}`}`;

async function show() {
  leave();
  leave = () => {};
  const [, , , , name, runs] = location.pathname.split("/");
  const at = name === undefined ? "" : decodeURIComponent(name);
  trail.replaceChildren(...(at ? [h("a", { href: path(at) }, at)] : []), ...(runs ? [h("span", {}, runs.includes(",") ? "compared" : "run")] : []));
  const home = h("div");
  main.replaceChildren(home);
  document.title = `${at || "Projects"} · Pluto`;
  try {
    const view = runs ? run.view : at ? project.view : project.front;
    const left = await view(home, at, runs);
    if (home.isConnected) leave = left || (() => {});
    else if (left) left();
  } catch (trouble) {
    home.replaceChildren(h("p", { class: "bad", role: "alert" }, trouble.message), h("p", {}, runs ? h("a", { href: path(at) }, `All runs of ${at}`) : h("a", { href: "/" }, "All projects")));
    if (!(trouble instanceof Error) || trouble.name !== "Error") throw trouble;
  }
}

document.addEventListener("click", (event) => {
  const link = event.target.closest?.("a[href]");
  if (!link || event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey || link.target || link.hasAttribute("download")) return;
  const address = new URL(link.href);
  if (address.origin !== location.origin || !(address.pathname === "/" || address.pathname.startsWith("/o/"))) return;
  event.preventDefault();
  go(address.pathname + address.search);
  main.focus({ preventScroll: true });
  scrollTo(0, 0);
});
addEventListener("popstate", show);
show();
