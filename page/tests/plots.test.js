import assert from "node:assert/strict";
import test from "node:test";

import { makeScale, roundTicks } from "../../wandb_compat/server/page/assets/plots/scales.js";
import { binsOf, boxOf, explainedVariance, importanceOf, rankCorrelation, valueGroups } from "../../wandb_compat/server/page/assets/plots/statistics.js";

test("ranks correlate whatever the scale; equal values share a rank", () => {
  assert.equal(rankCorrelation([[1, 1], [10, 2], [100, 3]]), 1);
  assert.equal(rankCorrelation([[1, 9], [2, 4], [3, 1]]), -1);
  assert.equal(rankCorrelation([[1, 1], [1, 2], [1, 3]]), null);
  assert.equal(rankCorrelation([[1, 1], [2, 2]]), null);
  assert.equal(+rankCorrelation([[1, 1], [2, 2], [2, 3], [3, 4]]).toFixed(4), 0.9487); // scipy.stats.spearmanr
});

test("groups that decide the value explain it, others do not", () => {
  const items = [["a", 1], ["a", 1], ["b", 5], ["b", 5]].map(([group, value]) => ({ group, value }));
  assert.equal(explainedVariance(items), 1);
  assert.equal(explainedVariance([["a", 1], ["b", 1], ["a", 5], ["b", 5]].map(([group, value]) => ({ group, value }))), 0);
  assert.equal(explainedVariance([{ group: "a", value: 1 }, { group: "b", value: 2 }]), null); // no run to spare
  // One way analysis of variance by hand: between 13.5, within 1 with 4 degrees of freedom.
  const known = [["a", 1], ["a", 2], ["a", 1.5], ["b", 4], ["b", 5], ["b", 4.5]].map(([group, value]) => ({ group, value }));
  assert.equal(+explainedVariance(known).toFixed(6), +((13.5 - 1 / 4) / 14.5).toFixed(6));
});

test("the key that matters comes first", () => {
  const runs = Array.from({ length: 40 }, (_, at) => ({ values: { lr: at % 8, opt: at % 2 ? "adam" : "sgd", same: 1 }, target: (at % 8) * 10 + (at % 3) }));
  const found = importanceOf(runs, ["opt", "lr", "same"]);
  assert.deepEqual(found.map((row) => row.key), ["lr", "opt"]);
  assert.ok(found[0].importance > 0.9 && found[0].correlation > 0.95);
  assert.equal(found[1].correlation, null);
  assert.equal(new Set(valueGroups(Array.from({ length: 100 }, (_, at) => at))).size, 5);
});

test("boxes and bins hold all values", () => {
  const box = boxOf([1, 2, 3, 4, 100]);
  assert.deepEqual([box.low, box.middle, box.high, box.from, box.to, box.outliers], [2, 3, 4, 1, 4, [100]]);
  const bins = binsOf([1, 1, 2, 3, 9]);
  assert.equal(bins.reduce((sum, bin) => sum + bin.count, 0), 5);
  assert.deepEqual(binsOf([4, 4]).map((bin) => bin.count), [2]);
});

test("scales have round ticks, logarithms only of what is positive", () => {
  assert.deepEqual(roundTicks(0, 1), [0, 0.2, 0.4, 0.6, 0.8, 1]);
  const scale = makeScale([0.001, -1, 1, null], 0, 100, { log: true, label: String });
  assert.equal(scale.place(-1), null);
  assert.ok(scale.place(0.001) < 10 && scale.place(1) > 90);
  const words = makeScale(["b", "a"], 0, 100, { label: String });
  assert.deepEqual([words.place("a"), words.place("b"), words.place(null)], [25, 75, null]);
});
