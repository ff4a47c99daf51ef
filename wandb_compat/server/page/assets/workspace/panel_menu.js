// The menu of a chart: settings and downloads.

import { html, useEffect, useRef } from "../core/html.js";
import { download, toCsv, toSvg } from "../charts/export.js";

/**
 * @param {object} props
 * @param {string} props.title
 * @param {{current: HTMLElement | null}} props.box that has the canvas
 * @param {import("../charts/line_chart.js").DrawnLine[]} props.lines
 * @param {import("../charts/math.js").Look} props.look
 * @param {() => void} props.onSettings
 * @param {(() => void) | null} props.onReset
 */
export function PanelMenu({ title, box, lines, look, onSettings, onReset }) {
  const menu = useRef(/** @type {HTMLDetailsElement | null} */ (null));
  useEffect(() => {
    const close = (/** @type {Event} */ event) => { if (menu.current?.open && !menu.current.contains(/** @type {Node} */ (event.target))) menu.current.open = false; };
    document.addEventListener("click", close);
    return () => document.removeEventListener("click", close);
  }, []);
  const item = (/** @type {string} */ label, /** @type {() => void} */ run) => html`<button type="button" onClick=${() => { if (menu.current) menu.current.open = false; run(); }}>${label}</button>`;
  const png = () => box.current?.querySelector("canvas")?.toBlob((blob) => blob && download(blob, `${title}.png`));
  return html`<details class="menu" ref=${menu}><summary aria-label=${`Menu of ${title}`} title="Settings and downloads">⋯</summary><div class="menu-body">
    ${item("Settings…", onSettings)}${onReset && item("Reset its settings", onReset)}
    ${item("Download PNG", png)}
    ${item("Download SVG", () => download(new Blob([toSvg(title, lines, look)], { type: "image/svg+xml" }), `${title}.svg`))}
    ${item("Download CSV", () => download(new Blob([toCsv(lines, look.x)], { type: "text/csv" }), `${title}.csv`))}
  </div></details>`;
}
