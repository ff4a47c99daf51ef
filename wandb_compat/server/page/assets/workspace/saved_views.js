// Views that are saved by name for everyone who uses the server, and the link to the current one.

import { html, useEffect, useRef, useState } from "../core/html.js";
import { get, post } from "../core/requests.js";
import { navigate, projectPath, updateQuery } from "../core/router.js";
import { store } from "../core/store.js";
import { changeLayout, makeLayout } from "./layout.js";

/** @typedef {{name: string, query: string, layout: object}} SavedView */

/** @param {{project: string, query: URLSearchParams}} props */
export function SavedViews({ project, query }) {
  const [views, setViews] = useState(/** @type {SavedView[]} */ ([]));
  const [name, setName] = useState("");
  const [message, setMessage] = useState("");
  const menu = useRef(/** @type {HTMLDetailsElement | null} */ (null));
  const asked = query.get("saved");
  const load = () => get("saved-views", { project }).then((answer) => { setViews(answer.views); return answer.views; });
  const open = (/** @type {SavedView} */ view) => {
    changeLayout(makeLayout(project, view.layout));
    navigate(`${projectPath(project)}?${view.query}`);
    if (menu.current) menu.current.open = false;
  };
  const attempt = (/** @type {Promise<any>} */ work, /** @type {string} */ done) => work.then(() => setMessage(done), (error) => setMessage(error.message));
  useEffect(() => {
    if (asked === null) return;
    attempt(load().then((/** @type {SavedView[]} */ found) => {
      const view = found.find((one) => one.name === asked);
      if (view) open(view); else { updateQuery({ saved: null }); throw new Error(`No view is named ${asked}`); }
    }), "");
  }, [asked]);
  useEffect(() => {
    const close = (/** @type {Event} */ event) => { if (menu.current?.open && !menu.current.contains(/** @type {Node} */ (event.target))) menu.current.open = false; };
    document.addEventListener("click", close);
    return () => document.removeEventListener("click", close);
  }, []);
  const save = (/** @type {Event} */ event) => {
    event.preventDefault();
    const { order, folded, panels, added } = makeLayout(project, store.get().layout ?? {});
    attempt(post("saved-views/save", { project, name, query: String(query), layout: { order, folded, panels, added } }).then(load), `Saved ${name}`);
  };
  const remove = (/** @type {string} */ one) => attempt(post("saved-views/delete", { project, name: one }).then(load), `Deleted ${one}`);
  const copy = (/** @type {string} */ address) => attempt(navigator.clipboard ? navigator.clipboard.writeText(address) : Promise.reject(new Error(address)), "Copied");
  return html`<details class="menu" ref=${menu} onToggle=${() => menu.current?.open && attempt(load(), "")}><summary class="button">Views</summary><div class="menu-body saved-views">
    ${views.map((view) => html`<div class="saved-view" key=${view.name}><button type="button" class="name" onClick=${() => open(view)}>${view.name}</button>
      <button type="button" aria-label=${`Copy the link to ${view.name}`} title="Copy its link" onClick=${() => copy(`${location.origin}${projectPath(project)}?saved=${encodeURIComponent(view.name)}`)}>⧉</button>
      <button type="button" aria-label=${`Delete ${view.name}`} title="Delete" onClick=${() => remove(view.name)}>✕</button></div>`)}
    <form onSubmit=${save}><input type="text" required maxlength="200" placeholder="Name of this view" aria-label="Name of this view" value=${name} onInput=${(/** @type {any} */ event) => setName(event.target.value)} /><button>Save</button></form>
    <button type="button" onClick=${() => copy(location.href)}>Copy the link to what is shown</button>
    <span class="faint" role="status">${message}</span></div></details>`;
}
