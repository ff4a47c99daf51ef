// The list of keyboard shortcuts.

import { html } from "../core/html.js";
import { currentShortcuts } from "../core/shortcuts.js";
import { store, useStore } from "../core/store.js";
import { Dialog } from "./dialog.js";

export function Shortcuts() {
  const open = useStore((state) => state.dialog === "shortcuts");
  if (!open) return null;
  return html`<${Dialog} label="Keyboard shortcuts" onClose=${() => store.set({ dialog: null })}>
    <dl class="shortcuts">${currentShortcuts().map((one) => html`<div key=${one.key}><dt><kbd>${one.key}</kbd></dt><dd>${one.label}</dd></div>`)}</dl>
    <p class="faint">On a chart: arrow keys move along the lines, + and − zoom, 0 shows everything.</p></${Dialog}>`;
}
