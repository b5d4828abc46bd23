// runtime: either
/** Where channels are going: slopes and their turns, and when they reach a level that people set. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { Core } from "../../actors/core/core.ts";
import { changes } from "../../actors/detectors/changes/detector.ts";
import { COURSE_FROM } from "../../actors/detectors/changes/segments.ts";
import { MOST_MEASURED, trend } from "../../actors/detectors/trend/detector.ts";
import type { Level } from "../../actors/ports/detector.ts";
import { SYSTEM } from "../../actors/system.ts";
import { loggedBody } from "../../protocol/commands.ts";
import type { Input } from "../../protocol/messages.ts";
import { defaultSettings } from "../../protocol/settings.ts";
import { gaussian, seeded } from "../kernels/builders.ts";
import { ActorHarness } from "../support/actor-harness.ts";
import { channels, opened, row } from "../support/inputs.ts";
import { groupOf, NO_STATE } from "../support/rows.ts";
import { createWorld, samplesOf } from "../worlds/worlds.ts";

const SECOND = 1_000_000;
const PROMISED = 2_000;
const ABOVE_100: Level = { column: 0, sign: 1, limit: 100 };

const GROUP = groupOf(1, { everyUs: SECOND, channels: [{ name: "c0", title: "Channel 0", unit: "V" }] });

/** One channel, a row a second, with levels that may be changed. */
class Watch extends ActorHarness {
  watched: Level[];

  constructor(watched: Level[] = [], settings: object = {}) {
    super(trend, { trend: { falseAlarmSamples: PROMISED, ...settings } }, GROUP);
    this.watched = watched;
  }

  levels(): readonly Level[] {
    return this.watched;
  }

  /** Values from row `from` on. */
  see(values: readonly number[], from = 0): this {
    this.rows(
      values.map((value) => [value]),
      (k) => (from + k + 1) * SECOND,
    );
    return this;
  }

  measures(): Record<string, number> {
    const measures: Record<string, number> = {};
    this.detector.addMeasures!(measures, NO_STATE);
    return measures;
  }
}

/** Values about a line that bends, with the noise y_t = φ y_{t−1} + e_t. */
function noisy(
  rows: number,
  line: (t: number) => number,
  { phi = 0, seed = 1, heavy = false } = {},
): number[] {
  const random = seeded(seed);
  const step = () => {
    if (!heavy) return gaussian(random);
    let squares = 0;
    for (let k = 0; k < 5; k++) squares += gaussian(random) ** 2;
    return gaussian(random) / Math.sqrt(squares / 5);
  };
  let noise = 0;
  return Array.from({ length: rows }, (_, t) => {
    noise = phi * noise + step();
    return line(t) + noise;
  });
}

const kink = (at: number, before: number, after: number) => (t: number) =>
  before * Math.min(t, at) + after * Math.max(0, t - at);

test("a channel that begins to rise, and falls later, is announced at each turn, with slope and error", () => {
  const line = (t: number) => kink(600, 0, 0.2)(t) - (t > 1200 ? 0.5 * (t - 1200) : 0);
  const { events } = new Watch().see(noisy(1800, line));
  assert.equal(
    events.map(({ kind, finding }) => [kind, finding!.phase]),
    [
      ["trend.turned", "opened"],
      ["trend.turned", "grew"],
    ],
  );
  const [up, down] = events.map(({ detail }) => detail as Record<string, number>);
  assert.equal([up!["before"], up!["after"], down!["before"], down!["after"]], [0, 1, 1, -1]);
  assert.ok(
    Math.abs(up!["slopeAfter"]! - 0.2) <= 4 * up!["error"]!,
    `${up!["slopeAfter"]} ± ${up!["error"]}`,
  );
  assert.ok(Math.abs(up!["sinceUs"]! - 601 * SECOND) <= 60 * SECOND);
  assert.ok(events[0]!.timeUs <= 680 * SECOND, "a slope of a fifth of the noise a row is found in 80 rows");
  assert.ok(up!["gain"]! >= up!["price"]!);
  assert.match(
    events[1]!.title,
    /^Channel 0 falls by [\d.]+ V \(± [\d.]+ V\) a minute for .* now; before, it rose by [\d.]+ V a minute$/,
  );
});

for (const scale of [1e-200, 1e-310, Number.MIN_VALUE])
  test(`steps whose squares vanish are no steps: noise of ${scale} has neither turns nor changes`, () => {
    const values = noisy(4000, () => 0).map((value) => scale * value);
    assert.equal(new Watch().see(values).events, []);
    const changing = new ActorHarness(changes, { changes: { falseAlarmSamples: PROMISED } }, GROUP);
    changing.rows(
      values.map((value) => [value]),
      (k) => (k + 1) * SECOND,
    );
    assert.equal(changing.events, []);
  });

test("a rise that stops is announced as over", () => {
  const { events } = new Watch().see(noisy(1600, kink(600, 0.2, 0)));
  assert.equal(
    events.map(({ kind, finding }) => [kind, finding!.phase]),
    [["trend.ended", "ended"]],
  );
  assert.match(events[0]!.title, /^Channel 0 has neither risen nor fallen for .*; before, it rose by/);
});

test("a level that jumps turns nothing, within a trend or without one", () => {
  for (const slope of [0, 0.2]) {
    const jumping = (t: number) => slope * t + (t > 700 ? 30 : 0);
    const actor = new Watch().see(noisy(1500, jumping, { seed: 3 }));
    assert.equal(actor.kinds(), [], `slope ${slope}`);
  }
});

const NULLS: Record<string, { phi: number; heavy?: boolean }> = {
  "independent noise": { phi: 0 },
  "AR(1) .9": { phi: 0.9 },
  "AR(1) .98": { phi: 0.98 },
  "a random walk": { phi: 1 },
  "a random walk with t5 steps": { phi: 1, heavy: true },
};

for (const [name, noise] of Object.entries(NULLS)) {
  test(`${name} has fewer turns and forecasts than promised`, () => {
    const rows = 16_000;
    const values = noisy(rows, () => 0, { ...noise, seed: 8 });
    // Levels that it comes near: the ends of what it does.
    const above: Level = { column: 0, sign: 1, limit: 1.05 * Math.max(...values) };
    const below: Level = { column: 0, sign: -1, limit: -1.05 * Math.min(...values) };
    const actor = new Watch([above, below], { horizonSeconds: 2_000 }).see(values);
    const opened = actor.events.filter(({ finding }) => finding!.phase === "opened");
    assert.ok(opened.length <= rows / PROMISED, `${opened.length} in ${rows} rows`);
  });
}

// ---- levels -----------------------------------------------------------------------------------------------------------

/** Line and noise on which forecasts are judged: independent noise, noise with a memory, and walks. */
const WORLDS = [
  { phi: 0, slope: 0.05, level: 40 },
  { phi: 0, slope: 0.02, level: 30 },
  { phi: 0.5, slope: 0.05, level: 50 },
  { phi: 0.9, slope: 0.1, level: 120 },
  { phi: 0.98, slope: 0.3, level: 400 },
  { phi: 1, slope: 0.4, level: 500 },
  { phi: 1, slope: 0.8, level: 800 },
];
const RUNS = 24;

test("the interval of a forecast holds four times of five", () => {
  const inside = WORLDS.map(({ phi, slope, level }) => {
    let said = 0;
    let right = 0;
    for (let seed = 1; seed <= RUNS; seed++) {
      const values = noisy(3 * (level / slope), (t) => slope * t, { phi, seed });
      const end = values.findIndex((value) => value > level) + 8;
      const actor = new Watch([{ column: 0, sign: 1, limit: level }], { horizonSeconds: 600 });
      actor.see(values.slice(0, end));
      said += actor.kinds().filter((kind) => kind === "crossing.expected").length;
      right += actor.events.filter(({ detail }) => detail!["isInside"] === true).length;
    }
    assert.ok(said >= RUNS / 2, `φ ${phi}, slope ${slope}: ${said} forecasts`);
    return { phi, slope, said, share: right / said };
  });
  const text = inside.map(
    ({ phi, slope, said, share }) => `φ ${phi} slope ${slope}: ${share.toFixed(2)} of ${said}`,
  );
  console.log(`  ${text.join("; ")}`);
  // Four standard errors of 24 are 0.33 below.
  for (const [k, { share }] of inside.entries()) assert.ok(share >= 0.47, text[k]);
  const all = inside.reduce((sum, { share }) => sum + share, 0) / inside.length;
  assert.ok(all >= 0.74 && all <= 0.92, text.join("; "));
});

test("the ends of intervals follow what became of earlier forecasts of the channel", () => {
  const slope = 0.1;
  let [inside, reached] = [0, 0];
  for (const seed of [1]) {
    const actor = new Watch([], { horizonSeconds: 100 });
    let level = 0;
    for (const [t, value] of noisy(12_000, (t) => slope * t, { phi: 0.8, seed }).entries()) {
      if (value >= level) level = value + 1.5 * 100 * slope;
      actor.watched = [{ column: 0, sign: 1, limit: level }];
      actor.see([value], t);
    }
    const ends = actor.events.filter(({ kind }) => kind === "crossing.reached");
    reached += ends.length;
    inside += ends.filter(({ detail }) => detail!["isInside"] === true).length;
  }
  console.log(`  ${inside} of ${reached} passages inside; by the law of the course alone 95 of 100 are`);
  assert.ok(reached >= 60, `${reached} levels reached`);
  // Three standard errors of 76 are 0.14; it learns on the way.
  assert.ok(inside / reached >= 0.68 && inside / reached <= 0.92, `${inside} of ${reached}`);
});

test("a level is announced once when it comes within the horizon, and its end once when it is reached", () => {
  const actor = new Watch([ABOVE_100], { horizonSeconds: 200 }).see(noisy(1200, (t) => 0.1 * t));
  assert.equal(actor.kinds(), ["crossing.expected", "crossing.reached"]);
  const [expected, reached] = actor.events;
  const { atUs, expectedUs, lowUs, highUs } = expected!.detail as Record<string, number>;
  assert.ok(atUs! < 830 * SECOND && atUs! > 700 * SECOND, `announced at ${atUs}`);
  assert.ok(lowUs! < expectedUs! && expectedUs! < highUs! && highUs! - atUs! < 300 * SECOND);
  assert.match(
    expected!.title,
    /^Channel 0 will be above 100\.0 V in 3\.\d min \(.* to .*\), if it goes on as for 1\d min$/,
  );
  assert.is(reached!.finding!.phase, "ended");
  assert.is(reached!.finding!.key, expected!.finding!.key);
  assert.is(reached!.finding!.sinceUs, expected!.finding!.sinceUs);
});

test("it eases when the channel turns, and when the threshold is taken away", () => {
  const turning = new Watch([ABOVE_100], { horizonSeconds: 400 }).see(noisy(1600, kink(800, 0.1, -0.1)));
  assert.equal(
    turning.kinds().filter((kind) => kind.startsWith("crossing")),
    ["crossing.expected", "crossing.eased"],
  );
  const freed = new Watch([ABOVE_100], { horizonSeconds: 400 }).see(noisy(700, (t) => 0.1 * t));
  assert.equal(freed.kinds(), ["crossing.expected"]);
  freed.watched = [];
  freed.see([70, 70.1, 70.2, 70.3, 70.4, 70.5, 70.6, 70.7], 700);
  assert.equal(freed.kinds(), ["crossing.expected", "crossing.eased"]);
});

test("a level on the other side, and one that was passed, are not forecast", () => {
  const below: Level = { column: 0, sign: -1, limit: 50 };
  const passed: Level = { column: 0, sign: 1, limit: -5 };
  assert.equal(
    new Watch([below, passed], { horizonSeconds: 400 }).see(noisy(900, (t) => 0.1 * t)).kinds(),
    [],
  );
});

// ---- measures, and the session ----------------------------------------------------------------------------------------

test("measures have direction, slope with interval, significance, and the time until a level", () => {
  const actor = new Watch([ABOVE_100], { horizonSeconds: 1_000 });
  actor.see(noisy(COURSE_FROM, () => 0));
  assert.equal(actor.measures(), {});
  actor.see(
    noisy(600, (t) => 0.1 * t, { seed: 2 }),
    COURSE_FROM,
  );
  const of = actor.measures();
  const names = [
    "direction",
    "slope",
    "slopeLow",
    "slopeHigh",
    "significance",
    "crossing",
    "crossingLow",
    "crossingHigh",
  ];
  assert.equal(
    Object.keys(of),
    names.map((name) => `trend.${name}.c0`),
  );
  assert.is(of["trend.direction.c0"], 1);
  assert.ok(of["trend.slopeLow.c0"]! < 0.1 && of["trend.slopeHigh.c0"]! > 0.1);
  assert.ok(Math.abs(of["trend.crossing.c0"]! - 376) < 40, `${of["trend.crossing.c0"]}`);
});

test("only the first channels of a large group have measures", () => {
  const n = MOST_MEASURED + 2;
  const actor = new ActorHarness(trend, { trend: {} }, groupOf(n, { everyUs: SECOND }));
  const random = seeded(5);
  actor.rows(
    Array.from({ length: 60 }, () => Array.from({ length: n }, () => gaussian(random))),
    (k) => (k + 1) * SECOND,
  );
  const measures: Record<string, number> = {};
  actor.detector.addMeasures!(measures, NO_STATE);
  const measured = Object.keys(measures).filter((name) => name.startsWith("trend.slope.c"));
  assert.is(measured.length, MOST_MEASURED);
});

test("a metric that fills is found by its slope, with the threshold that it will reach", () => {
  const world = createWorld("filling", { seed: 4, channels: 1 });
  const { time, value, truth } = samplesOf(world);
  const { onsetUs } = truth[0]!;
  const full = value[0]!.at(-1)!;
  const group = groupOf(1, { everyUs: 10 * SECOND });
  const watch = new (class extends ActorHarness {
    levels(): readonly Level[] {
      return [{ column: 0, sign: 1, limit: 0.999 * full }];
    }
  })(trend, { trend: { horizonSeconds: 7_200 } }, group);
  watch.rows(
    value[0]!.map((each) => [each]),
    (k) => time[0]![k]!,
  );
  const turned = watch.events.find(({ kind }) => kind === "trend.turned")!;
  assert.ok(
    turned.timeUs > onsetUs && turned.timeUs < onsetUs + 3_600 * SECOND,
    `${turned.timeUs - onsetUs}`,
  );
  assert.ok(watch.kinds().includes("crossing.expected"), watch.kinds().join());
});

test("in a session the thresholds that people set are the levels, and nothing runs unless it is enabled", () => {
  for (const enabled of [true, false]) {
    const kinds: string[] = [];
    const core = new Core(SYSTEM, { event: ({ kind }) => void kinds.push(kind), state() {}, metrics() {} });
    core.apply(1, 0, opened({ trend: { ...defaultSettings().trend, enabled, horizonSeconds: 400 } }));
    core.apply(2, 0, channels(1, { everyUs: SECOND, innovation: "difference" }));
    core.apply(3, 0, threshold());
    const values = noisy(900, (t) => 0.1 * t);
    for (const [k, value] of values.entries())
      core.apply(core.sequence + 1, (k + 1) * SECOND, row((k + 1) * SECOND, [value], k + 1));
    assert.is(kinds.filter((kind) => kind === "crossing.expected").length, enabled ? 1 : 0);
    assert.is(
      [...core.registered()].some(({ actor }) => actor === "g/trend"),
      enabled,
    );
  }
});

function threshold(): Input {
  const body = loggedBody("threshold.set", {
    id: "full",
    of: { group: "g", channel: "c0" },
    direction: "above",
    level: 100,
  });
  const author = { id: "u1", name: "Ana", role: "admin" } as const;
  return { type: "command", source: "test", sequence: 1, name: "threshold.set", body, author };
}

test.run();
