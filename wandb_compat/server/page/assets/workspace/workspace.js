// The project view: the runs at the left, and beside them the charts, the table or the coordinates of those shown.

import { html, useEffect, useMemo } from "../core/html.js";
import { useLive } from "../core/live.js";
import { updateQuery, useQuery } from "../core/router.js";
import { store, useStore } from "../core/store.js";
import { Empty, ErrorState, Skeleton } from "../components/states.js";
import { groupRuns } from "./grouping.js";
import { MetricPanels } from "./metric_panels.js";
import { loadProject, valueOf } from "./runs.js";
import { RunTable } from "./run_table.js";
import { readSelection, visibleRuns } from "./selection.js";
import { SavedViews } from "./saved_views.js";
import { Sidebar } from "./sidebar.js";
import { Parallel } from "./parallel.js";
import { Plots } from "../plots/plots.js";

const MOST_DRAWN = 100; // lines of single runs in one chart
const MOST_GROUPED = 1000; // runs of all groups
/** @type {[string, string][]} looks at the same runs: name in the address, label */
const LOOKS = [["charts", "Charts"], ["table", "Table"], ["parallel", "Parallel coordinates"], ["plots", "Plots"]];

/** @param {{project: string}} props */
export function Workspace({ project: name }) {
  const query = useQuery();
  const project = useStore((state) => (state.project?.name === name ? state.project : null));
  // Only these parts of the address decide which runs are loaded.
  const asked = useMemo(() => String(new URLSearchParams([...query].filter(([key]) => ["search", "sort", "tag", "columns", "column", "group", "axis", "color", "view", "archived"].includes(key)))), [query]);
  useEffect(() => { document.title = `${name} · Pluto`; }, [name]);
  useEffect(() => { loadProject(name, asked); }, [name, asked]);
  useLive({ project: name }, () => loadProject(name, asked, true));
  const selectionText = ["show", "on", "off"].map((key) => query.get(key)).join("\n");
  const selection = useMemo(() => readSelection(query), [selectionText]);
  const grouping = query.getAll("group").join("\n");
  const visible = useMemo(() => visibleRuns(project?.runs ?? [], selection), [project?.runs, selection]);
  const groups = useMemo(() => (project && grouping ? groupRuns(project.runs, grouping.split("\n"), (run, key) => valueOf(project, run, key)) : null), [project?.runs, grouping]);
  const baselineId = Number(query.get("baseline")) || null;
  const baseline = project?.runs.find((run) => run.id === baselineId) ?? null;
  if (!project) return html`<div class="workspace"><aside class="sidebar"><${Skeleton} rows=${12} /></aside><div class="content"><${Skeleton} kind="charts" rows=${6} /></div></div>`;
  if (project.error) return html`<${ErrorState} error=${project.error} />`;
  if (!project.all) return html`<${Empty} title="No run of this project is on this server" command=${`WANDB_PROJECT=${/^[\w.-]+$/.test(name) ? name : "NAME"} wandb-compat run --local train.py`}><p>Log a first one:</p></${Empty}>`;
  const look = query.get("view") ?? "charts";
  return html`<div class="workspace ${query.has("list") ? "list-hidden" : ""}">
    <${Sidebar} project=${project} query=${query} selection=${selection} visible=${visible} groups=${groups} baseline=${baseline} />
    <div class="content"><h1 class="hidden-words">${name}</h1>
      <div class="looks"><div role="tablist" aria-label="Looks at the runs">${LOOKS.map(([value, label]) => html`<button type="button" role="tab" key=${value} aria-selected=${value === look} tabindex=${value === look ? 0 : -1} onClick=${() => updateQuery({ view: value === "charts" ? null : value }, { push: true })} onKeyDown=${moveTab}>${label}</button>`)}</div>
        <span class="looks-tools"><${SavedViews} project=${name} query=${query} /><button type="button" class="quiet" onClick=${() => updateQuery({ list: query.has("list") ? null : "hidden" })}>${query.has("list") ? "Show the list" : "Hide the list"}</button></span></div>
      ${look === "table" ? html`<${RunTable} project=${project} query=${query} visible=${visible} selection=${selection} />`
        : look === "parallel" ? html`<${Parallel} project=${project} query=${query} />`
        : look === "plots" ? html`<${Plots} project=${project} query=${query} groups=${groups} />`
        : html`<${Charts} project=${project} visible=${visible} groups=${groups} baseline=${baseline} />`}
    </div></div>`;
}

/** @param {KeyboardEvent & {currentTarget: HTMLElement}} event */
function moveTab(event) {
  const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (!by) return;
  const tabs = [.../** @type {HTMLElement} */ (event.currentTarget.parentElement).querySelectorAll("[role=tab]")];
  const next = /** @type {HTMLElement} */ (tabs[(tabs.indexOf(event.currentTarget) + by + tabs.length) % tabs.length]);
  next.focus();
  next.click();
}

/** @param {{project: import("./runs.js").Project, visible: Set<number>, groups: import("./grouping.js").Group[] | null, baseline: import("./runs.js").Run | null}} props */
function Charts({ project, visible, groups, baseline }) {
  const ids = [...visible].sort().join();
  const runs = useSame(useMemo(() => project.runs.filter((run) => visible.has(run.id)).slice(0, MOST_DRAWN), [project.runs, ids]), drawnPart);
  const shownGroups = useSame(useMemo(() => limitedGroups(groups, visible), [groups, ids]), (found) => JSON.stringify(found?.map((group) => [group.id, group.color, group.runs.map(drawnPart)])));
  const base = useSame(baseline, (run) => run && drawnPart([run]));
  const metrics = useSame(project.columns.summary, String);
  const definitions = useSame(project.columns.definitions, JSON.stringify);
  return html`${visible.size > MOST_DRAWN && !groups && html`<p class="faint" role="status">The charts show the first ${MOST_DRAWN} of ${visible.size} runs. Group them to see all.</p>`}
    <${MetricPanels} project=${project.name} runs=${runs} groups=${shownGroups} baseline=${base} metrics=${metrics} definitions=${definitions} />`;
}

/** What a chart shows of runs. @param {any} runs */
const drawnPart = (runs) => JSON.stringify((Array.isArray(runs) ? runs : [runs]).map((run) => [run.id, run.name, run.color]));

/** Return the same object as before while its mark is the same, so that charts are not drawn again. @template T @param {T} value @param {(value: T) => unknown} mark @returns {T} */
function useSame(value, mark) {
  return useMemo(() => value, [mark(value)]);
}

/** @param {import("./grouping.js").Group[] | null} groups @param {Set<number>} visible */
function limitedGroups(groups, visible) {
  if (!groups) return null;
  let left = MOST_GROUPED;
  return groups.map((group) => {
    const runs = group.runs.filter((run) => visible.has(run.id)).slice(0, left);
    left -= runs.length;
    return { ...group, runs };
  }).filter((group) => group.runs.length);
}
