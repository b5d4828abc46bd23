import { test } from "uvu";
import * as assert from "uvu/assert";
import { createSystemClock, systemClock } from "../actors/clock.ts";
import { createManualClock } from "./support/clock.ts";

/** A machine whose wall clock can be set. */
function machine(originMs: number) {
  const state = { monotonic: 0, wall: originMs };
  const clock = createSystemClock(
    () => state.monotonic,
    () => state.wall,
    originMs,
  );
  return {
    clock,
    pass(ms: number) {
      state.monotonic += ms;
      state.wall += ms;
    },
    setWall(byMs: number) {
      state.wall += byMs;
    },
    get wallUs() {
      return state.wall * 1000;
    },
  };
}

test("system clock gives integer µs that agree with the wall clock and never go back", () => {
  const beforeMs = Date.now();
  let last = 0;
  for (let k = 0; k < 1000; k++) {
    const now = systemClock.nowUs();
    assert.ok(Number.isSafeInteger(now));
    assert.ok(now >= last);
    last = now;
  }
  assert.ok(last / 1000 > beforeMs - 1000 && last / 1000 < Date.now() + 1000);
});

test("system clock follows a wall clock that is set forward", () => {
  const world = machine(1e12);
  assert.is(world.clock.nowUs(), 1e15);
  world.setWall(60_000);
  world.pass(1000);
  assert.is(world.clock.nowUs(), world.wallUs);
});

test("system clock approaches a wall clock that was set back, without going back", () => {
  const world = machine(1e12);
  let last = world.clock.nowUs();
  world.setWall(-500);
  for (let second = 0; second < 10; second++) {
    world.pass(1000);
    const now = world.clock.nowUs();
    assert.ok(now > last);
    last = now;
  }
  assert.ok(Math.abs(last - world.wallUs) <= 2000, String(last - world.wallUs));
});

test("system clock's timer fires, unless it was cancelled", async () => {
  const fired: string[] = [];
  const cancel = systemClock.after(1, () => fired.push("cancelled"));
  cancel();
  await new Promise<void>((resolve) => {
    systemClock.after(5, () => {
      fired.push("kept");
      resolve();
    });
  });
  assert.equal(fired, ["kept"]);
});

test("manual clock fires timers in order of due time, then of creation", async () => {
  const clock = createManualClock(1000);
  const fired: string[] = [];
  clock.after(2, () => fired.push(`b ${clock.nowUs()}`));
  clock.after(1, () => {
    fired.push(`a ${clock.nowUs()}`);
    clock.after(1, () => fired.push(`d ${clock.nowUs()}`));
  });
  clock.after(2, () => fired.push(`c ${clock.nowUs()}`));
  await clock.advance(10);
  assert.equal(fired, ["a 2000", "b 3000", "c 3000", "d 3000"]);
  assert.is(clock.nowUs(), 11_000);
});

test.run();
