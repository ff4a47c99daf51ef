// Draws lines with uPlot: one canvas, crosshair over all charts, zoom and pan, a tooltip with the nearest line first.

import { html, useEffect, useLayoutEffect, useRef, useState } from "../core/html.js";
import { number } from "../core/format.js";
import uPlot from "../vendor/uPlot.esm.js";
import { nearestPoint, rangeWithoutOutliers, shortNumber } from "./math.js";
import { Tooltip } from "./tooltip.js";

/**
 * @typedef {object} DrawnLine
 * @property {string} id
 * @property {string} name
 * @property {string} color
 * @property {boolean} [dashed]
 * @property {boolean} [faint] a member of a group, without a place in legend and tooltip
 * @property {import("./math.js").Points} points
 * @property {number | null} last the last finite value
 * @property {boolean} [band] whether low and high are drawn as a band
 * @property {boolean} [ghost] whether the raw line is drawn behind the smoothed one
 */

const CURSORS = uPlot.sync("charts");
const EXPAND = 2; // uPlot.join: a gap stays one where another line has points
const NEAR = 40; // pixels within which a line is the nearest one
const HEIGHT = 230;

/**
 * @param {object} props
 * @param {string} props.label of the chart, for readers of the screen
 * @param {DrawnLine[]} props.lines
 * @param {import("./math.js").Look} props.look
 * @param {[number, number] | null} props.zoom of the x axis
 * @param {(zoom: [number, number] | null) => void} props.onZoom
 * @param {[number | null, number | null]} [props.range] of the y axis
 * @param {string} [props.xTitle]
 * @param {string} [props.yTitle]
 * @param {number} [props.height]
 * @param {string | null} [props.highlighted] id of the line that stands out
 * @param {(id: string | null) => void} [props.onHover]
 */
export function LineChart({ label, lines, look, zoom, onZoom, range, xTitle, yTitle, height = HEIGHT, highlighted = null, onHover }) {
  const place = useRef(/** @type {HTMLDivElement | null} */ (null));
  const chart = useRef(/** @type {uPlot | null} */ (null));
  const latest = useRef({ lines, onZoom, onHover, zoom });
  latest.current = { lines, onZoom, onHover, zoom };
  const [cursor, setCursor] = useState(/** @type {import("./tooltip.js").CursorState | null} */ (null));

  useLayoutEffect(() => {
    const element = /** @type {HTMLDivElement} */ (place.current);
    const made = build(element, height, { lines, look, zoom, range, xTitle, yTitle }, {
      zoomed: (to) => latest.current.onZoom(to),
      moved: (plot) => setCursor(readCursor(plot, latest.current.lines)),
    });
    chart.current = made;
    return () => { made.destroy(); chart.current = null; };
  }, [lines, look.x, look.logX, look.logY, look.clip, String(zoom), String(range), xTitle, yTitle, height]);

  useEffect(() => {
    const element = /** @type {HTMLDivElement} */ (place.current);
    const resize = new ResizeObserver(() => {
      const plot = chart.current, width = element.clientWidth;
      if (plot && width && width !== plot.width) plot.setSize({ width, height: plot.height });
    });
    resize.observe(element);
    return () => resize.disconnect();
  }, []);

  const nearest = cursor?.inside ? cursor.nearest : null;
  useEffect(() => { onHover?.(nearest); }, [nearest]);
  useEffect(() => {
    const plot = chart.current;
    if (!plot) return;
    const chosen = nearest ?? highlighted;
    const at = plot.series.findIndex((one) => /** @type {any} */ (one).line === chosen && chosen !== null);
    plot.setSeries(at > 0 ? at : null, { focus: true });
  }, [nearest, highlighted, lines]);

  const holes = lines.reduce((sum, line) => sum + line.points.holes, 0);
  const shown = lines.filter((line) => !line.faint);
  const words = shown.slice(0, 20).map((line) => `${line.name} ${number(line.last)}`).join(", ");
  return html`<div class="plot-box">
    <div class="plot" ref=${place} tabindex="0" role="img" onKeyDown=${(/** @type {KeyboardEvent} */ event) => chart.current && moveByKey(event, chart.current, onZoom)}
      aria-label=${`Line chart of ${label}; last values: ${words}${holes ? `; ${holes} points are not finite` : ""}. Arrow keys move along it, plus and minus zoom.`} />
    ${cursor && html`<${Tooltip} cursor=${cursor} lines=${shown} x=${look.x} />`}
    ${holes > 0 && html`<span class="holes" title="Points that are NaN or infinite are gaps in the line">${number(holes)} not finite</span>`}
  </div>`;
}

/**
 * @param {HTMLElement} element
 * @param {number} height
 * @param {{lines: DrawnLine[], look: import("./math.js").Look, zoom: [number, number] | null, range?: [number | null, number | null], xTitle?: string, yTitle?: string}} what
 * @param {{zoomed: (zoom: [number, number] | null) => void, moved: (plot: uPlot) => void}} calls
 */
function build(element, height, { lines, look, zoom, range, xTitle, yTitle }, calls) {
  const ink = getComputedStyle(document.body);
  /** @type {any[]} */
  const series = [{}], bands = [], tables = [];
  const hidden = { stroke: "transparent", points: { show: false } };
  for (const { id, color, dashed, faint, points, band, ghost } of lines) {
    if (band) {
      bands.push({ series: [series.length, series.length + 1], fill: `${color}2e` });
      series.push({ ...hidden, band: true }, { ...hidden, band: true });
      tables.push([points.x, points.high, points.low]);
    } else if (ghost) {
      series.push({ stroke: `${color}45`, width: 1, points: { show: false } });
      tables.push([points.x, points.raw]);
    }
    const few = points.x.length < 30;
    series.push({ stroke: faint ? `${color}59` : color, width: faint ? 1 : 1.6, line: id, ...(dashed ? { dash: [5, 3] } : {}), points: { show: few && !faint, size: points.x.length > 1 ? 4 : 8, fill: color } });
    tables.push([points.x, points.mean]);
  }
  const data = tables.length > 1 ? uPlot.join(tables, tables.map((table) => table.map(() => EXPAND))) : tables[0] ?? [[], []];
  const axis = { stroke: ink.getPropertyValue("--faint"), grid: { stroke: ink.getPropertyValue("--line"), width: 1 }, ticks: { stroke: ink.getPropertyValue("--line"), size: 4 }, font: "11px system-ui", labelFont: "12px system-ui", labelSize: 18, gap: 4 };
  const ticks = (/** @type {any} */ _, /** @type {(number | null)[]} */ all) => all.map((value) => (value === null ? "" : shortNumber(value)));
  const clipped = look.clip ? rangeWithoutOutliers(lines.map((line) => line.points.mean)) : null;
  const limits = [range?.[0] ?? clipped?.[0] ?? null, range?.[1] ?? clipped?.[1] ?? null];
  const yRange = limits.some((limit) => limit !== null) ? { range: (/** @type {any} */ _, /** @type {number} */ low, /** @type {number} */ high) => [limits[0] ?? low, limits[1] ?? high] } : {};
  const xRange = zoom ? { range: zoom } : look.logX ? {} : { range: (/** @type {any} */ _, /** @type {number} */ low, /** @type {number} */ high) => (low === high ? [low - 1, high + 1] : [low, high]) };
  const options = {
    width: Math.max(120, element.clientWidth), height, series, bands, padding: [8, 8, 0, 0], legend: { show: false }, focus: { alpha: 0.22 },
    scales: { x: { time: look.x === "wall", distr: look.logX ? 3 : 1, ...xRange }, y: { distr: look.logY ? 3 : 1, ...yRange } },
    axes: [
      { ...axis, size: 30, ...(xTitle ? { label: xTitle } : {}), ...(look.x === "wall" ? {} : { values: ticks }) },
      { ...axis, ...(yTitle ? { label: yTitle } : {}), values: ticks, size: (/** @type {any} */ _, /** @type {string[] | null} */ all) => (all ? 14 + 6.3 * Math.max(1, ...all.map((text) => text.length)) : 46) },
    ],
    cursor: { drag: { x: true, y: false, setScale: false }, sync: { key: CURSORS.key, setSeries: false, scales: ["x", null] }, points: { show: false } },
    hooks: {
      setCursor: [calls.moved],
      setSelect: [(/** @type {uPlot} */ plot) => {
        const { left, width } = plot.select;
        if (width > 3) calls.zoomed([plot.posToVal(left, "x"), plot.posToVal(left + width, "x")]);
        plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
      }],
    },
  };
  const plot = new uPlot(/** @type {any} */ (options), data, element);
  plot.over.addEventListener("dblclick", (event) => { event.stopImmediatePropagation(); calls.zoomed(null); }, true);
  panWithShift(plot, calls.zoomed);
  return plot;
}

/** Dragging with Shift moves the x axis. @param {uPlot} plot @param {(zoom: [number, number]) => void} zoomed */
function panWithShift(plot, zoomed) {
  plot.over.addEventListener("mousedown", (event) => {
    if (!event.shiftKey || event.button) return;
    event.stopImmediatePropagation();
    event.preventDefault();
    const from = event.clientX, { min = 0, max = 0 } = plot.scales.x;
    const span = /** @type {number} */ (max) - /** @type {number} */ (min);
    const moved = (/** @type {MouseEvent} */ move) => ((from - move.clientX) / plot.over.clientWidth) * span;
    const up = (/** @type {MouseEvent} */ move) => {
      removeEventListener("mouseup", up);
      if (moved(move)) zoomed([/** @type {number} */ (min) + moved(move), /** @type {number} */ (max) + moved(move)]);
    };
    addEventListener("mouseup", up);
  }, true);
}

/** @param {uPlot} plot @param {DrawnLine[]} lines @returns {import("./tooltip.js").CursorState | null} */
function readCursor(plot, lines) {
  const { left, top } = plot.cursor;
  if (left === undefined || top === undefined || left < 0) return null;
  const x = plot.posToVal(left, "x");
  /** @type {import("./tooltip.js").TooltipRow[]} */
  const rows = [];
  let nearest = /** @type {string | null} */ (null), distance = NEAR;
  for (const line of lines) {
    if (line.faint) continue;
    const at = nearestPoint(line.points.x, line.points.mean, x);
    if (at < 0) continue;
    const value = /** @type {number} */ (line.points.mean[at]);
    const away = Math.abs(plot.valToPos(value, "y") - top) + Math.abs(plot.valToPos(line.points.x[at], "x") - left) / 4;
    if (away < distance) { distance = away; nearest = line.id; }
    rows.push({ id: line.id, x: line.points.x[at], value, low: line.band ? line.points.low[at] : null, high: line.band ? line.points.high[at] : null });
  }
  rows.sort((one, other) => other.value - one.value);
  // The mouse is over one chart; the others have the crosshair and no tooltip.
  return { inside: plot.over.matches(":hover") || document.activeElement === plot.root.parentElement, left: left + plot.over.offsetLeft, top: top + plot.over.offsetTop, width: plot.width, x, rows, nearest };
}

/** @param {KeyboardEvent} event @param {uPlot} plot @param {(zoom: [number, number] | null) => void} zoomed */
function moveByKey(event, plot, zoomed) {
  const { min, max } = plot.scales.x;
  if (typeof min !== "number" || typeof max !== "number") return;
  const left = plot.cursor.left ?? -1;
  const at = left >= 0 ? plot.posToVal(left, "x") : (min + max) / 2;
  if (event.key === "ArrowLeft" || event.key === "ArrowRight") {
    const next = left >= 0 ? left + (event.key === "ArrowLeft" ? -8 : 8) : plot.over.clientWidth / 2;
    plot.setCursor({ left: Math.min(plot.over.clientWidth, Math.max(0, next)), top: plot.over.clientHeight / 2 });
  } else if (event.key === "+" || event.key === "-") {
    const half = ((max - min) / 2) * (event.key === "+" ? 0.5 : 2);
    zoomed([at - half, at + half]);
  } else if (event.key === "0") zoomed(null);
  else if (event.key === "Escape") plot.setCursor({ left: -10, top: -10 });
  else return;
  event.preventDefault();
  event.stopPropagation();
}
