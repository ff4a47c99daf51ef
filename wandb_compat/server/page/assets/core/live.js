// The event stream of changes: views run their tasks again after something has changed on the server.

import { announceShown, BASE } from "./frame.js";
import { useEffect, useRef } from "./html.js";
import { store } from "./store.js";

/**
 * Run each task after a change event, one at a time and a second apart, to bound the request rate.
 *
 * @param {Record<string, string>} query
 * @param {...(() => unknown)} tasks
 * @returns {() => void} ends it
 */
export function listen(query, ...tasks) {
  const source = new EventSource(`${BASE}/page/events?${new URLSearchParams(query)}`);
  const due = new Set();
  let first = true, busy = false, left = false;
  const work = async () => {
    if (busy) return;
    busy = true;
    while (due.size && !left) {
      const [task] = due;
      due.delete(task);
      try { await task(); } catch (error) { console.warn(String(error)); }
      await new Promise((done) => setTimeout(done, 1000));
    }
    busy = false;
  };
  source.onopen = () => { store.set({ live: "on" }); announceShown(); };
  source.onerror = () => { store.set({ live: "off" }); };
  source.onmessage = () => {
    if (first) { first = false; return; }
    // Pending tasks keep their position, so that the first task cannot starve the others.
    tasks.forEach((task) => due.add(task));
    work();
  };
  return () => { left = true; source.close(); store.set({ live: "" }); };
}

/**
 * Run tasks after each change while the component is shown.
 *
 * @param {Record<string, string>} query what is watched: `project`, `runs`, or all
 * @param {...(() => unknown)} tasks the latest ones are run
 */
export function useLive(query, ...tasks) {
  const latest = useRef(tasks);
  latest.current = tasks;
  useEffect(() => listen(query, ...tasks.map((_, place) => () => latest.current[place]?.())), [JSON.stringify(query)]);
}
