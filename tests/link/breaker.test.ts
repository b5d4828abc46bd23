import { test } from "uvu";
import * as assert from "uvu/assert";
import { Breaker } from "../../actors/link/breaker.ts";
import { createManualClock } from "../support/clock.ts";

test("B1: what has failed is tried when its delay has passed, and closes when it works", () => {
  const { breaker } = made();
  assert.is(breaker.state, "closed");
  breaker.failed();
  assert.is(breaker.state, "open");
  breaker.due();
  assert.is(breaker.state, "trying");
  breaker.worked();
  assert.is(breaker.state, "closed");
});

test("B2: the delay doubles with each failure in a row, up to the longest", () => {
  const { breaker } = made();
  const delays = Array.from({ length: 8 }, () => {
    const ms = breaker.failed();
    breaker.due();
    return ms;
  });
  assert.equal(
    delays,
    [1, 2, 4, 8, 16, 32, 60, 60].map((seconds) => seconds * 1_000),
  );
});

test("B2: the delay of a program lies between half of it and all of it, by its random number", () => {
  assert.is(made(() => 0).breaker.failed(), 500);
  assert.is(made(() => 0.5).breaker.failed(), 750);
});

test("B3: what works for a moment and fails again waits longer each time; what has lasted begins anew", async () => {
  const { breaker, clock } = made();
  const failedAfter = async (ms: number): Promise<number> => {
    breaker.worked();
    await clock.advance(ms);
    const delay = breaker.failed();
    breaker.due();
    return delay;
  };
  assert.is(await failedAfter(1), 1_000);
  assert.is(await failedAfter(9_999), 2_000);
  assert.is(await failedAfter(1), 4_000);
  assert.is(await failedAfter(10_000), 1_000);
});

function made(random = () => 1) {
  const clock = createManualClock();
  return {
    clock,
    breaker: new Breaker({ clock, firstMs: 1_000, mostMs: 60_000, lastsMs: 10_000, random }),
  };
}

test.run();
