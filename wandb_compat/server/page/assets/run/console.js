// Console tab: printed lines with their ANSI colours, searched on the server, followed live.
// @ts-nocheck draws without components; has types once it is one

import { get } from "../core/requests.js";
import { h, debounce } from "../components/dom.js";

const ESCAPE = /\x1b\[([0-9;]*)([A-Za-z])/g;
const COLORS = ["#8a8d9b", "#ff8a80", "#5fd08a", "#f0b352", "#7fb0ff", "#e59bff", "#62d5e0", "#ffffff"];
const PLAIN = { foreground: null, background: null, marks: [] };
const ENDS = { 22: [1, 2], 23: [3], 24: [4], 27: [7] };

/** Split a line by its ANSI codes into [text, style]: foreground, background and attributes such as bold. */
export function splitByColor(text) {
  const pieces = [];
  let at = 0, style = PLAIN;
  for (const found of text.matchAll(ESCAPE)) {
    pieces.push([text.slice(at, found.index), style]);
    at = found.index + found[0].length;
    if (found[2] === "m") style = applyCodes(style, (found[1] || "0").split(";").map(Number));
  }
  pieces.push([text.slice(at), style]);
  return pieces.filter(([piece]) => piece);
}

function applyCodes({ foreground, background, marks }, codes) {
  for (let place = 0; place < codes.length; place++) {
    const code = codes[place], unit = code % 10;
    if (code === 0) ({ foreground, background, marks } = PLAIN);
    else if ((code >= 1 && code <= 4) || code === 7) marks = [...marks, code];
    else if (code in ENDS) marks = marks.filter((mark) => !ENDS[code].includes(mark));
    else if (code === 38 || code === 48) {
      const whole = codes[place + 1] === 2;
      const color = whole ? rgb(codes.slice(place + 2, place + 5)) : indexed(codes[place + 2] ?? 7);
      if (code === 38) foreground = color; else background = color;
      place += whole ? 4 : 2;
    } else if (code === 39) foreground = null;
    else if (code === 49) background = null;
    else if (unit < 8 && ((code >= 30 && code < 38) || code >= 90 && code < 98)) foreground = COLORS[unit];
    else if (unit < 8 && ((code >= 40 && code < 48) || code >= 100 && code < 108)) background = COLORS[unit];
  }
  return { foreground, background, marks };
}

/** Return one of the 256 terminal colours: 16 named ones, a cube of 216, and 24 greys. */
function indexed(number) {
  if (number < 16) return COLORS[number % 8];
  if (number > 231) return rgb(Array(3).fill(8 + 10 * (number - 232)));
  return rgb([36, 6, 1].map((side) => [0, 95, 135, 175, 215, 255][Math.floor((number - 16) / side) % 6]));
}

const rgb = (parts) => `rgb(${[0, 1, 2].map((part) => parts[part] || 0).join(" ")})`;

function piece(words, { foreground, background, marks }) {
  const span = h("span", { class: marks.map((mark) => `a${mark}`).join(" ") }, words);
  const [front, back] = marks.includes(7) ? [background ?? "#14151a", foreground ?? "#dcdde6"] : [foreground, background];
  if (front) span.style.color = front;
  else if (COLORS.includes(background)) span.style.color = "#14151a"; // the palette is light
  if (back) span.style.background = back;
  return span;
}

export async function console_tab({ panel, runs, query, updateQuery }) {
  let run = runs.find((one) => String(one.id) === query().get("of")) ?? runs[0];
  let offset = 0;
  const search = h("input", { type: "search", class: "grow", placeholder: "Find in the console", "aria-label": "Find in the console", value: query().get("grep") ?? "", oninput: debounce(() => { updateQuery({ grep: search.value }); offset = 0; draw(); }) });
  const which = runs.length > 1 ? h("select", { "aria-label": "Run", onchange: () => { run = runs[which.selectedIndex]; updateQuery({ of: run.id }); offset = 0; draw(); } }, runs.map((one) => h("option", { selected: one === run }, one.name))) : null;
  const older = h("button", { onclick: () => { offset += 1000; draw(); } }, "Older");
  const newer = h("button", { onclick: () => { offset = Math.max(0, offset - 1000); draw(); } }, "Newer");
  const count = h("span", { class: "faint", role: "status" });
  const page = h("div", { class: "console", role: "log", tabindex: 0, "aria-label": "Console" });
  panel.append(h("div", { class: "row" }, which, search, older, newer, count), page);
  const draw = async () => {
    const atEnd = page.scrollTop + page.clientHeight >= page.scrollHeight - 20;
    const { total, lines } = await get("console", { run: run.id, search: search.value, offset });
    count.textContent = `${total.toLocaleString("en")} lines`;
    older.disabled = offset + 1000 >= total;
    newer.disabled = !offset;
    page.replaceChildren(...lines.map(([, type, , message]) => h("div", { class: type === "ERROR" ? "ERROR" : "" }, splitByColor(message).map(([text, style]) => piece(highlight(text, search.value), style)))));
    if (atEnd) page.scrollTop = page.scrollHeight;
  };
  await draw();
  page.scrollTop = page.scrollHeight;
  return { refresh: draw };
}

function highlight(text, word) {
  if (!word) return text;
  const pieces = [];
  const lower = text.toLowerCase(), wanted = word.toLowerCase();
  let at = 0;
  for (let found = lower.indexOf(wanted); found >= 0; found = lower.indexOf(wanted, at)) {
    pieces.push(text.slice(at, found), h("mark", {}, text.slice(found, found + word.length)));
    at = found + word.length;
  }
  return [...pieces, text.slice(at)];
}
