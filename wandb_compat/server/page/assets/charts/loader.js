// Loads lines: what several charts ask for within a moment is one request, and no line is loaded twice.

import { groupBy } from "../core/collections.js";
import { useEffect, useReducer, useRef } from "../core/html.js";
import { lines, send, unpack } from "../core/requests.js";
import { useStore } from "../core/store.js";

/** @typedef {import("../core/requests.js").Line} Line */
/** @typedef {[number, number] | null} Zoom first and last step, null for all */

const PATIENCE = 15; // milliseconds in which requests are gathered
const KEYS = 40; // metrics in one request
const WIDTH = 1000; // points of a line, about the pixels of a large chart

/** @type {Map<string, Line | null>} null where a run has no such metric */
const loaded = new Map();
/** @type {Set<string>} loaded before the last change of their run */
const stale = new Set();
const name = (/** @type {number} */ run, /** @type {string} */ key, /** @type {Zoom} */ zoom) => `${run}\n${zoom ? zoom.join("~") : ""}\n${key}`;

/** @type {{keys: string[], runs: number[], zoom: Zoom, done: () => void, fail: (error: any) => void}[]} */
let waiting = [];

/** @param {number} run @param {string} key @param {Zoom} zoom */
export const lineOf = (run, key, zoom) => loaded.get(name(run, key, zoom)) ?? (zoom ? loaded.get(name(run, key, null)) : null) ?? null;

/** Lines of these runs are loaded again when a chart asks for them. @param {Iterable<number>} runs */
export function invalidate(runs) {
  const changed = new Set(runs);
  for (const entry of loaded.keys()) if (changed.has(Number(entry.slice(0, entry.indexOf("\n"))))) stale.add(entry);
}

/** @param {string[]} keys @param {number[]} runs @param {Zoom} zoom @returns {Promise<void> | null} null if all are there */
function request(keys, runs, zoom) {
  const missing = keys.some((key) => runs.some((run) => isMissing(run, key, zoom)));
  if (!missing) return null;
  return new Promise((done, fail) => {
    if (!waiting.length) setTimeout(loadWaiting, PATIENCE);
    waiting.push({ keys, runs, zoom, done, fail });
  });
}

/** @param {number} run @param {string} key @param {Zoom} zoom */
function isMissing(run, key, zoom) {
  const entry = name(run, key, zoom);
  return !loaded.has(entry) || stale.has(entry);
}

async function loadWaiting() {
  const turn = waiting;
  waiting = [];
  const byZoom = groupBy(turn, (one) => String(one.zoom));
  await Promise.all([...byZoom.values()].map(async (asked) => {
    try {
      const zoom = asked[0].zoom;
      const runs = new Set(asked.flatMap((one) => one.runs));
      const keys = [...new Set(asked.flatMap((one) => one.keys))].filter((key) => [...runs].some((run) => isMissing(run, key, zoom)));
      const missing = [...runs].filter((run) => keys.some((key) => isMissing(run, key, zoom)));
      for (let at = 0; at < keys.length; at += KEYS) await load(keys.slice(at, at + KEYS), missing, zoom);
      for (const one of asked) one.done();
    } catch (error) {
      for (const one of asked) one.fail(error);
    }
  }));
}

/** @param {string[]} keys @param {number[]} runs @param {Zoom} zoom */
async function load(keys, runs, zoom) {
  const asked = keys.flatMap((key) => runs.map((run) => name(run, key, zoom)));
  for (const entry of asked) stale.delete(entry); // a change from here on makes it stale again
  const found = await lines(runs, keys, WIDTH, ...(zoom ?? []));
  for (const key of keys) for (const run of runs) loaded.set(name(run, key, zoom), found.get(key)?.get(run) ?? null);
}

/**
 * Load the lines of metrics; the component is drawn again when they are there. Read them with `lineOf`.
 *
 * @param {string[]} keys
 * @param {number[]} runs
 * @param {Zoom} zoom
 * @param {boolean} active whether they are needed now
 * @returns {{version: number, loading: boolean, error: Error | null}}
 */
export function useLines(keys, runs, zoom, active) {
  const changes = useStore((state) => state.changes);
  return useLoaded(() => request(keys, runs, zoom), active && runs.length > 0, [keys.join("\n"), runs.join(), String(zoom), changes]);
}

/**
 * Run a request when its inputs change.
 *
 * @param {() => Promise<unknown> | null} start
 * @param {boolean} active
 * @param {any[]} inputs
 */
function useLoaded(start, active, inputs) {
  const [version, redraw] = useReducer((/** @type {number} */ count) => count + 1, 0);
  const state = useRef({ loading: active, error: /** @type {Error | null} */ (null) });
  useEffect(() => {
    if (!active) return undefined;
    let left = false;
    const end = (/** @type {Error | null} */ error) => { if (!left) { state.current = { loading: false, error }; redraw(0); } };
    const running = start();
    if (!running) { if (state.current.loading || state.current.error) end(null); return undefined; }
    running.then(() => end(null), end);
    return () => { left = true; };
  }, [active, ...inputs]);
  return { version, ...state.current };
}

/** @typedef {{x: Float64Array, mean: Float64Array, low: Float64Array, high: Float64Array, deviation: Float64Array, count: Float64Array, runs: number}} GroupLine */

/** @type {Map<string, {groups: string, x: string, zoom: Zoom, keys: Map<string, Map<number, GroupLine>>}>} */
const grouped = new Map();
/** @type {Map<string, {keys: Set<string>, promise: Promise<void>}>} */
const groupTurns = new Map();

/**
 * Load the lines of groups of runs, averaged by the server.
 *
 * @param {string[]} keys
 * @param {number[][]} groups
 * @param {string} x
 * @param {Zoom} zoom
 * @param {boolean} active
 */
export function useGroupLines(keys, groups, x, zoom, active) {
  const changes = useStore((state) => state.changes);
  const mark = JSON.stringify([groups, x, zoom, changes]);
  const status = useLoaded(() => requestGroups(mark, keys, groups, x, zoom), active && groups.length > 0, [keys.join("\n"), mark]);
  const found = grouped.get(mark) ?? [...grouped.values()].findLast((one) => one.groups === JSON.stringify(groups) && one.x === x);
  return { ...status, lineOf: (/** @type {string} */ key, /** @type {number} */ group) => found?.keys.get(key)?.get(group) ?? null };
}

/** @param {string} mark @param {string[]} keys @param {number[][]} groups @param {string} x @param {Zoom} zoom */
function requestGroups(mark, keys, groups, x, zoom) {
  const there = grouped.get(mark);
  if (there && keys.every((key) => there.keys.has(key))) return null;
  const turn = groupTurns.get(mark);
  if (turn) { keys.forEach((key) => turn.keys.add(key)); return turn.promise; }
  const asked = new Set(keys);
  const promise = new Promise((done) => setTimeout(done, PATIENCE)).then(async () => {
    groupTurns.delete(mark);
    const answer = await send("groups", { groups, keys: [...asked], width: WIDTH / 2, x: x === "wall" ? "time" : x, ...(zoom ? { low: zoom[0], high: zoom[1] } : {}) });
    const { header, columns } = unpack(await answer.arrayBuffer(), ["x", "mean", "low", "high", "deviation", "count"]);
    const entry = grouped.get(mark) ?? { groups: JSON.stringify(groups), x, zoom, keys: new Map() };
    for (const key of asked) entry.keys.set(key, new Map());
    header.lines.forEach((/** @type {any} */ line, /** @type {number} */ place) => entry.keys.get(line.key)?.set(line.group, { ...columns[place], runs: line.runs }));
    grouped.delete(mark);
    grouped.set(mark, entry);
    for (const old of [...grouped.keys()].slice(0, -4)) grouped.delete(old);
  });
  groupTurns.set(mark, { keys: asked, promise });
  return promise;
}
