// Draws Vega and Vega-Lite specifications on a canvas: expressions are interpreted, never compiled, and nothing is loaded.

/** @type {Promise<{vega: any, vegaLite: any, interpreter: any}> | null} */
let libraries = null;

async function load() {
  await import("../vendor/vega.min.js");
  await import("../vendor/vega-lite.min.js"); // finds vega as a global
  const { expressionInterpreter } = await import("../vendor/vega-interpreter.js");
  const { vega, vegaLite } = /** @type {any} */ (globalThis);
  return { vega, vegaLite, interpreter: expressionInterpreter };
}

const refused = () => Promise.reject(new Error("Charts load no other data than their table."));
const LOADER = { load: refused, sanitize: refused, http: refused, file: refused };

/**
 * Draw a specification.
 *
 * @param {HTMLElement} container
 * @param {any} spec without data; one of Vega gets it where its data set is named `wandb`
 * @param {object[]} values
 * @returns {Promise<() => void>} removes the drawing
 */
export async function draw(container, spec, values) {
  libraries ??= load();
  const { vega, vegaLite, interpreter } = await libraries;
  const style = getComputedStyle(container);
  const [ink, line] = [style.color, style.getPropertyValue("--line")];
  const config = { background: "transparent", font: "system-ui, sans-serif", view: { stroke: line }, axis: { labelColor: ink, titleColor: ink, gridColor: line, domainColor: line, tickColor: line, labelLimit: 140 }, legend: { labelColor: ink, titleColor: ink }, title: { color: ink }, ...(spec.config ?? {}) };
  const isVega = String(spec.$schema ?? "").includes("/vega/v");
  const size = { width: Math.max(160, container.clientWidth - 10), height: 260, autosize: { type: "fit", contains: "padding" } };
  const compiled = isVega
    ? { ...spec, data: (Array.isArray(spec.data) ? spec.data : []).map((/** @type {any} */ one) => (one.name === "wandb" ? { ...one, url: undefined, values } : one)) }
    : vegaLite.compile({ ...size, ...spec, data: { name: "wandb", values }, config }, { logger: quiet(vega) }).spec;
  const view = new vega.View(vega.parse(compiled, isVega ? config : undefined, { ast: true }), { expr: interpreter, renderer: "canvas", loader: LOADER, logger: quiet(vega), container, hover: true });
  await view.runAsync();
  return () => view.finalize();
}

/** @param {any} vega */
const quiet = (vega) => vega.logger(vega.None);
