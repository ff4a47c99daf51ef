// Keyboard shortcuts: views register keys while they are shown; `?` lists them.

import { useEffect, useRef } from "./html.js";
import { store } from "./store.js";

/**
 * @typedef {object} Shortcut
 * @property {string} key as in `KeyboardEvent.key`
 * @property {string} label what it does
 * @property {() => void} run
 */

/** @type {Set<{current: Shortcut[]}>} */
const registered = new Set();

/** @type {Shortcut[]} */
const GENERAL = [
  { key: "?", label: "Show the keyboard shortcuts", run: () => store.set({ dialog: "shortcuts" }) },
];

/** Return the shortcuts of the current view. */
export const currentShortcuts = () => [...[...registered].flatMap((one) => one.current), ...GENERAL];

/**
 * Register shortcuts while the component is shown.
 *
 * @param {Shortcut[]} shortcuts
 */
export function useShortcuts(shortcuts) {
  const latest = useRef(shortcuts);
  latest.current = shortcuts;
  useEffect(() => { registered.add(latest); return () => { registered.delete(latest); }; }, []);
}

/** Run the shortcut of a key, unless a text field has the focus. @param {KeyboardEvent} event */
export function handleKey(event) {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || store.get().dialog) return;
  const target = /** @type {HTMLElement} */ (event.target);
  if (target.isContentEditable || (target.matches?.("input, textarea, select") && !target.matches("input[type=checkbox], input[type=range], input[type=radio]"))) return;
  const found = currentShortcuts().find((one) => one.key === event.key);
  if (!found) return;
  event.preventDefault();
  found.run();
}
