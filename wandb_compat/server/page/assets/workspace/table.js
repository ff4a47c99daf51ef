// The run table of a project: search, sort, filter, select to compare. The state is in the address.
// @ts-nocheck draws without components; has types once it is one

import { listen } from "../core/live.js";
import { get } from "../core/requests.js";
import { ago, h, lasting, number, refill, debounce, state, tags } from "../components/dom.js";
import { navigate, projectPath, updateQuery } from "../core/router.js";
import { parallel } from "./parallel.js";

const PAGE = 100;
const MOST = 20; // runs shown together
const STATES = ["running", "completed", "failed", "terminated", "cancelled"];
const OPERATORS = ["=", "!=", ">=", "<=", ">", "<", "~"];

/** Parse a condition such as `config.lr >= 0.01` into a filter, or return null. */
export function condition(text) {
  const found = /^\s*(.+?)\s*(!=|>=|<=|=|>|<|~)\s*(.*?)\s*$/.exec(text);
  if (!found) return null;
  const [, field, operator, value] = found;
  const kind = field.startsWith("config.") ? "config" : field.startsWith("summary.") ? "summary" : null;
  if (!kind || (kind === "summary" && (!/^[<>=]/.test(operator) || Number.isNaN(Number(value)) || value === ""))) return null;
  const name = kind === "summary" ? `summary_metrics.${field.slice(8)}` : field;
  if (kind === "summary" && operator === "=") return { [name]: { $gte: Number(value), $lte: Number(value) } };
  const words = { "=": "$eq", "!=": "$ne", ">": "$gt", "<": "$lt", ">=": "$gte", "<=": "$lte", "~": "$regex" };
  return { [name]: { [words[operator]]: value } };
}

export async function view(container, name) {
  const chosen = new Set();
  const query = () => new URLSearchParams(location.search);
  const words = await get("columns", { project: name });
  const known = [...words.config.map((key) => `config.${key}`), ...words.summary.map((key) => `summary.${key}`)];
  const usual = [...words.config.slice(0, 4).map((key) => `config.${key}`),
    ...words.summary.filter((key) => !key.startsWith("sys/")).slice(0, 4).map((key) => `summary.${key}`)];
  const columns = () => (query().has("columns") ? query().getAll("column") : usual);

  const table = h("div", { class: "scroll runs", tabindex: 0, role: "region", "aria-label": "Runs" });
  const count = h("span", { class: "faint", role: "status" });
  const chips = h("span");
  const trouble = h("span", { class: "bad", role: "alert" });
  const search = h("input", { type: "search", class: "grow", placeholder: "Search names, ids, tags", "aria-label": "Search runs", value: query().get("search") ?? "",
    oninput: debounce(() => set({ search: search.value })) });
  const states = h("select", { "aria-label": "Filter by state", onchange: () => set({ state: states.value }) }, h("option", { value: "" }, "any state"),
    STATES.map((one) => h("option", { value: one, selected: query().get("state") === one }, one)));
  const tagged = h("select", { "aria-label": "Filter by tag", onchange: () => tagged.value && set({ tag: [...new Set([...query().getAll("tag"), tagged.value])] }) });
  const where = h("input", { list: "fields", placeholder: "config.lr >= 0.01", "aria-label": "Filter by config or last metric", size: 24, onkeydown: (event) => {
    if (event.key !== "Enter") return;
    if (!condition(where.value)) { trouble.textContent = "Write a field, one of " + OPERATORS.join(" ") + " and a value: summary.loss < 0.1"; return; }
    set({ where: [...query().getAll("where"), where.value.trim()] });
    where.value = "";
  } });
  const compare = h("button", { class: "primary", disabled: true, onclick: () => navigate(projectPath(name, [...chosen].join(","))) }, "Compare");
  const drawing = h("button", { "aria-pressed": query().get("view") === "parallel", onclick: () => { set({ view: query().get("view") === "parallel" ? null : "parallel" }); } }, "Parallel coordinates");
  container.append(h("div", { class: "row" }, h("h1", { class: "grow" }, name), count),
    h("div", { class: "row" }, search, states, tagged, where, h("datalist", { id: "fields" }, known.map((key) => h("option", { value: `${key} ` }))),
      h("button", { onclick: () => choose(known, columns(), (picked) => set({ columns: 1, column: picked })) }, "Columns"), drawing, compare),
    h("div", { class: "row" }, chips, trouble), table);

  const set = (changes) => { updateQuery({ offset: null, ...changes }); draw(); };
  let turn = 0;
  const draw = async () => {
    const mine = ++turn;
    const asked = query();
    const shown = columns();
    const parts = [...asked.getAll("where").map(condition).filter(Boolean), ...asked.getAll("tag").map((tag) => ({ tags: tag }))];
    if (asked.get("state")) parts.push({ status: asked.get("state") });
    const sort = asked.get("sort") ?? "-createdAt";
    const coordinates = asked.get("view") === "parallel";
    const offset = Number(asked.get("offset") ?? 0);
    try {
      const fields = coordinates ? known.filter((key) => !key.startsWith("summary.sys/")) : shown;
      const found = await get("table", { project: name, search: asked.get("search"), sort, offset: coordinates ? 0 : offset, limit: coordinates ? 1000 : PAGE,
        filter: parts.length ? JSON.stringify({ $and: parts }) : "", columns: JSON.stringify(fields) });
      if (mine !== turn) return;
      trouble.textContent = "";
      count.textContent = found.total === found.all ? `${found.all} runs` : `${found.total} of ${found.all} runs`;
      drawing.setAttribute("aria-pressed", coordinates);
      tagged.replaceChildren(h("option", { value: "" }, "any tag"), ...found.tags.map((tag) => h("option", { value: tag }, tag)));
      refill(chips, ["tag", "where"].flatMap((kind) => asked.getAll(kind).map((text) =>
        h("button", { class: "tag", "aria-label": `Remove the filter ${text}`, onclick: () => set({ [kind]: asked.getAll(kind).filter((one) => one !== text) }) }, `${text} ×`))));
      if (coordinates) refill(table, parallel(found.runs, fields, asked.getAll("axis"), (axis) => set({ axis }), (one) => navigate(projectPath(name, one.id))));
      else refill(table, rows(found, shown, sort, offset));
    } catch (error) {
      trouble.textContent = error.message;
    }
  };

  function rows(found, shown, sort, offset) {
    const heading = (label, field, numbers) => {
      const down = sort === `-${field}`, up = sort === field;
      return h("th", { scope: "col", class: numbers ? "number" : "", "aria-sort": down ? "descending" : up ? "ascending" : "none" },
        h("button", { onclick: () => set({ sort: down ? field : `-${field}` }) }, label, down ? " ↓" : up ? " ↑" : ""));
    };
    const sortable = (key) => (key.startsWith("config.") ? `${key}.value` : `summary_metrics.${key.slice(8)}`);
    const pages = !found.total ? h("p", { class: "none faint" }, found.all ? "No run matches." : "No runs have been logged to this project.") : h("div", { class: "row" },
      h("button", { disabled: !offset, onclick: () => set({ offset: Math.max(0, offset - PAGE) || null }) }, "Previous"),
      h("button", { disabled: offset + PAGE >= found.total, onclick: () => set({ offset: offset + PAGE }) }, "Next"),
      h("span", { class: "faint" }, `${offset + 1}–${Math.min(offset + PAGE, found.total)} of ${found.total}`));
    return h("div", {}, h("table", {}, h("thead", {}, h("tr", {}, h("th", { scope: "col" }, h("span", { class: "hidden-words" }, "Chosen")), heading("Name", "name"), heading("State", "status"),
      heading("Created", "createdAt"), h("th", { scope: "col" }, "Duration"), h("th", { scope: "col" }, "Tags"), shown.map((key, place) => heading(key.replace(/^(config|summary)\./, ""), sortable(key), found.runs.some((one) => typeof one.values[place] === "number"))))),
    h("tbody", {}, found.runs.map((one) => h("tr", {},
      h("td", {}, h("input", { type: "checkbox", checked: chosen.has(one.id), "aria-label": `Choose ${one.name}`, onchange: (event) => {
        if (event.target.checked) chosen.add(one.id); else chosen.delete(one.id);
        compare.disabled = !chosen.size || chosen.size > MOST;
        compare.textContent = !chosen.size ? "Compare" : chosen.size > MOST ? `Compare (at most ${MOST})` : `Compare ${chosen.size}`;
      } })),
      h("th", { scope: "row" }, h("a", { href: projectPath(name, one.id) }, one.name), " ", h("span", { class: "faint" }, one.display)),
      h("td", {}, state(one.status)), h("td", {}, ago(one.created)), h("td", {}, lasting((one.ended ?? one.seen) - one.created)), h("td", {}, tags(one.tags)),
      one.values.map((value) => h("td", { class: typeof value === "number" ? "number" : "" }, number(value))))))), found.total > PAGE || !found.total ? pages : null);
  }

  await draw();
  return listen({ project: name }, draw);
}

/** Show a dialog to choose from many names; the choice keeps the order of the list. */
export function choose(known, chosen, take) {
  const picked = new Set(chosen);
  const list = h("div", { class: "choices" });
  const filter = h("input", { type: "search", placeholder: "Find", "aria-label": "Find a column", oninput: () => fill() });
  const fill = () => list.replaceChildren(...known.filter((key) => key.toLowerCase().includes(filter.value.toLowerCase())).slice(0, 500).map((key) =>
    h("label", {}, h("input", { type: "checkbox", checked: picked.has(key), onchange: (event) => (event.target.checked ? picked.add(key) : picked.delete(key)) }), key)));
  fill();
  const box = h("dialog", { "aria-label": "Columns", onclose: () => box.remove() }, h("div", { class: "row" }, filter,
    h("button", { class: "primary", onclick: () => { box.close(); take(known.filter((key) => picked.has(key))); } }, "Show these"), h("button", { onclick: () => box.close() }, "Cancel")), list);
  document.body.append(box);
  box.showModal();
}
