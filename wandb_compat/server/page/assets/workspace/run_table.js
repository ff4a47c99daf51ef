// The table of runs: columns that differ first, sorted by a click; only the rows in sight are in the page.

import { html, useEffect, useMemo, useRef, useState } from "../core/html.js";
import { ago, lasting, number } from "../core/format.js";
import { projectPath, updateQuery } from "../core/router.js";
import { runColor } from "../core/colors.js";
import { useStore } from "../core/store.js";
import { Dot, State, Tags } from "../components/basics.js";
import { RunActions } from "../edit/actions.js";
import { Dialog } from "../components/dialog.js";
import { Empty } from "../components/states.js";
import { keyTitle } from "./grouping.js";
import { usualColumns, valueOf } from "./runs.js";
import { toggled, writeSelection } from "./selection.js";

/** @typedef {import("./runs.js").Run} Run */

/** Attributes that are columns if any run has one. @type {["group" | "jobType" | "sweep", string][]} */
const ATTRIBUTES = [["group", "Group"], ["jobType", "Job type"], ["sweep", "Sweep"]];

/** @param {{project: import("./runs.js").Project, query: URLSearchParams, visible: Set<number>, selection: import("./selection.js").Selection}} props */
export function RunTable({ project, query, visible, selection }) {
  const { runs, columns: keys } = project;
  const [choosing, setChoosing] = useState(false);
  const columns = query.has("columns") ? query.getAll("column") : usualColumns(keys);
  const attributes = ATTRIBUTES.filter(([name]) => runs.some((run) => run[name]));
  const tagged = runs.some((run) => run.tags.length);
  const numeric = useMemo(() => new Set(columns.filter((key) => runs.some((run) => typeof valueOf(project, run, key) === "number"))), [project, columns.join("\n")]);
  const sort = query.get("sort") ?? "-createdAt";
  const heading = (/** @type {string} */ label, /** @type {string} */ field, numbers = false) => {
    const down = sort === `-${field}`, up = sort === field;
    return html`<th scope="col" class=${numbers ? "number" : ""} aria-sort=${down ? "descending" : up ? "ascending" : "none"}><button type="button" title=${label} onClick=${() => updateQuery({ sort: down ? field : `-${field}` })}>${label}${down ? " ↓" : up ? " ↑" : ""}</button></th>`;
  };
  const show = (/** @type {Run} */ run) => updateQuery(writeSelection(toggled(selection, [run.id], !visible.has(run.id))));
  const width = 5 + attributes.length + Number(tagged) + columns.length;
  const { box, measure, from, to, size } = useWindow(runs.length);
  return html`<div class="toolbar"><button type="button" onClick=${() => setChoosing(true)}>Columns</button><${SelectedActions} project=${project} visible=${visible} query=${query} />${query.has("columns") && html`<button type="button" class="quiet" onClick=${() => updateQuery({ columns: null, column: null })}>Usual columns</button>`}</div>
    ${choosing && html`<${ColumnDialog} known=${[...keys.config.map((key) => `config.${key}`), ...keys.summary.map((key) => `summary.${key}`)]} shown=${columns} onClose=${() => setChoosing(false)} />`}
    ${!runs.length ? html`<${Empty} title="No run matches"><p class="faint">Change the search at the left.</p></${Empty}>` : html`
    <div class="scroll runs table-window" ref=${box} onScroll=${measure} tabindex="0" role="region" aria-label="Table of runs"><table aria-rowcount=${runs.length + 1}><thead><tr>
      <th scope="col"><span class="hidden-words">Shown in the charts</span></th>${heading("Name", "name")}${heading("State", "status")}
      ${columns.map((key) => heading(keyTitle(key), key.startsWith("config.") ? `${key}.value` : `summary_metrics.${key.slice(8)}`, numeric.has(key)))}
      ${attributes.map(([name, label]) => html`<th scope="col" key=${name}>${label}</th>`)}${tagged && html`<th scope="col">Tags</th>`}
      ${heading("Created", "createdAt")}<th scope="col">Duration</th></tr></thead>
      <tbody>${from > 0 && html`<tr aria-hidden="true"><td colspan=${width} style=${{ height: `${from * size}px`, padding: 0 }} /></tr>`}
      ${runs.slice(from, to).map((run) => html`<tr key=${run.id} class=${visible.has(run.id) ? "" : "off"}>
        <td><input type="checkbox" checked=${visible.has(run.id)} aria-label=${`Show ${run.name}`} onChange=${() => show(run)} /></td>
        <th scope="row"><${Dot} color=${runColor(run)} /><a href=${projectPath(project.name, run.id)}>${run.name}</a> <span class="faint">${run.display}</span></th>
        <td><${State} status=${run.status} /></td>
        ${columns.map((key) => { const value = valueOf(project, run, key); return html`<td key=${key} class=${typeof value === "number" ? "number" : ""}>${number(value)}</td>`; })}
        ${attributes.map(([name]) => html`<td key=${name}>${run[name] ?? ""}</td>`)}${tagged && html`<td><${Tags} names=${run.tags} /></td>`}
        <td>${ago(run.created)}</td><td>${lasting((run.ended ?? run.seen) - run.created)}</td></tr>`)}
      ${to < runs.length && html`<tr aria-hidden="true"><td colspan=${width} style=${{ height: `${(runs.length - to) * size}px`, padding: 0 }} /></tr>`}</tbody></table></div>`}`;
}

/** @param {{project: import("./runs.js").Project, visible: Set<number>, query: URLSearchParams}} props */
function SelectedActions({ project, visible, query }) {
  const runs = project.runs.filter((run) => visible.has(run.id));
  return html`<span class="faint">${runs.length} shown:</span><${RunActions} runs=${runs} bulk />
    ${(project.archived > 0 || query.has("archived")) && html`<button type="button" class="tag" aria-pressed=${query.has("archived")} onClick=${() => updateQuery({ archived: query.has("archived") ? null : 1 }, { push: true })}>${project.archived} archived</button>`}`;
}

/** Return which rows are in sight of a box that scrolls. @param {number} count */
function useWindow(count) {
  const box = useRef(/** @type {HTMLDivElement | null} */ (null));
  const size = useStore((state) => (state.preferences.density === "compact" ? 26 : 34));
  const [range, setRange] = useState([0, 60]);
  const measure = () => {
    const element = box.current;
    if (!element) return;
    const from = Math.max(0, 10 * Math.floor(element.scrollTop / size / 10) - 20), to = from + 10 * Math.ceil(element.clientHeight / size / 10) + 50;
    setRange((before) => (before[0] === from && before[1] === to ? before : [from, to]));
  };
  useEffect(measure, [count, size]);
  return { box, measure, from: count > 80 ? range[0] : 0, to: count > 80 ? Math.min(count, range[1]) : count, size };
}

/** @param {{known: string[], shown: string[], onClose: () => void}} props */
function ColumnDialog({ known, shown, onClose }) {
  const [find, setFind] = useState("");
  const [picked, setPicked] = useState(new Set(shown));
  const toggle = (/** @type {string} */ key) => setPicked(new Set(picked.has(key) ? [...picked].filter((one) => one !== key) : [...picked, key]));
  const done = () => {
    const kept = shown.filter((key) => picked.has(key));
    updateQuery({ columns: 1, column: [...kept, ...known.filter((key) => picked.has(key) && !kept.includes(key))] }, { push: true });
    onClose();
  };
  return html`<${Dialog} label="Columns" onClose=${onClose}><div class="row"><input type="search" class="grow" placeholder="Find" aria-label="Find a column" value=${find} onInput=${(/** @type {any} */ event) => setFind(event.target.value)} /><button type="button" class="primary" onClick=${done}>Show these</button></div>
    <div class="choices" tabindex="0" role="group" aria-label="Columns">${known.filter((key) => key.toLowerCase().includes(find.toLowerCase())).slice(0, 500).map((key) => html`<label key=${key}><input type="checkbox" checked=${picked.has(key)} onChange=${() => toggle(key)} />${key}</label>`)}</div></${Dialog}>`;
}
