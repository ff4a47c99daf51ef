// Requests to the server, and what its errors become.

import { BASE } from "./frame.js";

/**
 * Return the data of a view.
 *
 * @param {string} view the path below `/page/`
 * @param {Record<string, any>} [query] empty values are left out
 * @returns {Promise<any>}
 */
export async function get(view, query = {}) {
  const asked = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== null && value !== undefined && value !== "") asked.set(name, value);
  return (await checkResponse(fetch(`${BASE}/page/${view}?${asked}`))).json();
}

/**
 * Send a change, and return the answer.
 *
 * @param {string} path the path below `/page/`
 * @param {object} content
 * @returns {Promise<any>}
 */
export async function post(path, content) {
  return (await send(path, content)).json();
}

/**
 * A downsampled line: for each bucket its first step and time (milliseconds), the lowest, highest and mean finite
 * value, and how many points are not finite; `last` is the last finite value.
 *
 * @typedef {{last: number | null, step: Float64Array, time: Float64Array, low: Float64Array, high: Float64Array, mean: Float64Array, holes: Float64Array}} Line
 */

/**
 * Return the lines of charts, by key and number of the run.
 *
 * @param {number[]} runs
 * @param {string[]} keys
 * @param {number} width about how many buckets a line has
 * @param {number} [low] first step
 * @param {number} [high] last step
 * @returns {Promise<Map<string, Map<number, Line>>>}
 */
export async function lines(runs, keys, width, low, high) {
  const answer = await send("charts", { runs, keys, width, ...(low === undefined ? {} : { low, high }) });
  const { header, columns } = unpack(await answer.arrayBuffer(), ["step", "time", "low", "high", "mean", "holes"]);
  /** @type {Map<string, Map<number, Line>>} */
  const found = new Map(keys.map((key) => [key, new Map()]));
  header.lines.forEach((/** @type {any} */ line, /** @type {number} */ place) => found.get(line.key)?.set(line.run, /** @type {Line} */ ({ last: line.last, ...columns[place] })));
  return found;
}

/**
 * Read a binary answer: the length of a JSON header, the header with `lines`, then the columns of each line.
 *
 * @param {ArrayBuffer} buffer
 * @param {string[]} names
 */
export function unpack(buffer, names) {
  const length = new DataView(buffer).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length)));
  let at = 4 + length;
  const columns = header.lines.map((/** @type {{length: number}} */ line) => Object.fromEntries(names.map((name) => {
    const column = new Float64Array(buffer, at, line.length);
    at += 8 * line.length;
    return [name, column];
  })));
  return { header, columns };
}

/** @param {string} path @param {object} content */
export function send(path, content) {
  return checkResponse(fetch(`${BASE}/page/${path}`, { method: "POST", body: JSON.stringify(content), headers: { "Content-Type": "application/json" } }));
}

/** @param {Promise<Response>} request */
async function checkResponse(request) {
  let answer;
  try {
    answer = await request;
  } catch {
    throw new Error("The server does not respond. Is wandb-compat serve still running?");
  }
  if (answer.status === 401) {
    if (BASE) throw new Error("This view has expired. Run the cell again, or open the run in a tab.");
    location.assign(`/signin?next=${encodeURIComponent(location.pathname + location.search)}`);
    throw new Error("Signed out.");
  }
  if (!answer.ok) {
    const body = await answer.json().catch(() => ({}));
    const error = new Error(body.error?.message || body.error || `The server answered ${answer.status}.`);
    if (answer.status === 404) error.name = "NotFound";
    throw error;
  }
  return answer;
}
