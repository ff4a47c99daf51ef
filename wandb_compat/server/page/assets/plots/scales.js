// Scales with round ticks for plots over runs.

/**
 * @typedef {object} Scale
 * @property {(value: any) => number | null} place in pixels
 * @property {{at: number, label: string}[]} ticks
 */

/** Round steps between two numbers. @param {number} low @param {number} high @param {number} count */
export function roundTicks(low, high, count = 5) {
  const raw = (high - low) / count || 1, power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((one) => one >= raw * 0.999) ?? 10 * power;
  const ticks = [];
  for (let at = Math.ceil(low / step - 1e-9); at * step <= high + step * 1e-9; at++) ticks.push(+(at * step).toPrecision(12));
  return ticks;
}

/**
 * Return the scale of values: numbers by size, others as places in a row.
 *
 * @param {unknown[]} values
 * @param {number} from pixels of the lowest
 * @param {number} to pixels of the highest
 * @param {{log?: boolean, label: (value: any) => string}} options
 * @returns {Scale}
 */
export function makeScale(values, from, to, { log = false, label }) {
  const there = values.filter((value) => value !== null && value !== undefined);
  if (!there.every((value) => typeof value === "number")) {
    const words = [...new Set(there.map((value) => label(value)))].sort();
    const place = (/** @type {any} */ value) => (value === null || value === undefined ? null : from + ((words.indexOf(label(value)) + 0.5) / words.length) * (to - from));
    return { place, ticks: words.slice(0, 24).map((word) => ({ at: from + ((words.indexOf(word) + 0.5) / words.length) * (to - from), label: word })) };
  }
  const numbers = /** @type {number[]} */ (there).filter((value) => !log || value > 0);
  let low = Math.min(...numbers), high = Math.max(...numbers);
  if (!numbers.length) [low, high] = [log ? 1 : 0, log ? 10 : 1];
  if (low === high) [low, high] = log ? [low / 2, high * 2] : [low - Math.abs(low) / 10 - 0.5, high + Math.abs(high) / 10 + 0.5];
  const bend = log ? Math.log10 : (/** @type {number} */ value) => value;
  const margin = 0.04 * (bend(high) - bend(low)), bottom = bend(low) - margin, top = bend(high) + margin;
  const place = (/** @type {any} */ value) => (typeof value === "number" && (!log || value > 0) ? from + ((bend(value) - bottom) / (top - bottom)) * (to - from) : null);
  const ticks = log ? roundTicks(bottom, top).map((power) => 10 ** power) : roundTicks(bottom, top);
  return { place, ticks: ticks.map((tick) => ({ at: /** @type {number} */ (place(tick)), label: label(+tick.toPrecision(3)) })) };
}
