// Small parts that many views use: the state of a run, tags, its colour.

import { html } from "../core/html.js";

/** @param {{status: string}} props */
export const State = ({ status }) => html`<span class="state ${status}">${status.toLowerCase()}</span>`;

/** @param {{names: string[]}} props */
export const Tags = ({ names }) => names.map((name) => html`<span class="tag" key=${name}>${name}</span>`);

/** The colour mark of a run. @param {{color: string}} props */
export const Dot = ({ color }) => html`<i class="dot" style=${{ background: color }} />`;
