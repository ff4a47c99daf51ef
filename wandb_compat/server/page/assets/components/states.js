// What a view shows when it has nothing, is loading, or cannot be shown.

import { html, useErrorBoundary, useState } from "../core/html.js";

/** Grey shapes while something is loading. @param {{rows?: number, kind?: "lines" | "charts"}} props */
export function Skeleton({ rows = 6, kind = "lines" }) {
  return html`<div class="skeleton ${kind}" role="status"><span class="hidden-words">Loading…</span>${Array.from({ length: rows }, (_, row) => html`<i key=${row} />`)}</div>`;
}

/** What is not there yet, and the next step. @param {{title: string, command?: string, children?: any}} props */
export function Empty({ title, command, children }) {
  return html`<div class="empty-state"><h2>${title}</h2>${children}${command && html`<${Command} text=${command} />`}</div>`;
}

/** A command with a button that copies it. @param {{text: string}} props */
export function Command({ text }) {
  const [copied, setCopied] = useState(false);
  const copy = () => navigator.clipboard?.writeText(text).then(() => setCopied(true));
  return html`<div class="command"><code tabindex="0">${text}</code><button type="button" onClick=${copy} aria-label=${`Copy ${text}`}>${copied ? "Copied" : "Copy"}</button></div>`;
}

/** A view that cannot be shown, and the way out. @param {{error: Error, back?: {href: string, label: string}}} props */
export function ErrorState({ error, back = { href: "/", label: "All projects" } }) {
  return html`<div class="empty-state"><h2>${error.name === "NotFound" ? "Not found" : "This view could not be loaded"}</h2>
    <p class="bad" role="alert">${error.message}</p><p><a href=${back.href}>${back.label}</a></p></div>`;
}

/** Shows an error of its children in their place. @param {{children: any}} props */
export function Boundary({ children }) {
  const [error] = useErrorBoundary((/** @type {Error} */ problem) => console.error(problem));
  return error ? html`<${ErrorState} error=${error} />` : children;
}
