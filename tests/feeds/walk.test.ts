// runtime: either
import { test } from "uvu";
import * as assert from "uvu/assert";
import { createFeed } from "../../actors/feeds/session-feeds.ts";
import { Walk } from "../../actors/feeds/walk.ts";
import { createFrame } from "../../protocol/frame.ts";
import { createManualClock } from "../support/clock.ts";
import { collectingSink, collectSpec } from "./collect.ts";

test("free walk gives all channels at each time, 1 ms apart, and ends after its duration", async () => {
  const { samples, groups, frames, statuses } = await collectSpec(
    "walk?rate=max&channels=3&frame=7&duration=10ms",
  );
  assert.is(groups.get("walk")!.channels.length, 3);
  assert.is(groups.get("walk")!.everyUs, 1000);
  assert.is(samples.length, 30);
  assert.equal(
    frames.map(({ count, sequence }) => [count, sequence]),
    [
      [7, 1],
      [7, 2],
      [7, 3],
      [7, 4],
      [2, 5],
    ],
  );
  for (const [k, { channel, time }] of samples.entries()) {
    assert.is(channel, `walk${(k % 3) + 1}`);
    assert.is(time, Date.UTC(2000, 0, 1) * 1000 + Math.floor(k / 3) * 1000);
  }
  assert.is(statuses.at(-1)!.status, "ended");
});

test("walk of a seed is the same in frames of any size, and another one for another seed", async () => {
  const values = async (query: string): Promise<number[]> =>
    (await collectSpec(`walk?rate=max&channels=4&duration=100ms&${query}`)).samples.map(({ value }) => value);
  const first = await values("frame=256&seed=5");
  assert.equal(await values("frame=13&seed=5"), first);
  assert.not.equal(await values("frame=256&seed=6"), first);
});

test("walk takes the session's seed unless it has its own", async () => {
  const own = await collectSpec("walk?rate=max&duration=5ms&seed=3", { seed: 1 });
  const session = await collectSpec("walk?rate=max&duration=5ms", { seed: 3 });
  assert.equal(own.samples, session.samples);
});

test("steps of a walk have mean 0, the promised spread, and no correlation between channels", () => {
  const rows = 100_000;
  const walk = new Walk(2, 42, 0, 1);
  const frame = createFrame("walk", "walk", 2);
  const before = [100, 100];
  let sum = 0;
  let squares = 0;
  let products = 0;
  for (let r = 0; r < rows; r++) {
    walk.fill(frame, 2);
    const steps = before.map((value, k) => frame.value[k]! - value);
    before[0] = frame.value[0]!;
    before[1] = frame.value[1]!;
    sum += steps[0]! + steps[1]!;
    squares += steps[0]! ** 2 + steps[1]! ** 2;
    products += steps[0]! * steps[1]!;
  }
  // Irwin–Hall of four bytes: variance 4 (256² − 1) / 12 in units of 1 / 20,000. Bounds are five standard errors.
  const deviation = Math.sqrt((4 * (65_536 - 1)) / 12) / 20_000;
  assert.ok(Math.abs(sum / (2 * rows)) < (5 * deviation) / Math.sqrt(2 * rows));
  assert.ok(Math.abs(squares / (2 * rows) / deviation ** 2 - 1) < 5 * Math.sqrt(1.7 / (2 * rows)));
  assert.ok(Math.abs(products / rows / deviation ** 2) < 5 / Math.sqrt(rows));
});

test("first values of seed 1 are these on every runtime", () => {
  const walk = new Walk(1, 1, 0, 1);
  const frame = createFrame("walk", "walk", 5);
  walk.fill(frame, 5);
  assert.equal([...frame.value], slowWalk(1, 5));
});

/** sfc32 and the byte sum written plainly. */
function slowWalk(seed: number, count: number): number[] {
  let [a, b, c, d] = [BigInt(seed), 0n, 0x9e3779b9n, 1n];
  const mask = 0xffffffffn;
  const word = (): bigint => {
    const out = (a + b + d) & mask;
    d = (d + 1n) & mask;
    a = b ^ (b >> 9n);
    b = (c + ((c << 3n) & mask)) & mask;
    c = ((((c << 21n) & mask) | (c >> 11n)) + out) & mask;
    return out;
  };
  for (let round = 0; round < 12; round++) word();
  const values: number[] = [];
  let x = 100;
  for (let k = 0; k < count; k++) {
    const bits = word();
    const bytes = [bits & 255n, (bits >> 8n) & 255n, (bits >> 16n) & 255n, bits >> 24n];
    x += (bytes.reduce((sum, byte) => sum + Number(byte), 0) - 510) * (1 / 20_000);
    values.push(x);
  }
  return values;
}

test("paced walk hands over each frame when its last row is due", async () => {
  const clock = createManualClock(1e12);
  const sink = collectingSink();
  // 1,000 samples a second over 4 channels: a row each 4 ms, a frame of 5 rows each 20 ms.
  const feed = createFeed("walk?channels=4&rate=1000&frame=20", { clock, seed: 1 });
  assert.is(feed.kind, "live");
  const running = feed.run(sink);
  await clock.advance(15.9);
  assert.is(sink.frames.length, 0);
  await clock.advance(0.1);
  assert.is(sink.frames.length, 1);
  await clock.advance(984);
  assert.is(sink.samples.length, 1000);
  assert.ok(sink.samples.every(({ time }, k) => time === 1e12 + Math.floor(k / 4) * 4000));
  await feed.stop();
  await running;
  assert.is(clock.pending, 0);
});

test("paced walk catches up after a late timer, without drift", async () => {
  const clock = createManualClock(1e12);
  const sink = collectingSink();
  const feed = createFeed("walk?channels=4&rate=1000&frame=20", { clock, seed: 1 });
  const running = feed.run(sink);
  await clock.jump(500);
  assert.is(sink.samples.length, 500);
  await feed.stop();
  await running;
});

test("paced walk leaves out the rows of a pause of more than a second, and reports a gap", async () => {
  const clock = createManualClock(1e12);
  const sink = collectingSink();
  const feed = createFeed("walk?channels=4&rate=1000&frame=20", { clock, seed: 1 });
  const running = feed.run(sink);
  await clock.jump(60_000);
  assert.ok(sink.samples.length <= 20, String(sink.samples.length));
  const gap = sink.statuses.find(({ status }) => status === "gap")!;
  assert.equal(gap.counts, { gap: 1 });
  assert.match(gap.detail, new RegExp(`${Math.floor((60_000 - 16) / 4)} rows left out`));
  await feed.stop();
  await running;
});

test("free walk waits while the sink is full", async () => {
  const sink = collectingSink();
  sink.fullAfter = 2;
  const feed = createFeed("walk?rate=max", { clock: createManualClock(), seed: 1 });
  const running = feed.run(sink);
  for (let turn = 0; turn < 10; turn++) await new Promise((resolve) => setImmediate(resolve));
  assert.is(sink.frames.length, 2);
  await feed.stop();
  await running;
});

test("slow walk hands over a frame at least once a second", async () => {
  const clock = createManualClock(1e12);
  const sink = collectingSink();
  const feed = createFeed("walk?channels=2&rate=8&frame=256", { clock, seed: 1 });
  const running = feed.run(sink);
  await clock.advance(5000);
  assert.is(sink.frames.length, 5);
  await feed.stop();
  await running;
});

test.run();
