// Copies the pinned libraries and their licences into the page's assets; imports between them become relative.

import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const VENDOR = here("../wandb_compat/server/page/assets/vendor/");
const FILES = [
  ["preact/dist/preact.mjs", "preact.js"],
  ["preact/hooks/dist/hooks.mjs", "preact-hooks.js"],
  ["preact/LICENSE", "preact.LICENSE.txt"],
  ["htm/dist/htm.module.js", "htm.js"],
  ["htm/LICENSE", "htm.LICENSE.txt"],
  ["uplot/dist/uPlot.esm.js", "uPlot.esm.js"],
  ["uplot/dist/uPlot.min.css", "uPlot.min.css"],
  ["uplot/LICENSE", "uPlot.LICENSE.txt"],
  ["vega/build/vega.min.js", "vega.min.js"],
  ["vega/LICENSE", "vega.LICENSE.txt"],
  ["vega-lite/build/vega-lite.min.js", "vega-lite.min.js"],
  ["vega-lite/LICENSE", "vega-lite.LICENSE.txt"],
  ["vega-interpreter/build/vega-interpreter.js", "vega-interpreter.js"],
  ["vega-interpreter/LICENSE", "vega-interpreter.LICENSE.txt"],
  ["marked/lib/marked.esm.js", "marked.js"],
  ["marked/LICENSE", "marked.LICENSE.txt"],
];

mkdirSync(VENDOR, { recursive: true });
for (const [source, name] of FILES) {
  const from = here(`node_modules/${source}`);
  if (!name.endsWith(".js")) { copyFileSync(from, VENDOR + name); continue; }
  const text = readFileSync(from, "utf8").replaceAll(/from\s*"preact"/g, 'from"./preact.js"')
    // Vega comes as a global, which has all of vega-util.
    .replace(/import (\{[^}]*\}) from 'vega-util';/, "const $1 = globalThis.vega;").replaceAll(/^\/\/# sourceMappingURL=.*$/gm, "");
  writeFileSync(VENDOR + name, text.trimEnd() + "\n");
}
