// runtime: either
import { test } from "uvu";
import * as assert from "uvu/assert";
import { LogicalTime } from "../../actors/partition/logical-time.ts";
import { row } from "../support/inputs.ts";

const NOW_US = 5_000_000;

/** The core's last input is at `coreUs`; the clock is at NOW_US. */
function given(coreUs: number, isLive = false) {
  const meter = { late: 0 };
  const time = new LogicalTime({ now: coreUs }, { nowUs: () => NOW_US }, meter);
  time.isLive = isLive;
  return { time, meter };
}

test("[T1] data has the time of its last sample; what is late has that of the input before it, and is counted", () => {
  const { time, meter } = given(1_000);
  assert.equal([time.ofData(1_001), time.ofData(1_000), meter.late], [1_001, 1_000, 0]);
  assert.equal([time.ofData(999), meter.late], [1_000, 1]);
});

test("[T1] an input of the runtime has the clock's time while a live feed runs, unless the log is further", () => {
  assert.is(given(1_000).time.ofRuntime(), 1_000);
  assert.is(given(1_000, true).time.ofRuntime(), NOW_US);
  assert.is(given(NOW_US + 7, true).time.ofRuntime(), NOW_US + 7);
});

test("[T2] a live sample is at most a second ahead of the clock, or of the log where that is further", () => {
  for (const [coreUs, latestUs] of [
    [1_000, 6_000_000],
    [6_000_001, 6_000_001],
  ] as const) {
    const { time } = given(coreUs, true);
    assert.is(time.latestLiveUs(), latestUs);
    const frame = row(0, [1, 2, 3, 4]);
    frame.time.set([latestUs - 1, latestUs, latestUs + 1, 9e15]);
    time.limitFuture(frame);
    assert.equal(Array.from(frame.time), [latestUs - 1, latestUs, latestUs, latestUs]);
  }
});

test("[T2] only the samples of a frame are changed, not what its columns hold after them", () => {
  const frame = { ...row(0, [1, 2]), count: 1 };
  frame.time.fill(9e15);
  given(1_000, true).time.limitFuture(frame);
  assert.equal(Array.from(frame.time), [6_000_000, 9e15]);
});

test.run();
