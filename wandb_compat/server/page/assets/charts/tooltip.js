// The tooltip of a chart: values at the cursor, the largest first, the nearest line in bold.

import { html, useLayoutEffect, useRef, useState } from "../core/html.js";
import { moment, number } from "../core/format.js";
import { Dot } from "../components/basics.js";

/**
 * @typedef {{id: string, x: number, value: number, low: number | null, high: number | null}} TooltipRow
 *
 * @typedef {object} CursorState
 * @property {boolean} inside whether the mouse is over this chart
 * @property {number} left pixels from the chart's left side
 * @property {number} top
 * @property {number} width of the chart
 * @property {number} x value of the x axis
 * @property {TooltipRow[]} rows sorted by value, largest first
 * @property {string | null} nearest id of the nearest line
 */

const ROWS = 12;

/** @param {string} x @param {number} value */
export const axisValue = (x, value) => (x === "wall" ? moment(value * 1000) : `${x === "time" ? "seconds" : x} ${number(+value.toPrecision(8))}`);

/** @param {{cursor: CursorState, lines: import("./line_chart.js").DrawnLine[], x: string}} props */
export function Tooltip({ cursor, lines, x }) {
  const box = useRef(/** @type {HTMLDivElement | null} */ (null));
  const [width, setWidth] = useState(220);
  useLayoutEffect(() => { if (box.current) setWidth(box.current.offsetWidth); });
  if (!cursor.inside || !cursor.rows.length) return null;
  const at = Math.max(0, cursor.rows.findIndex((row) => row.id === cursor.nearest));
  const from = Math.max(0, Math.min(at - ROWS / 2, cursor.rows.length - ROWS));
  const shown = cursor.rows.slice(from, from + ROWS);
  const nearest = cursor.rows[at];
  const left = cursor.left + 16 + width > cursor.width ? cursor.left - width - 16 : cursor.left + 16;
  return html`<div class="tooltip" ref=${box} role="status" style=${{ left: `${Math.max(0, left)}px`, top: `${cursor.top + 12}px` }}>
    <div class="tooltip-x">${axisValue(x, nearest.x)}</div>
    ${from > 0 && html`<div class="faint">${from} higher</div>`}
    ${shown.map((row) => {
      const line = lines.find((one) => one.id === row.id);
      return line && html`<div key=${row.id} class=${row.id === cursor.nearest ? "nearest" : ""}><${Dot} color=${line.color} /><b>${number(+row.value.toPrecision(5))}</b>
        ${row.low !== null && row.high !== null && row.low !== row.high && html`<span class="faint"> ${number(+row.low.toPrecision(3))}–${number(+row.high.toPrecision(3))}</span>`}<span class="name">${line.name}</span></div>`;
    })}
    ${from + ROWS < cursor.rows.length && html`<div class="faint">${cursor.rows.length - from - ROWS} lower</div>`}
  </div>`;
}
