// Addresses: matching paths to routes, and changing path and query without reloading the page.

import { ownPath } from "./frame.js";
import { store, useStore } from "./store.js";
import { useMemo } from "./html.js";

/**
 * Return the parameters of a path, decoded, or null if the path does not match.
 *
 * @param {string} pattern parts after a colon are parameters; `:name*` takes the rest of the path
 * @param {string} path
 * @returns {Record<string, string> | null}
 */
export function matchPath(pattern, path) {
  const wanted = pattern.split("/"), given = path.replace(/(.)\/$/, "$1").split("/");
  /** @type {Record<string, string>} */
  const found = {};
  for (const [place, part] of wanted.entries()) {
    if (part.startsWith(":") && part.endsWith("*")) {
      found[part.slice(1, -1)] = given.slice(place).map(decode).join("/");
      return given.length > place ? found : null;
    }
    if (place >= given.length) return null;
    if (part.startsWith(":") && given[place]) found[part.slice(1)] = decode(given[place]);
    else if (part !== given[place]) return null;
  }
  return given.length === wanted.length ? found : null;
}

/** @param {string} text */
function decode(text) {
  try { return decodeURIComponent(text); } catch { return text; }
}

/**
 * Show another address of the page.
 *
 * @param {string} address path and query
 */
export function navigate(address) {
  history.pushState(null, "", address);
  readAddress();
}

/**
 * @typedef {string | number | boolean | null | undefined | (string | number)[]} QueryValue
 */

/**
 * Return a query with changes: null and empty values remove a parameter, a list sets it several times.
 *
 * @param {string} query
 * @param {Record<string, QueryValue>} changes
 */
export function changedQuery(query, changes) {
  const made = new URLSearchParams(query);
  for (const [name, value] of Object.entries(changes)) {
    made.delete(name);
    for (const one of Array.isArray(value) ? value : [value]) {
      if (one !== null && one !== undefined && one !== "" && one !== false) made.append(name, one === true ? "1" : String(one));
    }
  }
  return made.toString();
}

/**
 * Change parameters of the current address.
 *
 * @param {Record<string, QueryValue>} changes
 * @param {{push?: boolean}} [options] push: whether the browser's back button returns to the state before
 */
export function updateQuery(changes, { push = false } = {}) {
  const text = changedQuery(location.search.slice(1), changes);
  const address = location.pathname + (text ? `?${text}` : "");
  if (push) history.pushState(null, "", address); else history.replaceState(null, "", address);
  readAddress();
}

/** Take the address bar into the store, after the browser has changed it. */
export function readAddress() {
  const { path, query } = store.get().address;
  if (path === ownPath() && query === location.search.slice(1)) return;
  store.set({ address: { path: ownPath(), query: location.search.slice(1) } });
}

/** Return the parameters of the current address; the component is drawn again when they change. */
export function useQuery() {
  const query = useStore((state) => state.address.query);
  return useMemo(() => new URLSearchParams(query), [query]);
}

/**
 * Return the address of a project, or of something in it.
 *
 * @param {string} project
 * @param {string | number} [rest] numbers of runs between commas, or a view such as `sweeps`
 */
export const projectPath = (project, rest = "") => `/o/local/projects/${encodeURIComponent(project)}${rest === "" ? "" : `/${rest}`}`;
