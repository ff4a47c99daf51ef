// How the charts of a project are arranged: sections, their order and what is folded, settings of single charts, charts
// that the user has added. This browser remembers it; a saved view holds a copy.

import { useLayoutEffect, useMemo } from "../core/html.js";
import { store, useStore } from "../core/store.js";

/**
 * @typedef {object} PanelSettings what differs from the settings of all charts
 * @property {string} [title]
 * @property {string} [x]
 * @property {string} [xTitle]
 * @property {string} [yTitle]
 * @property {boolean} [logX]
 * @property {boolean} [logY]
 * @property {number | null} [yMin]
 * @property {number | null} [yMax]
 * @property {import("../charts/math.js").SmoothingKind} [smoothing]
 * @property {number} [amount]
 * @property {boolean} [clip]
 * @property {string} [metrics] several metrics between commas, or a regular expression between slashes
 *
 * @typedef {object} AddedPanel
 * @property {string} id
 * @property {"lines" | "scatter" | "bar" | "box" | "histogram"} kind
 * @property {string} section
 * @property {string} [x]
 * @property {string} [y]
 *
 * @typedef {object} Layout
 * @property {string} project
 * @property {string[]} order of sections; others follow
 * @property {string[]} folded sections
 * @property {Record<string, PanelSettings>} panels by id
 * @property {AddedPanel[]} added
 */

const storageKey = (/** @type {string} */ project) => `pluto.layout.${project}`;

/** @param {string} project @param {object} [content] @returns {Layout} */
export const makeLayout = (project, content = {}) => ({ order: [], folded: [], panels: {}, added: [], ...content, project });

/** @param {string} project @returns {Layout} */
export function readLayout(project) {
  try {
    return makeLayout(project, JSON.parse(localStorage.getItem(storageKey(project)) ?? "{}"));
  } catch {
    return makeLayout(project);
  }
}

/** Return the layout of a project. @param {string} project @returns {Layout} */
export function useLayout(project) {
  const layout = useStore((state) => (state.layout?.project === project ? state.layout : null));
  const read = useMemo(() => readLayout(project), [project]);
  useLayoutEffect(() => { if (!layout) store.set({ layout: read }); }, [project]);
  return layout ?? read;
}

/** @param {Partial<Layout>} change */
export function changeLayout(change) {
  const layout = { .../** @type {Layout} */ (store.get().layout), ...change };
  store.set({ layout });
  try { localStorage.setItem(storageKey(layout.project), JSON.stringify(layout)); } catch { /* a browser that stores nothing */ }
}

/** Change the settings of a chart; undefined removes one. @param {string} id @param {PanelSettings} settings */
export function changePanel(id, settings) {
  const layout = /** @type {Layout} */ (store.get().layout);
  changeLayout({ panels: { ...layout.panels, [id]: settings } });
}

/** Put a section before another one, or at the end. @param {string[]} shown @param {string} section @param {string | null} before */
export function movedSection(shown, section, before) {
  const rest = shown.filter((one) => one !== section);
  const at = before === null ? rest.length : rest.indexOf(before);
  return [...rest.slice(0, at), section, ...rest.slice(at)];
}
