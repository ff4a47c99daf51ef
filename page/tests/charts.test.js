import assert from "node:assert/strict";
import test from "node:test";

import { toCsv, toSvg } from "../../wandb_compat/server/page/assets/charts/export.js";
import { definedAxis, groupPoints, isHidden, linePoints, nearestPoint, rangeWithoutOutliers, sectionOf, smoothed, valueAt } from "../../wandb_compat/server/page/assets/charts/math.js";

const LOOK = { x: "step", logX: false, logY: false, smoothing: "ema", amount: 0, clip: false };

function line(steps, values) {
  const mean = Float64Array.from(values);
  return { last: null, step: Float64Array.from(steps), time: Float64Array.from(steps, (step) => 1000 * step), low: mean.slice(), high: mean.slice(), mean, holes: Float64Array.from(values, (value) => Number(!Number.isFinite(value))) };
}

test("a line keeps gaps, and leaves out what a logarithm cannot draw", () => {
  const drawn = linePoints(line([0, 1, 2, 3], [1, NaN, -2, 4]), null, { ...LOOK, logY: true });
  assert.deepEqual(drawn.x, [0, 1, 2, 3]);
  assert.deepEqual(drawn.mean, [1, null, null, 4]);
  assert.equal(drawn.holes, 1);
  assert.deepEqual(linePoints(line([0, 1, 2], [1, 2, 3]), null, { ...LOOK, logX: true }).x, [1, 2]);
});

test("another metric is the x axis by its value at the same step", () => {
  const epochs = line([0, 10, 20], [0, 1, 2]);
  const drawn = linePoints(line([0, 5, 20, 30], [7, 8, 9, 10]), epochs, { ...LOOK, x: "epoch" });
  assert.deepEqual([drawn.x, drawn.mean], [[0, 0.5, 2], [7, 8, 9]]);
  assert.deepEqual(linePoints(line([0, 2], [1, 2]), null, { ...LOOK, x: "time" }).x, [0, 2]);
  assert.equal(valueAt([1, 2], [5, 6], 3), null);
  assert.equal(valueAt([], [], 3), null);
});

test("smoothing keeps constants, passes over gaps and grows calmer", () => {
  const noise = Array.from({ length: 200 }, (_, at) => (at % 2 ? 1 : -1));
  const roughness = (values) => values.slice(50, 150).reduce((sum, value, at, all) => sum + (at ? Math.abs(value - all[at - 1]) : 0), 0);
  for (const kind of ["ema", "mean", "gaussian"]) {
    assert.deepEqual(smoothed([3, null, 3], kind, 0.9).map((value) => value && +value.toFixed(9)), [3, null, 3]);
    assert.ok(roughness(smoothed(noise, kind, 0.9)) < roughness(smoothed(noise, kind, 0.2)));
    assert.equal(smoothed(noise, kind, 0), noise);
  }
});

test("outliers are outside of the range", () => {
  const [low, high] = rangeWithoutOutliers([[...Array.from({ length: 100 }, (_, at) => at), 1e6]]);
  assert.ok(low >= 0 && high < 200);
  assert.equal(rangeWithoutOutliers([[1, 2]]), null);
});

test("the nearest point has a value", () => {
  assert.equal(nearestPoint([0, 1, 2, 3], [5, null, null, 8], 1.2), 0);
  assert.equal(nearestPoint([0, 1, 2, 3], [5, null, null, 8], 2.2), 3);
  assert.equal(nearestPoint([0, 1], [null, null], 1), -1);
  assert.equal(nearestPoint([], [], 1), -1);
});

test("define_metric decides the axis by name and by prefix", () => {
  const definitions = { "val/*": { step_metric: "epoch" }, loss: { step_metric: "tokens", hidden: true } };
  assert.equal(definedAxis("val/acc", definitions), "epoch");
  assert.equal(definedAxis("loss", definitions), "tokens");
  assert.equal(definedAxis("constructor", definitions), null);
  assert.ok(isHidden("loss", definitions) && !isHidden("val/acc", definitions));
  assert.deepEqual(["loss", "a/b/c", "sys/cpu.0"].map(sectionOf), ["charts", "a", "system/cpu"]);
});

test("downloads are safe to open", () => {
  const points = linePoints(line([0, 1], [1, 2]), null, LOOK);
  const lines = [{ id: "1", name: '=HYPERLINK("x")', color: "#123456", points, last: 2 }];
  assert.match(toCsv(lines, "step"), /^run,step,value,raw,low,high\n"'=HYPERLINK\(""x""\)",0,1,1,1,1\n/);
  const svg = toSvg("<script>", [{ ...lines[0], name: '<img src="x">' }]);
  assert.ok(!svg.includes("<script") && !svg.includes("<img") && svg.includes("&lt;img"));
});

test("a smoothed mean stays in its band", () => {
  const column = (valueOf) => Float64Array.from({ length: 60 }, (_, at) => valueOf(at));
  const group = { x: column((at) => at), mean: column((at) => Math.exp(-at / 8)), low: column((at) => Math.exp(-at / 8) - 0.02), high: column((at) => Math.exp(-at / 8) + 0.03), deviation: column(() => 0.01), count: column(() => 4) };
  for (const spread of ["deviation", "error", "range"]) {
    const { mean, low, high } = groupPoints(group, spread, { ...LOOK, amount: 0.9 });
    assert.ok(mean.every((value, at) => low[at] < value && value < high[at]), spread);
  }
  const { low, mean } = groupPoints(group, "error", LOOK);
  assert.equal(+(mean[3] - low[3]).toFixed(9), 0.005);
});
