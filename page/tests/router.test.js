import assert from "node:assert/strict";
import test from "node:test";

import { changedQuery, matchPath } from "../../wandb_compat/server/page/assets/core/router.js";
import { createStore } from "../../wandb_compat/server/page/assets/core/store.js";

test("a path is matched part by part, its parameters are decoded", () => {
  assert.deepEqual(matchPath("/o/local/projects/:project", "/o/local/projects/a%2Fb%20c"), { project: "a/b c" });
  assert.deepEqual(matchPath("/o/local/projects/:project", "/o/local/projects/%E0%A4"), { project: "%E0%A4" });
  assert.deepEqual(matchPath("/p/:project/artifacts/:name*", "/p/x/artifacts/a/b"), { project: "x", name: "a/b" });
  assert.deepEqual(matchPath("/", "/"), {});
  assert.equal(matchPath("/o/:project", "/o/"), null);
  assert.equal(matchPath("/o/:project", "/o/a/b"), null);
});

test("a query keeps what is not changed", () => {
  assert.equal(changedQuery("a=1&b=2", { b: null, c: ["x", "y"], d: "", e: true, f: false }), "a=1&c=x&c=y&e=1");
});

test("listeners are called for changes only", () => {
  const store = createStore({ one: 1, two: 2 });
  let calls = 0;
  const stop = store.subscribe(() => calls++);
  store.set({ one: 1 });
  assert.equal(calls, 0);
  store.set(({ one }) => ({ one: one + 1 }));
  assert.deepEqual([calls, store.get()], [1, { one: 2, two: 2 }]);
  stop();
  store.set({ one: 5 });
  assert.equal(calls, 1);
});
