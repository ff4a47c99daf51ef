// The list of runs at the left: search, order, groups; an eye shows a run in the charts and hides it.

import { html, useEffect, useLayoutEffect, useMemo, useRef, useState } from "../core/html.js";
import { ago } from "../core/format.js";
import { projectPath, navigate, updateQuery } from "../core/router.js";
import { useShortcuts } from "../core/shortcuts.js";
import { store, useStore } from "../core/store.js";
import { runColor } from "../core/colors.js";
import { Dot } from "../components/basics.js";
import { GROUP_FIELDS, keyTitle } from "./grouping.js";
import { SearchBox } from "./search_box.js";
import { NEWEST, inverted, only, toggled, writeSelection } from "./selection.js";

const MOST_COMPARED = 20;

/**
 * @typedef {import("./runs.js").Run} Run
 * @typedef {{run: Run} | {group: import("./grouping.js").Group}} Row
 */

/**
 * @param {object} props
 * @param {import("./runs.js").Project} props.project
 * @param {URLSearchParams} props.query
 * @param {import("./selection.js").Selection} props.selection
 * @param {Set<number>} props.visible
 * @param {import("./grouping.js").Group[] | null} props.groups
 * @param {Run | null} props.baseline
 */
export function Sidebar({ project, query, selection, visible, groups, baseline }) {
  const [folded, setFolded] = useState(/** @type {Set<string>} */ (new Set()));
  const [cursor, setCursor] = useState(-1);
  const rows = useMemo(() => {
    const pinned = baseline ? [baseline, ...project.runs.filter((run) => run.id !== baseline.id)] : project.runs;
    /** @type {Row[]} */
    const made = groups ? groups.flatMap((group) => [{ group }, ...(folded.has(group.id) ? [] : group.runs.map((run) => ({ run })))]) : pinned.map((run) => ({ run }));
    return made;
  }, [project.runs, groups, folded, baseline]);
  const select = (/** @type {import("./selection.js").Selection} */ next) => updateQuery(writeSelection(next));
  const toggle = (/** @type {Run} */ run) => select(toggled(selection, [run.id], !visible.has(run.id)));
  const at = rows[cursor];
  const current = at && "run" in at ? at.run : null;
  const step = (/** @type {number} */ by) => {
    let next = cursor;
    do next += by; while (next >= 0 && next < rows.length && !("run" in rows[next]));
    const row = rows[next];
    if (row && "run" in row) { setCursor(next); store.set({ hovered: row.run.id }); }
  };
  useShortcuts([
    { key: "/", label: "Search runs", run: () => document.getElementById("search-runs")?.focus() },
    { key: "j", label: "Next run", run: () => step(1) },
    { key: "k", label: "Previous run", run: () => step(-1) },
    { key: "x", label: "Hide or show the run", run: () => current && toggle(current) },
    { key: "o", label: "Open the run", run: () => current && navigate(projectPath(project.name, current.id)) },
    { key: "b", label: "Make the run the baseline, or stop that", run: () => current && updateQuery({ baseline: baseline?.id === current.id ? null : current.id }) },
  ]);
  const compared = project.runs.filter((run) => visible.has(run.id)).slice(0, MOST_COMPARED).map((run) => run.id);
  return html`<aside class="sidebar" aria-label="Runs">
    <${SearchBox} value=${query.get("search") ?? ""} keys=${project.columns} trouble=${project.trouble} />
    <${Order} project=${project} query=${query} />
    <div class="sidebar-row"><span class="faint" role="status">${project.runs.length === project.all ? `${project.all} run${project.all === 1 ? "" : "s"}` : `${project.runs.length} of ${project.all} runs`}, ${visible.size} shown</span></div>
    <div class="sidebar-row"><label>Show <select aria-label="Show runs" value="" onChange=${(/** @type {any} */ event) => {
        const what = event.target.value;
        event.target.value = "";
        select(what === "invert" ? inverted(project.runs, selection) : { base: what === "all" || what === "none" ? what : Number(what), on: [], off: [] });
      }}><option value="">choose…</option><option value="all">all</option><option value="none">none</option>${[5, NEWEST, 20, 50].map((count) => html`<option key=${count} value=${count}>newest ${count}</option>`)}<option value="invert">the hidden ones</option></select></label>
      <a class="button" href=${projectPath(project.name, compared.join(","))} aria-disabled=${!compared.length}>Compare ${compared.length}</a></div>
    <${VirtualList} rows=${rows} cursor=${cursor} draw=${(/** @type {Row} */ row, /** @type {number} */ place) => "group" in row
      ? html`<${GroupRow} group=${row.group} visible=${visible} folded=${folded.has(row.group.id)} onFold=${() => setFolded(new Set(folded.has(row.group.id) ? [...folded].filter((id) => id !== row.group.id) : [...folded, row.group.id]))}
          onShow=${(/** @type {boolean} */ show) => select(toggled(selection, row.group.runs.map((run) => run.id), show))} />`
      : html`<${RunRow} run=${row.run} project=${project.name} shown=${visible.has(row.run.id)} current=${place === cursor} indented=${groups !== null} baseline=${baseline?.id === row.run.id}
          onToggle=${() => toggle(row.run)} onOnly=${() => select(only([row.run.id]))} />`} />
    ${!project.runs.length && project.all > 0 && html`<p class="faint none">No run matches. <button type="button" onClick=${() => updateQuery({ search: null, tag: null })}>Clear the search</button></p>`}
  </aside>`;
}

/** @param {{project: import("./runs.js").Project, query: URLSearchParams}} props */
function Order({ project, query }) {
  const { columns } = project;
  const sort = query.get("sort") ?? "-createdAt";
  const field = sort.replace(/^-/, "");
  const metrics = columns.important.slice(0, 100), keys = [...columns.differing, ...columns.config.filter((key) => !columns.differing.includes(key))].slice(0, 100);
  const groups = query.getAll("group");
  const options = (/** @type {string[]} */ list, /** @type {(key: string) => string} */ value) => list.map((key) => html`<option key=${key} value=${value(key)}>${key}</option>`);
  return html`<div class="sidebar-row">
    <label>Sort <select aria-label="Sort runs by" value=${field} onChange=${(/** @type {any} */ event) => updateQuery({ sort: event.target.value === "createdAt" ? null : `-${event.target.value}` })}>
      ${["createdAt", "name", "status"].map((key) => html`<option key=${key} value=${key}>${keyTitle(key)}</option>`)}
      <optgroup label="Metrics">${options(metrics, (key) => `summary_metrics.${key}`)}</optgroup><optgroup label="Config">${options(keys, (key) => `config.${key}.value`)}</optgroup></select></label>
    <button type="button" aria-label=${sort.startsWith("-") ? "Largest first" : "Smallest first"} title="Turn the order" onClick=${() => updateQuery({ sort: sort.startsWith("-") ? field : field === "createdAt" ? null : `-${field}` })}>${sort.startsWith("-") ? "↓" : "↑"}</button>
    <label>Group <select aria-label="Group runs by" value="" onChange=${(/** @type {any} */ event) => { const key = event.target.value; event.target.value = ""; updateQuery({ group: key ? [...groups, key] : null }, { push: true }); }}>
      <option value="">${groups.length ? "add a key…" : "none"}</option>${GROUP_FIELDS.map((key) => html`<option key=${key} value=${key}>${keyTitle(key)}</option>`)}<optgroup label="Config">${options(keys, (key) => `config.${key}`)}</optgroup></select></label>
    ${groups.map((key) => html`<button type="button" class="tag" key=${key} aria-label=${`Do not group by ${keyTitle(key)}`} onClick=${() => updateQuery({ group: groups.filter((one) => one !== key) }, { push: true })}>${keyTitle(key)} ×</button>`)}
    ${query.getAll("tag").map((tag) => html`<button type="button" class="tag" key=${`tag ${tag}`} aria-label=${`Remove the filter ${tag}`} onClick=${() => updateQuery({ tag: query.getAll("tag").filter((one) => one !== tag) })}>${tag} ×</button>`)}
  </div>`;
}

/** Draws only the rows in sight. @param {{rows: Row[], cursor: number, draw: (row: Row, place: number) => any}} props */
function VirtualList({ rows, cursor, draw }) {
  const box = useRef(/** @type {HTMLDivElement | null} */ (null));
  const density = useStore((state) => state.preferences.density);
  const size = density === "compact" ? 26 : 34;
  const [range, setRange] = useState([0, 40]);
  const measure = () => {
    const element = box.current;
    if (!element) return;
    const from = Math.max(0, Math.floor(element.scrollTop / size) - 10), to = from + Math.ceil(element.clientHeight / size) + 20;
    setRange((before) => (before[0] === from && before[1] === to ? before : [from, to]));
  };
  useEffect(() => {
    const watch = new ResizeObserver(measure);
    watch.observe(/** @type {HTMLDivElement} */ (box.current));
    return () => watch.disconnect();
  }, [size]);
  useLayoutEffect(() => {
    const element = box.current;
    if (!element || cursor < 0) return;
    if (cursor * size < element.scrollTop) element.scrollTop = cursor * size;
    else if ((cursor + 1) * size > element.scrollTop + element.clientHeight) element.scrollTop = (cursor + 1) * size - element.clientHeight;
  }, [cursor]);
  const [from, to] = range;
  return html`<div class="run-list" ref=${box} onScroll=${measure} role="region" tabindex="0" aria-label="List of runs"><ul style=${{ height: `${rows.length * size}px` }}>${rows.slice(from, to).map((row, place) => html`
    <li key=${"group" in row ? row.group.id : row.run.id} style=${{ top: `${(from + place) * size}px` }}>${draw(row, from + place)}</li>`)}</ul></div>`;
}

/** @param {{group: import("./grouping.js").Group, visible: Set<number>, folded: boolean, onFold: () => void, onShow: (show: boolean) => void}} props */
function GroupRow({ group, visible, folded, onFold, onShow }) {
  const shown = group.runs.some((run) => visible.has(run.id));
  return html`<div class="run-row group-row ${shown ? "" : "off"}" onMouseEnter=${() => store.set({ hoveredGroup: group.id })} onMouseLeave=${() => store.set({ hoveredGroup: null })}>
    <${Eye} shown=${shown} label=${group.label} onClick=${() => onShow(!shown)} /><${Dot} color=${group.color} />
    <button type="button" class="fold" aria-expanded=${!folded} onClick=${onFold}>${folded ? "▸" : "▾"} <span class="name">${group.label}</span> <span class="faint">${group.runs.length}</span></button></div>`;
}

/** @param {{shown: boolean, label: string, onClick: (event: MouseEvent) => void}} props */
const Eye = ({ shown, label, onClick }) => html`<button type="button" class="eye" aria-pressed=${shown} aria-label=${`Show ${label}`} title=${shown ? "Hide; Alt-click shows only this" : "Show; Alt-click shows only this"} onClick=${onClick}>
  <svg viewBox="0 0 20 20" width="16" height="16" aria-hidden="true"><path d="M1.5 10S4.5 4.5 10 4.5 18.5 10 18.5 10 15.5 15.5 10 15.5 1.5 10 1.5 10Z" fill="none" stroke="currentColor" stroke-width="1.5" />${shown ? html`<circle cx="10" cy="10" r="2.6" fill="currentColor" />` : html`<path d="M3 17 17 3" stroke="currentColor" stroke-width="1.5" />`}</svg></button>`;

/** @param {{run: Run, project: string, shown: boolean, current: boolean, indented: boolean, baseline: boolean, onToggle: () => void, onOnly: () => void}} props */
function RunRow({ run, project, shown, current, indented, baseline, onToggle, onOnly }) {
  const hovered = useStore((state) => state.hovered === run.id);
  const hint = `${run.name}\n${run.display}, ${run.status.toLowerCase()}, ${ago(run.created)}${run.group ? `\ngroup ${run.group}` : ""}${run.tags.length ? `\ntags ${run.tags.join(", ")}` : ""}${run.notes ? `\n${run.notes}` : ""}`;
  return html`<div class="run-row ${shown ? "" : "off"} ${hovered || current ? "hovered" : ""} ${indented ? "indented" : ""}" onMouseEnter=${() => store.set({ hovered: run.id })} onMouseLeave=${() => store.set({ hovered: null })}>
    <${Eye} shown=${shown} label=${run.name} onClick=${(/** @type {MouseEvent} */ event) => (event.altKey ? onOnly() : onToggle())} /><${Dot} color=${runColor(run)} />
    <a class="name" href=${projectPath(project, run.id)} title=${hint}>${run.name}</a>
    ${baseline && html`<span class="tag">baseline</span>`}
    <span class="state-mark ${run.status}" role="img" aria-label=${run.status.toLowerCase()} title=${run.status.toLowerCase()} /></div>`;
}
