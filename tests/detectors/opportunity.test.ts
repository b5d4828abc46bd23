// runtime: node
/** Pairs and ways round through markets: in worlds of known truth, in walks in which there are none, and in recorded prices. */
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { opportunity } from "../../actors/detectors/opportunity/detector.ts";
import { SYSTEM } from "../../actors/system.ts";
import { readCosts, readRates } from "../../protocol/exchange-table.ts";
import { parseSettings } from "../../protocol/settings.ts";
import { ActorHarness } from "../support/actor-harness.ts";
import { normals, uniforms } from "../support/random-streams.ts";
import { groupOf, NO_STATE } from "../support/rows.ts";
import { shared, skipWithoutData } from "../support/shared.ts";
import { createWorld, samplesOf } from "../worlds/worlds.ts";

const SECOND = 1e6;
const DAY = 86_400 * SECOND;

type Settings = Record<string, string | number | boolean>;

function harness(settings: Settings, channels: readonly string[], everyUs = SECOND): ActorHarness {
  const group = groupOf(channels.length, {
    innovation: "logReturn",
    everyUs,
    channels: channels.map((name) => ({ name, title: "", unit: "USD" })),
  });
  return new ActorHarness(opportunity, { opportunity: { enabled: true, ...settings } }, group);
}

function measuresOf(actor: ActorHarness): Record<string, number> {
  const measures: Record<string, number> = {};
  actor.detector.addMeasures!(measures, NO_STATE);
  return measures;
}

/** Phases of the findings, with what they are about. */
function phases(actor: ActorHarness): [kind: string, phase: string][] {
  return actor.events.map(({ kind, finding }) => [kind, finding!.phase]);
}

// ---- pairs ----------------------------------------------------------------------------------------------------------------

/** n prices; of those in `ties` the log price is the other's and an AR(1) residual of a half-life of five rows, until `until`. */
function prices(
  n: number,
  rows: number,
  seed: number,
  ties: readonly (readonly [number, number])[] = [],
  until = rows,
): number[][] {
  const normal = normals(seed);
  const logs = new Array<number>(n).fill(0);
  const residual = new Array<number>(n).fill(0);
  return Array.from({ length: rows }, (_, t) => {
    for (let i = 0; i < n; i++) {
      const tie = ties.find(([y]) => y === i);
      const before = residual[i]!;
      residual[i] = 0.87 * before + 0.005 * normal();
      if (tie === undefined || t >= until) logs[i]! += 0.01 * normal();
      else logs[i] = logs[tie[1]]! + residual[i]!;
    }
    return logs.map((log) => 100 * Math.exp(log));
  });
}

const CHANNELS = ["a", "b", "c", "d"];

test("a tie is found with its half-life, reported when it is stretched and again when it is back", () => {
  const actor = harness({ windowPeriods: 300, fees: "*=0.01" }, CHANNELS);
  actor.rows(prices(4, 900, 31, [[3, 0]]), (k) => k * SECOND);
  const measures = measuresOf(actor);
  assert.equal([measures["opportunity.tested"], measures["opportunity.tied"]], [6, 1]);
  const half = measures["opportunity.halfLife.a~d"]!;
  assert.ok(half > 3 && half < 8, `${half} s`);
  const [first, second] = phases(actor);
  assert.equal(
    [first, second],
    [
      ["opportunity.pair", "opened"],
      ["opportunity.pair-over", "ended"],
    ],
  );
  const [found, over] = actor.events;
  assert.equal(found!.channels, ["a", "d"]);
  assert.match(
    found!.title,
    /^a and d are tied and \d.* deviations apart: half of that goes in .* s, worth 0\.\d+ % after costs$/,
  );
  const { z, edge, edgeLow, edgeHigh, halfLifeUs } = found!.detail as Record<string, number>;
  assert.ok(Math.abs(z!) >= 2 && Math.abs(z!) < 4 && halfLifeUs! > 3e6);
  assert.ok(edgeLow! < edge! && edge! < edgeHigh! && edge! > 0.0005);
  assert.ok((over!.detail!["lastedUs"]! as number) > 0);
  assert.ok(found!.finding!.evidence > 0);
});

test("a half-life that is no span of time is said in words, and is no number", () => {
  for (const [periods, words] of [
    [0, /half of that goes within one step, worth/],
    [Number.POSITIVE_INFINITY, /half of that goes in a time too long to be measured, worth/],
  ] as const) {
    const actor = harness({ windowPeriods: 300, fees: "*=0" }, ["x", "y"]);
    // Fits are every thirty rows; here the tie is set by hand.
    actor.rows(prices(2, 310, 36), (k) => k * SECOND);
    const [slope, intercept, deviation, pValue, isTied] = [0, 0, 1, 0.001, 1];
    actor.detector.fields["pairs.pairs"]!.set([slope, intercept, deviation, periods, pValue, isTied, 0, 0]);
    actor.rows([[Math.exp(2.5), 1]], () => 310 * SECOND);
    const [found] = actor.events;
    assert.match(found!.title, words);
    assert.is(found!.detail!["halfLifeUs"], periods === 0 ? 0 : null);
    assert.is(measuresOf(actor)["opportunity.halfLife.x~y"], periods === 0 ? 0 : undefined);
  }
});

test("what is expected is what comes: a half-life later the mean gain is the edge, and nine in ten lie in its range", () => {
  const actor = harness({ windowPeriods: 500, fees: "*=0", minimumProfitPercent: 0 }, ["x", "y"]);
  const rows = prices(2, 40_000, 32, [[1, 0]]);
  actor.rows(rows, (k) => k * SECOND);
  const gains = actor.events
    .filter(({ kind }) => kind === "opportunity.pair")
    .flatMap(({ detail, timeUs }) => {
      const { z, slope, edge, edgeLow, edgeHigh, halfLifeUs } = detail as Record<string, number>;
      const at = timeUs / SECOND;
      const then = at + Math.round(halfLifeUs! / SECOND);
      if (then >= rows.length) return [];
      const spread = (k: number) => Math.log(rows[k]![0]!) - slope! * Math.log(rows[k]![1]!);
      const gain = -Math.sign(z!) * (spread(then) - spread(at));
      return [{ gain, edge: edge!, isInside: gain >= edgeLow! && gain <= edgeHigh! }];
    });
  const mean = (values: number[]) => values.reduce((a, b) => a + b, 0) / values.length;
  assert.ok(gains.length > 200, `${gains.length} pairs`);
  const ratio = mean(gains.map(({ gain }) => gain)) / mean(gains.map(({ edge }) => edge));
  assert.ok(ratio > 0.85 && ratio < 1.2, `gain / edge ${ratio}`);
  const inside = mean(gains.map(({ isInside }) => (isInside ? 1 : 0)));
  assert.ok(inside > 0.85 && inside < 0.96, `${inside} within the 90 % range`);
});

test("a tie that breaks is said to be over", () => {
  const actor = harness({ windowPeriods: 300, fees: "*=0" }, CHANNELS);
  actor.rows(prices(4, 1_400, 33, [[1, 0]], 800), (k) => k * SECOND);
  const reasons = actor.events.flatMap(({ detail, timeUs }) =>
    timeUs >= 800 * SECOND && detail!["reason"] !== undefined ? [detail!["reason"]] : [],
  );
  assert.ok(reasons.includes("broken"), reasons.join(" "));
  assert.is(measuresOf(actor)["opportunity.tied"], 0);
});

test("costs decide: a pair that brings less than they take is none", () => {
  const of = (fees: string) => {
    const actor = harness({ windowPeriods: 300, fees }, CHANNELS);
    actor.rows(prices(4, 900, 31, [[3, 0]]), (k) => k * SECOND);
    return actor.events.filter(({ finding }) => finding!.key === "a~d/pair").length;
  };
  assert.ok(of("*=0.01") > 0);
  assert.is(of("*=1"), 0);
});

test("[O1] among walks at most one fit in ten calls some pair tied", () => {
  const fits = { all: 0, some: 0 };
  for (let seed = 0; seed < 40; seed++) {
    const actor = harness({ windowPeriods: 200 }, [..."abcdefgh"]);
    // One window each: fits that share rows are no further evidence.
    actor.rows(prices(8, 201, 1_000 + seed), (k) => k * SECOND);
    assert.is(measuresOf(actor)["opportunity.tested"], 28);
    fits.all++;
    if (measuresOf(actor)["opportunity.tied"]! > 0) fits.some++;
  }
  assert.ok(
    fits.some <= 8,
    `${fits.some} of ${fits.all}; 4 are expected at most, 8 come by chance once in fifty`,
  );
});

test("in the world of tied pairs they are found, and the one that comes apart is over", () => {
  const { times, rows, truth, channels } = played("cointegrated-pairs", { durationUs: 3 * 3600e6, seed: 5 });
  const [parted] = truth;
  const actor = harness({ windowPeriods: 2_000, fees: "*=0", minimumProfitPercent: 0 }, channels);
  const onset = times.findIndex((time) => time >= parted!.onsetUs);
  actor.rows(rows.slice(0, onset), (k) => times[k]!);
  const before = tiesOf(actor);
  const end = times.findIndex((time) => time >= parted!.endUs);
  actor.rows(rows.slice(onset, end), (k) => times[onset + k]!);
  const pairs = [0, 2, 4].map((k) => `${channels[k]}~${channels[k + 1]}`);
  assert.equal(before.sort(), pairs);
  const name = parted!.channels.join("~");
  const broken = actor.events.find(
    ({ finding, detail, timeUs }) =>
      timeUs > parted!.onsetUs && finding!.key === `${name}/pair` && detail!["reason"] === "broken",
  );
  assert.ok(broken !== undefined && !tiesOf(actor).includes(name), `${name}: ${tiesOf(actor).join(" ")}`);
});

function tiesOf(actor: ActorHarness): string[] {
  return Object.keys(measuresOf(actor)).flatMap((name) =>
    name.startsWith("opportunity.z.") ? [name.slice("opportunity.z.".length)] : [],
  );
}

// ---- ways round -----------------------------------------------------------------------------------------------------------

const TRIANGLE = "ab=A/B@v, bc=B/C@v, ac=A/C@v";
const ROUND = { channels: "none", rates: TRIANGLE, fees: "*=0.1", minimumProfitPercent: 0.05 };

test("a way round is reported with its profit after fees, and how long it lasted", () => {
  const actor = harness(ROUND, ["ab", "bc", "ac"]);
  const fair = [2, 3, 6];
  // A → C → B → A: 6.06 C for an A, 2.02 B for that, 1.01 A for those, and three fees.
  const off = [2, 3, 6.06];
  actor.rows([fair, fair, off, off, off, fair], (k) => k * SECOND);
  assert.equal(phases(actor), [
    ["opportunity.cycle", "opened"],
    ["opportunity.cycle-over", "ended"],
  ]);
  const [found, over] = actor.events;
  const { profit, path } = found!.detail as { profit: number; path: string };
  assert.ok(Math.abs(profit - (1.01 * 0.999 ** 3 - 1)) < 1e-12, `${profit}`);
  assert.is(path, "A@v → C@v → B@v");
  assert.equal([...found!.channels!].sort(), ["ab", "ac", "bc"]);
  assert.equal([over!.detail!["lastedUs"], over!.detail!["reason"]], [3 * SECOND, "closed"]);
});

test("a profit below the minimum, or within the costs, is none", () => {
  for (const more of [{ fees: "v=0.5" }, { minimumProfitPercent: 5 }]) {
    const actor = harness({ ...ROUND, ...more }, ["ab", "bc", "ac"]);
    actor.rows(
      [
        [2, 3, 6],
        [2, 3, 6.06],
      ],
      (k) => k * SECOND,
    );
    assert.equal(actor.events, []);
  }
});

test("[O3] a leg that is too old is no offer", () => {
  const actor = harness(ROUND, ["ab", "bc", "ac"]);
  const none = Number.NaN;
  actor.rows(
    [
      [2, 3, 6.06],
      [2, none, 6.06],
      [2, none, 6.06],
    ],
    (k) => 3 * k * SECOND,
  );
  assert.equal(
    phases(actor).map(([, phase]) => phase),
    ["opened", "ended"],
  );
  assert.is(actor.events[1]!.detail!["reason"], "stale");
});

test("assets move between venues for what the table says, and stay where it says nothing", () => {
  const rates = "one=X/U@p, two=X/U@q";
  const of = (transfers: string) => {
    const actor = harness({ channels: "none", rates, fees: "*=0.1", transfers }, ["one", "two"]);
    actor.rows(
      [
        [100, 100],
        [100, 101],
      ],
      (k) => k * SECOND,
    );
    return actor.events.map(({ detail }) => detail!["profit"] as number);
  };
  assert.equal(of(""), []);
  assert.equal(of("X=0.1"), [], "the way back is missing");
  const [profit] = of("X=0.1, U=0.2");
  assert.ok(Math.abs(profit! - (1.01 * 0.999 ** 2 * 0.999 * 0.998 - 1)) < 1e-12, `${profit}`);
  assert.is(of("*=1").length, 0);
});

test("in the world of venues, gaps that pay are found while they are open, and nothing else is", () => {
  const { times, rows, truth, channels } = played("venue-gap", { seed: 3, strength: 2 });
  const rates = channels.map((name) => `${name}=A/U@${name.slice(4)}`).join(", ");
  const actor = harness({ channels: "none", rates, fees: "*=0.05", transfers: "*=0" }, channels);
  actor.rows(rows, (k) => times[k]!);
  const found = actor.events.filter(({ kind }) => kind === "opportunity.cycle");
  assert.is(truth.length, 4);
  for (const {
    onsetUs,
    endUs,
    channels: [venue],
  } of truth) {
    const inside = found.filter(({ timeUs }) => timeUs >= onsetUs && timeUs <= endUs);
    assert.ok(
      inside.length > 0 && inside.every(({ channels: on }) => on!.includes(venue!)),
      `${venue} at ${onsetUs}`,
    );
    assert.is(inside[0]!.timeUs - onsetUs, 0, "in its first row");
  }
  assert.ok(
    found.every(({ timeUs }) => truth.some(({ onsetUs, endUs }) => timeUs >= onsetUs && timeUs <= endUs)),
  );
});

/** The rows of a world, with its truth. */
function played(name: string, options: Parameters<typeof createWorld>[1]) {
  const { time, value, truth, names } = samplesOf(createWorld(name, options));
  const times = time[0]!;
  return { times, rows: times.map((_, t) => value.map((of) => of[t]!)), truth, channels: names };
}

// ---- settings and state ---------------------------------------------------------------------------------------------------

test("tables are read as written, and anything else is refused with what is expected", () => {
  assert.equal(readRates(" BTC-USD=BTC/USD@kraken ,b=c=A/B@v"), [
    { channel: "BTC-USD", base: "BTC", quote: "USD", venue: "kraken" },
    { channel: "b=c", base: "A", quote: "B", venue: "v" },
  ]);
  for (const text of ["x", "x=A/B", "x=A@v", "x=A/A@v", "=A/B@v"])
    assert.is(readRates(text), undefined, text);
  assert.equal(
    [...readCosts("*=0.1, kraken = 0.25")!],
    [
      ["*", 0.1],
      ["kraken", 0.25],
    ],
  );
  for (const text of ["x", "x=-1", "x=51", "x=y"]) assert.is(readCosts(text), undefined, text);
  assert.throws(
    () => parseSettings({ opportunity: { rates: "x" } }),
    /set opportunity.rates: "x"; expected CHANNEL=BASE\/QUOTE@VENUE/,
  );
});

test("it is off, and has no state, unless it is switched on for a group that has two prices or rates", () => {
  const enabled = (settings: Settings, group = groupOf(2)) =>
    opportunity.enabled(parseSettings({ opportunity: settings }), group);
  assert.is(parseSettings({}).opportunity.enabled, false);
  assert.is(enabled({ enabled: true }), false, "no group of prices");
  assert.is(enabled({ enabled: true }, groupOf(2, { innovation: "logReturn" })), true);
  assert.is(enabled({}, groupOf(2, { innovation: "logReturn" })), false);
  assert.is(enabled({ enabled: true, rates: "c0=A/B@v" }), true);
  assert.is(enabled({ enabled: true, rates: "other=A/B@v" }), false);
  assert.ok(SYSTEM.group.includes(opportunity as never));
});

test("a fresh detector with the state of another goes on as that", () => {
  const rows = prices(4, 700, 34, [[2, 1]]);
  const settings = { windowPeriods: 200, fees: "*=0", rates: "a=A/B@v, b=B/C@v, c=A/C@v" };
  const [one, other] = [harness(settings, CHANNELS), harness(settings, CHANNELS)];
  one.rows(rows.slice(0, 450), (k) => k * SECOND);
  for (const [name, field] of Object.entries(one.detector.fields))
    other.detector.fields[name]!.set(field as never);
  const from = one.signals.length;
  one.rows(rows.slice(450), (k) => (450 + k) * SECOND);
  other.rows(rows.slice(450), (k) => (450 + k) * SECOND);
  assert.ok(one.signals.length > from);
  assert.equal(other.signals, one.signals.slice(from));
  assert.equal(measuresOf(other), measuresOf(one));
});

// ---- recorded prices ------------------------------------------------------------------------------------------------------

test("days of the S&P 500: with their returns in another order, or begun at another day, at most one group in ten has a pair that is called tied", () => {
  const path = shared("market/C_sp500_daily/daily.csv.gz");
  if (path === null) return skipWithoutData();
  const closes = new Map<string, number[]>();
  for (const line of gunzipSync(readFileSync(path)).toString().trim().split("\n").slice(1)) {
    const [, symbol, , , , close] = line.split(",");
    closes.set(symbol!, [...(closes.get(symbol!) ?? []), Math.log(Number(close))]);
  }
  const whole = [...closes.values()].filter((each) => each.length === 504);
  const uniform = uniforms(35);
  for (const [name, order] of Object.entries({ "as they were": same, permuted, rotated })) {
    let [groups, some, ties] = [0, 0, 0];
    for (let k = 0; k < (order === same ? 1 : ORDERS) * Math.floor(whole.length / 16); k++) {
      const g = 16 * (k % Math.floor(whole.length / 16));
      const logs = whole.slice(g, g + 16).map((each) => order(each.slice(-501), uniform));
      const actor = harness(
        { windowPeriods: 500 },
        logs.map((_, k) => `s${k}`),
        DAY,
      );
      actor.rows(
        logs[0]!.map((_, t) => logs.map((each) => Math.exp(each[t]!))),
        (k) => k * DAY,
      );
      const tied = measuresOf(actor)["opportunity.tied"]!;
      groups++;
      ties += tied;
      if (tied > 0) some++;
    }
    console.log(
      `  ${name}: ${some} of ${groups} groups of 16 have a pair that is called tied, ${ties} pairs in all`,
    );
    if (name !== "as they were") assert.ok(some <= groups / 10, `${some} of ${groups}`);
  }
});

/** Other orders of each stock's returns. */
const ORDERS = 4;

function same(path: readonly number[]): number[] {
  return [...path];
}

/** Its returns in any order: neither tied to others nor to their own past. */
function permuted(path: readonly number[], uniform: () => number): number[] {
  const returns = path.slice(1).map((each, k) => each - path[k]!);
  for (let k = returns.length - 1; k > 0; k--) {
    const other = Math.floor(uniform() * (k + 1));
    [returns[k], returns[other]] = [returns[other]!, returns[k]!];
  }
  return summed(returns);
}

/** Its returns begin at another day: not tied to others, volatile in clusters as they were. */
function rotated(path: readonly number[], uniform: () => number): number[] {
  const returns = path.slice(1).map((each, k) => each - path[k]!);
  const at = 50 + Math.floor(uniform() * 400);
  return summed([...returns.slice(at), ...returns.slice(0, at)]);
}

function summed(returns: readonly number[]): number[] {
  let sum = 0;
  return [0, ...returns.map((each) => (sum += each))];
}

test.run();
