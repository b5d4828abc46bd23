/** When recorded times leave, and waits that a stop ends. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { Pace } from "../../actors/feeds/pace.ts";
import { Pause } from "../../actors/feeds/pause.ts";
import { createManualClock } from "../support/clock.ts";

const START_US = 1_000_000_000;
const FIRST_US = 50_000;

function paced(speed: number) {
  const clock = createManualClock(START_US);
  return { clock, pace: new Pace(clock, speed) };
}

test("times within a millisecond of the clock leave together, at each speed", () => {
  for (const speed of [1, 10]) {
    const { pace } = paced(speed);
    const offsets = [0, 999, 1_000, 1_000, 1_999, 5_000, 4_000, 5_999, 6_000];
    const begins = offsets.map((us) => pace.begins(FIRST_US + us * speed));
    assert.equal(begins, [true, false, true, false, false, true, false, false, true], `speed ${speed}`);
  }
});

test("the end of a step is where the next one begins", () => {
  const { pace } = paced(10);
  pace.begins(FIRST_US);
  assert.is(pace.stepEndUs, FIRST_US + 10_000);
  pace.begins(FIRST_US + 25_000);
  assert.is(pace.stepEndUs, FIRST_US + 30_000);
  assert.not(pace.begins(pace.stepEndUs - 1));
  assert.ok(pace.begins(pace.stepEndUs));
});

test("a time is due as long after the first as it was recorded, divided by the speed", async () => {
  const { clock, pace } = paced(10);
  pace.begins(FIRST_US);
  assert.is(pace.waitUs(FIRST_US + 500_000), 50_000);
  await clock.advance(20);
  assert.is(pace.waitUs(FIRST_US + 500_000), 30_000);
  await clock.advance(29);
  assert.is(pace.waitUs(FIRST_US + 500_000), 1_000);
  assert.is(pace.waitUs(FIRST_US + 499_990), 0, "less than a millisecond is not worth a wait");
  await clock.advance(100);
  assert.is(pace.waitUs(FIRST_US + 500_000), 0);
});

/** What becomes of a wait: "open" until it is over. */
function watched(wait: Promise<unknown>): { state: string } {
  const seen = { state: "open" };
  wait.then(
    (value) => {
      seen.state = `${value}`;
    },
    (error: Error) => {
      seen.state = error.message;
    },
  );
  return seen;
}

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

test("a pause takes its time, or ends with the stop and leaves no timer", async () => {
  const clock = createManualClock();
  const pause = new Pause(clock);
  const first = watched(pause.wait(10));
  await clock.advance(9);
  assert.is(first.state, "open");
  await clock.advance(1);
  assert.is(first.state, "undefined");
  const second = watched(pause.wait(10));
  pause.stop();
  await turn();
  assert.is(second.state, "undefined");
  assert.equal([clock.pending, pause.stopped], [0, true]);
  const third = watched(pause.wait(10));
  await turn();
  assert.is(third.state, "undefined", "a stopped pause does not wait");
});

test("a task is waited for until it ends, fails, or the feed is stopped", async () => {
  const pause = new Pause(createManualClock());
  assert.is(await pause.unlessStopped(Promise.resolve(7)), 7);
  const failed = watched(pause.unlessStopped(Promise.reject("broken")));
  const endless = watched(pause.unlessStopped(new Promise(() => {})));
  const until = watched(new Pause(createManualClock()).until(Promise.resolve()));
  await turn();
  assert.equal([failed.state, endless.state, until.state], ["broken", "open", "undefined"]);
  pause.stop();
  await turn();
  assert.is(endless.state, "null");
  assert.is(await pause.unlessStopped(new Promise(() => {})), null);
});

test("a task that has ended leaves the next pause alone", async () => {
  const clock = createManualClock();
  const pause = new Pause(clock);
  let end = () => {};
  const task = new Promise<void>((resolve) => {
    end = resolve;
  });
  const dropped = pause.unlessStopped(task);
  const wait = watched(pause.wait(10));
  end();
  await dropped;
  assert.is(wait.state, "open");
  pause.stop();
  await turn();
  assert.is(wait.state, "undefined");
});

test.run();
