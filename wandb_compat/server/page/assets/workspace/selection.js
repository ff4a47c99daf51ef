// Which runs are shown: a rule, and the runs that were switched on or off by hand. The address holds it.

/**
 * @typedef {object} Selection
 * @property {number | "all" | "none"} base the newest so many runs, all or none
 * @property {number[]} on runs that are shown although the rule leaves them out
 * @property {number[]} off runs that are hidden although the rule shows them
 */

export const NEWEST = 10;

/** @param {URLSearchParams} query @returns {Selection} */
export function readSelection(query) {
  const base = query.get("show") ?? "";
  const ids = (/** @type {string} */ name) => (query.get(name) ?? "").split(".").map(Number).filter((id) => Number.isInteger(id) && id > 0);
  return { base: base === "all" || base === "none" ? base : /^\d+$/.test(base) ? Number(base) : NEWEST, on: ids("on"), off: ids("off") };
}

/** The parameters of the address for a selection. @param {Selection} selection */
export const writeSelection = ({ base, on, off }) => ({ show: base === NEWEST ? null : base, on: on.join(".") || null, off: off.join(".") || null });

/**
 * Return the numbers of the runs that are shown.
 *
 * @param {{id: number, created: number}[]} runs that match the search
 * @param {Selection} selection
 * @returns {Set<number>}
 */
export function visibleRuns(runs, { base, on, off }) {
  const newest = typeof base === "number" ? [...runs].sort((left, right) => right.created - left.created || right.id - left.id).slice(0, base) : base === "all" ? runs : [];
  const shown = new Set(newest.map((run) => run.id));
  const known = new Set(runs.map((run) => run.id));
  for (const id of on) if (known.has(id)) shown.add(id);
  for (const id of off) shown.delete(id);
  return shown;
}

/**
 * Return the selection in which some runs are shown, or hidden.
 *
 * @param {Selection} selection
 * @param {number[]} ids
 * @param {boolean} show
 * @returns {Selection}
 */
export function toggled({ base, on, off }, ids, show) {
  const changed = new Set(ids);
  const without = (/** @type {number[]} */ list) => list.filter((id) => !changed.has(id));
  return show ? { base, on: [...without(on), ...ids], off: without(off) } : { base, on: without(on), off: [...without(off), ...ids] };
}

/** The selection of only these runs. @param {number[]} ids @returns {Selection} */
export const only = (ids) => ({ base: "none", on: ids, off: [] });

/** The runs that are hidden now. @param {{id: number, created: number}[]} runs @param {Selection} selection @returns {Selection} */
export function inverted(runs, selection) {
  const shown = visibleRuns(runs, selection);
  return { base: "all", on: [], off: runs.filter((run) => shown.has(run.id)).map((run) => run.id) };
}
