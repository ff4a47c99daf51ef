// The search box of the runs: words, and conditions such as `lr > 0.01`, as a filter that the server understands.

/** @typedef {{config: string[], summary: string[]}} Keys that runs have */
/** @typedef {{words: string, filter: object | null, trouble: string}} Parsed */

export const OPERATORS = ["!=", ">=", "<=", "=", ">", "<", "~"];
const CONDITION = /([^\s!=<>~"]+)\s*(!=|>=|<=|=|>|<|~)\s*("[^"]*"|[^\s"]+)/g;
const UNFINISHED = /([^\s!=<>~"]+)\s*(!|!=|>=|<=|=|>|<|~)\s*("[^"]*)?$/;
/** @type {Record<string, string>} */
const WORDS = { "=": "$eq", "!=": "$ne", ">": "$gt", "<": "$lt", ">=": "$gte", "<=": "$lte", "~": "$regex" };
/** @type {Record<string, string>} our names of a run's own fields, and the server's */
const FIELDS = { name: "name", state: "status", status: "status", tag: "tags", tags: "tags", group: "config.wandb.group", jobType: "config.wandb.job_type", job_type: "config.wandb.job_type", created: "created_at", notes: "config.wandb.notes" };
export const FIELD_NAMES = ["name", "state", "tag", "group", "jobType", "created"];

/**
 * Read what stands in the search box.
 *
 * @param {string} text
 * @param {Keys} keys
 * @returns {Parsed} `words` are searched in names, tags, notes and config; `filter` is null without a condition;
 *   `trouble` says which condition cannot be used
 */
export function parseSearch(text, keys) {
  /** @type {object[]} */
  const filters = [];
  let trouble = "";
  let words = text.replaceAll(CONDITION, (_, field, operator, value) => {
    const made = condition(field, operator, value.replace(/^"(.*)"$/, "$1"), keys);
    if (typeof made === "string") trouble = made; else filters.push(made);
    return " ";
  });
  words = words.replace(UNFINISHED, " ").replaceAll(/\s+/g, " ").trim();
  return { words, filter: filters.length ? { $and: filters } : null, trouble };
}

/**
 * Return the filter of one condition, or why it cannot be used.
 *
 * @param {string} field a field of FIELD_NAMES, `config.KEY`, `summary.KEY`, or a key, which is looked up in both
 * @param {string} operator
 * @param {string} value
 * @param {Keys} keys
 * @returns {object | string}
 */
export function condition(field, operator, value, keys) {
  const bare = !field.startsWith("config.") && !field.startsWith("summary.");
  const inConfig = field.startsWith("config.") || (bare && keys.config.includes(field));
  const inSummary = field.startsWith("summary.") || (bare && keys.summary.includes(field));
  if (bare && !inConfig && !inSummary && Object.hasOwn(FIELDS, field)) return fieldCondition(FIELDS[field], operator, value);
  const key = bare ? field : field.slice(field.indexOf(".") + 1);
  const isNumber = value.trim() !== "" && Number.isFinite(Number(value));
  if (/[<>]/.test(operator) && !isNumber) return `${field} ${operator} needs a number, not ${value}`;
  const parts = [];
  if (inConfig || !inSummary) parts.push({ [`config.${key}`]: { [WORDS[operator]]: value } });
  if ((inSummary || !inConfig) && isNumber && operator !== "~") {
    const name = `summary_metrics.${key}`, bound = Number(value);
    parts.push({ [name]: operator === "=" ? { $gte: bound, $lte: bound } : { [WORDS[operator]]: bound } });
  }
  if (!parts.length) return `${field} is a metric: compare it with a number`;
  return parts.length === 1 ? parts[0] : { $or: parts };
}

/** @param {string} name @param {string} operator @param {string} value @returns {object | string} */
function fieldCondition(name, operator, value) {
  if (name === "created_at") return /[<>]/.test(operator) ? { [name]: { [WORDS[operator]]: value } } : "created is compared with <, <=, > or >= and a date: created > 2026-01-31";
  if (name === "tags") return operator === "=" ? { tags: value } : operator === "!=" ? { $not: { tags: value } } : "tag is compared with = or !=";
  if (/[<>]/.test(operator)) return `${name} has no order; use =, != or ~`;
  return operator === "=" && name === "status" ? { status: value } : { [name]: { [WORDS[operator]]: value } };
}

/**
 * Return how the last word of the search box can go on.
 *
 * @param {string} text
 * @param {Keys} keys
 * @returns {{from: number, choices: string[]}} `from` is where the word begins
 */
export function completions(text, keys) {
  const found = /[^\s!=<>~"]*$/.exec(text);
  const word = found?.[0] ?? "", from = found?.index ?? text.length;
  if (!word || /[!=<>~]\s*$/.test(text.slice(0, from))) return { from, choices: [] };
  const lower = word.toLowerCase();
  const all = [...new Set([...FIELD_NAMES, ...keys.config, ...keys.summary.filter((key) => !key.startsWith("sys/"))])];
  const begins = all.filter((key) => key.toLowerCase().startsWith(lower)), holds = all.filter((key) => !begins.includes(key) && key.toLowerCase().includes(lower));
  return { from, choices: [...begins, ...holds].filter((key) => key !== word).slice(0, 8) };
}
