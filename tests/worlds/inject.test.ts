// runtime: either
/** Disturbances of real frames: their effect on the joint law, what they leave unchanged, and their marks in the log. */

import { test } from "uvu";
import * as assert from "uvu/assert";
import type { Partition } from "../../actors/partition/partition.ts";
import { type InjectionRequest, readCommand } from "../../protocol/commands.ts";
import type { StartedInjection } from "../../protocol/controls.ts";
import { EigenwatchError } from "../../protocol/errors.ts";
import type { Frame } from "../../protocol/frame.ts";
import { createFrame } from "../../protocol/frame.ts";
import type { Channels, EventMessage } from "../../protocol/messages.ts";
import { prepareInjection } from "../../sim/worlds/inject.ts";
import { Variates } from "../../sim/worlds/model/variates.ts";
import { createOverlay, type OverlayOptions, type ScenarioOverlay } from "../../sim/worlds/overlay.ts";
import { injectableNames } from "../../sim/worlds/scenarios.ts";
import { createManualClock } from "../support/clock.ts";
import { channels, row } from "../support/inputs.ts";
import { openPartition } from "../support/open-partition.ts";
import { scriptedFeed } from "../support/scripted-feed.ts";
import { correlation, correlationNear, differences, mean, near, variance } from "./moments.ts";

const SECOND = 1e6;
/** A window of 2,000 samples after 500 in which the noise is learnt. */
const FROM = 500 * SECOND;
const UNTIL = 2500 * SECOND;
const ROWS = 2600;
/** Correlation of the walks that are disturbed, and the spread of their increments. */
const SHARED = 0.4;
const SPREAD = 3;

const declaration: Channels = channels(4, { everyUs: SECOND });

/** The floor's spread is known to a part in √(2 · 256). */
const FLOOR_ERROR = 1 / Math.sqrt(512);

/** Walks of one factor, row by row a second apart: real data, as far as an overlay can see. */
function walks(): Frame[] {
  const variates = new Variates(77, "walks");
  const level = [100, 200, 300, 400];
  return Array.from({ length: ROWS }, (_, k) => {
    const common = Math.sqrt(SHARED) * variates.normal();
    for (const channel of level.keys())
      level[channel]! += SPREAD * (common + Math.sqrt(1 - SHARED) * variates.normal());
    return row(k * SECOND, level);
  });
}

const REAL = walks();

function overlayOf(scenario: string, options: Partial<OverlayOptions> = {}): ScenarioOverlay {
  const usual = {
    strength: 1,
    seed: 5,
    fromUs: FROM,
    untilUs: UNTIL,
    declaration,
    author: { author: "ana" },
  };
  return createOverlay({ ...usual, scenario, ...options });
}

/** Values by channel after the overlay, NaN where a sample is gone. */
function disturbed(overlay: ScenarioOverlay, frames: readonly Frame[] = REAL): number[][] {
  const series: number[][] = [[], [], [], []];
  for (const frame of frames) {
    const left = overlay.apply(frame);
    for (const list of series) list.push(Number.NaN);
    for (let k = 0; k < (left?.count ?? 0); k++)
      series[left!.channel[k]!]![series[0]!.length - 1] = left!.value[k]!;
  }
  return series;
}

const before = [0, 1, 2, 3].map((k) => REAL.map(({ value }) => value[k]!));

/** Increments well within the window: effects have set in, and nothing is brought home yet. */
function incrementsWithin(series: readonly number[][]): number[][] {
  return series.map((values) => differences(values.slice(1000, 2250)));
}

test("[D1] every injectable scenario changes only samples of its window and channels", () => {
  for (const scenario of injectableNames()) {
    const after = disturbed(overlayOf(scenario, { channels: ["c1", "c3"] }));
    let changed = 0;
    for (const [k, values] of after.entries())
      for (const [at, value] of values.entries()) {
        const same = value === before[k]![at];
        if (!same) changed++;
        assert.ok(same || ((k === 1 || k === 3) && at >= 500 && at < 2500), `${scenario}: ${k} at ${at}`);
      }
    assert.ok(changed > 0, scenario);
  }
});

test("[O1] frames are never modified; one without changes is passed on as it is", () => {
  const copies = REAL.map((frame) => frame.value.slice());
  for (const scenario of injectableNames()) {
    const overlay = overlayOf(scenario, { channels: ["c0", "c1"] });
    for (const [k, frame] of REAL.entries()) {
      const left = overlay.apply(frame);
      if (k < 500 || k >= 2500) assert.is(left, frame, scenario);
    }
  }
  for (const [k, frame] of REAL.entries()) assert.equal(frame.value, copies[k]);
});

test("[D1] nothing is changed before the noise is known, unless the overlay learnt it before", () => {
  const frames = REAL.slice(500, 520);
  for (const scenario of ["level-shift", "drop-out"]) {
    const blind = disturbed(overlayOf(scenario), frames);
    // Eight increments: the ninth sample is the first that is judged.
    assert.equal(
      blind[0]!.map((value, k) => value !== before[0]![500 + k]),
      frames.map((_, k) => k >= 8),
      scenario,
    );
    const taught = overlayOf(scenario);
    for (const frame of REAL.slice(0, 500)) taught.learn(frame);
    assert.ok(disturbed(taught, frames)[0]!.every((value, k) => value !== before[0]![500 + k]));
  }
});

test("[D2] the noise is learnt from the real samples: a burst does not grow by its own noise", () => {
  const after = disturbed(overlayOf("burst"));
  const added = after.map((values, k) =>
    values.slice(2000, 2500).map((value, at) => value - before[k]![2000 + at]!),
  );
  const spread = mean(added.map((values) => Math.sqrt(variance(values))));
  near(spread / SPREAD, 4, 4 * (FLOOR_ERROR + 1 / Math.sqrt(2 * 2000)), "at the end of the window");
});

test("a level shift of strength 2 is sixteen standard deviations of the channel's own increments", () => {
  const after = disturbed(overlayOf("level-shift", { strength: 2 }));
  const off = mean(after[2]!.slice(600, 2400).map((value, k) => value - before[2]![600 + k]!));
  near(off / SPREAD, 16, 16 * FLOOR_ERROR, "shift");
});

test("decoherence: increments are no longer correlated, and as large as before", () => {
  const [a, b] = incrementsWithin(disturbed(overlayOf("decoherence"))) as [number[], number[]];
  correlationNear(...(incrementsWithin(before).slice(0, 2) as [number[], number[]]), SHARED, "before");
  correlationNear(a, b, 0, "within");
  correlationNear(a, incrementsWithin(before)[0]!, 0, "with what was there");
  // Being drawn back adds a part in 64.
  near(variance(a) / SPREAD ** 2, 65 / 64, Math.sqrt(2 / a.length) + 2 * FLOOR_ERROR, "variance");
});

test("pointer: a common walk, scaled to each channel, replaces nine tenths of the variance", () => {
  const [a, b] = incrementsWithin(disturbed(overlayOf("pointer-collapse"))) as [number[], number[]];
  // .9 is common to all, and .1 has the correlation that was there.
  correlationNear(a, b, 0.94, "within");
  near(variance(a) / SPREAD ** 2, 1, Math.sqrt(2 / a.length) + 2 * FLOOR_ERROR + 1 / 64, "variance");
});

test("block flip: increments of the second half change their sign", () => {
  const increments = incrementsWithin(disturbed(overlayOf("block-flip")));
  correlationNear(increments[0]!, increments[3]!, -SHARED, "across");
  correlationNear(increments[2]!, increments[3]!, SHARED, "within the turned half");
});

test("lag: every second channel repeats its values four samples later", () => {
  const after = disturbed(overlayOf("lead-lag"));
  for (let at = 600; at < 2400; at++) {
    assert.is(after[1]![at], before[1]![at - 4]);
    assert.is(after[0]![at], before[0]![at]);
  }
  const increments = incrementsWithin(after);
  correlationNear(increments[0]!.slice(0, -4), increments[1]!.slice(4), SHARED, "at the lag");
});

test("flash crash: at the bottom prices are down by twenty times the noise over the time of the fall", () => {
  const after = disturbed(overlayOf("flash-crash"));
  const off = mean([0, 1, 2, 3].map((k) => (after[k]![700]! - before[k]![700]!) / SPREAD));
  near(off / Math.sqrt(200), -20, 20 * FLOOR_ERROR, "depth after a tenth of the window");
});

test("offsets return to 0 before the end: the last sample of the window is near the real one", () => {
  for (const scenario of ["decoherence", "pointer-collapse", "block-flip"]) {
    const after = disturbed(overlayOf(scenario));
    for (const [k, values] of after.entries())
      assert.ok(Math.abs(values[2499]! - before[k]![2499]!) < 0.01 * SPREAD, `${scenario} channel ${k}`);
    const furthest = Math.max(...after[3]!.map((value, at) => Math.abs(value - before[3]![at]!)));
    // √(64/2) of what a sample adds, at most two increments: 11.3 spreads; no normal walk is found beyond five of those.
    assert.ok(furthest > SPREAD && furthest < 60 * SPREAD, `${scenario} went ${furthest}`);
  }
});

test("[O1] drop-out: a frame without samples is dropped, others lose the samples of the channel", () => {
  const overlay = overlayOf("drop-out");
  for (const frame of REAL.slice(0, 500)) overlay.learn(frame);
  assert.is(overlay.apply(REAL[600]!), null);
  const some = overlayOf("drop-out", { channels: ["c2"] });
  for (const frame of REAL.slice(0, 500)) some.learn(frame);
  const left = some.apply(REAL[600]!)!;
  assert.equal([...left.channel.subarray(0, left.count)], [0, 1, 3]);
  assert.equal(
    [...left.value.subarray(0, left.count)],
    [0, 1, 3].map((k) => REAL[600]!.value[k]),
  );
});

test("[O2] sizes stay with their samples, and prices above 0", () => {
  const prices = { ...declaration, innovation: "logReturn" as const };
  const overlay = overlayOf("flash-crash", { declaration: prices, strength: 100, channels: ["c1"] });
  for (const frame of REAL.slice(0, 500)) overlay.learn(frame);
  const frame = createFrame("feed", "g", 2, true);
  frame.count = 2;
  frame.time.fill(700 * SECOND);
  frame.channel.set([0, 1]);
  frame.value.set([100, 200]);
  frame.size!.set([7, 8]);
  const left = overlay.apply(frame)!;
  assert.is(left.value[0], 100);
  assert.ok(left.value[1]! > 0 && left.value[1]! < 1, `${left.value[1]}`);
  assert.equal([...left.size!.subarray(0, 2)], [7, 8]);
});

test("the same seed disturbs in the same way, another seed differently", () => {
  const first = disturbed(overlayOf("burst"));
  assert.equal(disturbed(overlayOf("burst")), first);
  assert.ok(correlation(first[0]!, disturbed(overlayOf("burst", { seed: 6 }))[0]!) < 1);
});

// ---- in a session -----------------------------------------------------------------------------------------------

test("an injection into a session is marked in its log with its author, and the recorded samples are disturbed", async () => {
  const { partition, sink, clock, seen, events } = await session();
  const start = clock.nowUs();
  const variates = new Variates(1, "feed");
  const send = async (rows: number): Promise<void> => {
    for (let k = 0; k < rows; k++) {
      await clock.advance(1000);
      sink.frame(row(clock.nowUs(), [variates.normal(), variates.normal()]));
    }
    await turns();
  };
  await send(40);
  const request = readInjection({
    scenario: "level-shift",
    strength: 5,
    group: "g",
    // Twice named, meant once.
    channels: ["c1", "c1"],
    durationSeconds: 10,
  });
  const started = await inject(partition, request);
  assert.equal(started.channels, ["c1"]);
  assert.is(started.untilUs - started.fromUs, 10e6);
  await send(30);
  const marks = events.filter(({ kind }) => kind.startsWith("injection."));
  assert.equal(
    marks.map(({ kind, channels }) => [kind, channels]),
    [
      ["injection.started", ["c1"]],
      ["injection.ended", ["c1"]],
    ],
  );
  assert.is(marks[0]!.detail["author"], "ana");
  assert.is(marks[0]!.detail["scenario"], "level-shift");
  assert.match(marks[0]!.title, /Injected level-shift ×5 into c1 of g: not real data/);
  // Shown the samples before it, it knows their noise at once: 8 · 5 standard deviations of an increment, far from anything real.
  const shifted = seen.filter(({ value }) => value > 20);
  assert.is(shifted.length, 10);
  assert.ok(shifted.every(({ time }) => time > start + 40e6 && time <= start + 50e6));
  await partition.close();
});

test("an impossible injection is refused with what is expected, and is not in the log", async () => {
  const { partition, events } = await session();
  const cases: [request: unknown, says: RegExp][] = [
    [null, /the request is no object/],
    [{ scenario: "spike" }, /there is no group; expected/],
    [{ scenario: "spike", group: "g", strenght: 2 }, /no field strenght; expected perhaps strength/],
    [{ scenario: "spike", group: "g", strength: -1 }, /strength is -1; expected >=0.01/],
    [{ scenario: "spike", group: "g", strength: 1e9 }, /strength is 1000000000; expected <=100/],
    [{ scenario: "spike", group: "g", durationSeconds: 0 }, /durationSeconds is 0; expected >=0.001/],
    [{ scenario: "spike", group: "g", channels: [] }, /channels is 0; expected >=1/],
    [{ scenario: "spik", group: "g" }, /Cannot find scenario spik: .*perhaps spike/],
    [
      { scenario: "order-book", group: "g" },
      /order-book: it can only be created as a world; expected one of flash-crash/,
    ],
    [{ scenario: "spike", group: "h" }, /group h: no such group; expected .*g/],
    [
      { scenario: "spike", group: "g", channels: ["c7"] },
      /channel c7: group g has none; expected perhaps c0/,
    ],
  ];
  for (const [request, says] of cases)
    try {
      await inject(partition, readInjection(request));
      assert.unreachable(JSON.stringify(request));
    } catch (error) {
      assert.match((error as Error).message, says);
      assert.instance(error, EigenwatchError);
    }
  await turns();
  assert.is(events.filter(({ kind }) => kind.startsWith("injection.")).length, 0);
  await partition.close();
});

test("without a duration an injection lasts a minute, or sixty samples if they take longer", async () => {
  for (const [everyUs, seconds] of [
    [1e6, 60],
    [10e6, 600],
  ] as const) {
    const { partition } = await session(everyUs);
    const request = readInjection({ scenario: "burst", group: "g" });
    const { fromUs, untilUs } = await inject(partition, request);
    assert.is(untilUs - fromUs, seconds * 1e6);
    await partition.close();
  }
});

async function inject(partition: Partition, request: InjectionRequest): Promise<StartedInjection> {
  const { started, overlay } = prepareInjection(partition, request, { author: "ana" });
  await partition.inject(overlay);
  return started;
}

function readInjection(body: unknown): InjectionRequest {
  return readCommand("startInjection", body).body;
}

/** A running session with a group g of two channels. */
async function session(everyUs = 1e6) {
  const clock = createManualClock(1_700_000_000_000_000);
  const partition = await openPartition({
    clock,
  });
  const events: EventMessage[] = [];
  const seen: { time: number; value: number }[] = [];
  partition.subscribe({
    frame({ frame }) {
      for (let k = 0; k < frame.count; k++)
        if (frame.channel[k] === 1) seen.push({ time: frame.time[k]!, value: frame.value[k]! });
    },
    event: (event) => events.push(event),
  });
  const feed = scriptedFeed("feed", "live");
  partition.startFeeds([feed]);
  const sink = await feed.sink;
  sink.channels(channels(2, { everyUs }));
  await turns();
  return {
    partition,
    sink,
    clock,
    events,
    seen,
  };
}

async function turns(): Promise<void> {
  for (let k = 0; k < 6; k++) await new Promise<void>((resolve) => setImmediate(resolve));
}

test.run();
