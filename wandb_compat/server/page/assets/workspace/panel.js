// One chart of metrics: loads its lines when it comes into sight, with a legend, settings and downloads.

import { html, useEffect, useMemo, useRef, useState } from "../core/html.js";
import { store, useStore } from "../core/store.js";
import { runColor } from "../core/colors.js";
import { Dot } from "../components/basics.js";
import { Dialog } from "../components/dialog.js";
import { LineChart } from "../charts/line_chart.js";
import { lineOf, useGroupLines, useLines } from "../charts/loader.js";
import { definedAxis, groupPoints, linePoints } from "../charts/math.js";
import { PanelMenu } from "./panel_menu.js";
import { SettingsDialog } from "./panel_settings.js";

/**
 * @typedef {import("../charts/line_chart.js").DrawnLine} DrawnLine
 * @typedef {import("./layout.js").PanelSettings} PanelSettings
 *
 * @typedef {object} Scene what all charts of a view share
 * @property {import("./runs.js").Run[]} runs that are drawn
 * @property {import("./grouping.js").Group[] | null} groups in place of single runs
 * @property {"deviation" | "error" | "range" | "none"} spread of a group's band
 * @property {import("./runs.js").Run | null} baseline whose values are subtracted
 * @property {import("../charts/math.js").Look} look
 * @property {boolean} explicitX whether the user has chosen the x axis
 * @property {[number, number] | null} zoom
 * @property {(zoom: [number, number] | null) => void} onZoom
 * @property {string[]} metrics all that can be chosen
 * @property {Record<string, {step_metric?: string}>} definitions
 * @property {boolean} keyed whether the metric's name is part of a line's name
 */

/** Whether an element is, or nearly is, on the screen. @param {{current: Element | null}} place */
function useInSight(place) {
  const [seen, setSeen] = useState(false);
  useEffect(() => {
    const watch = new IntersectionObserver((entries) => setSeen(entries[entries.length - 1].isIntersecting), { rootMargin: "200px" });
    if (place.current) watch.observe(place.current);
    return () => watch.disconnect();
  }, []);
  return seen;
}

/** The metrics of a chart. @param {string} key @param {PanelSettings} settings @param {string[]} all */
export function metricsOf(key, settings, all) {
  const text = settings.metrics?.trim();
  if (!text) return [key];
  const pattern = /^\/(.+)\/$/.exec(text);
  if (!pattern) return text.split(",").map((one) => one.trim()).filter(Boolean);
  try { const expression = new RegExp(pattern[1]); return all.filter((one) => expression.test(one)).slice(0, 20); } catch { return [key]; }
}

/** @param {{id: string, metric: string, settings: PanelSettings, scene: Scene, onSettings: (settings: PanelSettings) => void}} props */
export function Panel({ id, metric, settings, scene, onSettings }) {
  const box = useRef(/** @type {HTMLElement | null} */ (null));
  const seen = useInSight(box);
  const [dialog, setDialog] = useState(/** @type {"settings" | "full" | null} */ (null));
  const title = settings.title || metric;
  const full = useFullChart({ metric, settings, scene, active: seen });
  return html`<section class="card panel chart" ref=${box} aria-label=${title}>
    <header><h2 title=${title}>${title}</h2>
      <button type="button" class="icon" aria-label=${`Enlarge ${title}`} title="Enlarge" onClick=${() => setDialog("full")}>⤢</button>
      <${PanelMenu} title=${title} box=${box} lines=${full.lines} look=${full.look} onSettings=${() => setDialog("settings")} onReset=${Object.keys(settings).length ? () => onSettings({}) : null} />
    </header>
    <${Body} ...${full} title=${title} settings=${settings} scene=${scene} />
    ${dialog === "full" && html`<${Dialog} label=${title} wide=${true} onClose=${() => setDialog(null)}><${Body} ...${full} title=${title} settings=${settings} scene=${scene} height=${Math.round(innerHeight * 0.6)} /></${Dialog}>`}
    ${dialog === "settings" && html`<${SettingsDialog} id=${id} metric=${metric} settings=${settings} scene=${scene} onChange=${onSettings} onClose=${() => setDialog(null)} />`}
  </section>`;
}

/** @param {{metric: string, settings: PanelSettings, scene: Scene, active: boolean}} what */
function useFullChart({ metric, settings, scene, active }) {
  const keys = metricsOf(metric, settings, scene.metrics);
  const x = settings.x ?? (scene.explicitX ? scene.look.x : definedAxis(metric, scene.definitions) ?? scene.look.x);
  const look = useMemo(() => ({ ...scene.look, ...pick(settings), x }), [scene.look, settings, x]);
  const zoom = /** @type {[number, number] | null} */ (x === "step" && scene.zoom ? [Math.max(0, Math.floor(scene.zoom[0])), Math.max(0, Math.ceil(scene.zoom[1]))] : null);
  const across = ["step", "time", "wall"].includes(x) ? [] : [x];
  const drawn = scene.baseline && !scene.runs.includes(scene.baseline) ? [...scene.runs, scene.baseline] : scene.runs;
  const ids = drawn.map((run) => run.id);
  const single = useLines([...keys, ...across], ids, zoom, active && !scene.groups);
  const grouped = useGroupLines(keys, (scene.groups ?? []).map((group) => group.runs.map((run) => run.id)), x, zoom, active && scene.groups !== null);
  const hoveredGroup = useStore((state) => (scene.groups ? state.hoveredGroup : null));
  const members = scene.groups?.find((group) => group.id === hoveredGroup)?.runs.slice(0, 50) ?? [];
  const memberLines = useLines([...keys, ...across], members.map((run) => run.id), zoom, active && members.length > 0);
  const lines = useMemo(() => (scene.groups
    ? [...runLines(members, keys, look, zoom, scene).map((line) => ({ ...line, faint: true, color: scene.groups?.find((group) => group.id === hoveredGroup)?.color ?? line.color, band: false, ghost: false })), ...groupLines(scene.groups, keys, look, scene.spread, grouped.lineOf)]
    : runLines(scene.runs, keys, look, zoom, scene)), [scene.groups, scene.runs, scene.spread, scene.baseline, keys.join("\n"), look, String(zoom), single.version, grouped.version, memberLines.version, active && hoveredGroup]);
  const status = scene.groups ? grouped : single;
  return { lines, look, loading: status.loading && !lines.length, error: status.error };
}

/** The settings of a chart that are part of its look. @param {PanelSettings} settings */
function pick({ logX, logY, smoothing, amount, clip }) {
  return Object.fromEntries(Object.entries({ logX, logY, smoothing, amount, clip }).filter(([, value]) => value !== undefined));
}

/**
 * @param {import("./runs.js").Run[]} runs
 * @param {string[]} keys
 * @param {import("../charts/math.js").Look} look
 * @param {[number, number] | null} zoom
 * @param {Scene} scene
 * @returns {DrawnLine[]}
 */
function runLines(runs, keys, look, zoom, scene) {
  const several = keys.length > 1;
  return keys.flatMap((key, place) => runs.flatMap((run) => {
    const line = lineOf(run.id, key, zoom);
    if (!line) return [];
    const base = scene.baseline ? lineOf(scene.baseline.id, key, zoom) : null;
    const used = base ? differenceTo(line, base) : line;
    const points = linePoints(used, lineOf(run.id, look.x, zoom), look);
    if (!points.x.length) return [];
    const band = !base && points.high.some((value, index) => value !== points.low[index]);
    return [{ id: several ? `${run.id} ${key}` : String(run.id), name: several ? `${run.name} ${key}` : run.name, color: runColor(run), dashed: place % 2 === 1, points, last: base ? null : line.last, band, ghost: !band && look.amount > 0 }];
  }));
}

/** A line minus the interpolated values of another one. @param {import("../charts/loader.js").Line} line @param {import("../charts/loader.js").Line} base */
function differenceTo(line, base) {
  const at = (/** @type {number} */ step) => {
    let low = 0, high = base.step.length - 1;
    if (high < 0 || step < base.step[0] || step > base.step[high]) return NaN;
    while (high - low > 1) { const middle = (low + high) >> 1; if (base.step[middle] <= step) low = middle; else high = middle; }
    const share = base.step[high] === base.step[low] ? 0 : (step - base.step[low]) / (base.step[high] - base.step[low]);
    return base.mean[low] + share * (base.mean[high] - base.mean[low]);
  };
  const mean = line.mean.map((value, index) => value - at(line.step[index]));
  return { ...line, mean, low: mean, high: mean, holes: new Float64Array(line.holes.length), last: null };
}

/**
 * @param {import("./grouping.js").Group[]} groups
 * @param {string[]} keys
 * @param {import("../charts/math.js").Look} look
 * @param {Scene["spread"]} spread
 * @param {(key: string, group: number) => import("../charts/loader.js").GroupLine | null} found
 * @returns {DrawnLine[]}
 */
function groupLines(groups, keys, look, spread, found) {
  return keys.flatMap((key, at) => groups.flatMap((group, place) => {
    const line = found(key, place);
    if (!line) return [];
    const points = groupPoints(line, spread, look);
    const name = `${group.label} (${line.runs})`;
    return points.x.length ? [{ id: keys.length > 1 ? `${group.id} ${key}` : group.id, name: keys.length > 1 ? `${name} ${key}` : name, color: group.color, dashed: at % 2 === 1, points, last: line.mean.at(-1) ?? null, band: spread !== "none" && group.runs.length > 1 }] : [];
  }));
}

/**
 * @param {{lines: DrawnLine[], look: import("../charts/math.js").Look, loading: boolean, error: Error | null, title: string, settings: PanelSettings, scene: Scene, height?: number}} props
 */
function Body({ lines, look, loading, error, title, settings, scene, height }) {
  const [hidden, setHidden] = useState(/** @type {Set<string>} */ (new Set()));
  const hovered = useStore((state) => state.hovered);
  const shown = useMemo(() => (hidden.size ? lines.filter((line) => !hidden.has(line.id)) : lines), [lines, hidden]);
  if (error) return html`<div class="panel-empty"><span class="bad">${error.message}</span></div>`;
  if (loading) return html`<div class="panel-empty skeleton"><i /></div>`;
  if (!lines.length) return html`<div class="panel-empty">${scene.runs.length || scene.groups?.length ? "No values in the runs shown" : "No run is shown"}</div>`;
  const named = lines.filter((line) => !line.faint);
  const highlighted = hovered === null ? null : lines.find((line) => line.id === String(hovered) || line.id.startsWith(`${hovered} `))?.id ?? null;
  const onHover = (/** @type {string | null} */ id) => store.set(id?.startsWith("group ") ? { hoveredGroup: id } : { hovered: id === null ? null : Number(id.split(" ")[0]), hoveredGroup: null });
  const toggle = (/** @type {string} */ id) => setHidden(new Set(hidden.has(id) ? [...hidden].filter((one) => one !== id) : [...hidden, id]));
  const isolate = (/** @type {string} */ id) => setHidden(new Set(named.every((line) => line.id === id || hidden.has(line.id)) ? [] : named.filter((line) => line.id !== id).map((line) => line.id)));
  return html`<div><${LineChart} label=${title} lines=${shown} look=${look} zoom=${scene.zoom} onZoom=${scene.onZoom} range=${[settings.yMin ?? null, settings.yMax ?? null]}
      xTitle=${settings.xTitle || (look.x === "step" ? "" : { time: "seconds", wall: "" }[look.x] ?? look.x)} yTitle=${settings.yTitle} height=${height} highlighted=${highlighted} onHover=${onHover} />
    ${named.length > 1 && html`<div class="legend" role="group" aria-label=${`Lines of ${title}`}>${named.slice(0, 60).map((line) => html`
      <button type="button" key=${line.id} aria-pressed=${!hidden.has(line.id)} title="Click hides, double click shows only this line" onClick=${(/** @type {MouseEvent} */ event) => event.detail > 1 ? isolate(line.id) : toggle(line.id)}
        onMouseEnter=${() => onHover(line.id)} onMouseLeave=${() => onHover(null)}><${Dot} color=${line.color} /><span>${line.name}</span></button>`)}</div>`}</div>`;
}
