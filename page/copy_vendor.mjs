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
];

mkdirSync(VENDOR, { recursive: true });
for (const [source, name] of FILES) {
  const from = here(`node_modules/${source}`);
  if (!name.endsWith(".js")) { copyFileSync(from, VENDOR + name); continue; }
  const text = readFileSync(from, "utf8").replaceAll(/from\s*"preact"/g, 'from"./preact.js"').replaceAll(/^\/\/# sourceMappingURL=.*$/gm, "");
  writeFileSync(VENDOR + name, text.trimEnd() + "\n");
}
