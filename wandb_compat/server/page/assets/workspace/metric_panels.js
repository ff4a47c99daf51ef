// All charts of some runs in sections that fold, are dragged and keep their order; the settings of all charts above.

import { groupBy } from "../core/collections.js";
import { html, useEffect, useMemo, useRef, useState } from "../core/html.js";
import { debounce } from "../core/format.js";
import { updateQuery, useQuery } from "../core/router.js";
import { Empty } from "../components/states.js";
import { isHidden, sectionOf } from "../charts/math.js";
import { changeLayout, changePanel, movedSection, useLayout } from "./layout.js";
import { Panel } from "./panel.js";
import { axisChoices, smoothingChoices } from "./panel_settings.js";

/**
 * @param {object} props
 * @param {string} props.project
 * @param {import("./runs.js").Run[]} props.runs
 * @param {import("./grouping.js").Group[] | null} [props.groups]
 * @param {import("./runs.js").Run | null} [props.baseline]
 * @param {string[]} props.metrics those that get a chart
 * @param {Record<string, any>} props.definitions
 * @param {string} [props.axis] the x axis unless the user chooses another
 */
export function MetricPanels({ project, runs, groups = null, baseline = null, metrics, definitions, axis = "step" }) {
  const query = useQuery();
  const layout = useLayout(project);
  const find = query.get("find") ?? "";
  const scene = useScene({ query, runs, groups, baseline, metrics, definitions, axis });
  const sections = useMemo(() => {
    const shown = metrics.filter((key) => !isHidden(key, definitions) && fits(key, find));
    const found = groupBy(shown, sectionOf);
    const names = [...found.keys()].sort((one, other) => Number(one.startsWith("system/")) - Number(other.startsWith("system/")));
    const ordered = [...layout.order.filter((name) => found.has(name)), ...names.filter((name) => !layout.order.includes(name))];
    return ordered.map((name) => ({ name, keys: found.get(name) ?? [] }));
  }, [metrics, definitions, find, layout.order]);
  const names = sections.map((one) => one.name);
  return html`<div class="metric-panels"><${ChartToolbar} query=${query} metrics=${metrics} scene=${scene} axis=${axis} grouped=${groups !== null} />
    ${!sections.length && html`<${Empty} title=${metrics.length ? "No metric has that name" : "No numbers have been logged yet"}>${!metrics.length && html`<p class="faint">They appear here as soon as a run logs some: <code>run.log({"loss": 0.1})</code></p>`}</${Empty}>`}
    ${sections.map(({ name, keys }) => html`<${Section} key=${name} name=${name} keys=${keys} names=${names} layout=${layout} scene=${scene} />`)}</div>`;
}

/** @param {string} key @param {string} find a word or a regular expression */
function fits(key, find) {
  if (!find) return true;
  try { return new RegExp(find, "i").test(key); } catch { return key.toLowerCase().includes(find.toLowerCase()); }
}

/** @param {any} given @returns {import("./panel.js").Scene} */
function useScene({ query, runs, groups, baseline, metrics, definitions, axis }) {
  const text = ["x", "log", "logx", "smooth", "smoothing", "clip", "zoom", "spread"].map((name) => query.get(name)).join("\n");
  return useMemo(() => {
    const smoothing = /** @type {any} */ (query.get("smoothing") ?? "ema");
    const look = { x: query.get("x") ?? axis, logX: query.has("logx"), logY: query.has("log"), smoothing, amount: Math.min(0.99, Number(query.get("smooth")) || 0), clip: query.has("clip") };
    const zoom = query.get("zoom")?.split("~").map(Number) ?? null;
    const onZoom = (/** @type {[number, number] | null} */ to) => updateQuery({ zoom: to && to.map((value) => +value.toPrecision(8)).join("~") }, { push: true });
    return { runs, groups, baseline, look, explicitX: query.has("x"), zoom: zoom?.length === 2 && zoom.every(Number.isFinite) ? zoom : null, onZoom, metrics, definitions, spread: /** @type {any} */ (query.get("spread") ?? "deviation"), keyed: false };
  }, [text, runs, groups, baseline, metrics, definitions]);
}

/** @param {{query: URLSearchParams, metrics: string[], scene: import("./panel.js").Scene, axis: string, grouped: boolean}} props */
function ChartToolbar({ query, metrics, scene, axis, grouped }) {
  const [amount, setAmount] = useState(scene.look.amount);
  useEffect(() => setAmount(scene.look.amount), [scene.look.amount]);
  const later = useRef(debounce((/** @type {object} */ change) => updateQuery(/** @type {any} */ (change)), 60)).current;
  const find = useRef(debounce((/** @type {string} */ text) => updateQuery({ find: text }), 150)).current;
  const check = (/** @type {string} */ name, /** @type {string} */ label) => html`<label><input type="checkbox" checked=${query.has(name)} onChange=${(/** @type {any} */ event) => updateQuery({ [name]: event.target.checked })} />${label}</label>`;
  return html`<div class="toolbar">
    <input type="search" placeholder="Find metrics (a word or a regular expression)" aria-label="Find metrics" value=${query.get("find") ?? ""} onInput=${(/** @type {any} */ event) => find(event.target.value)} />
    <label>x <select aria-label="Horizontal axis" value=${query.get("x") ?? ""} onChange=${(/** @type {any} */ event) => updateQuery({ x: event.target.value, zoom: null })}><option value="">${axis === "step" ? "as defined" : axis}</option>${axisChoices(metrics)}</select></label>
    ${check("logx", "log x")}${check("log", "log y")}${check("clip", "ignore outliers")}
    <label>smoothing <select aria-label="Kind of smoothing" value=${scene.look.smoothing} onChange=${(/** @type {any} */ event) => updateQuery({ smoothing: event.target.value === "ema" ? null : event.target.value })}>${smoothingChoices()}</select>
      <input type="range" min="0" max="0.99" step="0.01" aria-label="Smoothing" value=${amount} onInput=${(/** @type {any} */ event) => { setAmount(Number(event.target.value)); later({ smooth: Number(event.target.value) || null }); }} /><span class="mono">${amount}</span></label>
    ${grouped && html`<label>band <select aria-label="Band of groups" value=${scene.spread} onChange=${(/** @type {any} */ event) => updateQuery({ spread: event.target.value === "deviation" ? null : event.target.value })}><option value="deviation">standard deviation</option><option value="error">standard error</option><option value="range">lowest to highest</option><option value="none">none</option></select></label>`}
    ${scene.zoom && html`<button type="button" onClick=${() => scene.onZoom(null)}>Reset zoom</button>`}
  </div>`;
}

/** @param {{name: string, keys: string[], names: string[], layout: import("./layout.js").Layout, scene: import("./panel.js").Scene}} props */
function Section({ name, keys, names, layout, scene }) {
  const [all, setAll] = useState(false);
  const place = names.indexOf(name);
  const open = !layout.folded.includes(name);
  const fold = () => changeLayout({ folded: open ? [...layout.folded, name] : layout.folded.filter((one) => one !== name) });
  const move = (/** @type {string | null} */ before) => changeLayout({ order: movedSection(names, name, before) });
  const drop = (/** @type {DragEvent} */ event) => {
    const moved = event.dataTransfer?.getData("text/x-section");
    if (!moved || moved === name) return;
    event.preventDefault();
    changeLayout({ order: movedSection(names, moved, name) });
  };
  const shown = all ? keys : keys.slice(0, 60);
  return html`<section class="section" aria-label=${`Section ${name}`} onDragOver=${(/** @type {DragEvent} */ event) => event.dataTransfer?.types.includes("text/x-section") && event.preventDefault()} onDrop=${drop}>
    <div class="section-head" draggable="true" onDragStart=${(/** @type {DragEvent} */ event) => event.dataTransfer?.setData("text/x-section", name)}>
      <button type="button" class="section-name" aria-expanded=${open} onClick=${fold}>${open ? "▾" : "▸"} ${name} <span class="faint">${keys.length}</span></button>
      <span class="section-tools"><button type="button" disabled=${place === 0} aria-label=${`Move ${name} up`} onClick=${() => move(names[place - 1])}>↑</button>
      <button type="button" disabled=${place === names.length - 1} aria-label=${`Move ${name} down`} onClick=${() => move(names[place + 2] ?? null)}>↓</button></span></div>
    ${open && html`<div class="chart-grid">${shown.map((key) => html`<${Panel} key=${key} id=${key} metric=${key} settings=${layout.panels[key] ?? NO_SETTINGS} scene=${scene} onSettings=${(/** @type {any} */ settings) => changePanel(key, settings)} />`)}</div>
      ${keys.length > shown.length && html`<button type="button" onClick=${() => setAll(true)}>Show all ${keys.length} charts of ${name}</button>`}`}
  </section>`;
}

const NO_SETTINGS = {};
