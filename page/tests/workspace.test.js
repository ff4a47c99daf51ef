import assert from "node:assert/strict";
import test from "node:test";

import { makeAxis, passes } from "../../wandb_compat/server/page/assets/workspace/axes.js";
import { completions, parseSearch } from "../../wandb_compat/server/page/assets/workspace/filters.js";
import { groupRuns } from "../../wandb_compat/server/page/assets/workspace/grouping.js";
import { movedSection } from "../../wandb_compat/server/page/assets/workspace/layout.js";
import { inverted, only, readSelection, toggled, visibleRuns, writeSelection } from "../../wandb_compat/server/page/assets/workspace/selection.js";

const KEYS = { config: ["lr", "opt", "loss"], summary: ["loss", "val/acc"] };
const RUNS = Array.from({ length: 14 }, (_, at) => ({ id: at + 1, created: 1000 * at }));
const ids = (found) => [...found].sort((one, other) => one - other);

test("the search box takes words and conditions", () => {
  const { words, filter, trouble } = parseSearch('cosine lr > 0.01 "val/acc">=0.9 resnet val/acc >= 0.9 opt = "two words"', KEYS);
  assert.equal(trouble, "");
  assert.match(words, /cosine/);
  assert.deepEqual(filter.$and.slice(0, 1), [{ "config.lr": { $gt: "0.01" } }]);
  assert.deepEqual(filter.$and.at(-1), { "config.opt": { $eq: "two words" } });
  assert.deepEqual(parseSearch("loss<0.5", KEYS).filter, { $and: [{ $or: [{ "config.loss": { $lt: "0.5" } }, { "summary_metrics.loss": { $lt: 0.5 } }] }] });
  assert.deepEqual(parseSearch("state = failed tag = base", KEYS).filter, { $and: [{ status: "failed" }, { tags: "base" }] });
  assert.deepEqual(parseSearch("lr >", KEYS), { words: "", filter: null, trouble: "" });
  assert.match(parseSearch("lr > high", KEYS).trouble, /needs a number/);
  assert.match(parseSearch("val/acc = good", KEYS).trouble, /is a metric/);
});

test("keys complete the last word", () => {
  assert.deepEqual(completions("foo lo", KEYS), { from: 4, choices: ["loss"] });
  assert.deepEqual(completions("lr > 0", KEYS).choices, []);
  assert.deepEqual(completions("", KEYS).choices, []);
});

test("the newest runs are shown, others are switched on and off by hand", () => {
  const first = readSelection(new URLSearchParams());
  assert.deepEqual(ids(visibleRuns(RUNS, first)), [5, 6, 7, 8, 9, 10, 11, 12, 13, 14]);
  const off = toggled(first, [14], false), on = toggled(off, [1], true);
  assert.deepEqual(ids(visibleRuns(RUNS, on)), [1, 5, 6, 7, 8, 9, 10, 11, 12, 13]);
  const query = new URLSearchParams(Object.entries(writeSelection(on)).filter(([, value]) => value !== null));
  assert.deepEqual(readSelection(query), on);
  assert.deepEqual(ids(visibleRuns(RUNS, inverted(RUNS, on))), [2, 3, 4, 14]);
  assert.deepEqual(ids(visibleRuns(RUNS, only([3, 99]))), [3]);
  assert.deepEqual(readSelection(new URLSearchParams("show=<b>&on=1.x.-2")), { base: 10, on: [1], off: [] });
});

test("runs are grouped by keys; a group's colour does not depend on the order", () => {
  const runs = ["a", "b", "a"].map((group, id) => ({ id, group, tags: [], values: [] }));
  const groups = groupRuns(runs, ["group"], () => null), turned = groupRuns([...runs].reverse(), ["group"], () => null);
  assert.deepEqual(groups.map((group) => [group.label, group.runs.length]), [["group: a", 2], ["group: b", 1]]);
  assert.equal(groups.find((group) => group.label === "group: b").color, turned.find((group) => group.label === "group: b").color);
  assert.notEqual(groups[0].color, groups[1].color);
  assert.deepEqual(groupRuns(runs, ["config.lr", "tags"], () => 0.1).map((group) => group.label), ["lr: 0.1, tag: none"]);
});

test("sections move", () => {
  assert.deepEqual(movedSection(["a", "b", "c"], "c", "a"), ["c", "a", "b"]);
  assert.deepEqual(movedSection(["a", "b", "c"], "a", null), ["b", "c", "a"]);
});

test("axes have shares from 0 to 1, logarithmic where values span a lot", () => {
  const axis = makeAxis([0.001, 0.01, 1]);
  assert.equal(+axis.share(0.001).toFixed(6), 0);
  assert.equal(+axis.share(1).toFixed(6), 1);
  assert.ok(axis.share(0.01) > 0.3);
  assert.equal(axis.share(null), null);
  const words = makeAxis(["x", "y", null]);
  assert.deepEqual([words.numeric, words.share("x"), words.share("y")], [false, 0, 1]);
  assert.ok(passes([0.5, 0.1], [[0.4, 0.6], null]) && !passes([0.5, 0.1], [null, [0.4, 0.6]]) && !passes([null], [[0, 1]]));
});
