// Downloads of a chart: PNG and SVG as it is drawn, CSV of its points.

import { shortNumber } from "./math.js";

/** @typedef {import("./line_chart.js").DrawnLine} DrawnLine */

/** @param {Blob} blob @param {string} file */
export function download(blob, file) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = file.replaceAll(/[^\w.-]+/g, "_");
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

/** A cell that spreadsheets do not evaluate. @param {string} text */
const cell = (text) => `"${(/^[=+\-@\t\r]/.test(text) ? `'${text}` : text).replaceAll('"', '""')}"`;

/** @param {DrawnLine[]} lines @param {string} x @returns {string} a row for each point */
export function toCsv(lines, x) {
  const rows = [["run", x, "value", "raw", "low", "high"].join(",")];
  for (const { name, points } of lines) {
    points.x.forEach((at, place) => rows.push([cell(name), at, points.mean[place] ?? "", points.raw[place] ?? "", points.low[place] ?? "", points.high[place] ?? ""].join(",")));
  }
  return `${rows.join("\n")}\n`;
}

/**
 * Return a chart as an SVG document.
 *
 * @param {string} title
 * @param {DrawnLine[]} lines
 * @param {{width?: number, height?: number, logX?: boolean, logY?: boolean, x?: string}} [options]
 */
export function toSvg(title, lines, { width = 800, height = 450, logX = false, logY = false, x = "step" } = {}) {
  const escape = (/** @type {string} */ text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
  const xs = lines.flatMap((line) => line.points.x), ys = /** @type {number[]} */ (lines.flatMap((line) => line.points.mean).filter((value) => value !== null));
  const across = scale(xs, 60, width - 20, logX), up = scale(ys, height - 60, 40, logY);
  const paths = lines.map(({ color, points }) => {
    let pen = "M";
    const parts = [];
    points.x.forEach((at, place) => {
      const value = points.mean[place];
      if (value === null) { pen = "M"; return; }
      parts.push(`${pen}${across.place(at).toFixed(1)},${up.place(value).toFixed(1)}`);
      pen = "L";
    });
    return `<path d="${parts.join("")}" fill="none" stroke="${color}" stroke-width="1.6"/>`;
  });
  const labels = [
    ...across.ticks.map((tick) => `<text x="${across.place(tick)}" y="${height - 42}" text-anchor="middle">${shortNumber(tick)}</text>`),
    ...up.ticks.map((tick) => `<path d="M60,${up.place(tick)}H${width - 20}" stroke="#ddd"/><text x="54" y="${up.place(tick) + 4}" text-anchor="end">${shortNumber(tick)}</text>`),
    ...lines.slice(0, 12).map((line, place) => `<text x="${60 + (place % 4) * 180}" y="${height - 26 + 12 * Math.floor(place / 4)}" fill="${line.color}">${escape(line.name.slice(0, 28))}</text>`),
  ];
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="11"><rect width="100%" height="100%" fill="#fff"/>`
    + `<text x="${width / 2}" y="22" text-anchor="middle" font-size="15">${escape(title)}</text><text x="${width - 20}" y="${height - 42}" text-anchor="end">${escape(x)}</text>${labels.join("")}${paths.join("")}</svg>`;
}

/** @param {number[]} values @param {number} from @param {number} to @param {boolean} log */
function scale(values, from, to, log) {
  const place = log ? Math.log10 : (/** @type {number} */ value) => value;
  const used = values.reduce((range, value) => [Math.min(range[0], value), Math.max(range[1], value)], [Infinity, -Infinity]);
  const [low, high] = used[0] < used[1] ? used : [used[0] - 1, used[0] + 1];
  const share = (/** @type {number} */ value) => (place(value) - place(low)) / (place(high) - place(low));
  const ticks = Array.from({ length: 5 }, (_, at) => (log ? 10 ** (place(low) + (at / 4) * (place(high) - place(low))) : low + (at / 4) * (high - low)));
  return { place: (/** @type {number} */ value) => from + share(value) * (to - from), ticks };
}
