// One run, or several side by side: one tab per kind of logged data.
// @ts-nocheck draws without components; has types once it is one

import { invalidate } from "../charts/loader.js";
import { html, render } from "../core/html.js";
import { store } from "../core/store.js";
import { MetricPanels } from "../workspace/metric_panels.js";
import { console_tab } from "./console.js";
import { BASE } from "../core/frame.js";
import { listen } from "../core/live.js";
import { get } from "../core/requests.js";
import { ago, bytes, dot, h, lasting, moment, number, refill, debounce, show, state, tags } from "../components/dom.js";
import { navigate, projectPath, updateQuery } from "../core/router.js";
import { CustomCharts, chartsOf } from "../custom_charts/custom_charts.js";
import { RunActions } from "../edit/actions.js";
import { Markdown } from "../edit/markdown.js";
import { data_tab, files_tab } from "../media/media.js";

const TABS = [["about", "Overview"], ["charts", "Charts"], ["custom", "Custom charts"], ["media", "Media"], ["data", "Tables and series"], ["console", "Console"], ["artifacts", "Artifacts and files"],
  ["config", "Config"], ["summary", "Summary"], ["system", "System"]];
const MEDIA = new Set(["png", "jpg", "jpeg", "gif", "bmp", "webp", "svg", "tiff", "wav", "mp3", "ogg", "flac", "mp4", "webm", "mov", "html", "htm"]);

export async function view(container, project, numbers) {
  const query = () => new URLSearchParams(location.search);
  let about = await get("runs", { runs: numbers });
  let runs = about.runs;
  if (runs.some((run) => run.project !== project)) throw new Error(`Not all of these runs belong to the project ${project}.`);
  document.title = `${runs.map((run) => run.name).join(", ")} · ${project}`;
  const head = h("div");
  const panel = h("div", { role: "tabpanel", id: "panel", tabindex: -1 });
  let tab = { refresh: () => {}, grew: () => {}, leave: () => {} };

  const actions = h("div");
  const drawHead = () => {
    if (!BASE) render(html`<${RunActions} runs=${runs.map((run) => ({ ...run, notes: notesOf(run), group: groupOf(run) }))} onDeleted=${() => navigate(projectPath(project))} />`, actions);
    refill(head, runs.length === 1
    ? h("div", {}, h("div", { class: "row" }, h("h1", {}, runs[0].name), h("span", { class: "faint" }, runs[0].display), state(runs[0].status), tags(runs[0].tags)),
      h("div", { class: "faint" }, `began ${ago(runs[0].created)}, ${runs[0].ended === null ? "running for" : "lasted"} ${lasting((runs[0].ended ?? runs[0].seen) - runs[0].created)}`, exports(), warnings()))
    : h("div", { class: "row" }, h("h1", {}, `${runs.length} runs`), exports(), warnings(), runs.map((run, place) => h("span", { class: "tag" }, dot(place),
      h("a", { href: projectPath(project, run.id) }, run.name), " ", state(run.status), " ",
      h("a", { href: projectPath(project, runs.filter((one) => one !== run).map((one) => one.id).join(",")) + location.search, "aria-label": `Remove ${run.name}` }, "×")))));
  };
  const exports = () => h("span", { class: "faint" }, " · export ", ["csv", "parquet"].map((format) => [h("a", { href: `/page/export?runs=${numbers}&format=${format}`, download: true }, format === "csv" ? "CSV" : "Parquet"), " "]));

  const warnings = () => (about.alerts.length ? [" · ", h("button", { class: "tag warn", onclick: () => { updateQuery({ tab: "about" }); open("about"); } }, `${about.alerts.length} alert${about.alerts.length > 1 ? "s" : ""}`)] : null);

  const files = () => about.files.filter((file) => MEDIA.has(file.type) && !file.name.startsWith("artifacts/"));
  const counts = () => ({ custom: new Set(runs.flatMap((run) => chartsOf(run).map((chart) => chart.key))).size, charts: about.metrics.filter((key) => !key.startsWith("sys/")).length, media: new Set(files().map((file) => file.name)).size, data: about.data.length, console: about.console,
    artifacts: about.files.length, system: about.metrics.filter((key) => key.startsWith("sys/")).length });
  const list = h("div", { class: "tabs", role: "tablist", "aria-label": "What the runs logged", onkeydown: (event) => {
    const all = [...list.children];
    const next = all[(all.indexOf(document.activeElement) + { ArrowRight: 1, ArrowLeft: -1 }[event.key] + all.length) % all.length];
    if (next) { next.focus(); next.click(); }
  } });
  const drawTabs = (current) => {
    const held = list.contains(document.activeElement);
    const amounts = counts();
    list.replaceChildren(...TABS.filter(([name]) => amounts[name] !== 0 || name === "charts").map(([name, label]) => h("button", { role: "tab", id: `tab-${name}`, "aria-selected": name === current ? "true" : "false",
      "aria-controls": "panel", tabindex: name === current ? 0 : -1, onclick: () => { updateQuery({ tab: name === "charts" ? null : name }); open(name); } }, label, amounts[name] ? h("span", { class: "faint" }, ` ${amounts[name]}`) : "")));
    if (held) list.querySelector("[aria-selected=true]")?.focus();
  };
  const open = async (name) => {
    tab.leave();
    drawTabs(name);
    panel.replaceChildren();
    panel.setAttribute("aria-labelledby", `tab-${name}`);
    const place = { panel, runs, about: () => about, project, query, updateQuery };
    const made = { charts: () => chartTab(place, (key) => !key.startsWith("sys/"), "step"), system: () => chartTab(place, (key) => key.startsWith("sys/"), "time"), media: () => files_tab(place, files),
      custom: () => customTab(place), data: () => data_tab(place), console: () => console_tab(place), artifacts: () => artifactTab(place), config: () => configTab(place), summary: () => summaryTab(place), about: () => aboutTab(place) };
    tab = { refresh: () => {}, grew: () => {}, leave: () => {} };
    try {
      const opened = await (made[name] ?? made.charts)();
      tab = { ...tab, ...opened };
    } catch (error) { panel.replaceChildren(h("p", { class: "bad", role: "alert" }, error.message)); }
  };

  container.append(head, actions, list, panel);
  drawHead();
  await open(query().get("tab") ?? "charts");
  const stop = listen({ runs: numbers }, () => tab.refresh(), async () => {
    about = await get("runs", { runs: numbers });
    runs = about.runs;
    drawHead();
    drawTabs(query().get("tab") ?? "charts");
  }, () => tab.grew());
  return () => { stop(); tab.leave(); };
}

function chartTab({ panel, about, project }, mine, axis) {
  let definitions = {};
  const draw = () => {
    const { runs, metrics } = about();
    render(html`<${MetricPanels} project=${project} runs=${runs} metrics=${metrics.filter(mine)} definitions=${definitions} axis=${axis} />`, panel);
  };
  draw();
  get("columns", { project }).then((columns) => { definitions = columns.definitions; draw(); }, () => {});
  const changed = () => { invalidate(about().runs.map((run) => run.id)); store.set(({ changes }) => ({ changes: changes + 1 })); };
  return { refresh: changed, grew: draw, leave: () => render(null, panel) };
}

function customTab({ panel, about }) {
  const draw = () => {
    const { runs, data } = about();
    render(html`<${CustomCharts} runs=${runs} version=${JSON.stringify(data)} />`, panel);
  };
  draw();
  return { grew: draw, leave: () => render(null, panel) };
}

/** The notes of a run: those that its client keeps are whole, the server's own ones may be cut. */
const notesOf = (run) => (typeof run.wandb.notes === "string" && run.wandb.notes.startsWith(run.notes ?? "") ? run.wandb.notes : run.notes ?? "");

const groupOf = (run) => run.tags.find((tag) => tag.startsWith("group:"))?.slice(6) ?? null;

function markdown(text) {
  const place = h("div");
  render(html`<${Markdown} text=${text} />`, place);
  return place;
}

/** Return a table of names against runs; rows that differ are marked. */
function beside(runs, rows, only) {
  const columns = runs.length > 1;
  return h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "Keys and values" }, h("table", {}, h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Key"), runs.map((run, place) => h("th", { scope: "col" }, columns ? dot(place) : null, columns ? run.name : "Value")))),
    h("tbody", {}, rows.map(([key, cells]) => {
      const differs = columns && new Set(cells.map((cell) => (cell === undefined ? "" : show(cell)))).size > 1;
      return only && !differs ? null : h("tr", { class: differs ? "differs" : "" }, h("th", { scope: "row" }, key, differs ? h("span", { class: "hidden-words" }, " (differs)") : ""), cells.map((cell) => h("td", { class: "wrap mono" }, cell === undefined ? h("span", { class: "faint" }, "—") : show(cell))));
    }))));
}

function configTab({ panel, about, query, updateQuery }) {
  const filter = h("input", { type: "search", placeholder: "Find keys and values", "aria-label": "Find keys and values", class: "grow", oninput: () => draw() });
  const only = h("input", { type: "checkbox", checked: query().has("differing"), onchange: () => { updateQuery({ differing: only.checked ? 1 : null }); draw(); } });
  const place = h("div");
  const draw = () => {
    const { runs } = about();
    const keys = [...new Set(runs.flatMap((run) => Object.keys(run.config)))].sort();
    const word = filter.value.toLowerCase();
    const rows = keys.map((key) => [key, runs.map((run) => run.config[key])]).filter(([key, cells]) => `${key} ${cells.map(show).join(" ")}`.toLowerCase().includes(word));
    refill(place, rows.length ? beside(runs, rows, only.checked) : h("p", { class: "faint" }, keys.length ? "Nothing of that name or value." : "No config has been logged."));
  };
  panel.append(h("div", { class: "row" }, filter, about().runs.length > 1 ? h("label", {}, only, "only what differs") : ""), place);
  draw();
  return { grew: draw };
}

async function summaryTab({ panel, runs, about, query, updateQuery }) {
  const several = runs.length > 1;
  const kinds = [["last", "last"], ["min", "lowest"], ["max", "highest"]];
  const pick = h("select", { "aria-label": "Value of each metric", onchange: () => { updateQuery({ value: pick.value === "last" ? null : pick.value }); draw(); } }, kinds.map(([value, label]) => h("option", { value, selected: query().get("value") === value }, `${label} value`)));
  const place = h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "Summary" });
  panel.append(several ? h("div", { class: "row" }, pick) : "", place);
  const draw = async () => {
    const { metrics } = await get("summary", { runs: runs.map((run) => run.id).join(",") });
    const columns = several ? kinds.filter(([value]) => value === pick.value) : kinds;
    const logged = new Set(about().metrics);
    const own = about().runs.map((run) => Object.fromEntries(Object.entries(run.wandb.summary ?? {}).filter(([key, value]) => !logged.has(key) && !key.startsWith("_") && (value === null || typeof value !== "object" || !("_type" in value)))));
    const others = [...new Set(own.flatMap((values) => Object.keys(values)))].sort();
    refill(place, h("table", {}, h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Metric"), runs.map((run, at) => columns.map(([, label]) => h("th", { scope: "col", class: "number" }, several ? [dot(at), run.name] : label))))),
      h("tbody", {}, metrics.map((metric) => h("tr", {}, h("th", { scope: "row" }, metric.name), runs.map((run) => columns.map(([what]) => h("td", { class: "number" }, number(metric.runs[run.id]?.[what])))))),
        others.map((key) => h("tr", {}, h("th", { scope: "row" }, key), own.map((values) => h("td", { class: typeof values[key] === "number" ? "number" : "wrap", colspan: columns.length }, number(values[key]))))))));
  };
  await draw();
  return { refresh: draw };
}

async function artifactTab({ panel, runs, about, project }) {
  const several = runs.length > 1;
  const asked = { runs: runs.map((run) => run.id).join(",") };
  const name = (id) => runs.find((run) => run.id === id).name;
  const table = (labels, rows) => h("div", { class: "scroll" }, h("table", {}, h("thead", {}, h("tr", {}, labels.map((label) => h("th", { scope: "col", class: label === "Size" || label === "Step" ? "number" : "" }, label)))), h("tbody", {}, rows)));
  const place = h("div");
  panel.append(place);
  let seen = "";

  const version = (one, label) => {
    const inside = h("tr", { hidden: true }, h("td", { colspan: 6, class: "inside" }));
    const open = h("button", { class: "quiet", "aria-expanded": "false", "aria-label": `Files of ${label}`, onclick: async () => {
      inside.hidden = !inside.hidden;
      open.setAttribute("aria-expanded", String(!inside.hidden));
      if (inside.hidden) return;
      try {
        const { description, metadata, total, files } = await get("contents", { run: one.run, key: one.key, manifest: one.manifest });
        inside.firstChild.replaceChildren(description ? h("p", {}, description) : "", Object.keys(metadata).length ? h("pre", {}, JSON.stringify(metadata, null, 1)) : "",
          ...files.map((file) => h("div", {}, file.url ? h("a", { href: file.url, download: file.path.split("/").pop() }, file.path) : h("span", {}, file.path), " ", h("span", { class: "faint" }, file.reference ? `refers to ${file.reference}` : typeof file.size === "number" ? bytes(file.size) : ""))),
          total > files.length ? h("p", { class: "faint" }, `and ${total - files.length} more`) : total ? "" : h("p", { class: "faint" }, "It holds no files."));
      } catch (error) { inside.firstChild.replaceChildren(h("span", { class: "bad" }, error.message)); }
    } }, `v${one.number}`);
    return [h("tr", {}, h("th", { scope: "row" }, open), h("td", {}, tags(one.aliases.map(String))), h("td", {}, h("a", { href: projectPath(project, one.run) }, one.runName ?? one.run)), h("td", { class: "number" }, bytes(one.size)), h("td", {}, moment(one.time)), h("td", { class: "mono" }, one.digest.slice(0, 12))), inside];
  };
  const grew = async () => {
    const now = JSON.stringify([about().files, about().runs.map((run) => [run.wandb.artifacts, run.wandb.used_artifacts])]);
    if (now === seen) return; // keep expanded rows
    seen = now;
    const [{ files }, { collections, used }] = await Promise.all([get("files", asked), get("artifacts", asked)]);
    const others = files.filter((file) => !file.key.startsWith("artifacts/"));
    refill(place,
      collections.map(({ name: title, versions }) => [h("h2", {}, title, " ", h("span", { class: "faint" }, versions[0]?.type ?? "artifact")),
        table(["Version", "Aliases", "Run", "Size", "Logged", "Digest"], [...versions].reverse().map((one) => version(one, `${title} v${one.number}`)))]),
      used.map((one) => h("p", {}, name(one.run), " used ", h("code", {}, one.name))),
      others.length ? [h("h2", {}, "Files"), table([several && "Run", "File", "Size", "Step", "Logged"].filter(Boolean), others.map((file) => h("tr", {}, several ? h("td", {}, name(file.run)) : null,
        h("td", {}, h("a", { href: file.url, download: file.name.split("/").pop() }, file.key)), h("td", { class: "number" }, bytes(file.size)), h("td", { class: "number" }, file.step), h("td", {}, moment(file.time)))))] : null,
      collections.length || others.length || used.length ? null : h("p", { class: "faint" }, "No artifacts or files have been logged."));
  };
  await grew();
  return { grew };
}

function aboutTab({ panel, about, project }) {
  const link = (run) => h("a", { href: projectPath(project, run.id) }, `${run.display} ${run.name}`);
  const draw = () => {
    const { alerts, runs } = about();
    const notes = runs.filter(notesOf);
    const lineage = (run) => [[...run.lineage].reverse().map((one) => [link(one), h("span", { class: "faint" }, ` at step ${one.step} → `)]), h("b", {}, run.name),
      run.forks.length ? [" → ", run.forks.map((one) => [link(one), h("span", { class: "faint" }, ` (from step ${one.fork_step}) `)])] : ""];
    const facts = [["id", (run) => run.external ?? undefined], ["group", (run) => run.wandb.group], ["job type", (run) => run.wandb.job_type], ["began", (run) => moment(run.created)], ["last activity", (run) => moment(run.seen)]];
    refill(panel,
      notes.length ? [h("h2", {}, "Notes"), notes.map((run) => h("article", { class: "card part" }, runs.length > 1 ? h("h3", {}, run.name) : "", markdown(notesOf(run))))] : null,
      h("h2", {}, "Alerts"), alerts.length ? h("div", { class: "cards" }, alerts.map((alert) => h("article", { class: "card" }, h("h3", { class: { ERROR: "bad", WARN: "warn" }[alert.level] ?? "" }, `${alert.level}: ${alert.title}`), h("p", {}, alert.body), h("p", { class: "faint" }, runs.length > 1 ? `${runs.find((run) => run.id === alert.run)?.name}, ` : "", moment(alert.time))))) : h("p", { class: "faint" }, "None."),
      h("h2", {}, "Forks"), runs.map((run) => h("p", {}, run.lineage.length || run.forks.length ? lineage(run) : h("span", { class: "faint" }, `${run.name} was not forked and has no forks.`))),
      h("h2", {}, "System"), beside(runs, [...facts.map(([label, fact]) => [label, runs.map(fact)]).filter(([, cells]) => cells.some((cell) => cell !== undefined && cell !== null)),
        ...[...new Set(runs.flatMap((run) => Object.keys(run.metadata)))].sort().map((key) => [key, runs.map((run) => run.metadata[key])])]));
  };
  draw();
  return { grew: draw };
}
