// DOM helpers. Content from runs is always inserted as text, never as markup.

const SVG = "http://www.w3.org/2000/svg";

/** Create an element; `on*` properties become listeners, booleans set or omit an attribute (aria-* get "true"/"false"). */
export function h(tag, properties = {}, ...children) {
  return fill(document.createElement(tag), properties, children);
}

export function s(tag, properties = {}, ...children) {
  return fill(document.createElementNS(SVG, tag), properties, children);
}

function fill(element, properties, children) {
  for (const [name, value] of Object.entries(properties)) {
    if (name.startsWith("aria-") && typeof value === "boolean") { element.setAttribute(name, String(value)); continue; }
    if (value === false || value === null || value === undefined) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "color") element.style.background = value;
    else if (name === "width-share") element.style.flex = `${value} 1 0`;
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** Replace the children of an element; keyboard focus moves to the matching new child. */
export function refill(place, ...children) {
  const like = (element) => `${element.tagName} ${element.getAttribute("aria-label") ?? element.getAttribute("href") ?? element.textContent}`;
  const held = place.contains(document.activeElement) && document.activeElement !== place ? like(document.activeElement) : null;
  place.replaceChildren(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  if (held !== null) [...place.querySelectorAll("a, button, input, select, [tabindex]")].find((element) => like(element) === held)?.focus({ preventScroll: true });
}

export const PALETTE = ["#5b8ff9", "#f08a3c", "#2fb38a", "#e0567a", "#9270e8", "#c7a217", "#2aa7c9", "#b06b4f", "#7d8a2e", "#d05fc5"];

/** Return the colour of a run by its position. */
export const colour = (place) => PALETTE[place % PALETTE.length];

/** Return the colour mark of a run; a ring where colours repeat. */
export const dot = (place) => h("i", { class: place < PALETTE.length ? "dot" : "dot ring", color: colour(place) });

export const state = (status) => h("span", { class: `state ${status}` }, status.toLowerCase());

export const tags = (names) => names.map((name) => h("span", { class: "tag" }, name));

/** Format a number with at most six significant digits. */
export function number(value) {
  if (typeof value !== "number") return value === null || value === undefined ? "" : show(value);
  if (Number.isInteger(value) && Math.abs(value) < 1e15) return value.toLocaleString("en");
  return Math.abs(value) >= 1e6 || (value !== 0 && Math.abs(value) < 1e-4) ? value.toExponential(4) : String(+value.toPrecision(6));
}

export const show = (value) => (typeof value === "string" ? value : JSON.stringify(value));

export function bytes(size) {
  const unit = Math.min(4, Math.floor(Math.log2(Math.max(1, size)) / 10));
  return `${+(size / 1024 ** unit).toPrecision(3)} ${["B", "KiB", "MiB", "GiB", "TiB"][unit]}`;
}

export const moment = (time) => new Date(time).toLocaleString();

export function ago(time) {
  const seconds = Math.max(0, (Date.now() - time) / 1000);
  for (const [unit, length] of [["day", 86400], ["hour", 3600], ["minute", 60]]) {
    const count = Math.floor(seconds / length);
    if (count) return `${count} ${unit}${count > 1 ? "s" : ""} ago`;
  }
  return "just now";
}

export function lasting(milliseconds) {
  const seconds = Math.max(0, Math.round(milliseconds / 1000));
  const parts = [[86400, "d"], [3600, "h"], [60, "m"], [1, "s"]].map(([length, unit], place, all) =>
    [Math.floor((place ? seconds % all[place - 1][0] : seconds) / length), unit]).filter(([count]) => count);
  return parts.slice(0, 2).map(([count, unit]) => count + unit).join(" ") || "0s";
}

/** Debounce a function. */
export function debounce(call, wait = 200) {
  let timer;
  return (...given) => { clearTimeout(timer); timer = setTimeout(() => call(...given), wait); };
}
