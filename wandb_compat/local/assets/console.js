// The console: what the runs printed, with its colours, searched on the server, followed while it grows.

import { get } from "./data.js";
import { h, settled } from "./dom.js";

const ESCAPE = /\x1b\[([0-9;]*)([A-Za-z])/g;

/** Return a line as pieces of text with the classes that its ANSI codes ask for. */
export function coloured(text) {
  const pieces = [];
  let at = 0, codes = new Set();
  for (const found of text.matchAll(ESCAPE)) {
    if (found.index > at) pieces.push([text.slice(at, found.index), codes]);
    at = found.index + found[0].length;
    if (found[2] !== "m") continue;
    codes = new Set(codes);
    for (const code of (found[1] || "0").split(";").map(Number)) {
      if (code === 0) codes.clear();
      else if ((code >= 30 && code <= 37) || (code >= 90 && code <= 97)) { for (let one = 30; one < 38; one++) codes.delete(one); codes.add(code >= 90 ? code - 60 : code); }
      else if (code === 39) for (let one = 30; one < 38; one++) codes.delete(one);
      else if (code === 22) { codes.delete(1); codes.delete(2); } else if (code >= 1 && code <= 4) codes.add(code);
    }
  }
  pieces.push([text.slice(at), codes]);
  return pieces.filter(([piece]) => piece);
}

export async function console_tab({ panel, runs, query, remember }) {
  let run = runs.find((one) => String(one.id) === query().get("of")) ?? runs[0];
  let offset = 0;
  const search = h("input", { type: "search", class: "grow", placeholder: "Find in the console", "aria-label": "Find in the console", value: query().get("grep") ?? "", oninput: settled(() => { remember({ grep: search.value }); offset = 0; draw(); }) });
  const which = runs.length > 1 ? h("select", { "aria-label": "Run", onchange: () => { run = runs[which.selectedIndex]; remember({ of: run.id }); offset = 0; draw(); } }, runs.map((one) => h("option", { selected: one === run }, one.name))) : null;
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
    page.replaceChildren(...lines.map(([, type, , message]) => h("div", { class: type === "ERROR" ? "ERROR" : "" }, coloured(message).map(([text, codes]) => h("span", { class: [...codes].map((code) => `a${code}`).join(" ") }, marked(text, search.value))))));
    if (atEnd) page.scrollTop = page.scrollHeight;
  };
  await draw();
  page.scrollTop = page.scrollHeight;
  return { refresh: draw };
}

function marked(text, word) {
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
