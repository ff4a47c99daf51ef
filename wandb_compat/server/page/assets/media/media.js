// Media and data tabs: images, audio, video and HTML with a step slider; tables, histograms and texts over steps.
// @ts-nocheck draws without components; has types once it is one

import { get } from "../core/requests.js";
import { bytes, colour, dot, h, number, PALETTE, refill, s, debounce, show } from "../components/dom.js";

const IMAGES = new Set(["png", "jpg", "jpeg", "gif", "bmp", "webp", "svg"]);
const AUDIO = new Set(["wav", "mp3", "ogg", "flac"]);
const VIDEO = new Set(["mp4", "webm", "mov"]);
const HTML = new Set(["html", "htm"]);
const ROWS = 50;

/** Galleries: one section per key with a slider over its steps, runs side by side. */
export async function files_tab({ panel, runs }, known) {
  const numbers = runs.map((run) => run.id).join(",");
  const shown = new Map();
  const list = h("div");
  panel.append(list);
  let seen = "";
  const open = (name) => {
    const steps = () => [...new Set(section.files.map((file) => file.step))].sort((left, right) => left - right);
    const slider = h("input", { type: "range", min: 0, value: 0, "aria-label": `Step of ${name}`, class: "grow", oninput: () => { section.last = Number(slider.value) === steps().length - 1; section.paint(); } });
    const status = h("output", { class: "mono" });
    const view = h("div", { class: "gallery" });
    const pace = h("label", { class: "pace" }, "step", slider, status);
    const box = h("section", { class: "card part", "aria-label": name }, h("header", {}, h("h2", {}, name), pace), view);
    const section = { box, files: [], masks: new Map(), last: true, drawn: "",
      fill: () => {
        const all = steps();
        slider.max = Math.max(0, all.length - 1);
        if (section.last) slider.value = slider.max;
        pace.hidden = all.length < 2;
        section.paint();
      },
      paint: () => {
        const step = steps()[Number(slider.value)];
        status.textContent = step ?? "";
        slider.setAttribute("aria-valuetext", `step ${step}`);
        const here = section.files.filter((file) => file.step === step);
        const mark = here.map((file) => file.name).join("\n");
        if (mark === section.drawn) return;  // do not restart media that is playing
        section.drawn = mark;
        view.replaceChildren(...here.map((file) => medium(file, section.masks, runs)));
      } };
    shown.set(name, section);
    list.append(box);
  };
  const grew = async () => {
    const names = [...new Set(known().map((file) => file.name))];
    for (const name of names) if (!shown.has(name)) open(name);
    const now = JSON.stringify(known());
    if (!names.length || now === seen) return;
    seen = now;
    const { files } = await get("files", { runs: numbers, names: JSON.stringify(names) });
    for (const [name, section] of shown) {
      const own = files.filter((file) => file.key === name);
      section.masks = new Map(own.filter((file) => file.type === "mask").map((file) => [file.name, file]));
      section.files = own.filter((file) => file.type !== "mask");
      section.fill();
    }
  };
  await grew();
  if (!shown.size) list.append(h("p", { class: "faint" }, "No media have been logged."));
  return { grew };
}

function medium(file, masks, runs) {
  const place = runs.findIndex((run) => run.id === file.run);
  const caption = h("figcaption", {}, runs.length > 1 ? [dot(place), runs[place]?.name, " "] : "", file.caption ?? "", " ", h("a", { href: file.url, download: file.name.split("/").pop() }, bytes(file.size)));
  const words = file.caption || `${file.key} at step ${file.step}`;
  if (IMAGES.has(file.type)) return h("figure", {}, picture(file, words, masks), caption);
  if (AUDIO.has(file.type)) return h("figure", {}, h("audio", { src: file.url, controls: true, preload: "metadata", "aria-label": words }), caption);
  if (VIDEO.has(file.type)) return h("figure", {}, h("video", { src: file.url, controls: true, loop: true, muted: true, preload: "metadata", "aria-label": words }), caption);
  if (HTML.has(file.type)) {
    const frame = h("iframe", { src: file.url, sandbox: "", title: words, loading: "lazy" });
    const run = h("button", { onclick: () => { frame.setAttribute("sandbox", "allow-scripts"); frame.src = `${file.url}&scripts=1`; run.disabled = true; } }, "Let its scripts run");
    return h("figure", { class: "grow" }, frame, run, caption);
  }
  return h("figure", {}, h("a", { href: file.url }, file.name), caption);
}

function picture(file, words, masks) {
  const image = h("img", { src: file.url, alt: words, loading: "lazy" });
  const box = h("div", { class: "picture" }, image);
  image.addEventListener("load", () => box.classList.toggle("coarse", image.naturalWidth < 160)); // show its pixels
  const layers = [];
  for (const [name, layer] of Object.entries(file.annotations?.boxes ?? {})) layers.push([name, () => boxes(image, layer)]);
  for (const [name, layer] of Object.entries(file.annotations?.masks ?? {})) if (masks.has(layer?.fileName)) layers.push([name, () => mask(masks.get(layer.fileName))]);
  if (!layers.length) return box;
  const switches = layers.map(([name, make]) => {
    let drawn = null;
    const one = h("input", { type: "checkbox", checked: true, onchange: () => { drawn?.remove(); drawn = null; if (one.checked) put(); } });
    const put = () => { drawn = make(); box.append(drawn); };
    if (image.complete && image.naturalWidth) put(); else image.addEventListener("load", () => one.checked && !drawn && put());
    return h("label", {}, one, name);
  });
  const classes = Object.values({ ...file.annotations?.boxes, ...file.annotations?.masks }).flatMap((layer) => Object.entries(layer?.class_labels ?? {}));
  return h("div", {}, box, h("div", { class: "row" }, switches, [...new Map(classes)].slice(0, 30).map(([id, label]) => h("span", { class: "tag" }, dot(Number(id) || 0), String(label)))));
}

function boxes(image, layer) {
  const wide = image.naturalWidth, high = image.naturalHeight;
  const drawing = s("svg", { viewBox: `0 0 ${wide} ${high}`, preserveAspectRatio: "none", "aria-hidden": true });
  const size = Math.max(9, Math.min(wide, high) / 18);
  for (const one of Array.isArray(layer?.box_data) ? layer.box_data : []) {
    const at = one.position ?? {};
    const scale = one.domain === "pixel" ? [1, 1] : [wide, high];
    const [left, top, width, height] = at.middle ? [at.middle[0] - at.width / 2, at.middle[1] - at.height / 2, at.width, at.height] : [at.minX, at.minY, at.maxX - at.minX, at.maxY - at.minY];
    if (![left, top, width, height].every(Number.isFinite)) continue;
    const dye = colour(Number(one.class_id) || 0);
    const score = Object.entries(one.scores ?? {}).map(([name, value]) => `${name} ${number(value)}`).join(" ");
    drawing.append(s("rect", { x: left * scale[0], y: top * scale[1], width: width * scale[0], height: height * scale[1], fill: "none", stroke: dye, "stroke-width": 2, "vector-effect": "non-scaling-stroke" }),
      ...label([one.box_caption ?? layer.class_labels?.[one.class_id] ?? one.class_id ?? "", score].filter((word) => word !== "").join(" "), left * scale[0], top * scale[1], size, dye));
  }
  return drawing;
}

/** Return a label with a background, placed above its box where there is room. */
function label(words, x, y, size, dye) {
  const at = y >= 1.3 * size ? y - 1.3 * size : y;
  return words ? [s("rect", { x, y: at, width: (0.62 * words.length + 0.6) * size, height: 1.3 * size, fill: dye }),
    s("text", { x: x + 0.3 * size, y: at + size, fill: "#14151a", "font-size": size }, words)] : [];
}

function mask(file) {
  const canvas = h("canvas", { "aria-hidden": true });
  const source = new Image();
  source.onload = () => {
    canvas.width = source.naturalWidth;
    canvas.height = source.naturalHeight;
    const context = canvas.getContext("2d");
    context.drawImage(source, 0, 0);
    const picture = context.getImageData(0, 0, canvas.width, canvas.height);
    for (let at = 0; at < picture.data.length; at += 4) {
      const dye = PALETTE[picture.data[at] % PALETTE.length];
      const kind = picture.data[at];
      for (let part = 0; part < 3; part++) picture.data[at + part] = parseInt(dye.slice(1 + 2 * part, 3 + 2 * part), 16);
      picture.data[at + 3] = kind ? 255 : 0;
    }
    context.putImageData(picture, 0, 0);
  };
  source.src = file.url;
  return canvas;
}

/** Tables, histograms and texts, one section per key. */
export async function data_tab({ panel, runs, about }) {
  const shown = new Map();
  const grew = async (most = 1) => {
    for (const one of about().data) {
      const mark = `${one.type}\n${one.name}`;
      if (shown.get(mark)?.count === one.count) continue;
      if (!shown.has(mark)) { const box = h("section", { class: "card part", "aria-label": one.name }); panel.append(box); shown.set(mark, { box }); }
      const section = shown.get(mark);
      if (!most--) return;  // the rest follows at the next change event
      section.count = one.count;
      try { await fill(section, one, runs); } catch (error) { section.box.replaceChildren(h("h2", {}, one.name), h("p", { class: "bad" }, error.message)); }
    }
  };
  await grew(Infinity);
  return { grew: () => grew() };
}

async function fill(section, one, runs) {
  const { values } = await get("values", { runs: runs.map((run) => run.id).join(","), name: one.name, type: one.type });
  const title = h("h2", {}, one.name, " ", h("span", { class: "faint" }, one.type.toLowerCase()));
  const parts = runs.map((run, place) => [run, place, values.filter((value) => value.run === run.id)]).filter(([, , own]) => own.length);
  const label = (run, place) => (runs.length > 1 ? h("div", {}, dot(place), run.name) : null);
  const bodies = [];
  for (const [run, place, own] of parts) {
    if (one.type === "string-series") bodies.push(h("div", { class: "grow" }, label(run, place), timeline(own)));
    else if (one.type === "HISTOGRAM") bodies.push(h("div", { class: "grow heat" }, label(run, place), heat(own.map((value) => ({ step: value.step, ...parsed(value.data) })), one.name)));
    else if (one.type === "TABLE") bodies.push(h("div", { class: "grow" }, label(run, place), await tables(run, one.name, own, section)));
    else bodies.push(h("details", { class: "grow" }, h("summary", {}, `step ${own[own.length - 1].step}`), h("pre", {}, own[own.length - 1].data.slice(0, 100000))));
  }
  section.box.replaceChildren(title, ...bodies);
}

function parsed(text) {
  try { return JSON.parse(text); } catch { return {}; }
}

/** Texts over steps: one segment per run of equal texts. */
function timeline(values) {
  const pieces = [];
  for (const value of values) {
    const last = pieces[pieces.length - 1];
    if (last && last.text === value.data) last.end = value.step; else { if (last) last.end = value.step; pieces.push({ text: value.data, start: value.step, end: value.step }); }
  }
  const kinds = [...new Set(pieces.map((piece) => piece.text))];
  const status = h("p", { class: "faint", role: "status" }, `now: ${pieces[pieces.length - 1].text}`);
  const whole = Math.max(1, pieces[pieces.length - 1].end - pieces[0].start);
  return h("div", {}, h("div", { class: "timeline", role: "group", "aria-label": "States over steps" }, pieces.slice(-400).map((piece) => {
    const words = `${piece.text} (steps ${piece.start} to ${piece.end})`;
    const describe = () => { status.textContent = words; };
    const button = h("button", { "width-share": Math.max(whole / 200, piece.end - piece.start), title: words, "aria-label": words, onfocus: describe, onmouseenter: describe, onclick: describe }, piece.text);
    button.style.background = colour(kinds.indexOf(piece.text));
    return button;
  })), status);
}

/** Histograms over steps: one column per step, darker for more values. */
function heat(values, name) {
  const spans = values.map((one) => ({ step: one.step, freq: Array.isArray(one.freq) ? one.freq : [], edges: edges(one) })).filter((one) => one.edges && one.freq.length);
  if (!spans.length) return h("p", { class: "faint" }, "Nothing in it can be drawn.");
  const low = Math.min(...spans.map((one) => one.edges[0])), high = Math.max(...spans.map((one) => one.edges[one.edges.length - 1]));
  const rows = 64;
  const canvas = h("canvas", { width: spans.length, height: rows, role: "img", tabindex: 0, "aria-label": `Histograms of ${name} at ${spans.length} steps, values from ${number(low)} to ${number(high)}` });
  const context = canvas.getContext("2d");
  const dye = [91, 84, 214];
  spans.forEach((one, x) => {
    const cells = new Float64Array(rows);
    one.freq.forEach((count, bin) => {
      const from = ((one.edges[bin] - low) / (high - low || 1)) * rows, to = ((one.edges[bin + 1] - low) / (high - low || 1)) * rows;
      for (let row = Math.max(0, Math.floor(from)); row <= Math.min(rows - 1, Math.max(Math.floor(from), Math.ceil(to) - 1)); row++) {
        const share = to > from ? (Math.min(to, row + 1) - Math.max(from, row)) / (to - from) : 1;
        cells[row] += count * Math.max(0, share);
      }
    });
    const most = Math.max(...cells) || 1;
    cells.forEach((count, row) => { if (count) { context.fillStyle = `rgba(${dye}, ${0.08 + 0.92 * (count / most)})`; context.fillRect(x, rows - 1 - row, 1, 1); } });
  });
  const status = h("p", { class: "faint", role: "status" }, `${number(low)} to ${number(high)}, steps ${spans[0].step} to ${spans[spans.length - 1].step}`);
  let at = spans.length - 1;
  const describe = (place) => { at = Math.max(0, Math.min(spans.length - 1, place)); const one = spans[at]; const top = one.freq.indexOf(Math.max(...one.freq)); status.textContent = `step ${one.step}: ${number(one.freq.reduce((sum, count) => sum + count, 0))} values, most from ${number(one.edges[top])} to ${number(one.edges[top + 1])}`; };
  canvas.addEventListener("mousemove", (event) => describe(Math.floor((event.offsetX / canvas.clientWidth) * spans.length)));
  canvas.addEventListener("keydown", (event) => { if (event.key === "ArrowLeft") describe(at - 1); else if (event.key === "ArrowRight") describe(at + 1); });
  return h("div", {}, canvas, status);
}

function edges(one) {
  if (Array.isArray(one.bins)) return one.bins.length === one.freq.length + 1 ? one.bins : null;
  const { min, max } = one.bins ?? {};
  return Number.isFinite(min) && Number.isFinite(max) ? Array.from({ length: (one.freq?.length ?? 0) + 1 }, (_, bin) => min + ((max - min) * bin) / one.freq.length) : null;
}

/** Tables of a key: step slider, sorting, search and pages. */
async function tables(run, name, values, section) {
  const { files } = await get("files", { runs: run.id, prefix: `${name}/` });
  const media = new Map(files.map((file) => [file.name, file]));
  const view = h("div", { class: "scroll" });
  const under = h("div", { class: "row" });
  const status = h("output", { class: "mono" });
  const kept = (section.kept ??= { sort: null, down: false, word: "", page: 0, place: null });
  const slider = h("input", { type: "range", min: 0, max: values.length - 1, value: kept.place ?? values.length - 1, disabled: values.length < 2, "aria-label": `Step of ${name}`, oninput: () => { kept.place = Number(slider.value); draw(); } });
  const find = h("input", { type: "search", placeholder: "Find in the table", "aria-label": `Find in ${name}`, value: kept.word, oninput: debounce(() => { kept.word = find.value; kept.page = 0; draw(); }) });
  const cell = (value) => {
    const file = typeof value === "string" ? media.get(value) : null;
    if (!file) return h("td", { class: typeof value === "number" ? "number" : "" }, value === null ? h("span", { class: "faint" }, "—") : number(value));
    if (!IMAGES.has(file.type)) return h("td", {}, medium(file, new Map(), [run]));
    return h("td", {}, h("a", { href: file.url, class: "picture small" }, h("img", { src: file.url, alt: file.caption || file.name, loading: "lazy" })));
  };
  const draw = () => {
    const value = values[Number(slider.value)];
    status.textContent = value.step;
    const document = parsed(value.data);
    const all = Array.isArray(document.table) ? document.table : [];
    const names = document.col?.map((column) => column.name) ?? (all[0] ?? []).map((_, place) => place);
    let rows = all.filter((row) => Array.isArray(row) && (!kept.word || row.some((value) => show(value)?.toLowerCase().includes(kept.word.toLowerCase()))));
    if (kept.sort !== null) {
      const order = (left, right) => (typeof left === "number" && typeof right === "number" ? left - right : String(show(left)).localeCompare(String(show(right)), undefined, { numeric: true }));
      rows = [...rows].sort((left, right) => (kept.down ? -1 : 1) * order(left[kept.sort], right[kept.sort]));
    }
    const pages = Math.max(1, Math.ceil(rows.length / ROWS));
    kept.page = Math.min(kept.page, pages - 1);
    refill(view, h("table", {}, h("thead", {}, h("tr", {}, names.map((title, place) => h("th", { scope: "col", class: rows.some((row) => typeof row[place] === "number") ? "number" : "", "aria-sort": kept.sort === place ? (kept.down ? "descending" : "ascending") : "none" },
      h("button", { onclick: () => { kept.down = kept.sort === place && !kept.down; kept.sort = place; draw(); } }, String(title), kept.sort === place ? (kept.down ? " ↓" : " ↑") : ""))))),
    h("tbody", {}, rows.slice(kept.page * ROWS, (kept.page + 1) * ROWS).map((row) => h("tr", {}, row.map(cell))))));
    refill(under, pages > 1 && [h("button", { disabled: !kept.page, onclick: () => { kept.page--; draw(); } }, "Previous rows"), h("button", { disabled: kept.page >= pages - 1, onclick: () => { kept.page++; draw(); } }, "Next rows")],
      h("span", { class: "faint" }, `${rows.length} rows, page ${kept.page + 1} of ${pages}`));
  };
  draw();
  return h("div", {}, h("div", { class: "row" }, find, h("label", { class: "pace", hidden: values.length < 2 }, "step", slider, status)), view, under);
}
