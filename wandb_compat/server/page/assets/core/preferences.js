// What this browser remembers for every project: theme and density.

const KEY = "pluto.preferences";

/**
 * @typedef {object} Preferences
 * @property {"system" | "light" | "dark"} theme
 * @property {"comfortable" | "compact"} density
 */

/** @type {Preferences} */
const DEFAULTS = { theme: "system", density: "comfortable" };

/** @returns {Preferences} */
export function readPreferences() {
  try {
    return { ...DEFAULTS, ...JSON.parse(localStorage.getItem(KEY) ?? "{}") };
  } catch { // no storage, or someone else's content
    return DEFAULTS;
  }
}

/** @param {Preferences} preferences */
export function writePreferences(preferences) {
  try { localStorage.setItem(KEY, JSON.stringify(preferences)); } catch { /* a browser that stores nothing */ }
  applyPreferences(preferences);
}

/**
 * Set the attributes by which the style sheets choose colours and row heights.
 *
 * @param {Preferences} preferences
 */
export function applyPreferences({ theme, density }) {
  const root = document.documentElement;
  if (theme === "system") delete root.dataset.theme; else root.dataset.theme = theme;
  root.dataset.density = density;
}
