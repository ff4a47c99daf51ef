// The shape of the page's state, and its first value.

import { ownPath } from "./frame.js";
import { readPreferences } from "./preferences.js";

/**
 * @typedef {object} Address
 * @property {string} path decoded by the routes
 * @property {string} query without the question mark
 *
 * @typedef {object} State
 * @property {Address} address what the address bar shows
 * @property {"" | "on" | "off"} live the state of the event stream
 * @property {import("./preferences.js").Preferences} preferences
 * @property {{text: string, action?: {label: string, run: () => void}} | null} notice the sentence at the bottom
 * @property {string | null} dialog the name of the open dialog
 * @property {number} changes how often lines that are drawn have changed on the server
 * @property {import("../workspace/runs.js").Project | null} project the runs of the open project
 * @property {import("../workspace/layout.js").Layout | null} layout how its charts are arranged
 * @property {number | null} hovered the number of the run under the mouse, in a list or on a chart
 * @property {string | null} hoveredGroup the id of the group of runs under the mouse
 */

/** @returns {State} */
export function initialState() {
  const there = typeof location === "undefined" ? { path: "/", search: "" } : { path: ownPath(), search: location.search };
  return {
    address: { path: there.path, query: there.search.slice(1) },
    live: "",
    preferences: readPreferences(),
    notice: null,
    dialog: null,
    changes: 0,
    project: null,
    layout: null,
    hovered: null,
    hoveredGroup: null,
  };
}
