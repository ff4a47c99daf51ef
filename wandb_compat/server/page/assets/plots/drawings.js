// The drawings of plots over runs. A mark links to its run, or represents a group.

import { groupBy } from "../core/collections.js";
import { html, useMemo } from "../core/html.js";
import { number, show } from "../core/format.js";
import { runColor } from "../core/colors.js";
import { navigate, projectPath } from "../core/router.js";
import { store, useStore } from "../core/store.js";
import { makeScale } from "./scales.js";
import { binsOf, boxOf } from "./statistics.js";

/**
 * @typedef {import("../workspace/runs.js").Run} Run
 * @typedef {{run: Run, x: unknown, y: unknown}} Point
 *
 * @typedef {object} Plot
 * @property {Point[]} points
 * @property {string} project
 * @property {string} xTitle
 * @property {string} yTitle
 * @property {boolean} logX
 * @property {boolean} logY
 * @property {import("../workspace/grouping.js").Group[] | null} groups by which marks are coloured
 */

const WIDTH = 900, HEIGHT = 400, LEFT = 70, BOTTOM = 46, TOP = 14, RIGHT = 16;
const MOST = 60; // bars
const label = (/** @type {unknown} */ value) => (typeof value === "number" ? number(+value.toPrecision(4)) : show(value));
const cut = (/** @type {string} */ text, most = 18) => (text.length > most ? `${text.slice(0, most - 1)}…` : text);

/** @param {{name: string, x: import("./scales.js").Scale | null, y: import("./scales.js").Scale, xTitle: string, yTitle: string, children?: any}} props */
function Frame({ name, x, y, xTitle, yTitle, children }) {
  return html`<svg class="plot-over-runs" viewBox=${`0 0 ${WIDTH} ${HEIGHT}`} role="group" aria-label=${name}>
    ${y.ticks.map((tick) => html`<g key=${`y${tick.label}`}><line class="grid" x1=${LEFT} x2=${WIDTH - RIGHT} y1=${tick.at} y2=${tick.at} /><text x=${LEFT - 7} y=${tick.at + 4} text-anchor="end">${cut(tick.label, 10)}</text></g>`)}
    ${x?.ticks.map((tick) => html`<g key=${`x${tick.label}`}><line class="grid" x1=${tick.at} x2=${tick.at} y1=${TOP} y2=${HEIGHT - BOTTOM} /><text x=${tick.at} y=${HEIGHT - BOTTOM + 16} text-anchor="middle">${cut(tick.label, 12)}</text></g>`)}
    <text class="title" x=${(LEFT + WIDTH) / 2} y=${HEIGHT - 8} text-anchor="middle">${xTitle}</text><text class="title" transform=${`translate(14 ${HEIGHT / 2}) rotate(-90)`} text-anchor="middle">${yTitle}</text>${children}</svg>`;
}

/** The colour of a run's mark: of its group if runs are grouped. @param {Plot["groups"]} groups @returns {(run: Run) => string} */
function colorOf(groups) {
  if (!groups) return runColor;
  const found = new Map(groups.flatMap((group) => group.runs.map((run) => [run.id, group.color])));
  return (run) => found.get(run.id) ?? runColor(run);
}

/** What makes a mark a link to its run. @param {string} project @param {Run} run @param {string} words */
function linkTo(project, run, words) {
  const open = () => navigate(projectPath(project, run.id));
  const hover = (/** @type {number | null} */ id) => () => store.set({ hovered: id });
  return { tabindex: 0, role: "link", "aria-label": words, onClick: open, onKeyDown: (/** @type {KeyboardEvent} */ event) => event.key === "Enter" && open(), onMouseEnter: hover(run.id), onMouseLeave: hover(null), onFocus: hover(run.id), onBlur: hover(null) };
}

/** @param {Plot} plot */
export function Scatter({ points, project, xTitle, yTitle, logX, logY, groups }) {
  const hovered = useStore((state) => state.hovered);
  const x = makeScale(points.map((point) => point.x), LEFT, WIDTH - RIGHT, { log: logX, label }), y = makeScale(points.map((point) => point.y), HEIGHT - BOTTOM, TOP, { log: logY, label });
  const color = colorOf(groups);
  const drawn = points.flatMap(({ run, x: across, y: up }) => {
    const left = x.place(across), top = y.place(up);
    return left === null || top === null ? [] : [{ run, left, top, words: `${run.name}: ${xTitle} ${label(across)}, ${yTitle} ${label(up)}` }];
  });
  const current = drawn.find(({ run }) => run.id === hovered);
  return html`<${Frame} name=${`${drawn.length} runs, ${yTitle} over ${xTitle}`} x=${x} y=${y} xTitle=${xTitle} yTitle=${yTitle}>
    ${drawn.map(({ run, left, top, words }) => html`<circle key=${run.id} cx=${left} cy=${top} r=${run.id === hovered ? 8 : 5.5} fill=${color(run)} ...${linkTo(project, run, words)} />`)}
    ${current && html`<text class="value" x=${Math.min(WIDTH - 150, Math.max(LEFT + 60, current.left))} y=${current.top < 40 ? current.top + 22 : current.top - 12} text-anchor="middle">${current.words}</text>`}</${Frame}>`;
}

/** Runs, or means of groups, by value. @param {Plot} plot */
export function Bars({ points, project, yTitle, groups }) {
  const rows = useMemo(() => bars(points, groups), [points, groups]);
  const most = Math.max(0, ...rows.map((row) => row.value)), least = Math.min(0, ...rows.map((row) => row.value));
  const at = (/** @type {number} */ value) => (100 * (value - least)) / (most - least || 1);
  if (!rows.length) return html`<p class="faint">${yTitle} has no numbers.</p>`;
  return html`<div class="bars" role="list" aria-label=${`${yTitle} of ${rows.length} ${groups ? "groups" : "runs"}`}>${rows.slice(0, MOST).map(({ id, name, value, color, deviation, run }) => html`<div key=${id} role="listitem" class="bar-row" onMouseEnter=${() => run && store.set({ hovered: run.id })} onMouseLeave=${() => store.set({ hovered: null })}>
    ${run ? html`<a class="name" href=${projectPath(project, run.id)}>${name}</a>` : html`<span class="name">${name}</span>`}
    <span class="bar-track"><i style=${{ left: `${at(Math.min(0, value))}%`, width: `${at(Math.max(0, value)) - at(Math.min(0, value))}%`, background: color }} /></span>
    <span class="bar-value">${label(value)}${deviation ? html` <span class="faint">± ${label(deviation)}</span>` : null}</span></div>`)}
    ${rows.length > MOST && html`<p class="faint">and ${rows.length - MOST} more</p>`}</div>`;
}

/** @param {Point[]} points @param {Plot["groups"]} groups */
function bars(points, groups) {
  const values = new Map(points.flatMap(({ run, y }) => (typeof y === "number" ? [[run.id, y]] : [])));
  const rows = groups ? groups.flatMap((group) => {
    const own = group.runs.flatMap((run) => values.get(run.id) ?? []);
    if (!own.length) return [];
    const mean = own.reduce((sum, value) => sum + value, 0) / own.length;
    const deviation = own.length > 1 ? Math.sqrt(own.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (own.length - 1)) : 0;
    return [{ id: group.id, name: `${group.label} (${own.length})`, value: mean, deviation, color: group.color, run: null }];
  }) : points.flatMap(({ run }) => (values.has(run.id) ? [{ id: String(run.id), name: run.name, value: /** @type {number} */ (values.get(run.id)), deviation: 0, color: runColor(run), run }] : []));
  return rows.sort((one, other) => other.value - one.value);
}

/** @param {Plot} plot */
export function Boxes({ points, xTitle, yTitle, logY }) {
  const there = points.filter((point) => typeof point.y === "number" && (!logY || point.y > 0));
  const columns = [...groupBy(there, (point) => label(point.x ?? "none")).entries()].sort(([one], [other]) => (Number(one) - Number(other) || one.localeCompare(other))).slice(0, 24);
  const y = makeScale(there.map((point) => point.y), HEIGHT - BOTTOM, TOP, { log: logY, label });
  const step = (WIDTH - LEFT - RIGHT) / Math.max(1, columns.length), wide = Math.min(70, step * 0.6);
  const up = (/** @type {number} */ value) => /** @type {number} */ (y.place(value));
  return html`<${Frame} name=${`${yTitle} by ${xTitle}`} x=${null} y=${y} xTitle=${xTitle} yTitle=${yTitle}>${columns.map(([name, own], place) => {
    const box = boxOf(own.map((point) => /** @type {number} */ (point.y))), middle = LEFT + (place + 0.5) * step;
    return html`<g key=${name} class="box" role="img" aria-label=${`${name}: ${own.length} runs, median ${label(box.middle)}, quartiles ${label(box.low)} to ${label(box.high)}`}><title>${`${own.length} runs, median ${label(box.middle)}`}</title>
      <line x1=${middle} x2=${middle} y1=${up(box.from)} y2=${up(box.to)} /><rect x=${middle - wide / 2} width=${wide} y=${up(box.high)} height=${Math.max(1, up(box.low) - up(box.high))} /><line class="median" x1=${middle - wide / 2} x2=${middle + wide / 2} y1=${up(box.middle)} y2=${up(box.middle)} />
      ${box.outliers.map((value, at) => html`<circle key=${at} cx=${middle} cy=${up(value)} r="3" />`)}<text x=${middle} y=${HEIGHT - BOTTOM + 16} text-anchor="middle">${cut(name, Math.max(4, Math.floor(step / 7)))}</text></g>`;
  })}</${Frame}>`;
}

/** @param {Plot} plot */
export function Histogram({ points, yTitle }) {
  const values = points.flatMap((point) => (typeof point.y === "number" ? [point.y] : []));
  if (!values.length) return html`<p class="faint">${yTitle} has no numbers.</p>`;
  const bins = binsOf(values);
  const x = makeScale([bins[0].from, bins[bins.length - 1].to], LEFT, WIDTH - RIGHT, { label }), y = makeScale([0, Math.max(...bins.map((bin) => bin.count))], HEIGHT - BOTTOM, TOP, { label });
  const floor = /** @type {number} */ (y.place(0));
  return html`<${Frame} name=${`Histogram of ${yTitle} of ${values.length} runs`} x=${x} y=${y} xTitle=${yTitle} yTitle="runs">${bins.map((bin) => {
    const left = /** @type {number} */ (x.place(bin.from)), right = /** @type {number} */ (x.place(bin.to)), top = /** @type {number} */ (y.place(bin.count));
    return html`<rect key=${bin.from} class="bin" x=${left + 0.5} width=${Math.max(1, right - left - 1)} y=${top} height=${floor - top} role="img" aria-label=${`${label(bin.from)} to ${label(bin.to)}: ${bin.count} runs`}><title>${`${label(bin.from)} to ${label(bin.to)}: ${bin.count} runs`}</title></rect>`;
  })}</${Frame}>`;
}
