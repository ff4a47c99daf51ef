// DOM helpers. Content from runs is always inserted as text, never as markup.
// @ts-nocheck draws without components; has types once it is one

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

export { PALETTE } from "../core/colors.js";
import { PALETTE } from "../core/colors.js";

/** Return the colour of a run by its position. */
export const colour = (place) => PALETTE[place % PALETTE.length];

/** Return the colour mark of a run; a ring where colours repeat. */
export const dot = (place) => h("i", { class: place < PALETTE.length ? "dot" : "dot ring", color: colour(place) });

export const state = (status) => h("span", { class: `state ${status}` }, status.toLowerCase());

export const tags = (names) => names.map((name) => h("span", { class: "tag" }, name));

export { ago, bytes, debounce, lasting, moment, number, show } from "../core/format.js";
