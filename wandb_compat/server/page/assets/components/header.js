// The bar at the top: where one is, the parts of a project, and what belongs to the whole page.

import { BASE, ownPath } from "../core/frame.js";
import { html } from "../core/html.js";
import { writePreferences } from "../core/preferences.js";
import { projectPath } from "../core/router.js";
import { store, useStore } from "../core/store.js";

/** The parts of a project that have a tab; `path` is empty for the workspace. */
export const SECTIONS = [
  { name: "workspace", label: "Workspace", path: "" },
];

/** @param {{project?: string, section?: string, runs?: string}} props */
export function Header({ project, section, runs }) {
  if (BASE) return html`<header class="bar framed"><a class="brand" href=${ownPath()}><img src="/assets/icon.svg" alt="" width="16" height="16" /> Open in a tab</a><span id="trail" class="faint">${project}</span><${Live} /></header>`;
  return html`<header class="bar">
    <a class="brand" href="/"><img src="/assets/icon.svg" alt="" width="22" height="22" /> Pluto <span class="faint">on this machine</span></a>
    <nav id="trail" aria-label="Where you are">${project && html`<a href=${projectPath(project)} title=${project}>${project}</a>`}${runs && html`<span>${runs.includes(",") ? "compared" : "run"}</span>`}</nav>
    ${project && SECTIONS.length > 1 && html`<nav class="sections" aria-label="Parts of the project">${SECTIONS.map((one) => html`<a key=${one.name} href=${projectPath(project, one.path)} aria-current=${one.name === section ? "page" : undefined}>${one.label}</a>`)}</nav>`}
    <${Live} /><${Settings} />
    <form action="/signout" method="post"><button class="quiet">Sign out</button></form>
  </header>`;
}

function Live() {
  const live = useStore((state) => state.live);
  return html`<span id="live" class="live ${live}" role="status">${{ on: "live", off: "disconnected", "": "" }[live]}</span>`;
}

function Settings() {
  const { theme, density } = useStore((state) => state.preferences);
  const set = (/** @type {object} */ change) => {
    const preferences = { ...store.get().preferences, ...change };
    store.set({ preferences });
    writePreferences(preferences);
  };
  return html`<details class="menu"><summary class="quiet" aria-label="Settings of the page" title="Settings of the page">☰</summary><div class="menu-body">
    <label>Theme <select value=${theme} onChange=${(/** @type {any} */ event) => set({ theme: event.target.value })}><option value="system">as the system</option><option value="light">light</option><option value="dark">dark</option></select></label>
    <label>Density <select value=${density} onChange=${(/** @type {any} */ event) => set({ density: event.target.value })}><option value="comfortable">comfortable</option><option value="compact">compact</option></select></label>
    <button type="button" onClick=${() => store.set({ dialog: "shortcuts" })}>Keyboard shortcuts <kbd>?</kbd></button>
  </div></details>`;
}
