// runtime: either
/** The model of timers accepts correct timers and finds wrong ones. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { LogicalTimers } from "../../actors/core/logical-timers.ts";
import type { EventMessage } from "../../protocol/messages.ts";
import { TimerModel } from "../../sim/cluster/checkers/timer-model.ts";

/** As the core does: due timers fire, then the input is applied. */
function input(
  model: TimerModel,
  timers: LogicalTimers,
  timeUs: number,
  during: () => void = () => {},
): void {
  model.before(timeUs);
  while (timers.take(timeUs) !== null);
  during();
  model.after(timeUs);
}

function event(kind: string, timeUs: number): EventMessage {
  const place = { actor: "witness", group: "g", channels: [], detail: {} };
  return { type: "event", sequence: 1, id: "p/1/1", timeUs, kind, severity: "info", title: kind, ...place };
}

test("timers that fire once, in order and in time are accepted", () => {
  const timers = new LogicalTimers();
  const model = new TimerModel(timers);
  input(model, timers, 1, () => {
    timers.start("g/a", "x", 30);
    timers.start("g/b", "x", 10);
    timers.start("g/b", "y", 10);
    timers.start("g/a", "x", 20);
    timers.cancel("g/b", "y");
  });
  for (const timeUs of [9, 10, 19, 40]) input(model, timers, timeUs);
  assert.is(model.trouble, null);
});

test("a lost timer is found with the first input after its time", () => {
  const timers = new LogicalTimers();
  const model = new TimerModel(timers);
  timers.start("g/a", "x", 10);
  timers.restore({ created: 1, pending: [] });
  input(model, timers, 11);
  assert.match(model.trouble ?? "", "g/a.x due at 10 did not fire");
});

test("a timer that fires twice or early is found", () => {
  const twice = new LogicalTimers();
  const model = new TimerModel(twice);
  twice.start("g/a", "x", 10);
  const { created, pending } = twice.save();
  twice.restore({ created, pending: [...pending, ...pending] });
  input(model, twice, 10);
  assert.match(model.trouble ?? "", "expected no such timer");

  const early = new LogicalTimers();
  const other = new TimerModel(early);
  early.start("g/a", "x", 10);
  other.before(5);
  early.take(10);
  assert.match(other.trouble ?? "", "fired with the input at 5");
});

test("a timer of a failed actor must not fire", () => {
  const timers = new LogicalTimers();
  const model = new TimerModel(timers);
  timers.start("g/witness", "x", 10);
  model.announced(event("actor.restarted", 5));
  input(model, timers, 10);
  assert.match(model.trouble ?? "", "expected no such timer");
});

test("an event of a firing timer has the timer's time", () => {
  const timers = new LogicalTimers();
  const model = new TimerModel(timers);
  timers.start("g/witness", "x", 10);
  model.before(12);
  timers.take(12);
  model.announced(event("witness.echo", 10));
  assert.is(model.trouble, null);
  model.announced(event("witness.echo", 12));
  assert.match(model.trouble ?? "", "made an event at 12");
});

test.run();
