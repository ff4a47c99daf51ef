// Line charts: only visible charts are loaded, in one request, downsampled by the server.
// @ts-nocheck draws without components; has types once it is one

import { lines } from "../core/requests.js";
import { colour, dot, h, number, PALETTE } from "../components/dom.js";
import uPlot from "../vendor/uPlot.esm.js";

const MOST = 40; // charts in one request
const EXPAND = 2; // uPlot.join: a gap stays one where another run has points

/**
 * Create the charts of metrics; returns methods to add, reload, redraw and remove them.
 *
 * `look` has the display options: `x` (step, time, wall or a metric), `log`, `smooth` from 0 to 0.99, `zoom` as
 * [low, high] in units of x, or null.
 */
export function charts(runs, look, zoomed) {
  const cards = new Map();
  const waiting = new Set();
  const group = uPlot.sync(`charts ${Math.random()}`);
  let pending = null;
  const watch = new IntersectionObserver((entries) => {
    for (const entry of entries) {
      const card = cards.get(entry.target);
      card.seen = entry.isIntersecting;
      if (card.seen && (!card.lines || card.stale)) request(card);
    }
  }, { rootMargin: "300px" });

  const request = (card) => {
    waiting.add(card);
    pending ??= new Promise((done) => setTimeout(done, 20)).then(load).finally(() => { pending = null; if (waiting.size) request([...waiting][0]); });
    return pending;
  };

  async function load() {
    const turn = [...waiting].slice(0, MOST);
    turn.forEach((card) => waiting.delete(card));
    const metric = ["step", "time", "wall"].includes(look.x) ? [] : [look.x];
    const zoom = look.x === "step" && look.zoom ? look.zoom : null;
    const width = Math.min(1500, Math.max(...turn.map((card) => Math.round(card.plot.clientWidth * Math.min(devicePixelRatio, 1.5)))) || 300);
    try {
      const found = await lines(runs.map((run) => run.id), [...new Set([...turn.map((card) => card.key), ...metric])], width,
        ...(zoom ? [Math.max(0, Math.floor(zoom[0])), Math.max(0, Math.ceil(zoom[1]))] : []));
      for (const card of turn) { card.lines = found.get(card.key); card.across = metric.length ? found.get(look.x) : null; card.stale = false; draw(card); }
    } catch (error) {
      for (const card of turn) { card.readout.textContent = error.message; card.lines ??= new Map(); card.stale = true; }
    }
  }

  function draw(card) {
    const ink = getComputedStyle(document.body);
    const series = [{}], bands = [], tables = [], labels = [];
    let values = 0, holes = 0;
    runs.forEach((run, place) => {
      const line = card.lines.get(run.id);
      if (!line) return;
      const points = drawablePoints(line, card.across?.get(run.id), look);
      if (!points.x.length) return;
      values += points.x.length;
      holes += line.holes.reduce((sum, one) => sum + one, 0);
      const stroke = colour(place);
      const at = series.length;
      const banded = points.high.some((value, index) => value !== points.low[index]);
      const many = points.x.length > 1;
      if (banded || look.smooth) {
        if (banded) {
          series.push({ stroke: "transparent", points: { show: false } }, { stroke: "transparent", points: { show: false } });
          bands.push({ series: [at, at + 1], fill: `${stroke}33` });
          tables.push([points.x, points.high, points.low]);
        } else {
          series.push({ stroke: `${stroke}40`, width: 1, points: { show: false } });
          tables.push([points.x, points.raw]);
        }
      }
      labels.push([series.length, run, place]);
      series.push({ stroke, width: 1.5, ...(place < PALETTE.length ? {} : { dash: [5, 3] }), points: { show: !many || points.x.length < 30, size: many ? 4 : 7, fill: stroke } });
      tables.push([points.x, points.mean]);
    });
    card.box.classList.toggle("empty", !tables.length);
    card.drawn?.destroy();
    card.drawn = null;
    card.plot.replaceChildren();
    if (!tables.length) { card.plot.textContent = values ? "" : "no finite value"; return; }
    const data = tables.length > 1 ? uPlot.join(tables, tables.map((table) => table.map(() => EXPAND))) : tables[0];
    const axis = { stroke: ink.getPropertyValue("--faint"), grid: { stroke: ink.getPropertyValue("--line"), width: 1 }, ticks: { stroke: ink.getPropertyValue("--line") }, font: "11px system-ui", size: 34 };
    const ticks = (_, all) => all.map((value) => (value === null ? "" : short(value)));
    card.labels = labels;
    card.drawn = new uPlot({
      width: Math.max(120, card.plot.clientWidth), height: card.plot.clientHeight, series, bands, legend: { show: false },
      scales: { x: { time: look.x === "wall", ...(look.zoom ? { min: look.zoom[0], max: look.zoom[1] } : {}) }, y: { distr: look.log ? 3 : 1 } },
      axes: [{ ...axis, ...(look.x === "wall" ? {} : { values: ticks }) }, { ...axis, size: (_, all) => (all ? 22 + 6.5 * Math.max(...all.map((text) => text.length)) : 52), values: ticks }],
      cursor: { drag: { x: true, y: false, setScale: false }, sync: { key: group.key, setSeries: false, scales: ["x", null] }, points: { size: 6 } },
      hooks: {
        setCursor: [() => read(card)],
        setSelect: [(chart) => { if (chart.select.width > 3) zoomed([chart.posToVal(chart.select.left, "x"), chart.posToVal(chart.select.left + chart.select.width, "x")]); }],
      },
    }, data, card.plot);
    card.drawn.over.addEventListener("dblclick", (event) => { event.stopImmediatePropagation(); zoomed(null); }, true);
    const last = labels.map(([, run]) => `${run.name} ${number(card.lines.get(run.id).last)}`).join(", ");
    card.plot.setAttribute("aria-label", `Line chart of ${card.key}; last values: ${last}${holes ? `; ${holes} points are not finite` : ""}. Arrow keys move along it, plus and minus zoom.`);
    card.resting = [...labels.map(([, run, place]) => words(run.name, card.lines.get(run.id).last, place)), ...(holes ? [h("span", { class: "warn" }, `${holes} not finite`)] : [])];
    read(card);
  }

  const words = (name, value, place) => h("span", {}, dot(place), runs.length > 1 ? [h("span", { class: "name", title: name }, name), " "] : "", number(value));

  function read(card) {
    const chart = card.drawn;
    if (!chart) return;
    const at = chart.cursor.idx;
    if (at === null || at === undefined || (chart.cursor.left ?? -1) < 0) { card.readout.replaceChildren(...card.resting); return; }
    const x = chart.data[0][at];
    card.readout.replaceChildren(h("span", {}, look.x === "wall" ? new Date(x * 1000).toLocaleString() : `${look.x === "time" ? "seconds" : look.x} ${number(x)}`),
      ...card.labels.map(([series, run, place]) => words(run.name, nearest(chart.data[series], at), place)));
  }

  function add(key) {
    const plot = h("div", { class: "plot", tabindex: 0, role: "img", "aria-label": `Line chart of ${key}` });
    const readout = h("div", { class: "readout" });
    const larger = h("button", { class: "quiet", "aria-label": `Enlarge ${key}`, "aria-pressed": false, onclick: () => {
      const large = box.classList.toggle("large");
      larger.setAttribute("aria-pressed", large);
      request(card);
    } }, "⤢");
    const box = h("section", { class: "card chart", "aria-label": key }, h("header", {}, h("h2", {}, key), larger), plot, readout);
    const card = { key, box, plot, readout, seen: false, lines: null };
    cards.set(box, card);
    watch.observe(box);
    plot.addEventListener("focus", () => readout.setAttribute("aria-live", "polite")); // announce only while focused
    plot.addEventListener("blur", () => readout.removeAttribute("aria-live"));
    plot.addEventListener("keydown", (event) => {
      const chart = card.drawn;
      if (!chart) return;
      const { min, max } = chart.scales.x;
      const at = chart.cursor.left >= 0 ? chart.posToVal(chart.cursor.left, "x") : (min + max) / 2;
      if (event.key === "ArrowLeft" || event.key === "ArrowRight") {
        const next = chart.cursor.left >= 0 ? chart.cursor.left + (event.key === "ArrowLeft" ? -8 : 8) : chart.over.clientWidth / 2;
        chart.setCursor({ left: Math.min(chart.over.clientWidth, Math.max(0, next)), top: chart.over.clientHeight / 2 });
      } else if (event.key === "+" || event.key === "-") {
        const half = ((max - min) / 2) * (event.key === "+" ? 0.5 : 2);
        zoomed([at - half, at + half]);
      } else if (event.key === "0" || event.key === "Escape") zoomed(null);
      else return;
      event.preventDefault();
    });
    return box;
  }

  const resize = new ResizeObserver((entries) => {
    for (const { target } of entries) {
      const { drawn, plot } = cards.get(target) ?? {};
      const size = { width: plot?.clientWidth, height: plot?.clientHeight };
      if (drawn && size.width && (size.width !== drawn.width || size.height !== drawn.height)) drawn.setSize(size);
    }
  });

  return {
    add: (key) => { const box = add(key); resize.observe(box); return box; },
    /** Reload visible charts; others are reloaded when they become visible. */
    refresh: async () => {
      for (const card of cards.values()) { card.stale = true; if (card.seen) waiting.add(card); }
      if (waiting.size) await request([...waiting][0]);
    },
    redraw: () => { for (const card of cards.values()) if (card.lines) draw(card); },
    clear: () => { for (const card of cards.values()) card.drawn?.destroy(); watch.disconnect(); resize.disconnect(); cards.clear(); waiting.clear(); },
  };
}

/** Return x, mean, low and high of a line ready to draw, sorted by x; gaps are null. */
function drawablePoints(line, across, look) {
  const count = line.step.length;
  const place = look.x === "step" ? (index) => line.step[index] : look.x === "time" ? (index) => (line.time[index] - line.time[0]) / 1000
    : look.x === "wall" ? (index) => line.time[index] / 1000 : interpolateX(line, across);
  const order = [];
  for (let index = 0; index < count; index++) { const x = place(index); if (x !== null && Number.isFinite(x)) order.push([x, index]); }
  if (look.x !== "step") order.sort((left, right) => left[0] - right[0]);
  const made = { x: [], mean: [], raw: [], low: [], high: [] };
  let smooth = 0, weight = 0;
  const drawable = (value) => (Number.isFinite(value) && (!look.log || value > 0) ? value : null);
  for (const [x, index] of order) {
    if (made.x.length && x === made.x[made.x.length - 1]) continue;
    const value = drawable(line.mean[index]);
    let shown = value;
    if (look.smooth && value !== null) {
      smooth = look.smooth * smooth + (1 - look.smooth) * value;
      weight = look.smooth * weight + (1 - look.smooth);
      shown = smooth / weight;
    }
    made.x.push(x); made.mean.push(shown); made.raw.push(value); made.low.push(drawable(line.low[index]) ?? value); made.high.push(drawable(line.high[index]));
  }
  return made;
}

/** Return a function that maps each bucket of a line to the value of another metric at its step. */
function interpolateX(line, across) {
  if (!across) return () => null;
  return (index) => {
    const step = line.step[index];
    let low = 0, high = across.step.length - 1;
    if (step < across.step[0] || step > across.step[high]) return null;
    while (high - low > 1) { const middle = (low + high) >> 1; if (across.step[middle] <= step) low = middle; else high = middle; }
    if (across.step[high] === step) return across.mean[high];
    const share = high === low ? 0 : (step - across.step[low]) / (across.step[high] - across.step[low]);
    return across.mean[low] + share * (across.mean[high] - across.mean[low]);
  };
}

function nearest(values, at) {
  for (let off = 0; off < 50; off++) for (const index of [at - off, at + off]) if (values[index] !== null && values[index] !== undefined) return values[index];
  return null;
}

function short(value) {
  const size = Math.abs(value);
  for (const [unit, word] of [[1e12, "T"], [1e9, "G"], [1e6, "M"], [1e4, "k"]]) if (size >= unit) return `${+(value / (word === "k" ? 1e3 : unit)).toPrecision(4)}${word}`;
  return size && size < 1e-3 ? value.toExponential(1) : String(+value.toPrecision(5));
}
