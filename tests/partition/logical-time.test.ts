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

const DAY_US = 86_400_000_000;
const TODAY_US = 20_000 * DAY_US;

/** A session at a clock of TODAY_US. */
function today(isLive: boolean) {
  const time = new LogicalTime({ now: 0 }, { nowUs: () => TODAY_US }, { late: 0 });
  time.isLive = isLive;
  return time;
}

test("[T3] in a live session recorded data is of another time where it is more than a day from now", () => {
  const time = today(true);
  for (const [days, isOther] of [
    [-700, true],
    [-1.01, true],
    [-0.99, false],
    [0.99, false],
    [1.01, true],
  ] as const)
    assert.is(time.isOfOther(false, TODAY_US + days * DAY_US), isOther, `${days} days`);
  assert.not(time.isOfOther(true, TODAY_US), "live data is of now");
});

test("[T3] live data is of another time where recorded data of long ago came first, and not where none did", () => {
  const time = today(false);
  assert.not(time.isOfOther(true, TODAY_US));
  time.took(false, TODAY_US - 800 * DAY_US, TODAY_US - 799 * DAY_US);
  time.took(false, TODAY_US - 799 * DAY_US, TODAY_US - 700 * DAY_US);
  assert.ok(time.isOfOther(true, TODAY_US));
  assert.not(time.isOfOther(false, TODAY_US - 2 * DAY_US), "recorded feeds are of any time among themselves");
  assert.equal(time.data(), {
    isLive: false,
    fromUs: TODAY_US - 800 * DAY_US,
    toUs: TODAY_US - 700 * DAY_US,
  });
  const recent = today(false);
  recent.took(false, TODAY_US - 0.5 * DAY_US, TODAY_US);
  assert.not(recent.isOfOther(true, TODAY_US));
});

test("[T2] only the samples of a frame are changed, not what its columns hold after them", () => {
  const frame = { ...row(0, [1, 2]), count: 1 };
  frame.time.fill(9e15);
  given(1_000, true).time.limitFuture(frame);
  assert.equal(Array.from(frame.time), [6_000_000, 9e15]);
});

test.run();
