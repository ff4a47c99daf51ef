// The settings of one chart. Empty fields take the setting of all charts.

import { html, useState } from "../core/html.js";
import { Dialog } from "../components/dialog.js";

/**
 * @param {object} props
 * @param {string} props.id
 * @param {string} props.metric
 * @param {import("./layout.js").PanelSettings} props.settings
 * @param {import("./panel.js").Scene} props.scene
 * @param {(settings: import("./layout.js").PanelSettings) => void} props.onChange
 * @param {() => void} props.onClose
 */
export function SettingsDialog({ id, metric, settings, scene, onChange, onClose }) {
  const [values, setValues] = useState(settings);
  const set = (/** @type {object} */ change) => {
    const next = Object.fromEntries(Object.entries({ ...values, ...change }).filter(([, value]) => value !== undefined && value !== "" && value !== null && !Number.isNaN(value)));
    setValues(next);
    onChange(next);
  };
  const text = (/** @type {string} */ name, /** @type {string} */ label, /** @type {string} */ hint) => html`<label for=${`${name}-${id}`}>${label}</label><input type="text" id=${`${name}-${id}`} value=${/** @type {any} */ (values)[name] ?? ""} placeholder=${hint} onInput=${(/** @type {any} */ event) => set({ [name]: event.target.value })} />`;
  const limit = (/** @type {string} */ name, /** @type {string} */ label) => html`<input type="number" step="any" aria-label=${label} placeholder=${label} value=${/** @type {any} */ (values)[name] ?? ""} onInput=${(/** @type {any} */ event) => set({ [name]: event.target.value === "" ? undefined : Number(event.target.value) })} />`;
  const choice = (/** @type {string} */ name, /** @type {string} */ label) => html`<label for=${`${name}-${id}`}>${label}</label><select id=${`${name}-${id}`} value=${String(/** @type {any} */ (values)[name] ?? "")} onChange=${(/** @type {any} */ event) => set({ [name]: event.target.value === "" ? undefined : event.target.value === "true" })}>
    <option value="">as all charts</option><option value="true">yes</option><option value="false">no</option></select>`;
  return html`<${Dialog} label=${`Settings of ${metric}`} onClose=${onClose}><div class="settings-form">
    ${text("title", "Title", metric)}
    ${text("metrics", "Metrics", `${metric}, or several between commas, or /expression/`)}
    <label for=${`x-${id}`}>X axis</label><select id=${`x-${id}`} value=${values.x ?? ""} onChange=${(/** @type {any} */ event) => set({ x: event.target.value })}><option value="">as all charts</option>${axisChoices(scene.metrics)}</select>
    ${text("xTitle", "Title of the x axis", "")}${text("yTitle", "Title of the y axis", "")}
    <span>Range of y</span><span class="pair">${limit("yMin", "lowest")} to ${limit("yMax", "highest")}</span>
    ${choice("logX", "Logarithmic x")}${choice("logY", "Logarithmic y")}${choice("clip", "Ignore outliers")}
    <label for=${`smoothing-${id}`}>Smoothing</label><span class="pair"><select id=${`smoothing-${id}`} value=${values.smoothing ?? ""} onChange=${(/** @type {any} */ event) => set({ smoothing: event.target.value })}><option value="">as all charts</option>${smoothingChoices()}</select>
      <input type="range" min="0" max="0.99" step="0.01" aria-label="Amount of smoothing" value=${values.amount ?? scene.look.amount} onInput=${(/** @type {any} */ event) => set({ amount: Number(event.target.value) })} /></span>
  </div></${Dialog}>`;
}

export const smoothingChoices = () => [["ema", "exponential"], ["mean", "running mean"], ["gaussian", "Gaussian"]].map(([value, label]) => html`<option key=${value} value=${value}>${label}</option>`);

/** @param {string[]} metrics */
export const axisChoices = (metrics) => [["step", "step"], ["time", "seconds"], ["wall", "time of day"], ...metrics.filter((key) => !key.startsWith("sys/")).slice(0, 300).map((key) => [key, key])].map(([value, label]) => html`<option key=${value} value=${value}>${label}</option>`);
