// Groups of runs: by the values of config keys and of fields such as group, job type, sweep and tag.

import { PALETTE } from "../core/colors.js";
import { show } from "../core/format.js";

/** @typedef {import("./runs.js").Run} Run */
/** @typedef {{id: string, label: string, color: string, runs: Run[]}} Group */

/** Fields of a run by which it can be grouped; other keys are of the config. */
export const GROUP_FIELDS = ["group", "jobType", "sweep", "tags", "status"];

/** The title of a key in lists and menus. @param {string} key */
export const keyTitle = (key) => ({ jobType: "job type", status: "state", createdAt: "created", tags: "tag" }[key] ?? key.replace(/^(config|summary)\./, ""));

/**
 * @param {Run[]} runs
 * @param {string[]} keys fields, or `config.KEY`
 * @param {(run: Run, key: string) => unknown} valueOf
 * @returns {Group[]} in the order of their first run
 */
export function groupRuns(runs, keys, valueOf) {
  /** @type {Map<string, Group>} */
  const groups = new Map();
  for (const run of runs) {
    const label = keys.map((key) => `${keyTitle(key)}: ${label1(key.includes(".") ? valueOf(run, key) : /** @type {any} */ (run)[key])}`).join(", ");
    if (!groups.has(label)) groups.set(label, { id: `group ${label}`, label, color: "", runs: [] });
    groups.get(label)?.runs.push(run);
  }
  // The colour belongs to the values and not to the position, so it stays when the order changes.
  const taken = new Set();
  for (const label of [...groups.keys()].sort()) {
    let place = hash(label) % PALETTE.length;
    while (taken.size < PALETTE.length && taken.has(place)) place = (place + 1) % PALETTE.length;
    taken.add(place);
    /** @type {Group} */ (groups.get(label)).color = PALETTE[place];
  }
  return [...groups.values()];
}

/** @param {unknown} value */
function label1(value) {
  if (value === null || value === undefined || value === "" || (Array.isArray(value) && !value.length)) return "none";
  return Array.isArray(value) ? value.join(" ") : show(value);
}

/** @param {string} text */
function hash(text) {
  let sum = 0;
  for (const letter of text) sum = (sum * 31 + /** @type {number} */ (letter.codePointAt(0))) >>> 0;
  return sum;
}
