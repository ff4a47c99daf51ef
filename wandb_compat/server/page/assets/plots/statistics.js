// Statistics over runs: which config keys a metric depends on, quartiles, histograms.

import { groupBy } from "../core/collections.js";

/** @param {number[]} values in increasing order @param {number} share from 0 to 1 */
export function quantile(values, share) {
  const place = (values.length - 1) * share, below = Math.floor(place);
  return values[below] + (place - below) * ((values[below + 1] ?? values[below]) - values[below]);
}

/**
 * Return what a box plot draws: quartiles, the last values within 1.5 times their distance, and those beyond.
 *
 * @param {number[]} given at least one value
 */
export function boxOf(given) {
  const values = [...given].sort((one, other) => one - other);
  const [low, middle, high] = [0.25, 0.5, 0.75].map((share) => quantile(values, share));
  const reach = 1.5 * (high - low);
  const inside = values.filter((value) => value >= low - reach && value <= high + reach);
  return { low, middle, high, from: inside[0], to: inside[inside.length - 1], outliers: values.filter((value) => value < inside[0] || value > inside[inside.length - 1]) };
}

/**
 * Return the bins of a histogram: from, to and count.
 *
 * @param {number[]} values at least one
 * @param {number} [most] bins
 */
export function binsOf(values, most = 30) {
  const low = Math.min(...values), high = Math.max(...values);
  const count = low === high ? 1 : Math.max(5, Math.min(most, Math.ceil(Math.sqrt(values.length) * 1.5)));
  const width = (high - low) / count || 1;
  const bins = Array.from({ length: count }, (_, at) => ({ from: low + at * width, to: low + (at + 1) * width, count: 0 }));
  for (const value of values) bins[Math.min(count - 1, Math.floor((value - low) / width))].count++;
  return bins;
}

/** The ranks of values from 1; equal values share the mean of theirs. @param {number[]} values */
function ranks(values) {
  const order = values.map((value, at) => ({ value, at })).sort((one, other) => one.value - other.value);
  const found = new Array(values.length);
  for (let from = 0; from < order.length;) {
    let to = from;
    while (to + 1 < order.length && order[to + 1].value === order[from].value) to++;
    for (let place = from; place <= to; place++) found[order[place].at] = (from + to) / 2 + 1;
    from = to + 1;
  }
  return found;
}

/**
 * Return Spearman's rank correlation of pairs, from -1 to 1, or null if one side is constant or pairs are fewer than three.
 *
 * @param {[number, number][]} pairs
 */
export function rankCorrelation(pairs) {
  if (pairs.length < 3) return null;
  const left = ranks(pairs.map(([one]) => one)), right = ranks(pairs.map(([, other]) => other));
  const middle = (pairs.length + 1) / 2;
  let both = 0, first = 0, second = 0;
  left.forEach((rank, at) => { both += (rank - middle) * (right[at] - middle); first += (rank - middle) ** 2; second += (right[at] - middle) ** 2; });
  return first && second ? both / Math.sqrt(first * second) : null;
}

/**
 * Return the share of a metric's variance that groups explain, from 0 to 1 (epsilon squared: the correlation ratio, less
 * what as many groups explain by chance), or null if that cannot be known.
 *
 * @param {{group: string, value: number}[]} items
 */
export function explainedVariance(items) {
  const groups = [...groupBy(items, (item) => item.group).values()];
  const mean = items.reduce((sum, item) => sum + item.value, 0) / items.length;
  const total = items.reduce((sum, item) => sum + (item.value - mean) ** 2, 0);
  if (groups.length < 2 || items.length <= groups.length || !total) return null;
  let between = 0;
  for (const group of groups) {
    const own = group.reduce((sum, item) => sum + item.value, 0) / group.length;
    between += group.length * (own - mean) ** 2;
  }
  const within = (total - between) / (items.length - groups.length);
  return Math.max(0, (between - (groups.length - 1) * within) / total);
}

const QUANTILES = 5; // groups of a number with more values than this

/**
 * Return the group of each value for `explainedVariance`: the value itself, or the fifth in which a number is.
 *
 * @param {unknown[]} values
 * @returns {string[]}
 */
export function valueGroups(values) {
  const distinct = new Set(values.map((value) => JSON.stringify(value)));
  if (distinct.size <= QUANTILES || !values.every((value) => typeof value === "number")) return values.map((value) => JSON.stringify(value) ?? "none");
  const sorted = /** @type {number[]} */ ([...values]).sort((one, other) => one - other);
  const limits = Array.from({ length: QUANTILES - 1 }, (_, at) => quantile(sorted, (at + 1) / QUANTILES));
  return values.map((value) => String(limits.filter((limit) => /** @type {number} */ (value) > limit).length));
}

/**
 * Return how much each config key matters for a metric, the most important first.
 *
 * @param {{values: Record<string, unknown>, target: number}[]} runs
 * @param {string[]} keys
 * @returns {{key: string, importance: number, correlation: number | null}[]}
 */
export function importanceOf(runs, keys) {
  const rows = keys.flatMap((key) => {
    const there = runs.filter((run) => run.values[key] !== undefined && run.values[key] !== null);
    const groups = valueGroups(there.map((run) => run.values[key]));
    const importance = explainedVariance(there.map((run, at) => ({ group: groups[at], value: run.target })));
    if (importance === null) return [];
    const numeric = there.every((run) => typeof run.values[key] === "number");
    return [{ key, importance, correlation: numeric ? rankCorrelation(there.map((run) => [/** @type {number} */ (run.values[key]), run.target])) : null }];
  });
  return rows.sort((one, other) => other.importance - one.importance);
}
