// Shows a view that fills an element itself and returns a function that ends it.

import { html, useEffect, useRef, useState } from "../core/html.js";
import { ErrorState } from "./states.js";

/**
 * @param {{view: (container: HTMLElement, ...of: any[]) => Promise<(() => void) | void>, of: any[]}} props the view is
 *   drawn anew when one of the values `of` changes
 */
export function Imperative({ view, of }) {
  const place = useRef(/** @type {HTMLDivElement | null} */ (null));
  const [error, setError] = useState(/** @type {Error | null} */ (null));
  useEffect(() => {
    const container = document.createElement("div");
    place.current?.replaceChildren(container);
    setError(null);
    /** @type {(() => void) | void} */
    let stop;
    let left = false;
    view(container, ...of).then((leave) => { stop = leave; if (left) stop?.(); }, (problem) => { if (!left) { container.remove(); setError(problem); } });
    return () => { left = true; stop?.(); };
  }, of);
  return html`<div><div ref=${place} />${error && html`<${ErrorState} error=${error} />`}</div>`;
}
