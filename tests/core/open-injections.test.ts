// runtime: either
import { test } from "uvu";
import * as assert from "uvu/assert";
import { OpenInjections } from "../../actors/core/open-injections.ts";
import { notice } from "./toy-core.ts";

const begin = (n: number, more = {}) =>
  notice("injection.started", { group: "g", channels: ["a"], detail: { n, seed: 1 }, ...more });
const end = (n: number, more = {}) => ({ ...begin(n, more), kind: "injection.ended", title: "over" });

function openAfter(...notices: ReturnType<typeof notice>[]): unknown[] {
  const injections = new OpenInjections();
  for (const each of notices) injections.note(each);
  return injections.save().map(({ detail, channels }) => `${detail["n"]} ${channels}`);
}

test("an injection is open from its begin to the end that names the same channels and detail", () => {
  assert.equal(openAfter(begin(1), begin(2)), ["1 a", "2 a"]);
  assert.equal(openAfter(begin(1), begin(2), end(1)), ["2 a"]);
  assert.equal(openAfter(begin(1), end(2)), ["1 a"]);
  assert.equal(openAfter(begin(1), end(1, { channels: ["b"] })), ["1 a"]);
  assert.equal(openAfter(begin(1), end(1, { group: "h" })), ["1 a"]);
});

test("the order of the fields of a detail does not matter", () => {
  assert.equal(openAfter(begin(1), end(1, { detail: { seed: 1, n: 1 } })), []);
  assert.equal(
    openAfter(begin(1, { detail: { seed: 1, n: 1, a: 0 } }), end(1, { detail: { n: 1, a: 0, seed: 1 } })),
    [],
  );
});

test("of two equal injections an end closes one", () => {
  assert.equal(openAfter(begin(1), begin(1), end(1)), ["1 a"]);
});

test("other notices change nothing, and the next session has none open", () => {
  const injections = new OpenInjections();
  injections.note(begin(1));
  injections.note(notice("operator.note"));
  assert.is(injections.save().length, 1);
  const restored = new OpenInjections();
  restored.restore(injections.save());
  assert.equal(restored.save(), injections.save());
  injections.clear();
  assert.equal(injections.save(), []);
});

test.run();
