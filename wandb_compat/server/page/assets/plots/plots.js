// Plots over runs: scatter, bars, boxes and histograms of config and metrics, and what a metric depends on.

import { html, useMemo } from "../core/html.js";
import { number } from "../core/format.js";
import { updateQuery } from "../core/router.js";
import { keyTitle } from "../workspace/grouping.js";
import { valueOf } from "../workspace/runs.js";
import { Bars, Boxes, Histogram, Scatter } from "./drawings.js";
import { importanceOf } from "./statistics.js";

/** @type {[string, string][]} */
const KINDS = [["scatter", "Scatter"], ["bar", "Bars"], ["box", "Boxes"], ["histogram", "Histogram"]];

/**
 * @param {object} props
 * @param {import("../workspace/runs.js").Project} props.project
 * @param {URLSearchParams} props.query
 * @param {import("../workspace/grouping.js").Group[] | null} props.groups
 */
export function Plots({ project, query, groups }) {
  const { runs, fields, columns } = project;
  const metrics = columns.important.map((key) => `summary.${key}`).filter((key) => fields.includes(key));
  const configs = columns.differing.map((key) => `config.${key}`).filter((key) => fields.includes(key));
  const y = pick(query.get("y"), [...metrics, ...configs], metrics[0] ?? configs[0]);
  const ranking = useMemo(() => rank(project, configs, y), [project, y]);
  const x = pick(query.get("px"), [...configs, ...metrics], ranking[0]?.key ?? configs[0] ?? metrics[1] ?? metrics[0]);
  if (!y || !x) return html`<p class="faint">Nothing differs between the runs yet.</p>`;
  const kind = pick(query.get("plot"), KINDS.map(([value]) => value), "scatter");
  const points = runs.map((run) => ({ run, x: valueOf(project, run, x), y: valueOf(project, run, y) }));
  const choice = (/** @type {string} */ label, /** @type {string} */ name, /** @type {string} */ value, /** @type {string[]} */ keys) => html`<label>${label} <select aria-label=${`${label} of the plot`} value=${value} onChange=${(/** @type {any} */ event) => updateQuery({ [name]: event.target.value })}>${keys.map((key) => html`<option key=${key} value=${key}>${key}</option>`)}</select></label>`;
  const check = (/** @type {string} */ name, /** @type {string} */ label) => html`<label><input type="checkbox" checked=${query.has(name)} onChange=${(/** @type {any} */ event) => updateQuery({ [name]: event.target.checked })} />${label}</label>`;
  const shared = { points, project: project.name, xTitle: keyTitle(x), yTitle: keyTitle(y), logX: query.has("plx"), logY: query.has("ply"), groups };
  return html`<div class="toolbar"><div role="group" aria-label="Kind of plot" class="segments">${KINDS.map(([value, label]) => html`<button type="button" key=${value} aria-pressed=${kind === value} onClick=${() => updateQuery({ plot: value === "scatter" ? null : value })}>${label}</button>`)}</div>
      ${kind === "scatter" || kind === "box" ? choice("x", "px", x, [...configs, ...metrics]) : null}${choice(kind === "scatter" || kind === "box" ? "y" : "values", "y", y, [...metrics, ...configs])}
      ${kind === "scatter" && check("plx", "log x")}${kind !== "histogram" && kind !== "bar" && check("ply", "log y")}</div>
    <div class="card plot-card">${kind === "scatter" ? html`<${Scatter} ...${shared} />` : kind === "bar" ? html`<${Bars} ...${shared} />` : kind === "box" ? html`<${Boxes} ...${shared} />` : html`<${Histogram} ...${shared} />`}</div>
    <${Importance} ranking=${ranking} y=${y} />`;
}

/** @template T @param {string | null} asked @param {string[]} known @param {T} usual */
const pick = (asked, known, usual) => (asked !== null && known.includes(asked) ? asked : usual);

/** @param {import("../workspace/runs.js").Project} project @param {string[]} configs @param {string | undefined} y */
function rank(project, configs, y) {
  if (!y) return [];
  const rows = project.runs.flatMap((run) => {
    const target = valueOf(project, run, y);
    return typeof target === "number" ? [{ target, values: Object.fromEntries(configs.map((key) => [key, valueOf(project, run, key)])) }] : [];
  });
  return importanceOf(rows, configs.filter((key) => key !== y));
}

/** @param {{ranking: ReturnType<typeof rank>, y: string}} props */
function Importance({ ranking, y }) {
  if (!ranking.length) return html`<p class="faint">What ${keyTitle(y)} depends on shows with more runs whose config differs.</p>`;
  return html`<h2>What ${keyTitle(y)} depends on</h2><div class="scroll importance" tabindex="0" role="region" aria-label="Importance of config keys"><table><thead><tr><th scope="col">Config</th><th scope="col">Importance</th><th scope="col">Correlation</th></tr></thead><tbody>${ranking.slice(0, 30).map(({ key, importance, correlation }) => html`<tr key=${key}>
      <th scope="row"><button type="button" class="link" title="Plot over it" onClick=${() => updateQuery({ px: key, plot: null })}>${keyTitle(key)}</button></th>
      <td><${Meter} share=${importance} /> ${number(+importance.toFixed(3))}</td>
      <td>${correlation === null ? html`<span class="faint">no order</span>` : html`<${Meter} share=${Math.abs(correlation)} negative=${correlation < 0} /> ${number(+correlation.toFixed(3))}`}</td></tr>`)}</tbody></table></div>
    <p class="faint">Importance is the share of the variance between runs that the key's values explain alone (epsilon squared; numbers in fifths). Correlation is Spearman's, of ranks.</p>`;
}

/** @param {{share: number, negative?: boolean}} props */
const Meter = ({ share, negative = false }) => html`<span class="meter" aria-hidden="true"><i class=${negative ? "negative" : ""} style=${{ width: `${Math.round(100 * share)}%` }} /></span>`;
