// Parallel coordinates: one line per run over config and metrics; axes are brushed, dragged, logarithmic.

import { html, useMemo, useRef, useState } from "../core/html.js";
import { number } from "../core/format.js";
import { navigate, projectPath, updateQuery } from "../core/router.js";
import { store, useStore } from "../core/store.js";
import { makeAxis, passes } from "./axes.js";
import { keyTitle } from "./grouping.js";
import { valueOf } from "./runs.js";
import { only, writeSelection } from "./selection.js";

const WIDTH = 1200, HEIGHT = 430, TOP = 56, BOTTOM = 24, SIDE = 76;
const REACH = 14; // units around an axis in which dragging brushes it

/** From blue over green to yellow. @param {number} share */
const shade = (share) => `hsl(${250 - 200 * share} 68% 52%)`;

/** The axes if the user has chosen none: config that differs, then the most important metric. @param {import("./runs.js").Columns} columns @param {string[]} varied */
const usualAxes = (columns, varied) => [...varied.filter((key) => key.startsWith("config.")).slice(0, 6), ...columns.important.map((key) => `summary.${key}`).filter((key) => varied.includes(key)).slice(0, 1)];

/** @param {{project: import("./runs.js").Project, query: URLSearchParams}} props */
export function Parallel({ project, query }) {
  const { runs, fields, columns } = project;
  const varied = useMemo(() => fields.filter((key) => new Set(runs.map((run) => JSON.stringify(valueOf(project, run, key)))).size > 1), [project]);
  const named = query.getAll("axis").filter((key) => fields.includes(key));
  const axes = named.length ? named : usualAxes(columns, varied);
  const toggle = (/** @type {string} */ key) => updateQuery({ axis: axes.includes(key) ? axes.filter((one) => one !== key) : [...axes, key] });
  return html`<div class="card"><details class="row" open=${axes.length < 2}><summary>Axes <span class="faint">${axes.length} of ${varied.length} that differ</span></summary><div>${varied.slice(0, 80).map((key) => html`<button type="button" class="tag" key=${key} aria-pressed=${axes.includes(key)} onClick=${() => toggle(key)}>${key}</button>`)}</div></details>
    ${axes.length < 2 ? html`<p class="faint">Choose two axes or more. Only what differs between the runs is offered.</p>` : html`<${Drawing} project=${project} query=${query} axes=${axes} />`}</div>`;
}

/** @param {{project: import("./runs.js").Project, query: URLSearchParams, axes: string[]}} props */
function Drawing({ project, query, axes }) {
  const { runs } = project;
  const hovered = useStore((state) => state.hovered);
  const drawing = useRef(/** @type {SVGSVGElement | null} */ (null));
  const [brushes, setBrushes] = useState(/** @type {Record<string, [number, number]>} */ ({}));
  const logs = query.getAll("logaxis");
  const color = axes.includes(query.get("color") ?? "") ? /** @type {string} */ (query.get("color")) : axes[axes.length - 1];
  const scales = useMemo(() => axes.map((key) => makeAxis(runs.map((run) => valueOf(project, run, key)), logs.includes(key) ? true : undefined)), [project, axes.join("\n"), logs.join("\n")]);
  const at = (/** @type {number} */ place) => SIDE + (place * (WIDTH - 2 * SIDE)) / (axes.length - 1);
  const height = (/** @type {number} */ share) => HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM);
  const lines = useMemo(() => runs.map((run) => ({ run, shares: axes.map((key, place) => scales[place].share(valueOf(project, run, key))) })).filter(({ shares }) => shares.every((share) => share !== null)), [scales]);
  const kept = lines.filter(({ shares }) => passes(shares, axes.map((key) => brushes[key] ?? null)));
  const last = axes.indexOf(color);
  const point = (/** @type {PointerEvent} */ event) => {
    const at = new DOMPoint(event.clientX, event.clientY).matrixTransform(drawing.current?.getScreenCTM()?.inverse());
    return { x: at.x, share: (HEIGHT - BOTTOM - at.y) / (HEIGHT - TOP - BOTTOM) };
  };
  const brush = (/** @type {PointerEvent} */ event, /** @type {string} */ key) => {
    const from = point(event).share;
    const move = (/** @type {PointerEvent} */ now) => { const to = point(now).share; setBrushes((before) => ({ ...before, [key]: [Math.min(from, to), Math.max(from, to)] })); };
    dragged(move, (now) => { if (Math.abs(point(now).share - from) < 0.01) setBrushes(({ [key]: _, ...rest }) => rest); });
    event.preventDefault();
  };
  const dragAxis = (/** @type {PointerEvent} */ event, /** @type {string} */ key) => dragged(() => {}, (now) => {
    const place = Math.max(0, Math.min(axes.length - 1, Math.round(((point(now).x - SIDE) / (WIDTH - 2 * SIDE)) * (axes.length - 1))));
    if (place === axes.indexOf(key)) return;
    const rest = axes.filter((one) => one !== key);
    updateQuery({ axis: [...rest.slice(0, place), key, ...rest.slice(place)] });
  });
  const current = lines.find(({ run }) => run.id === hovered);
  return html`<div class="row"><label>colour <select aria-label="Axis that colours the lines" value=${color} onChange=${(/** @type {any} */ event) => updateQuery({ color: event.target.value })}>${axes.map((key) => html`<option key=${key} value=${key}>${key}</option>`)}</select></label>
      ${axes.filter((_, place) => scales[place].numeric).map((key) => html`<label key=${key}><input type="checkbox" checked=${logs.includes(key)} onChange=${() => updateQuery({ logaxis: logs.includes(key) ? logs.filter((one) => one !== key) : [...logs, key] })} />log ${keyTitle(key)}</label>`)}
      <span class="faint" role="status">${kept.length} of ${runs.length} runs</span>
      ${kept.length < lines.length && html`<button type="button" onClick=${() => setBrushes({})}>Remove the brushes</button><button type="button" class="primary" onClick=${() => updateQuery({ ...writeSelection(only(kept.map(({ run }) => run.id))), view: null }, { push: true })}>Show these ${kept.length} in the charts</button>`}</div>
    <div class="parallel-box"><svg class="parallel" ref=${drawing} viewBox=${`0 0 ${WIDTH} ${HEIGHT}`} role="group" aria-label=${`${lines.length} runs over ${axes.join(", ")}`}>
    ${lines.map(({ run, shares }) => {
      const words = `${run.name}: ${axes.map((key) => `${keyTitle(key)} ${number(valueOf(project, run, key))}`).join(", ")}`;
      const off = !kept.some((one) => one.run === run);
      return html`<path key=${run.id} class="${off ? "off" : ""} ${hovered === run.id ? "hovered" : ""}" d=${shares.map((share, place) => `${place ? "L" : "M"}${at(place)},${height(/** @type {number} */ (share))}`).join("")} stroke=${shade(/** @type {number} */ (shares[last]))}
        tabindex=${off ? -1 : 0} role="link" aria-label=${words} onClick=${() => navigate(projectPath(project.name, run.id))} onKeyDown=${(/** @type {KeyboardEvent} */ event) => event.key === "Enter" && navigate(projectPath(project.name, run.id))}
        onMouseEnter=${() => store.set({ hovered: run.id })} onMouseLeave=${() => store.set({ hovered: null })} onFocus=${() => store.set({ hovered: run.id })} onBlur=${() => store.set({ hovered: null })} />`;
    })}
    ${axes.map((key, place) => html`<g key=${key}><line x1=${at(place)} x2=${at(place)} y1=${TOP} y2=${HEIGHT - BOTTOM} />
      <rect class="brush-area" x=${at(place) - REACH} y=${TOP - 4} width=${2 * REACH} height=${HEIGHT - TOP - BOTTOM + 8} onPointerDown=${(/** @type {PointerEvent} */ event) => brush(event, key)}><title>Drag to keep the runs in a range of ${keyTitle(key)}</title></rect>
      ${brushes[key] && html`<rect class="brush" x=${at(place) - 7} y=${height(Math.min(1, brushes[key][1]))} width="14" height=${Math.max(2, height(Math.max(0, brushes[key][0])) - height(Math.min(1, brushes[key][1])))} />`}
      <text class="axis-name" x=${at(place)} y=${18 + 16 * (place % 2)} text-anchor="middle" onPointerDown=${(/** @type {PointerEvent} */ event) => dragAxis(event, key)}><title>${key}: drag to move the axis</title>${shortened(keyTitle(key), 24)}</text>
      ${scales[place].ticks.map(([share, text]) => html`<text key=${text} x=${at(place) + (place === axes.length - 1 ? -8 : 8)} y=${height(share) + 4} text-anchor=${place === axes.length - 1 ? "end" : "start"}>${shortened(text, 14)}</text>`)}
      ${current && html`<text class="value" x=${at(place)} y=${height(/** @type {number} */ (current.shares[place])) - 6} text-anchor=${place === axes.length - 1 ? "end" : place ? "middle" : "start"}>${shortened(number(valueOf(project, current.run, key)), 14)}</text>`}</g>`)}
    </svg></div>
    <p class="faint" role="status">${current ? current.run.name : "Drag along an axis to keep a range, drag its name to move it; a line opens its run."}</p>`;
}

/** Follow a drag until the pointer is released. @param {(event: PointerEvent) => void} move @param {(event: PointerEvent) => void} end */
function dragged(move, end) {
  const up = (/** @type {PointerEvent} */ event) => { removeEventListener("pointermove", move); removeEventListener("pointerup", up); end(event); };
  addEventListener("pointermove", move);
  addEventListener("pointerup", up);
}

/** @param {string} text @param {number} most */
const shortened = (text, most) => (text.length > most ? `…${text.slice(1 - most)}` : text);
