// Vega-Lite specifications of the charts that `wandb.plot` logs, drawn over the columns of a logged table.

/**
 * @typedef {object} CustomChart
 * @property {string} key
 * @property {string} [preset] such as `line`
 * @property {string} [title]
 * @property {string} tableKey the key of its table
 * @property {Record<string, string>} [fields] columns by the name of a field
 * @property {Record<string, string>} [strings] texts by name
 * @property {any} [spec] a specification of the user's own
 *
 * @typedef {{names: string[], rows: unknown[][]}} Table
 */

// Names of columns can hold anything, also what Vega-Lite reads as a path: in the data they are numbered.
/** @param {number} place */
const column = (place) => `c${place}`;

/** @param {Table} table */
export const tableValues = ({ rows }) => rows.map((row) => Object.fromEntries(row.map((value, place) => [column(place), value])));

/** @type {Record<string, (encode: (field: string, more?: object) => object, title: (name: string) => string | undefined) => object>} */
const PRESETS = {
  line: (encode) => ({ mark: { type: "line", point: true, tooltip: true }, encoding: { x: encode("x", { type: "quantitative", scale: { zero: false } }), y: encode("y", { type: "quantitative", scale: { zero: false } }) } }),
  scatter: (encode) => ({ mark: { type: "point", filled: true, tooltip: true }, encoding: { x: encode("x", { type: "quantitative", scale: { zero: false } }), y: encode("y", { type: "quantitative", scale: { zero: false } }) } }),
  bar: (encode) => ({ mark: { type: "bar", tooltip: true }, encoding: { y: encode("label", { type: "nominal", sort: null }), x: encode("value", { type: "quantitative", aggregate: "sum" }) } }),
  histogram: (encode) => ({ mark: { type: "bar", tooltip: true }, encoding: { x: encode("value", { type: "quantitative", bin: { maxbins: 40 } }), y: { aggregate: "count", title: "count" } } }),
  lineseries: (encode, title) => ({ mark: { type: "line", tooltip: true }, encoding: { x: encode("step", { type: "quantitative", title: title("xname"), scale: { zero: false } }), y: encode("lineVal", { type: "quantitative", title: title("yname") ?? null, scale: { zero: false } }), color: encode("lineKey", { type: "nominal", title: null }) } }),
  "area-under-curve": (encode, title) => ({ mark: { type: "line", tooltip: true, interpolate: "linear" }, encoding: { x: encode("x", { type: "quantitative", title: title("x-axis-title") }), y: encode("y", { type: "quantitative", title: title("y-axis-title") }), color: encode("class", { type: "nominal", title: "class" }), order: encode("x", { type: "quantitative" }) } }),
  confusion_matrix: (encode) => {
    const place = { x: encode("Predicted", { type: "nominal", title: "predicted", sort: null }), y: encode("Actual", { type: "nominal", title: "actual", sort: null }) };
    const count = encode("nPredictions", { type: "quantitative", title: "samples" });
    return { encoding: place, layer: [{ mark: { type: "rect", tooltip: true }, encoding: { color: { ...count, scale: { scheme: "blues" } } } }, { mark: { type: "text", stroke: "white", strokeWidth: 3, strokeOpacity: 0.6 }, encoding: { text: count } }, { mark: "text", encoding: { text: count, color: { value: "black" } } }] };
  },
};
/** @type {Record<string, string>} */
const ALIASES = { line_series: "lineseries", "line-series": "lineseries", pr_curve: "area-under-curve", roc_curve: "area-under-curve" };

/**
 * Return the specification of a chart, without its data, or why it cannot be drawn.
 *
 * @param {CustomChart} chart
 * @param {Table} table
 * @returns {{spec: any} | {reason: string}}
 */
export function specification(chart, table) {
  const strings = chart.strings ?? {};
  if (chart.spec && typeof chart.spec === "object") return { spec: filled(chart.spec, chart, table) };
  const name = ALIASES[chart.preset ?? ""] ?? chart.preset ?? "";
  if (!Object.hasOwn(PRESETS, name)) return { reason: "The chart uses a specification that was not logged. Its table is under “Tables and series”." };
  let missing = "";
  const encode = (/** @type {string} */ field, more = {}) => {
    const wanted = chart.fields?.[field] ?? field;
    const place = table.names.indexOf(wanted);
    if (place < 0) missing ||= wanted;
    return { field: column(place), title: wanted, ...Object.fromEntries(Object.entries(more).filter(([, value]) => value !== undefined)) };
  };
  const spec = PRESETS[name](encode, (title) => strings[title] || undefined);
  return missing ? { reason: `The table has no column ${missing}.` } : { spec };
}

/** Return a user's own specification with the marks `${field:NAME}` and `${string:NAME}` replaced. @param {any} value @param {CustomChart} chart @param {Table} table @returns {any} */
function filled(value, chart, table) {
  if (typeof value === "string") {
    return value.replace(/\$\{(field|string):([^}]*)\}/g, (whole, kind, name) => {
      if (kind === "string") return chart.strings?.[name] ?? "";
      const place = table.names.indexOf(chart.fields?.[name] ?? name);
      return place < 0 ? whole : column(place);
    });
  }
  if (Array.isArray(value)) return value.map((one) => filled(one, chart, table));
  return value && typeof value === "object" ? Object.fromEntries(Object.entries(value).map(([name, one]) => [name, filled(one, chart, table)])) : value;
}
