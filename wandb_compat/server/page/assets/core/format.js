// How numbers, sizes and times are written.

/** Format a number with at most six significant digits; other values as JSON. @param {any} value @returns {string} */
export function number(value) {
  if (typeof value !== "number") return value === null || value === undefined ? "" : show(value);
  if (Number.isInteger(value) && Math.abs(value) < 1e15) return value.toLocaleString("en");
  return Math.abs(value) >= 1e6 || (value !== 0 && Math.abs(value) < 1e-4) ? value.toExponential(4) : String(+value.toPrecision(6));
}

/** @param {any} value @returns {string} */
export const show = (value) => (typeof value === "string" ? value : JSON.stringify(value));

/** @param {number} size */
export function bytes(size) {
  const unit = Math.min(4, Math.floor(Math.log2(Math.max(1, size)) / 10));
  return `${+(size / 1024 ** unit).toPrecision(3)} ${["B", "KiB", "MiB", "GiB", "TiB"][unit]}`;
}

/** @param {number} time milliseconds */
export const moment = (time) => new Date(time).toLocaleString();

/** @type {[string, number][]} */
const LONG_UNITS = [["day", 86400], ["hour", 3600], ["minute", 60]];
/** @type {[string, number][]} */
const SHORT_UNITS = [["d", 86400], ["h", 3600], ["m", 60], ["s", 1]];

/** How long ago a time was. @param {number} time milliseconds */
export function ago(time) {
  const seconds = Math.max(0, (Date.now() - time) / 1000);
  for (const [unit, length] of LONG_UNITS) {
    const count = Math.floor(seconds / length);
    if (count) return `${count} ${unit}${count > 1 ? "s" : ""} ago`;
  }
  return "just now";
}

/** A duration in its two largest units. @param {number} milliseconds */
export function lasting(milliseconds) {
  let seconds = Math.max(0, Math.round(milliseconds / 1000));
  const parts = [];
  for (const [unit, length] of SHORT_UNITS) {
    const count = Math.floor(seconds / length);
    seconds -= count * length;
    if (count) parts.push(count + unit);
  }
  return parts.slice(0, 2).join(" ") || "0s";
}

/**
 * Return a function that is called once, after its last call in a while.
 *
 * @template {any[]} A
 * @param {(...given: A) => void} call
 * @param {number} [wait] milliseconds
 */
export function debounce(call, wait = 200) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  return (/** @type {A} */ ...given) => { clearTimeout(timer); timer = setTimeout(() => call(...given), wait); };
}
