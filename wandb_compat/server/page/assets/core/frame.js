// Whether the page is the view of one run in a frame of a notebook: such an address begins with `/embed/TOKEN`.

/** What an address begins with before the page's own path: empty outside of frames. */
export const BASE = (typeof location === "undefined" ? null : /^\/embed\/[^/]+/.exec(location.pathname)?.[0]) ?? "";

/** What the frame posts to the notebook once it shows live data, so that the notebook hides its static picture. */
const SHOWN = "pluto-run-shown";

/** Return the page's own path, without what a frame's address begins with. */
export const ownPath = () => location.pathname.slice(BASE.length);

/** Tell the notebook around the frame that the view works. */
export function announceShown() {
  if (BASE && window.parent !== window) window.parent.postMessage(SHOWN, "*");
}
