// The route table: which view draws which address. The server answers every path below a project with this page.

import { html } from "./core/html.js";
import { Imperative } from "./components/imperative.js";
import { ProjectList } from "./projects/projects.js";
import { Workspace } from "./workspace/workspace.js";
import * as run from "./run/tabs.js";

/**
 * @typedef {object} Route
 * @property {string} pattern see `matchPath`
 * @property {(props: any) => any} view a component; gets the parameters of the pattern as properties
 * @property {string} [section] which tab of the header is the current one
 */

/** @type {Route[]} */
export const ROUTES = [
  { pattern: "/", view: ProjectList },
  { pattern: "/o/local/projects", view: ProjectList },
  { pattern: "/o/local/projects/:project", view: Workspace, section: "workspace" },
  { pattern: "/o/local/projects/:project/:runs", view: ({ project, runs }) => html`<${Imperative} view=${run.view} of=${[project, runs]} />` },
];
