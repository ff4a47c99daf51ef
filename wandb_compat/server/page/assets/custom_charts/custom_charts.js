// The charts of `wandb.plot` and `wandb.plot_table`: the latest table of each, runs side by side.

import { html, useEffect, useRef, useState } from "../core/html.js";
import { runColor } from "../core/colors.js";
import { get } from "../core/requests.js";
import { Dot } from "../components/basics.js";
import { draw } from "./draw.js";
import { specification, tableValues } from "./presets.js";

/** @typedef {import("./presets.js").CustomChart} CustomChart */
/** @typedef {{id: number, number: number, name: string, color?: string | null, wandb: {custom_charts?: unknown}}} Run */

/** The valid charts that a run has logged. @param {Run} run @returns {CustomChart[]} */
export function chartsOf({ wandb }) {
  const listed = wandb.custom_charts;
  return Array.isArray(listed) ? listed.filter((one) => one && typeof one === "object" && typeof one.key === "string" && typeof one.tableKey === "string") : [];
}

/** @param {{runs: Run[], version: string}} props version: changes when tables were logged */
export function CustomCharts({ runs, version }) {
  const keys = [...new Set(runs.flatMap((run) => chartsOf(run).map((chart) => chart.key)))];
  return html`<div class="custom-charts">${keys.map((key) => html`<section class="card part" key=${key} aria-label=${key}><h2>${key}</h2><div class="charts">
    ${runs.flatMap((run) => chartsOf(run).filter((chart) => chart.key === key).map((chart) => html`<${OneChart} key=${run.id} chart=${chart} run=${run} named=${runs.length > 1} version=${version} />`))}</div></section>`)}</div>`;
}

/** @param {{chart: CustomChart, run: Run, named: boolean, version: string}} props */
function OneChart({ chart, run, named, version }) {
  const place = useRef(/** @type {HTMLDivElement | null} */ (null));
  const [trouble, setTrouble] = useState("");
  const title = chart.title || chart.key;
  useEffect(() => {
    let left = false, remove = () => {};
    show().catch((error) => { if (!left) setTrouble(`The chart cannot be drawn: ${error.message}`); });
    async function show() {
      const { values } = await get("values", { runs: run.id, name: chart.tableKey, type: "TABLE" });
      const latest = values[values.length - 1];
      const logged = latest ? JSON.parse(latest.data) : {};
      const rows = Array.isArray(logged.table) ? logged.table.filter(Array.isArray) : [];
      const table = { rows, names: (logged.col ?? []).map((/** @type {{name: unknown}} */ one) => String(one.name)) };
      const found = specification(chart, table);
      if (left || !place.current) return;
      if ("reason" in found) { setTrouble(found.reason); return; }
      const drawn = await draw(place.current, found.spec, tableValues(table));
      if (left) drawn(); else { remove = drawn; setTrouble(""); }
    }
    return () => { left = true; remove(); };
  }, [run.id, version]);
  return html`<figure class="custom-chart"><figcaption>${named && html`<${Dot} color=${runColor(run)} />${run.name} `}<b>${title}</b></figcaption>
    ${trouble && html`<p class="faint" role="status">${trouble}</p>`}<div class="vega-place" ref=${place} role="img" aria-label=${`${title} of ${run.name}`} /></figure>`;
}
