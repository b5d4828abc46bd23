// runtime: either
import fc from "fast-check";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { RandomStream } from "../../actors/core/random.ts";
import { FeedWriter } from "../../actors/feeds/feed-writer.ts";
import { createFeeds } from "../../actors/feeds/session-feeds.ts";
import { openRecording, SYSTEM, systemClock } from "../../actors/mod.ts";
import type { Feed } from "../../actors/ports/feed.ts";
import { createFrame, createScratchFrame } from "../../protocol/frame.ts";
import {
  type CausalityQuestion,
  happensIn,
  inevitableFrom,
  readScene,
  wilson,
} from "../../sim/recordings/whatif/causality.ts";
import { deviationOf, NoiseLearner, stepOf } from "../../sim/recordings/whatif/measurement-noise.ts";
import {
  drawOrder,
  measureAgain,
  reorderSamples,
  type TimedInput,
  tiesOf,
} from "../../sim/recordings/whatif/perturb.ts";
import { synthWorlds } from "../../sim/worlds/worlds.ts";
import { normalCdf } from "../kernels/oracles.ts";
import { normals } from "../support/random-streams.ts";
import { eventsOf } from "../support/recorded-blocks.ts";
import { recordFeeds } from "../support/recorded-run.ts";
import { TOYS } from "../support/toy-actors.ts";

const START_US = Date.UTC(2026, 0, 5) * 1000;
const STEP_US = 1_000_000;

test("the ends of Wilson's interval are the probabilities that the hits are just compatible with", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 500 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (runs, share) => {
        const hits = Math.round(share * runs);
        const { low, high } = wilson(hits, runs);
        assert.ok(low >= 0 && low <= hits / runs && hits / runs <= high && high <= 1);
        for (const p of [low, high]) {
          const apart = Math.abs(hits / runs - p);
          const expected = 1.959963984540054 * Math.sqrt((p * (1 - p)) / runs);
          if (p > 0 && p < 1)
            assert.ok(Math.abs(apart - expected) < 1e-9, `${hits}/${runs}: ${apart} and ${expected}`);
        }
      },
    ),
  );
  assert.is(wilson(0, 10).low, 0);
  assert.is(wilson(10, 10).high, 1);
});

test("errors of measurement are distinguished from the walk under them, also where a channel jumps", () => {
  const normal = normals(3);
  const series = (walk: number, error: number) => {
    let level = 0;
    return Array.from({ length: 12_800 }, (_, k) => {
      level += walk * normal() + (k % 4_000 === 3_999 ? 1_000 : 0);
      return level + error * normal();
    });
  };
  // 200 pieces of 64: the median's standard error is about 1.25 √(var(d d')/64/200), under a tenth of these variances.
  for (const [walk, error] of [
    [0, 1],
    [1, 1],
    [0.5, 2],
  ] as const) {
    const found = deviationOf(incrementsOf(series(walk, error)));
    assert.ok(Math.abs(found - error) < 0.2 * error, `walk ${walk}, error ${error}: found ${found}`);
  }
  assert.ok(deviationOf(incrementsOf(series(1, 0))) < 0.3, "a walk alone has hardly any");
  assert.is(deviationOf(incrementsOf(new Array<number>(1_000).fill(5))), 0);
  assert.is(deviationOf([1, -1]), 0, "too little to say");
});

test("a grid of values is found, and only where there is one", () => {
  assert.ok(Math.abs(stepOf([0.1, -0.3, 0, 0.2]) - 0.1) < 1e-12);
  assert.is(stepOf([0.1, 0.25]), 0);
  assert.is(stepOf([0, 0]), 0);
});

test("noise has the channel's own deviation, keeps to its grid, and leaves quiet channels alone", () => {
  const random = new RandomStream(1, "test");
  const frame = createScratchFrame();
  Object.assign(frame, { group: "g", count: 1_500 });
  for (let k = 0; k < frame.count; k++) frame.channel[k] = k % 3;
  const noise = {
    g: [
      { deviation: 2, step: 0 },
      { deviation: 0, step: 0 },
      { deviation: 3, step: 1 },
    ],
  };
  measureAgain(frame, noise, 1, random);
  const of = (channel: number) => Array.from({ length: 500 }, (_, k) => frame.value[3 * k + channel]!);
  // Standard error of a standard deviation: σ/√(2·500), 3.2 %; five of those.
  assert.ok(Math.abs(deviation(of(0)) / 2 - 1) < 0.16, String(deviation(of(0))));
  assert.ok(of(1).every((value) => value === 0));
  assert.ok(Math.abs(deviation(of(2)) / Math.sqrt(9 + 1 / 12) - 1) < 0.16);
  assert.ok(of(2).every(Number.isInteger));
});

test("a price is not measured to be below zero", () => {
  const frame = createScratchFrame();
  Object.assign(frame, { group: "g", count: 1_000 });
  frame.value.fill(0.5);
  measureAgain(frame, { g: [{ deviation: 5, step: 0 }] }, 1, new RandomStream(1, "test"));
  assert.ok(frame.value.subarray(0, 1_000).every((value) => value > 0));
});

test("a drawn order keeps times, the order of each source, and what is no frame where it is", () => {
  const input = fc.record({ timeUs: fc.nat(4), source: fc.constantFrom("a", "b", "c", null) });
  fc.assert(
    fc.property(fc.array(input, { maxLength: 30 }), fc.nat(1e6), (drawn, seed) => {
      const inputs: TimedInput[] = drawn
        .sort((a, b) => a.timeUs - b.timeUs)
        .map((each) => ({ ...each, bytes: new Uint8Array(0) }));
      const order = Array.from(drawOrder(inputs, tiesOf(inputs), new RandomStream(seed, "test")));
      assert.equal(
        [...order].sort((a, b) => a - b),
        inputs.map((_, k) => k),
      );
      const last = new Map<string, number>();
      order.forEach((k, place) => {
        const { timeUs, source } = inputs[k]!;
        assert.is(timeUs, inputs[place]!.timeUs);
        if (source === null) assert.is(k, place);
        else {
          assert.ok(k > (last.get(source) ?? -1), `${source} keeps its order`);
          last.set(source, k);
        }
      });
    }),
  );
});

test("frames of two sources at one time come in either order, about as often", () => {
  const inputs = ["a", "b"].map((source) => ({ timeUs: 1, source, bytes: new Uint8Array(0) }));
  const random = new RandomStream(1, "test");
  let swapped = 0;
  for (let k = 0; k < 1_000; k++) swapped += drawOrder(inputs, tiesOf(inputs), random)[0]!;
  // Binomial: standard deviation 16; five of those.
  assert.ok(Math.abs(swapped - 500) < 80, String(swapped));
});

test("samples of one time change places with their values; no channel overtakes itself", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(2), fc.nat(3)), { maxLength: 20 }), fc.nat(1e6), (drawn, seed) => {
      const rows = drawn.sort((a, b) => a[0] - b[0]);
      const frame = createScratchFrame();
      frame.count = rows.length;
      for (const [k, [time, channel]] of rows.entries()) {
        frame.time[k] = time;
        frame.channel[k] = channel;
        frame.value[k] = k;
      }
      reorderSamples(frame, new RandomStream(seed, "test"));
      const last = new Map<string, number>();
      for (let k = 0; k < rows.length; k++) {
        const [time, channel] = rows[frame.value[k]!]!;
        assert.equal([frame.time[k], frame.channel[k]], [time, channel]);
        assert.ok(frame.value[k]! > (last.get(String(channel)) ?? -1));
        last.set(String(channel), frame.value[k]!);
      }
    }),
  );
});

test("[H1] the share of runs in which an event happens is the probability that its samples carry it", async () => {
  // The toy announces when its values add up to more than 100: 49 × 2, then 2.5, then nothing.
  const values = [...new Array<number>(49).fill(2), 2.5, ...new Array<number>(20).fill(0)];
  const { directory } = await recordFeeds({ definitions: TOYS, feeds: [scripted(values)] });
  const journal = await openRecording(directory);
  const [event] = await eventsOf(directory);
  assert.is(event!.kind, "toy.passed");
  const deviation = 0.3;
  const question: CausalityQuestion = {
    recording: directory,
    event: event!,
    toleranceUs: STEP_US / 2,
    seed: 1,
    noise: { toy: [{ deviation, step: 0 }] },
    noiseTimes: 1,
  };
  for (const rows of [1, 4]) {
    const scene = { key: "", ...(await readScene(journal, TOYS, question, (rows - 0.5) * STEP_US)) };
    const runs = 400;
    let happened = 0;
    for (let run = 0; run < runs; run++)
      if (happensIn(scene, question, new RandomStream(1, `${rows}/${run}`))) happened++;
    const expected = normalCdf(0.5 / (deviation * Math.sqrt(rows)));
    const error = Math.sqrt((expected * (1 - expected)) / runs);
    assert.ok(
      Math.abs(happened / runs - expected) < 4.5 * error,
      `${rows} rows: ${happened}/${runs}; expected ${expected}`,
    );
  }
  const scene = { key: "", ...(await readScene(journal, TOYS, question, 30 * STEP_US)) };
  const quiet = { ...question, noiseTimes: 0 };
  for (let run = 0; run < 10; run++) assert.ok(happensIn(scene, quiet, new RandomStream(run, "quiet")));
  await journal.close();
});

test("[H1] left as it was, every event happens, also one whose input comes late: a timer's, and one of a row inside a frame", async () => {
  const toy = await recordFeeds({
    definitions: TOYS,
    feeds: [scripted(new Array<number>(60).fill(2))],
  });
  const context = { clock: systemClock, seed: 1, worlds: synthWorlds() };
  const feeds = createFeeds(["synth:flash-crash?duration=20m&speed=max&seed=3"], context);
  const frames = await recordFeeds({ definitions: SYSTEM, feeds });
  for (const [{ directory }, definitions, kind] of [
    [toy, TOYS, "toy.rested"],
    [frames, SYSTEM, "collapse.declared"],
  ] as const) {
    const journal = await openRecording(directory);
    const event = (await eventsOf(directory)).find((each) => each.kind === kind)!;
    const question = { recording: directory, event, toleranceUs: 1_000, seed: 1, noise: {}, noiseTimes: 0 };
    for (const rewindUs of [STEP_US / 1000, 20 * STEP_US]) {
      const scene = { key: "", ...(await readScene(journal, definitions, question, rewindUs)) };
      assert.ok(
        happensIn(scene, question, new RandomStream(1, "quiet")),
        `${kind} from ${rewindUs} µs before`,
      );
    }
    await journal.close();
  }
});

test("[H3] an event is inevitable from the longest rewind on up to which all are sure", () => {
  const at = (rewindUs: number, happened: number) => ({
    rewindUs,
    runs: 200,
    happened,
    probability: happened / 200,
    ...wilson(happened, 200),
  });
  assert.is(inevitableFrom([at(1, 200), at(2, 199), at(5, 150), at(10, 200)]), 2);
  assert.is(inevitableFrom([at(1, 150), at(2, 200)]), null);
  assert.is(inevitableFrom([at(1, 200), at(2, 200)]), 2);
});

test("noise is learnt by group and channel over frames", () => {
  const normal = normals(5);
  const learner = new NoiseLearner();
  const frame = createScratchFrame();
  for (let row = 0; row < 4_000; row++) {
    Object.assign(frame, { group: "g", count: 2 });
    frame.channel[1] = 1;
    frame.value[0] = normal();
    frame.value[1] = Math.floor(row / 10);
    learner.learn(frame);
  }
  const [noisy, counter] = learner.noise()["g"]!;
  assert.ok(Math.abs(noisy!.deviation - 1) < 0.2, String(noisy!.deviation));
  assert.equal(counter, { deviation: 0, step: 1 });
});

function scripted(values: readonly number[]): Feed {
  return {
    source: "toy",
    kind: "recorded",
    stop: async () => {},
    async run(sink) {
      const outlet = new FeedWriter("toy", sink);
      const channels = [{ name: "x", title: "", unit: "" }];
      outlet.channels({
        group: "toy",
        channels,
        sampling: "rows",
        everyUs: STEP_US,
        innovation: "difference",
      });
      const frame = createFrame("toy", "toy", 1);
      for (const [k, value] of values.entries()) {
        frame.time[0] = START_US + k * STEP_US;
        frame.value[0] = value;
        frame.count = 1;
        outlet.frame(frame);
      }
    },
  };
}

function incrementsOf(series: readonly number[]): number[] {
  return series.slice(1).map((value, k) => value - series[k]!);
}

function deviation(values: readonly number[]): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
}

test.run();
