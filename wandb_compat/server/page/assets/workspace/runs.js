// The runs of the open project: loaded for the address, and again after each change on the server.

import { get } from "../core/requests.js";
import { store } from "../core/store.js";
import { invalidate } from "../charts/loader.js";
import { parseSearch } from "./filters.js";
import { isHidden } from "../charts/math.js";

/**
 * @typedef {object} Run
 * @property {number} id
 * @property {number} number within its project
 * @property {string} display
 * @property {string | null} external
 * @property {string} name
 * @property {string} status
 * @property {string[]} tags
 * @property {string | null} group
 * @property {string | null} jobType
 * @property {string | null} sweep
 * @property {string} notes
 * @property {number} created milliseconds
 * @property {number | null} ended
 * @property {number} seen
 * @property {string | null} [color] that the user has chosen
 * @property {boolean} [archived]
 * @property {unknown[]} values of the fields
 *
 * @typedef {object} Columns
 * @property {string[]} config keys
 * @property {string[]} differing config keys whose values differ
 * @property {string[]} summary metrics
 * @property {string[]} important metrics, the most important first
 * @property {Record<string, {step_metric?: string, hidden?: boolean, summary?: string[], goal?: string}>} definitions
 *
 * @typedef {object} Project
 * @property {string} name
 * @property {Run[]} runs that match the search, in the order of the list
 * @property {number} all how many runs there are, without the archived ones unless they are asked for
 * @property {number} archived how many are archived
 * @property {string[]} fields whose values the runs have
 * @property {Columns} columns
 * @property {string} trouble with the search
 * @property {Error | null} error
 */

const MOST = 1000; // runs in one answer

/** The value of a field of a run. @param {Project} project @param {Run} run @param {string} field */
export const valueOf = (project, run, field) => run.values[project.fields.indexOf(field)];

/** The columns that are shown if the user has chosen none: config that differs, then the important metrics. @param {Columns} columns */
export function usualColumns({ differing, important, definitions }) {
  const metrics = important.filter((key) => !isHidden(key, definitions));
  return [...differing.slice(0, 5).map((key) => `config.${key}`), ...metrics.slice(0, 5).map((key) => `summary.${key}`)];
}

/** The fields that the address asks for. @param {URLSearchParams} query @param {Columns} columns */
export function neededFields(query, columns) {
  const shown = query.has("columns") ? query.getAll("column") : usualColumns(columns);
  const known = [...columns.differing.map((key) => `config.${key}`), ...columns.important.map((key) => `summary.${key}`)];
  const view = query.get("view");
  const others = view && view !== "table" ? known.slice(0, 200) : [];
  const keys = [...query.getAll("group"), ...query.getAll("axis"), query.get("color") ?? ""].filter((key) => /^(config|summary)\./.test(key));
  return [...new Set([...shown, ...keys, ...others])];
}

let turn = 0;

/**
 * Load the runs of a project into the store.
 *
 * @param {string} name
 * @param {string} queryText the address's query
 * @param {boolean} [again] whether the keys are loaded anew
 */
export async function loadProject(name, queryText, again = false) {
  const mine = ++turn;
  const query = new URLSearchParams(queryText);
  const before = store.get().project;
  const known = before?.name === name ? before : null;
  try {
    const columns = known && !again && !known.error ? known.columns : await get("columns", { project: name });
    const { words, filter, trouble } = parseSearch(query.get("search") ?? "", columns);
    const fields = neededFields(query, columns);
    const parts = [...(filter ? [filter] : []), ...query.getAll("tag").map((tag) => ({ tags: tag }))];
    const asked = { project: name, search: words, sort: query.get("sort") ?? "-createdAt", filter: parts.length ? JSON.stringify({ $and: parts }) : "", columns: JSON.stringify(fields), limit: MOST, archived: query.get("archived") };
    let { runs, total, all, archived } = await get("table", asked);
    while (runs.length < total && mine === turn) {
      const more = await get("table", { ...asked, offset: runs.length });
      if (!more.runs.length) break;
      runs = [...runs, ...more.runs];
    }
    if (mine !== turn) return;
    const seen = new Map(known?.runs.map((run) => [run.id, run.seen]));
    const changed = runs.filter((/** @type {Run} */ run) => seen.has(run.id) && seen.get(run.id) !== run.seen);
    invalidate(changed.map((/** @type {Run} */ run) => run.id));
    store.set(({ changes }) => ({ project: { name, runs, all, archived, fields, columns, trouble, error: null }, changes: changes + (changed.length ? 1 : 0) }));
  } catch (problem) {
    if (mine !== turn) return;
    const error = problem instanceof Error ? problem : new Error(String(problem));
    if (known && error.name !== "NotFound") store.set({ project: { ...known, trouble: error.message } });
    else store.set({ project: { name, runs: [], all: 0, archived: 0, fields: [], columns: { config: [], differing: [], summary: [], important: [], definitions: {} }, trouble: "", error } });
  }
}
