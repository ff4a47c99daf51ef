// Parallel coordinates: one line per run over config and summary axes.
// @ts-nocheck draws without components; has types once it is one

import { h, number, s, show } from "../components/dom.js";

const WIDTH = 1200, HEIGHT = 420, TOP = 56, BOTTOM = 24, SIDE = 70;

/** Draw runs over axes; the default axes are configs that differ, then one metric. */
export function parallel(runs, fields, named, take, open) {
  const column = (key) => runs.map((run) => run.values[fields.indexOf(key)]);
  const varied = fields.filter((key) => new Set(column(key).filter((value) => value !== null).map(show)).size > 1);
  const metrics = varied.filter((key) => key.startsWith("summary."));
  const usual = [...varied.filter((key) => key.startsWith("config.")).slice(0, 7), ...metrics.slice(0, 1)];
  const axes = (named.length ? named : usual).filter((key) => fields.includes(key));
  const pick = h("div", { class: "row" }, varied.slice(0, 60).map((key) => h("button", { class: "tag", "aria-pressed": axes.includes(key),
    onclick: () => take(axes.includes(key) ? axes.filter((one) => one !== key) : [...axes, key]) }, key)));
  if (axes.length < 2) return h("div", { class: "card" }, pick, h("p", { class: "faint" }, "Choose two axes or more. Only what differs between the runs is offered."));
  const scales = axes.map((key) => scale(column(key)));
  const at = (place) => SIDE + (place * (WIDTH - 2 * SIDE)) / (axes.length - 1);
  const height = (share) => HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM);
  const last = scales.length - 1;
  const drawing = s("svg", { class: "parallel", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "group", "aria-label": `${runs.length} runs over ${axes.join(", ")}` });
  for (const run of runs) {
    const shares = axes.map((key, place) => scales[place].share(run.values[fields.indexOf(key)]));
    if (shares.some((share) => share === null)) continue;
    const words = `${run.name}: ${axes.map((key) => `${key} ${number(run.values[fields.indexOf(key)])}`).join(", ")}`;
    drawing.append(s("path", { d: shares.map((share, place) => `${place ? "L" : "M"}${at(place)},${height(share)}`).join(""), stroke: `hsl(${250 - 210 * shares[last]} 70% 55%)`,
      tabindex: 0, role: "link", "aria-label": words, onclick: () => open(run), onkeydown: (event) => event.key === "Enter" && open(run) }, s("title", {}, words)));
  }
  axes.forEach((key, place) => {
    const label = key.replace(/^(config|summary)\./, "");
    drawing.append(s("line", { x1: at(place), x2: at(place), y1: TOP, y2: HEIGHT - BOTTOM }),
      s("text", { x: at(place), y: 18 + 16 * (place % 2), "text-anchor": "middle" }, label.length > 28 ? `…${label.slice(-27)}` : label),
      ...scales[place].ticks.map(([share, text]) => s("text", { x: at(place) + (place === last ? -5 : 5), y: height(share) + 4, "text-anchor": place === last ? "end" : "start" }, text.length > 14 ? `${text.slice(0, 13)}…` : text)));
  });
  return h("div", { class: "card" }, pick, drawing);
}

function scale(values) {
  const there = values.filter((value) => value !== null && value !== undefined);
  if (there.every((value) => typeof value === "number")) {
    const low = Math.min(...there), high = Math.max(...there);
    const wide = low > 0 && high / low > 100;
    const place = (value) => (high === low ? 0.5 : wide ? Math.log(value / low) / Math.log(high / low) : (value - low) / (high - low));
    const middle = wide ? Math.sqrt(low * high) : (low + high) / 2;
    return { share: (value) => (typeof value === "number" ? place(value) : null), ticks: [low, middle, high].map((value) => [place(value), number(+value.toPrecision(4))]) };
  }
  const words = [...new Set(there.map(show))].sort();
  const place = (word) => (words.length > 1 ? words.indexOf(word) / (words.length - 1) : 0.5);
  return { share: (value) => (value === null || value === undefined ? null : place(show(value))), ticks: words.slice(0, 30).map((word) => [place(word), word]) };
}
