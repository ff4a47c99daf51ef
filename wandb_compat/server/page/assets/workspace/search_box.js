// The search box of the runs: words and conditions, with completion of keys.

import { html, useEffect, useRef, useState } from "../core/html.js";
import { debounce } from "../core/format.js";
import { updateQuery } from "../core/router.js";
import { completions } from "./filters.js";

/** @param {{value: string, keys: import("./filters.js").Keys, trouble: string}} props */
export function SearchBox({ value, keys, trouble }) {
  const input = useRef(/** @type {HTMLInputElement | null} */ (null));
  const [text, setText] = useState(value);
  const [open, setOpen] = useState(false);
  const [chosen, setChosen] = useState(-1);
  useEffect(() => { if (document.activeElement !== input.current) setText(value); }, [value]);
  const search = useRef(debounce((/** @type {string} */ words) => updateQuery({ search: words }))).current;
  const { from, choices } = open ? completions(text, keys) : { from: 0, choices: [] };
  const change = (/** @type {string} */ next) => { setText(next); search(next); setChosen(-1); };
  const complete = (/** @type {string} */ key) => { change(`${text.slice(0, from)}${key}`); setOpen(false); input.current?.focus(); };
  const onKey = (/** @type {KeyboardEvent} */ event) => {
    if (event.key === "Escape" && open && choices.length) setOpen(false);
    else if (event.key === "Escape") input.current?.blur();
    else if (!choices.length) return;
    else if (event.key === "ArrowDown") setChosen((chosen + 1) % choices.length);
    else if (event.key === "ArrowUp") setChosen((chosen - 1 + choices.length) % choices.length);
    else if ((event.key === "Enter" || event.key === "Tab") && chosen >= 0) complete(choices[chosen]);
    else return;
    event.preventDefault();
  };
  return html`<div class="search-box"><input ref=${input} type="search" id="search-runs" role="combobox" aria-label="Search runs" placeholder="Search, or lr > 0.01" title="Words in name, id, tags, notes and config; conditions such as lr > 0.01, val/acc >= 0.9, state = failed, tag = baseline"
      autocomplete="off" spellcheck=${false} aria-expanded=${choices.length > 0} aria-controls="search-choices" aria-autocomplete="list" aria-activedescendant=${chosen >= 0 ? `choice-${chosen}` : undefined}
      value=${text} onInput=${(/** @type {any} */ event) => { setOpen(true); change(event.target.value); }} onKeyDown=${onKey} onBlur=${() => setTimeout(() => setOpen(false), 150)} />
    <ul id="search-choices" role="listbox" aria-label="Keys" hidden=${!choices.length}>${choices.map((key, place) => html`<li key=${key} id=${`choice-${place}`} role="option" aria-selected=${place === chosen} onMouseDown=${(/** @type {Event} */ event) => { event.preventDefault(); complete(key); }}>${key}</li>`)}</ul>
    ${trouble && html`<p class="bad trouble" role="alert">${trouble}</p>`}</div>`;
}
