// What a person does to runs: edit, archive, stop, delete; a deletion can be undone from the notice that it leaves.

import { html, useState } from "../core/html.js";
import { post } from "../core/requests.js";
import { store, useStore } from "../core/store.js";
import { PALETTE, runColor } from "../core/colors.js";
import { Dialog } from "../components/dialog.js";

/**
 * @typedef {object} Edited
 * @property {number} id
 * @property {number} number
 * @property {string} name
 * @property {string} status
 * @property {string[]} tags
 * @property {string | null} [group]
 * @property {string} [notes]
 * @property {string | null} [color]
 * @property {boolean} [archived]
 */

const MARKS = ["group:", "job_type:", "sweep:"]; // tags that the client sends
/** The tags that the user gave. @param {string[]} tags */
const ownTags = (tags) => tags.filter((tag) => !MARKS.some((mark) => tag.startsWith(mark)));

/** Show a sentence for a while, with one action. @param {string} text @param {{label: string, run: () => void}} [action] */
export function notify(text, action) {
  const notice = { text, action };
  store.set({ notice });
  if (!action) setTimeout(() => { if (store.get().notice === notice) store.set({ notice: null }); }, 6000);
}

export function Notice() {
  const notice = useStore((state) => state.notice);
  return html`<div class="notice ${notice ? "" : "hidden-words"}" role="status">${notice && html`<span>${notice.text}</span>
    ${notice.action && html`<button type="button" onClick=${() => { store.set({ notice: null }); notice.action?.run(); }}>${notice.action.label}</button>`}
    <button type="button" class="quiet" aria-label="Dismiss" onClick=${() => store.set({ notice: null })}>✕</button>`}</div>`;
}

/** Send a change; what goes wrong is shown. @param {string} path @param {object} content @returns {Promise<boolean>} */
async function change(path, content) {
  try {
    await post(path, content);
    return true;
  } catch (error) {
    notify(/** @type {Error} */ (error).message);
    return false;
  }
}

/**
 * @param {{runs: Edited[], bulk?: boolean, onDeleted?: () => void}} props the buttons act on all of these runs; `bulk`
 *   leaves out what only one run has, such as notes, of which lists have the beginning
 */
export function RunActions({ runs, bulk = runs.length > 1, onDeleted = () => {} }) {
  const [open, setOpen] = useState(false);
  const numbers = runs.map((run) => run.id);
  const what = runs.length === 1 ? runs[0].name : `${runs.length} runs`;
  const running = runs.filter((run) => run.status === "RUNNING");
  const archived = runs.length > 0 && runs.every((run) => run.archived);
  const remove = async () => {
    if (!(await change("delete", { runs: numbers }))) return;
    notify(`${what} deleted. Its data is removed in a day.`, { label: "Undo", run: async () => { if (await change("restore", { runs: numbers })) notify(`${what} restored.`); } });
    onDeleted();
  };
  return html`<span class="run-actions"><button type="button" disabled=${!runs.length} onClick=${() => setOpen(true)}>Edit</button>
    <button type="button" disabled=${!runs.length} onClick=${() => change("edit", { runs: numbers, archived: !archived })}>${archived ? "Unarchive" : "Archive"}</button>
    ${running.length > 0 && html`<button type="button" onClick=${() => change("stop", { runs: running.map((run) => run.id) })}>Stop</button>`}
    <button type="button" class="bad" disabled=${!runs.length || running.length > 0} title=${running.length ? "Stop it first" : "For a day this can be undone"} onClick=${remove}>Delete</button>
    ${open && html`<${EditDialog} runs=${runs} what=${what} bulk=${bulk} onClose=${() => setOpen(false)} />`}</span>`;
}

/** @param {{runs: Edited[], what: string, bulk: boolean, onClose: () => void}} props */
function EditDialog({ runs, what, bulk, onClose }) {
  const single = bulk ? null : runs[0];
  const [name, setName] = useState(single?.name ?? "");
  const [notes, setNotes] = useState(single?.notes ?? "");
  const [tags, setTags] = useState(single ? ownTags(single.tags).join(", ") : "");
  const [removed, setRemoved] = useState("");
  const [group, setGroup] = useState(single?.group ?? "");
  const [color, setColor] = useState(single?.color ?? null);
  const [trouble, setTrouble] = useState("");
  const value = (/** @type {(text: string) => void} */ take) => (/** @type {any} */ event) => take(event.target.value);
  const save = async (/** @type {Event} */ event) => {
    event.preventDefault();
    /** @type {Record<string, unknown>} */
    const changes = single ? { tags: words(tags) } : { addTags: words(tags), removeTags: words(removed) };
    if (single && name !== single.name) changes.name = name;
    if (single && notes !== (single.notes ?? "")) changes.notes = notes;
    if (single ? group !== (single.group ?? "") : group) changes.group = group || null;
    if (single && color !== (single.color ?? null)) changes.color = color;
    try {
      await post("edit", { runs: runs.map((run) => run.id), ...changes });
      onClose();
    } catch (error) { setTrouble(/** @type {Error} */ (error).message); }
  };
  return html`<${Dialog} label=${`Edit ${what}`} onClose=${onClose}><form class="edit-form" onSubmit=${save}>
    ${single && html`<label>Name <input value=${name} maxlength="255" required onInput=${value(setName)} /></label>`}
    <label>${single ? "Tags" : "Add tags"} <input value=${tags} placeholder="between commas" onInput=${value(setTags)} /></label>
    ${!single && html`<label>Remove tags <input value=${removed} placeholder="between commas" onInput=${value(setRemoved)} /></label>`}
    <label>Group <input value=${group} maxlength="255" placeholder=${single ? "" : "unchanged"} onInput=${value(setGroup)} /></label>
    ${single && html`<fieldset><legend>Colour</legend><button type="button" aria-pressed=${color === null} onClick=${() => setColor(null)}>default</button>
      ${PALETTE.map((one) => html`<button type="button" class="swatch" key=${one} aria-label=${`Colour ${one}`} aria-pressed=${color === one} style=${{ background: one }} onClick=${() => setColor(one)} />`)}
      <input type="color" aria-label="Another colour" value=${color ?? runColor({ ...single, color: null })} onInput=${value(setColor)} /></fieldset>
    <label>Notes <span class="faint">in Markdown</span><textarea rows="6" value=${notes} onInput=${value(setNotes)} /></label>`}
    ${trouble && html`<p class="bad" role="alert">${trouble}</p>`}
    <div class="row"><button type="submit" class="primary">Save</button><button type="button" onClick=${onClose}>Cancel</button></div></form></${Dialog}>`;
}

/** @param {string} text */
const words = (text) => text.split(",").map((word) => word.trim()).filter(Boolean);
