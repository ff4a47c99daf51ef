// A modal dialog: keeps the focus inside, Escape and a click beside it close it.

import { html, useEffect, useRef } from "../core/html.js";

/** @param {{label: string, onClose: () => void, wide?: boolean, children?: any}} props */
export function Dialog({ label, onClose, wide = false, children }) {
  const box = useRef(/** @type {HTMLDialogElement | null} */ (null));
  useEffect(() => {
    const before = document.activeElement;
    box.current?.showModal();
    return () => { if (before instanceof HTMLElement && before.isConnected) before.focus({ preventScroll: true }); };
  }, []);
  return html`<dialog ref=${box} class=${wide ? "wide" : ""} aria-label=${label} onClose=${onClose} onClick=${(/** @type {MouseEvent} */ event) => event.target === box.current && box.current?.close()}>
    <div class="dialog-body"><header class="dialog-head"><h2>${label}</h2><button type="button" class="quiet" aria-label="Close" onClick=${() => box.current?.close()}>✕</button></header>${children}</div></dialog>`;
}
