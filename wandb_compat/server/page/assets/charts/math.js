// The mathematics of line charts: x axes, smoothing, outliers, what is nearest to the mouse. No drawing here.

/**
 * @typedef {"ema" | "mean" | "gaussian"} SmoothingKind
 *
 * @typedef {object} Look how lines are drawn
 * @property {string} x `step`, `time` (seconds since the first point), `wall` (time of day) or a metric
 * @property {boolean} logX
 * @property {boolean} logY
 * @property {SmoothingKind} smoothing
 * @property {number} amount of smoothing, from 0 to 0.99
 * @property {boolean} clip whether outliers are left out of the y axis
 *
 * @typedef {object} Points of a line, sorted by x; null where there is nothing to draw
 * @property {number[]} x
 * @property {(number | null)[]} mean smoothed
 * @property {(number | null)[]} raw
 * @property {(number | null)[]} low
 * @property {(number | null)[]} high
 * @property {number} holes how many points are not finite
 */

const SECOND = 1000; // milliseconds

/**
 * Return the points of a line to draw.
 *
 * @param {import("../core/requests.js").Line} line
 * @param {import("../core/requests.js").Line | null | undefined} across the line of the metric on the x axis, if it is one
 * @param {Look} look
 * @returns {Points}
 */
export function linePoints(line, across, look) {
  const place = xOf(line, across, look.x);
  /** @type {[number, number][]} */
  const order = [];
  for (let index = 0; index < line.step.length; index++) {
    const x = place(index);
    if (x !== null && Number.isFinite(x) && (!look.logX || x > 0)) order.push([x, index]);
  }
  if (look.x !== "step") order.sort((left, right) => left[0] - right[0]);
  /** @type {Points} */
  const made = { x: [], mean: [], raw: [], low: [], high: [], holes: 0 };
  const drawable = (/** @type {number} */ value) => (Number.isFinite(value) && (!look.logY || value > 0) ? value : null);
  for (const [x, index] of order) {
    made.holes += line.holes[index];
    if (made.x.length && x === made.x[made.x.length - 1]) continue;
    const value = drawable(line.mean[index]);
    made.x.push(x);
    made.raw.push(value);
    made.low.push(drawable(line.low[index]) ?? value);
    made.high.push(drawable(line.high[index]));
  }
  made.mean = smoothed(made.raw, look.smoothing, look.amount);
  return made;
}

/**
 * @param {import("../core/requests.js").Line} line
 * @param {import("../core/requests.js").Line | null | undefined} across
 * @param {string} x
 * @returns {(index: number) => number | null}
 */
function xOf(line, across, x) {
  if (x === "step") return (index) => line.step[index];
  if (x === "time") return (index) => (line.time[index] - line.time[0]) / SECOND;
  if (x === "wall") return (index) => line.time[index] / SECOND;
  if (!across) return () => null;
  return (index) => valueAt(across.step, across.mean, line.step[index]);
}

/**
 * Return the value at a place between points by linear interpolation, null outside of them.
 *
 * @param {ArrayLike<number>} x increasing
 * @param {ArrayLike<number>} y
 * @param {number} at
 */
export function valueAt(x, y, at) {
  const last = x.length - 1;
  if (last < 0 || at < x[0] || at > x[last]) return null;
  if (at === x[last]) return y[last];
  const before = lastBefore(x, at);
  const share = (at - x[before]) / (x[before + 1] - x[before]);
  return y[before] + share * (y[before + 1] - y[before]);
}

/** The position of the last x that is not after a place, at least 0. @param {ArrayLike<number>} x @param {number} at */
function lastBefore(x, at) {
  let low = 0, high = x.length;
  while (high - low > 1) { const middle = (low + high) >> 1; if (x[middle] <= at) low = middle; else high = middle; }
  return low;
}

/**
 * Return values smoothed over their order; null stays null and is passed over.
 *
 * @param {(number | null)[]} values
 * @param {SmoothingKind} kind `ema`: exponential with the weight `amount`, without bias at its start; `mean`: of a window of
 *   up to 101 values; `gaussian`: weighted, with a deviation of up to 25 values
 * @param {number} amount from 0, none, to 0.99
 */
export function smoothed(values, kind, amount) {
  if (!amount) return values;
  if (kind === "ema") return exponential(values, amount);
  const radius = Math.max(1, Math.round(kind === "mean" ? 50 * amount : 75 * amount));
  const sigma = 25 * amount;
  const weights = Array.from({ length: radius + 1 }, (_, off) => (kind === "mean" ? 1 : Math.exp(-(off * off) / (2 * sigma * sigma))));
  return values.map((value, at) => {
    if (value === null) return null;
    let sum = 0, weight = 0;
    for (let other = Math.max(0, at - radius); other <= Math.min(values.length - 1, at + radius); other++) {
      const one = values[other], share = weights[Math.abs(other - at)];
      if (one !== null) { sum += share * one; weight += share; }
    }
    return sum / weight;
  });
}

/**
 * Return the points of a group's mean and its band, smoothed alike, so that the mean stays in its band.
 *
 * @param {{x: Float64Array, mean: Float64Array, low: Float64Array, high: Float64Array, deviation: Float64Array, count: Float64Array}} line
 * @param {"deviation" | "error" | "range" | "none"} spread what the band shows
 * @param {Look} look
 * @returns {Points}
 */
export function groupPoints(line, spread, look) {
  const width = (/** @type {number} */ index) => (spread === "error" ? line.deviation[index] / Math.sqrt(line.count[index]) : line.deviation[index]);
  const low = spread === "range" ? line.low : line.mean.map((value, index) => value - width(index));
  const high = spread === "range" ? line.high : line.mean.map((value, index) => value + width(index));
  const points = linePoints({ step: line.x, time: line.x, low, high, mean: line.mean, holes: new Float64Array(line.x.length), last: null }, null, { ...look, x: "step" });
  return { ...points, low: smoothed(points.low, look.smoothing, look.amount), high: smoothed(points.high, look.smoothing, look.amount) };
}

/** @param {(number | null)[]} values @param {number} amount */
function exponential(values, amount) {
  let sum = 0, weight = 0;
  return values.map((value) => {
    if (value === null) return null;
    sum = amount * sum + (1 - amount) * value;
    weight = amount * weight + (1 - amount);
    return sum / weight;
  });
}

/**
 * Return the range of the y axis without outliers: of the values between the 2nd and the 98th percentile, and a margin.
 *
 * @param {(number | null)[][]} lines
 * @returns {[number, number] | null}
 */
export function rangeWithoutOutliers(lines) {
  const values = /** @type {number[]} */ (lines.flat().filter((value) => value !== null)).sort((left, right) => left - right);
  if (values.length < 20) return null;
  const low = values[Math.floor(0.02 * (values.length - 1))], high = values[Math.ceil(0.98 * (values.length - 1))];
  if (low === high) return null;
  const margin = 0.05 * (high - low);
  return [Math.max(values[0], low - margin), Math.min(values[values.length - 1], high + margin)];
}

/**
 * Return the position of the point of a line that is nearest to a place on the x axis and has a value, or -1.
 *
 * @param {number[]} x increasing
 * @param {(number | null)[]} y
 * @param {number} at
 */
export function nearestPoint(x, y, at) {
  if (!x.length) return -1;
  let left = lastBefore(x, at), right = left + 1;
  while (left >= 0 && y[left] === null) left--;
  while (right < x.length && y[right] === null) right++;
  if (left < 0) return right < x.length ? right : -1;
  if (right >= x.length) return left;
  return at - x[left] <= x[right] - at ? left : right;
}

/**
 * Return the default x axis of a metric: the one that `define_metric` names, else the step.
 *
 * @param {string} key
 * @param {Record<string, {step_metric?: string, hidden?: boolean}>} definitions by name, or by a prefix that ends with *
 */
export const definedAxis = (key, definitions) => definition(key, definitions)?.step_metric ?? null;

/** @param {string} key @param {Record<string, {step_metric?: string, hidden?: boolean}>} definitions */
export const isHidden = (key, definitions) => Boolean(definition(key, definitions)?.hidden);

/** @param {string} key @param {Record<string, {step_metric?: string, hidden?: boolean}>} definitions */
function definition(key, definitions) {
  if (Object.hasOwn(definitions, key)) return definitions[key];
  const pattern = Object.keys(definitions).find((name) => name.endsWith("*") && key.startsWith(name.slice(0, -1)));
  return pattern === undefined ? null : definitions[pattern];
}

/** The section of a metric: its part before the first slash; of system metrics their kind. @param {string} key */
export function sectionOf(key) {
  if (key.startsWith("sys/")) return `system/${key.split("/")[1].split(".")[0]}`;
  return key.includes("/") ? key.slice(0, key.indexOf("/")) : "charts";
}

/** A number on an axis. @param {number} value */
export function shortNumber(value) {
  const size = Math.abs(value);
  /** @type {[number, string][]} */
  const units = [[1e12, "T"], [1e9, "G"], [1e6, "M"], [1e3, "k"]];
  for (const [unit, word] of units) if (size >= unit && (word !== "k" || size >= 1e4)) return `${+(value / unit).toPrecision(4)}${word}`;
  return size && size < 1e-3 ? value.toExponential(1) : String(+value.toPrecision(5));
}
