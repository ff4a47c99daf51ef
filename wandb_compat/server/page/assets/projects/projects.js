// The front page: the projects of this server.

import { html, useEffect, useState } from "../core/html.js";
import { get } from "../core/requests.js";
import { useLive } from "../core/live.js";
import { projectPath } from "../core/router.js";
import { ago } from "../core/format.js";
import { Empty, ErrorState, Skeleton } from "../components/states.js";

/** @typedef {{name: string, runs: number, running: number, failed: number, seen: number}} Project */

export function ProjectList() {
  const [projects, setProjects] = useState(/** @type {Project[] | null} */ (null));
  const [error, setError] = useState(/** @type {Error | null} */ (null));
  const load = () => get("projects").then((answer) => setProjects(answer.projects));
  useEffect(() => { document.title = "Projects · Pluto"; load().catch(setError); }, []);
  useLive({}, load);
  if (error) return html`<${ErrorState} error=${error} />`;
  if (!projects) return html`<${Skeleton} />`;
  if (!projects.length) return html`<${Empty} title="No runs yet" command="wandb-compat run --local train.py"><p>Log a first run. In a terminal:</p></${Empty}>`;
  return html`<div class="page"><h1>Projects</h1><div class="cards row">${projects.map((one) => html`
    <a class="card" key=${one.name} href=${projectPath(one.name)}><h2>${one.name}</h2>
      <div class="faint">${one.runs} run${one.runs === 1 ? "" : "s"}${one.running ? `, ${one.running} running` : ""}${one.failed ? `, ${one.failed} failed` : ""}</div>
      <div class="faint">${ago(one.seen)}</div></a>`)}</div></div>`;
}
