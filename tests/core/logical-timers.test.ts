// runtime: either
import { test } from "uvu";
import * as assert from "uvu/assert";
import { LogicalTimers } from "../../actors/core/logical-timers.ts";

test("[T2] timers fire in the order of due time, then of creation", () => {
  const timers = new LogicalTimers();
  timers.start("a", "late", 30);
  timers.start("b", "first", 10);
  timers.start("c", "second", 10);
  assert.equal(fired(timers, 30), ["b.first", "c.second", "a.late"]);
});

test("[T1] a timer fires when the time reaches it, not before", () => {
  const timers = new LogicalTimers();
  timers.start("a", "x", 10);
  assert.equal(fired(timers, 9), []);
  assert.equal(fired(timers, 10), ["a.x"]);
});

test("[T3] a timer fires once; starting it again replaces the pending one", () => {
  const timers = new LogicalTimers();
  timers.start("a", "x", 10);
  timers.start("a", "x", 20);
  assert.equal(fired(timers, 15), []);
  assert.equal(fired(timers, 20), ["a.x"]);
  assert.equal(fired(timers, 100), []);
});

test("cancelled timers do not fire", () => {
  const timers = new LogicalTimers();
  timers.start("a", "x", 10);
  timers.start("a", "y", 10);
  timers.start("b", "x", 10);
  timers.cancel("a", "x");
  assert.is(timers.nextDueUs, 10);
  timers.cancelAll("b");
  assert.equal(fired(timers, 10), ["a.y"]);
  assert.is(timers.nextDueUs, Number.POSITIVE_INFINITY);
});

test("[T4] timers continue identically after a restore", () => {
  const timers = new LogicalTimers();
  timers.start("a", "x", 10);
  timers.start("b", "y", 10);
  const restored = new LogicalTimers();
  restored.restore(structuredClone(timers.save()));
  timers.start("c", "z", 10);
  restored.start("c", "z", 10);
  assert.equal(fired(restored, 10), fired(timers, 10));
});

function fired(timers: LogicalTimers, timeUs: number): string[] {
  const names = [];
  for (let timer = timers.take(timeUs); timer; timer = timers.take(timeUs))
    names.push(`${timer.actor}.${timer.id}`);
  return names;
}

test.run();
