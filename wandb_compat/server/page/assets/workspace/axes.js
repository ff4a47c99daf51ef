// Scales of parallel coordinates, and which runs a brush leaves.

import { number, show } from "../core/format.js";

/**
 * @typedef {object} Axis
 * @property {(value: unknown) => number | null} share from 0 at the bottom to 1 at the top, null without a value
 * @property {[number, string][]} ticks
 * @property {boolean} numeric
 */

/**
 * Return the axis of values: numbers by size, logarithmic if they span a factor over 100 or that is asked for; others by name.
 *
 * @param {unknown[]} values
 * @param {boolean} [log]
 * @returns {Axis}
 */
export function makeAxis(values, log) {
  const there = values.filter((value) => value !== null && value !== undefined);
  if (there.length && there.every((value) => typeof value === "number")) return numberAxis(/** @type {number[]} */ (there), log);
  const words = [...new Set(there.map(show))].sort();
  const place = (/** @type {string} */ word) => (words.length > 1 ? words.indexOf(word) / (words.length - 1) : 0.5);
  return { numeric: false, share: (value) => (value === null || value === undefined ? null : place(show(value))), ticks: words.slice(0, 30).map((word) => [place(word), word]) };
}

/** @param {number[]} values @param {boolean} [log] @returns {Axis} */
function numberAxis(values, log) {
  const low = Math.min(...values), high = Math.max(...values);
  const wide = low > 0 && (log ?? high / low > 100);
  const place = (/** @type {number} */ value) => (high === low ? 0.5 : wide ? Math.log(value / low) / Math.log(high / low) : (value - low) / (high - low));
  const at = (/** @type {number} */ share) => (wide ? low * (high / low) ** share : low + share * (high - low));
  const ticks = (high === low ? [0.5] : [0, 0.25, 0.5, 0.75, 1]).map((share) => /** @type {[number, string]} */ ([share, number(+(high === low ? low : at(share)).toPrecision(3))]));
  return { numeric: true, share: (value) => (typeof value === "number" && (!wide || value > 0) ? place(value) : null), ticks };
}

/**
 * Return whether a run passes all brushes.
 *
 * @param {(number | null)[]} shares on each axis
 * @param {(([number, number]) | null)[]} brushes lowest and highest share on each axis
 */
export const passes = (shares, brushes) => brushes.every((brush, place) => !brush || (shares[place] !== null && /** @type {number} */ (shares[place]) >= brush[0] && /** @type {number} */ (shares[place]) <= brush[1]));
