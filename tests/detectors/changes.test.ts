// runtime: either
/** Changes of level and slope: found, placed, announced once; and the promise kept where nothing changes. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { changes } from "../../actors/detectors/changes/detector.ts";
import { PRICE, Segments, TIME, VALUE } from "../../actors/detectors/changes/segments.ts";
import { LOOKS_A_ROW } from "../../actors/detectors/changes/splits.ts";
import { gaussian, type Random, seeded } from "../kernels/builders.ts";
import { ActorHarness } from "../support/actor-harness.ts";
import { groupOf } from "../support/rows.ts";

const SECOND = 1_000_000;

type Next = () => number;

function see(segments: Segments, c: number, value: number, time: number, price: number): boolean {
  segments.given[VALUE] = value;
  segments.given[TIME] = time;
  segments.given[PRICE] = price;
  return segments.see(c);
}

function student5(random: Random): number {
  let squares = 0;
  for (let k = 0; k < 5; k++) squares += gaussian(random) ** 2;
  return gaussian(random) / Math.sqrt(squares / 5);
}

function autoregressive(phi: number, noise: Next): Next {
  let x = 0;
  return () => {
    x = phi * x + noise();
    return x;
  };
}

function poisson(mean: number, random: Random): Next {
  return () => {
    let count = 0;
    for (let p = random(); p > Math.exp(-mean); p *= random()) count++;
    return count;
  };
}

const STEADY: Record<string, (random: Random) => Next> = {
  "normal noise": (random) => () => gaussian(random),
  "t5 noise": (random) => () => student5(random),
  "AR(1) .3": (random) => autoregressive(0.3, () => gaussian(random)),
  "AR(1) .9": (random) => autoregressive(0.9, () => gaussian(random)),
  "AR(1) .9 with t5 steps": (random) => autoregressive(0.9, () => student5(random)),
  "counts of .2 a row": (random) => poisson(0.2, random),
  "a constant": () => () => 7,
  "a random walk": (random) => autoregressive(1, () => gaussian(random)),
};

for (const [name, make] of Object.entries(STEADY)) {
  test(`${name} has fewer changes than promised`, () => {
    const rows = 30_000;
    const promised = 1_000;
    const price = Math.log(LOOKS_A_ROW * promised);
    const next = make(seeded(21));
    const segments = new Segments(1);
    let found = 0;
    for (let t = 0; t < rows; t++) if (see(segments, 0, next(), t, price)) found++;
    // 30 are promised. Exceeding 40 by chance would be one in 25 such tests; the detector finds a handful.
    assert.ok(found <= rows / promised, `${found} changes in ${rows} rows`);
  });
}

/** A session of rows a second through the actor, with its events. */
function announced(
  values: readonly ArrayLike<number>[],
  settings: object = {},
  everyUs = SECOND,
): ActorHarness {
  const n = values[0]!.length;
  const group = groupOf(n, {
    everyUs,
    channels: Array.from({ length: n }, (_, c) => ({ name: `c${c}`, title: `Channel ${c}`, unit: "V" })),
  });
  const actor = new ActorHarness(changes, { changes: settings }, group);
  actor.rows(values, (k) => (k + 1) * everyUs);
  return actor;
}

function noisy(rows: number, level: (t: number) => number, seed = 31, scale = 1): number[][] {
  const random = seeded(seed);
  return Array.from({ length: rows }, (_, t) => [level(t) + scale * gaussian(random)]);
}

test("a step is declared once, with its channel, place, values and effect", () => {
  const { events } = announced(noisy(900, (t) => (t < 500 ? 10 : 15)));
  assert.is(events.length, 1);
  const { kind, severity, channels, title, detail, finding } = events[0]!;
  assert.is(kind, "change.declared");
  assert.is(severity, "info");
  assert.equal(channels, ["c0"]);
  assert.match(
    title,
    /^Channel 0 rose from (9|10)\.\d+ to 1[45]\.\d+ V 1\d s ago \(usually [78]\.\d+ to 1[12]\.\d+ V\)$/,
  );
  const at = detail as Record<string, number>;
  assert.is(detail!["form"], "level");
  assert.ok(Math.abs(at["changedUs"]! - 501 * SECOND) <= 2 * SECOND, `changed at ${at["changedUs"]}`);
  assert.ok(at["atUs"]! > at["changedUs"]! && at["atUs"]! <= 530 * SECOND, `declared at ${at["atUs"]}`);
  assert.ok(Math.abs(at["effect"]! - 5) < 1.5, `effect ${at["effect"]}`);
  assert.is(finding!.key, "c0/level");
  assert.is(finding!.phase, "opened");
  assert.is(finding!.sinceUs, at["changedUs"]);
  assert.ok(finding!.evidence >= at["price"]!);
});

test("only the channel that changes is declared", () => {
  const quiet = noisy(800, () => 0, 32);
  const { events } = announced(
    noisy(800, (t) => (t < 400 ? 0 : -4), 33).map((row, t) => [quiet[t]![0]!, row[0]!]),
  );
  assert.equal(
    events.map(({ channels }) => channels),
    [["c1"]],
  );
});

test("a channel that comes back to its level is announced as back, and its finding ends", () => {
  const { events } = announced(noisy(900, (t) => (t >= 300 && t < 600 ? 20 : 0)));
  assert.equal(
    events.map(({ kind }) => kind),
    ["change.declared", "change.returned"],
  );
  assert.is(events[1]!.finding!.phase, "ended");
  assert.is(events[1]!.finding!.sinceUs, events[0]!.finding!.sinceUs);
  assert.match(events[1]!.title, /^Channel 0 is back at .* V from .* V, after 5\.\d min$/);
});

test("a second step away from the normal level makes the finding grow", () => {
  const { events } = announced(noisy(900, (t) => (t < 300 ? 0 : t < 600 ? 20 : 50)));
  assert.equal(
    events.map(({ finding }) => finding!.phase),
    ["opened", "grew"],
  );
});

test("a slope that begins is declared as a slope, with what it does a minute", () => {
  const { events } = announced(noisy(900, (t) => 0.05 * Math.max(0, t - 400), 34));
  assert.ok(events.length > 0);
  assert.is(events[0]!.detail!["form"], "slope");
  assert.match(events[0]!.title, /^Channel 0 rises by .* V a minute for .* now; before, it (rose|fell) by/);
  // 16 rows of unit noise give a slope to ±0.054.
  const { slopeAfter, rowsAfter } = events[0]!.detail as Record<string, number>;
  assert.ok(Math.abs(slopeAfter! - 0.05) < 2 * Math.sqrt(12 / rowsAfter! ** 3), `slope ${slopeAfter}`);
  assert.ok(Math.abs((events[0]!.detail!["changedUs"] as number) - 400 * SECOND) <= 40 * SECOND);
});

test("a steady slope is no change", () => {
  assert.equal(announced(noisy(2_000, (t) => 0.3 * t)).events, []);
});

test("one wild value, or two, are no change", () => {
  const level = (t: number) => (t === 400 ? 1e4 : t === 600 || t === 601 ? -300 : 5);
  assert.equal(announced(noisy(900, level)).events, []);
});

test("a constant that steps is declared, and its spread is that of its resolution", () => {
  const { events } = announced(Array.from({ length: 300 }, (_, t) => [t < 200 ? 3 : 4]));
  assert.is(events.length, 1);
  assert.is(events[0]!.detail!["changedUs"], 201 * SECOND);
  assert.ok(Math.abs((events[0]!.detail!["effect"] as number) - Math.sqrt(12)) < 0.01);
});

test("missing values and gaps take no part", () => {
  const rows = noisy(800, (t) => (t < 400 ? 0 : 8), 35).map(([x], t) => [x!, t % 3 === 0 ? x! : Number.NaN]);
  const actor = announced([[0, 0]]);
  actor.rows(rows, (k) => (k < 200 ? k + 2 : k + 5_000) * SECOND);
  assert.equal(actor.events.map(({ channels }) => channels![0]).sort(), ["c0", "c1"]);
});

test("rows faster than ten a second are averaged, so that a kilohertz has the same changes", () => {
  const random = seeded(36);
  const rows = Array.from({ length: 40_000 }, (_, t) => [(t < 20_000 ? 0 : 3) + gaussian(random)]);
  const { events } = announced(rows, {}, 1_000);
  assert.is(events.length, 1);
  const { changedUs, rowsAfter, rowsBefore } = events[0]!.detail as Record<string, number>;
  assert.ok(Math.abs(changedUs! - 20_000_000) <= 200_000, `changed at ${changedUs}`);
  assert.ok(rowsBefore! <= 200 && rowsAfter! < 20);
});

test("the rate of the settings sets the price", () => {
  const small = noisy(900, (t) => (t < 600 ? 0 : 0.62), 37);
  assert.is(announced(small, { falseAlarmSamples: 20 }).events.length > 0, true);
  assert.equal(announced(small, { falseAlarmSamples: 1e15 }).events, []);
});

test("in a season changes come no more often than promised in the long run, and a large step is found all the same", () => {
  const [rows, promised] = [30_000, 500];
  const season = noisy(rows, (t) => 3 * Math.sin((2 * Math.PI * t) / 288) + (t < rows - 200 ? 0 : 60), 39);
  const places = (settings: object) =>
    announced(season, { falseAlarmSamples: promised, ...settings }).events.map(
      ({ detail }) => (detail!["changedUs"] as number) / SECOND,
    );
  assert.ok(places({ raiseNats: 0 }).length > (2 * rows) / promised, "without it there are many more");
  const found = places({});
  assert.ok(found.length <= (1.2 * rows) / promised, `${found.length} changes`);
  assert.ok(
    found.some((place) => Math.abs(place - (rows - 199)) <= 3),
    `the last at ${found.slice(-2)}`,
  );
});

test("a season raises the price of old splits, and steps of two spreads are found all the same, more of them than promised", () => {
  const promised = 2_000;
  const places = (rows: number, level: (t: number) => number) =>
    announced(noisy(rows, level, 41), { falseAlarmSamples: promised }).events.map(
      ({ detail }) => (detail!["changedUs"] as number) / SECOND,
    );
  const found = places(40_000, (t) => Math.sin((2 * Math.PI * t) / 1440));
  assert.ok(found.length <= 20 + 8, `${found.length} changes of a season`);
  const steps = places(41 * 1_500, (t) => (Math.floor(t / 1_500) % 2 === 0 ? 0 : 2));
  const missed = Array.from({ length: 40 }, (_, k) => (k + 1) * 1_500).filter(
    (at) => !steps.some((place) => Math.abs(place - at) <= 30),
  );
  assert.ok(missed.length <= 1, `missed at ${missed}`);
});

test("the state of a channel has one size, however long it is watched", () => {
  const segments = new Segments(2);
  const size = () => Object.values(segments.fields).reduce((sum, field) => sum + field.length, 0);
  const before = size();
  const random = seeded(38);
  for (let t = 0; t < 20_000; t++) for (let c = 0; c < 2; c++) see(segments, c, gaussian(random), t, 20);
  assert.is(size(), before);
  assert.ok((before * 8) / 2 <= 8_192, `${(before * 8) / 2} bytes a channel`);
});

test.run();
