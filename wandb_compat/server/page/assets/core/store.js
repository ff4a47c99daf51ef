// The one store of the page: its state in slices, changed by `store.set` and read by components with `useStore`.

import { useLayoutEffect, useReducer, useRef } from "./html.js";
import { initialState } from "./state.js";

/**
 * Create a store.
 *
 * @template {object} S
 * @param {S} initial
 */
export function createStore(initial) {
  let state = initial;
  /** @type {Set<() => void>} */
  const listeners = new Set();
  return {
    get: () => state,
    /**
     * Replace slices of the state; listeners are called if any slice is another object or value.
     *
     * @param {Partial<S> | ((state: S) => Partial<S>)} change
     */
    set(change) {
      const patch = typeof change === "function" ? change(state) : change;
      if (Object.entries(patch).every(([name, value]) => Object.is(value, state[/** @type {keyof S} */ (name)]))) return;
      state = { ...state, ...patch };
      for (const listener of [...listeners]) listener();
    },
    /** @param {() => void} listener */
    subscribe(listener) {
      listeners.add(listener);
      return () => { listeners.delete(listener); };
    },
  };
}

export const store = createStore(initialState());

/**
 * Return a part of the state; the component is drawn again when that part changes.
 *
 * @template T
 * @param {(state: import("./state.js").State) => T} select returns a slice, or a value computed from slices that
 *   `Object.is` can compare
 * @returns {T}
 */
export function useStore(select) {
  const [, redraw] = useReducer((/** @type {number} */ count) => count + 1, 0);
  const value = select(store.get());
  const latest = useRef({ value, select });
  latest.current = { value, select };
  useLayoutEffect(() => {
    const check = () => { if (!Object.is(latest.current.select(store.get()), latest.current.value)) redraw(0); };
    check(); // the state may have changed between drawing and now
    return store.subscribe(check);
  }, []);
  return value;
}
