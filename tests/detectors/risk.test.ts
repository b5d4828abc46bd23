// runtime: either
/** What prices may lose: forecasts that are exceeded as often as they say, tests that say when not, and what is announced. */
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { dropUnsendable } from "../../actors/core/core.ts";
import { BackTests, LEAST_JUDGED } from "../../actors/detectors/risk/back-tests.ts";
import { MOST_CHANNELS, risk } from "../../actors/detectors/risk/detector.ts";
import { kupiecRatio, ratioPValue } from "../../actors/kernels/coverage-tests.ts";
import { SYSTEM } from "../../actors/system.ts";
import { parseSettings } from "../../protocol/settings.ts";
import { toyCore } from "../core/toy-core.ts";
import { ActorHarness } from "../support/actor-harness.ts";
import { row } from "../support/inputs.ts";
import { normals, uniforms } from "../support/random-streams.ts";
import { groupOf, NO_STATE } from "../support/rows.ts";
import { shared, skipWithoutData } from "../support/shared.ts";

const SECOND = 1_000_000;
const PROMISED = 1_000;

/** A group of prices, a row a second. */
const prices = (n: number) => groupOf(n, { innovation: "logReturn" });

function watching(n: number, settings: object = {}): ActorHarness {
  return new ActorHarness(risk, { risk: { falseAlarmSamples: PROMISED, ...settings } }, prices(n));
}

function measuresOf(actor: ActorHarness): Record<string, number> {
  const measures: Record<string, number> = {};
  actor.detector.addMeasures!(measures, NO_STATE);
  dropUnsendable(measures);
  return measures;
}

/** Prices that have these log returns, one list a channel, from 100 on. */
function levels(...returns: readonly (readonly number[])[]): number[][] {
  const sums = returns.map(() => 0);
  const rows = [returns.map(() => 100)];
  for (let t = 0; t < returns[0]!.length; t++) {
    returns.forEach((of, c) => {
      sums[c]! += of[t]!;
    });
    rows.push(sums.map((sum) => 100 * Math.exp(sum)));
  }
  return rows;
}

/** Rows a second, the first at `fromUs`. */
function feed(actor: ActorHarness, rows: readonly (readonly number[])[], fromUs = SECOND): void {
  actor.rows(rows, (k) => fromUs + k * SECOND);
}

/** Normal noise of 1 %, and of a volatility that depends on the sizes before (GARCH: 0.1, 0.85) with heavy tails. */
const WORLDS: Record<string, (count: number) => number[]> = {
  "independent returns": (count) => {
    const normal = normals(3);
    return Array.from({ length: count }, () => 0.01 * normal());
  },
  "volatility in clusters with heavy tails": (count) => {
    const normal = normals(4);
    let variance = 1e-4;
    return Array.from({ length: count }, () => {
      let squares = 0;
      for (let k = 0; k < 6; k++) squares += normal() ** 2;
      // Student's t with six degrees of freedom, of variance 1.
      const change = Math.sqrt(variance) * normal() * Math.sqrt(4 / squares);
      variance = 5e-6 + 0.1 * change * change + 0.85 * variance;
      return change;
    });
  },
};

/** Four standard errors: exceeded once in sixteen thousand such tests. */
const ERRORS = 4;

for (const [name, world] of Object.entries(WORLDS)) {
  test(`${name}: values at risk are exceeded as often as they say, and by as much as the shortfall says`, () => {
    const returns = world(20_000);
    const actor = watching(1);
    const rows = levels(returns);
    const none = { judged: 0, exceeded: 0, told: 0, excess: 0, expected: 0 };
    const counts = { "95": { ...none }, "99": { ...none } };
    rows.forEach((values, t) => {
      const before = measuresOf(actor);
      for (const [percent, count] of Object.entries(counts)) {
        const value = before[`risk.var${percent}.c0`];
        if (value === undefined) continue;
        count.judged++;
        const loss = -returns[t - 1]!;
        if (loss <= value) continue;
        count.exceeded++;
        const shortfall = before[`risk.es${percent}.c0`];
        if (shortfall === undefined) continue;
        count.told++;
        count.excess += loss - value;
        count.expected += shortfall - value;
      }
      actor.rows([values], () => (t + 1) * SECOND);
    });
    for (const [percent, { judged, exceeded, told, excess, expected }] of Object.entries(counts)) {
      const tail = 1 - Number(percent) / 100;
      assert.ok(judged > 19_800, `${judged} judged at ${percent} %`);
      const error = Math.sqrt(judged * tail * (1 - tail));
      assert.ok(
        Math.abs(exceeded - judged * tail) <= ERRORS * error,
        `${exceeded} of ${judged} beyond ${percent} %; expected ${(judged * tail).toFixed(0)} ± ${(ERRORS * error).toFixed(0)}`,
      );
      // The spread of an excess is about its mean, half more with heavy tails and volatility in clusters.
      assert.ok(
        Math.abs(excess / expected - 1) <= (ERRORS * 1.5) / Math.sqrt(told),
        `mean excess ${excess / expected} of the expected one at ${percent} %`,
      );
    }
    const opened = actor.events.filter(({ finding }) => finding?.phase === "opened").length;
    assert.ok(opened <= returns.length / PROMISED, `${opened} announcements`);
  });
}

// ---- back-tests -------------------------------------------------------------------------------------------------------

const FORECASTS = { valueLow: 1, shortfallLow: 2, valueHigh: 3, shortfallHigh: 4 };
const PRICE = Math.log(3 * PROMISED);

/** What back-tests find in losses against FORECASTS at 95 and 99 %, each as [loss number, phase, breach, percent]. */
function foundIn(losses: readonly number[], tests = new BackTests(1, [0.05, 0.01], 250)) {
  const found: [number, string, string, number][] = [];
  losses.forEach((loss, t) => {
    if (!tests.judge(0, loss, FORECASTS, t, PRICE)) return;
    const { phase, breach, isHigh } = tests.found;
    found.push([t, phase, breach, isHigh ? 99 : 95]);
  });
  return { found, tests };
}

/** Losses that exceed the levels as often as they may: 4 % between them, 1 % beyond both, by as much as the shortfall says. */
function rightLosses(count: number, seed: number): number[] {
  const uniform = uniforms(seed);
  return Array.from({ length: count }, () => {
    const u = uniform();
    // Exponential beyond 3 with mean 4, uniform between 1 and 2 below it: beyond 1 the mean is 0.8 · 1.5 + 0.2 · 4 = 2.
    if (u < 0.01) return 3 - Math.log(1 - uniform());
    return u < 0.05 ? 1 + uniform() : 0;
  });
}

test("right forecasts are violated no more often than promised", () => {
  const { found } = foundIn(rightLosses(30_000, 5));
  assert.ok(found.filter(([, phase]) => phase === "opened").length <= 30_000 / PROMISED / 3, `${found}`);
});

test("losses that exceed the value at risk three times as often are found, by their rate", () => {
  const uniform = uniforms(6);
  const { found } = foundIn(Array.from({ length: 600 }, () => (uniform() < 0.15 ? 1.5 : 0)));
  assert.equal(found[0]!.slice(1), ["opened", "rate", 95]);
});

test("losses that exceed it in clusters are found as clusters, although their rate is right", () => {
  // Five in a row at the end of each hundred.
  const { found, tests } = foundIn(Array.from({ length: 1_000 }, (_, t) => (t % 100 >= 95 ? 1.2 : 0)));
  assert.equal(found[0]!.slice(1), ["opened", "clusters", 95]);
  const { exceeded, returns, christoffersen, kupiec } = tests.coverage(0, false);
  assert.equal([exceeded, returns], [15, 250]);
  assert.ok(christoffersen < 1e-6 && kupiec > 0.05, `${christoffersen} ${kupiec}`);
});

test("losses that exceed it by five times what the shortfall says are found as that", () => {
  const { found } = foundIn(Array.from({ length: 3_000 }, (_, t) => (t % 100 === 50 ? 8 : 0)));
  assert.equal(found[0]!.slice(1), ["opened", "shortfall", 99]);
});

test("a violation lowers the confidence to 0, and is over when the losses are right again", () => {
  const uniform = uniforms(7);
  const wrong = Array.from({ length: 300 }, () => (uniform() < 0.3 ? 1.5 : 0));
  const { found, tests } = foundIn(wrong);
  assert.is(found[0]![1], "opened");
  assert.ok(found.slice(1).every(([, phase]) => phase === "grew"));
  assert.is(tests.confidence(0, false), 0);
  const { found: later } = foundIn(rightLosses(1_000, 8), tests);
  assert.is(later.at(-1)![1], "ended");
  assert.ok(later.at(-1)![0] >= 100);
  assert.ok(tests.confidence(0, false) > 0);
});

test("a confidence is unknown at first, 1 while nothing speaks against it, and lower where a test does", () => {
  const tests = new BackTests(1, [0.05, 0.01], 250);
  const judge = (losses: readonly number[]) => foundIn(losses, tests);
  judge(Array.from({ length: LEAST_JUDGED - 1 }, (_, t) => (t % 20 === 7 ? 1.5 : 0)));
  assert.ok(Number.isNaN(tests.confidence(0, false)));
  judge([0]);
  assert.is(tests.confidence(0, false), 1);
  // Too many, and not enough for the e-backtest.
  judge(Array.from({ length: 150 }, (_, t) => (t % 10 === 7 ? 1.5 : 0)));
  const { kupiec, exceeded } = tests.coverage(0, false);
  assert.is(exceeded, 20);
  assert.is(kupiec, ratioPValue(kupiecRatio(250, 20, 0.05)));
  assert.is(tests.confidence(0, false), Math.min(1, kupiec / 0.05));
  assert.ok(tests.confidence(0, false) < 1);
});

test("losses that come several in a row, again and again, are announced as a violated back-test", () => {
  const normal = normals(9);
  const returns = Array.from({ length: 1_500 }, (_, t) => (t > 400 && t % 80 < 6 ? -0.03 : 0.01 * normal()));
  const actor = watching(1, { falseAlarmSamples: 200 });
  feed(actor, levels(returns));
  const event = actor.events.find(({ kind }) => kind === "risk.backtest-violated")!;
  assert.ok(event, actor.kinds().join(" "));
  assert.equal(event.channels, ["c0"]);
  assert.is(event.severity, "info");
  assert.match(event.title, /^c0 exceeds its 9[59]\.00 % value at risk .*: \d+ of the last 250 losses did, /);
  const { key, phase, effect, evidence } = event.finding!;
  assert.equal([key, phase], ["c0/backtest", "opened"]);
  assert.ok(effect > 1 && evidence >= Math.log(200) - 1e-9, `${effect} ${evidence}`);
  // It goes on to the end.
  const measures = measuresOf(actor);
  assert.is(measures["risk.confidence95.c0"], 0);
  assert.is(measures["risk.confidence"], 0);
});

// ---- extremes -----------------------------------------------------------------------------------------------------------

test("a run of losses is announced once with its size, and its end", () => {
  const normal = normals(10);
  const returns = Array.from({ length: 900 }, (_, t) => (t >= 700 && t < 707 ? -0.05 : 0.01 * normal()));
  const actor = watching(1);
  feed(actor, levels(returns));
  // Such losses are beyond the values at risk as well, which is another finding.
  const found = actor.events.filter(({ kind }) => kind.startsWith("risk.drawdown"));
  assert.equal(
    found.map(({ kind, finding }) => [kind, finding!.key, finding!.phase]),
    [
      ["risk.drawdown", "c0/drawdown", "opened"],
      ["risk.drawdown-over", "c0/drawdown", "ended"],
    ],
  );
  const { title, detail, finding, timeUs } = found[0]!;
  assert.match(title, /^c0 fell by \d+\.\d+ % in .* s, with losses beyond .*; \d+\.\d+ % below its peak$/);
  const { logReturn, sinceUs } = detail as Record<string, number>;
  assert.ok(logReturn! < -0.1, `${logReturn}`);
  // The row of second 702 has the first of them.
  assert.ok(
    sinceUs! <= 702 * SECOND && timeUs >= 703 * SECOND && timeUs <= 708 * SECOND,
    `${sinceUs} ${timeUs}`,
  );
  assert.ok(finding!.evidence >= Math.log(PROMISED) - 1e-9);
});

test("one loss, however large, is no run", () => {
  const normal = normals(11);
  const returns = Array.from({ length: 900 }, (_, t) => (t === 700 ? -0.2 : 0.01 * normal()));
  const actor = watching(1);
  feed(actor, levels(returns));
  assert.equal(actor.kinds(), []);
});

/** Three channels that mostly move together; in six returns from number 800 on the first two move apart. */
function together(): number[][] {
  const normal = normals(12);
  const returns: [number[], number[], number[]] = [[], [], []];
  for (let t = 0; t < 1_000; t++) {
    const common = normal();
    const apart = t >= 800 && t < 806;
    returns.forEach((of, c) => {
      const own = 0.95 * common + 0.31 * normal();
      of.push(0.01 * (apart ? [2, -2, 0][c]! : own));
    });
  }
  return levels(...returns);
}

test("channels that move apart are turbulent, although no move is large, and calm afterwards", () => {
  const actor = watching(3);
  feed(actor, together().slice(0, 800));
  assert.equal(actor.kinds(), []);
  const before = measuresOf(actor);
  // The leading eigenvalue of correlations 0.9 is 2.8 of 3.
  assert.ok(Math.abs(before["risk.absorption"]! - 0.93) < 0.03, `absorption ${before["risk.absorption"]}`);
  assert.ok(before["risk.turbulence"]! > 0);
  feed(actor, together().slice(800, 840), 801 * SECOND);
  assert.ok(measuresOf(actor)["risk.absorptionShift"]! < 0, "less moves together than a while ago");
  feed(actor, together().slice(840), 841 * SECOND);
  assert.equal(
    actor.events.map(({ kind, finding }) => [kind, finding!.key, finding!.phase]),
    [
      ["risk.turbulent", "turbulence", "opened"],
      ["risk.calm", "turbulence", "ended"],
    ],
  );
  const { title, channels, detail } = actor.events[0]!;
  assert.equal([channels!.slice(0, 2).sort(), channels![2]], [["c0", "c1"], "c2"]);
  assert.match(
    title,
    /^group is turbulent: .* times as far as usual for their volatility, most of all c[01], c[01] and c2$/,
  );
  assert.ok((detail!["turbulence"] as number) > 5);
});

// ---- measures, and what they are of ---------------------------------------------------------------------------------------

test("drawdowns are those of all rows", () => {
  const actor = watching(1, { horizonSeconds: 3_600 });
  feed(actor, [[100], [120], [90], [108]]);
  const measures = measuresOf(actor);
  assert.ok(Math.abs(measures["risk.drawdown.c0"]! - 0.1) < 1e-15);
  assert.ok(Math.abs(measures["risk.drawdownMax.c0"]! - 0.25) < 1e-15);
});

test("a horizon of a minute has the measures of minute closes", () => {
  const normal = normals(13);
  const rows = levels(Array.from({ length: 60 * 260 }, () => 0.001 * normal())).slice(1);
  // Rows at seconds 0, 1, … of the first minute on; the last row of each minute is its close.
  const fine = watching(1, { horizonSeconds: 60 });
  feed(fine, rows, 0);
  const minutes = groupOf(1, { innovation: "logReturn", everyUs: 60 * SECOND });
  const coarse = new ActorHarness(risk, { risk: { falseAlarmSamples: PROMISED } }, minutes);
  const closes = rows.filter((_, k) => k % 60 === 59);
  // The last minute is not over in the rows of seconds.
  coarse.rows(closes.slice(0, -1), (k) => (60 * k + 59) * SECOND);
  const [found, expected] = [measuresOf(fine), measuresOf(coarse)];
  for (const name of ["volatility", "var95", "es95", "var99", "es99"])
    assert.is(found[`risk.${name}.c0`], expected[`risk.${name}.c0`], name);
  assert.ok(found["risk.var99.c0"]! > 0);
});

test("no return spans a gap, and a level that is not positive is none", () => {
  const normal = normals(14);
  const quiet = levels(Array.from({ length: 300 }, () => 0.01 * normal()));
  const actor = watching(1);
  feed(actor, quiet);
  const before = measuresOf(actor)["risk.volatility.c0"]!;
  // Twice the price, a hundred rows later.
  feed(actor, [[2 * quiet.at(-1)![0]!]], 400 * SECOND);
  feed(actor, [[-3], [0]], 401 * SECOND);
  assert.is(measuresOf(actor)["risk.volatility.c0"], before);
  assert.equal(actor.events, []);
});

test("a price that stood still for long moves without an infinite surprise", () => {
  const normal = normals(15);
  const moving = Array.from({ length: 400 }, () => 0.01 * normal());
  const actor = watching(1);
  feed(actor, levels([...moving, ...new Array<number>(400).fill(0), ...moving]));
  for (const [name, value] of Object.entries(measuresOf(actor))) assert.ok(Number.isFinite(value), name);
  assert.ok(measuresOf(actor)["risk.es99.c0"]! < 1);
});

test("it watches the channels of groups of prices, or those that are named, at most sixteen", () => {
  const enabled = (settings: object, group = prices(2)) =>
    risk.enabled(parseSettings({ risk: settings }), group);
  const metrics = groupOf(2);
  assert.is(enabled({}), false, "off unless it is switched on");
  assert.is(enabled({ enabled: true }), true);
  assert.is(enabled({ enabled: true }, metrics), false);
  assert.is(enabled({ enabled: true, channels: "c1, other" }, metrics), true);
  assert.is(enabled({ enabled: true, channels: "other" }), false);
  assert.is(enabled({ enabled: true }, { ...prices(2), states: true }), false);
  const named = new ActorHarness(risk, { risk: { channels: "c1" } }, metrics);
  feed(named, [
    [1, 2],
    [1, 1],
  ]);
  assert.equal(
    Object.keys(measuresOf(named)).filter((name) => name.includes("drawdown.")),
    ["risk.drawdown.c1"],
  );
  const many = watching(40);
  feed(many, [new Array<number>(40).fill(1)]);
  const drawdowns = Object.keys(measuresOf(many)).filter((name) => name.startsWith("risk.drawdown."));
  assert.is(drawdowns.length, MOST_CHANNELS);
});

test("its measures stand in the published states; switched off, it has no state and adds none", () => {
  const settings = { ...parseSettings({}), publishEveryUs: 0 };
  const world = toyCore({ group: SYSTEM.group }, { n: 2, settings });
  const set = (path: string, value: string | boolean) =>
    world.apply(world.core.now, { type: "configChanged", path, value, author: "ana" });
  const normal = normals(16);
  const level = [100, 100];
  let at = 0;
  const rows = (count: number) => {
    for (let k = 0; k < count; k++) {
      for (let c = 0; c < 2; c++) level[c]! *= Math.exp(0.01 * normal());
      at++;
      world.apply(at * 1_000, row(at * 1_000, level, at));
    }
  };
  const pieces = () => [...world.core.registered()].filter(({ actor }) => actor === "g/risk").length;
  const published = () =>
    Object.keys(world.states.at(-1)!.measures).filter((name) => name.startsWith("risk."));
  rows(40);
  assert.is(pieces(), 0);
  assert.equal(published(), []);
  set("risk.channels", "c0,c1");
  set("risk.enabled", true);
  rows(40);
  assert.ok(pieces() > 0);
  assert.ok(published().includes("risk.volatility.c1"), published().join(" "));
  // Other settings begin anew.
  set("risk.horizonSeconds", "1");
  rows(2);
  assert.not.ok(published().includes("risk.volatility.c1"));
  set("risk.enabled", false);
  rows(2);
  assert.is(pieces(), 0);
  assert.equal(published(), []);
});

test("the state has one size, however long it is watched", () => {
  const actor = watching(2);
  const size = () => Object.values(actor.detector.fields).reduce((sum, field) => sum + field.byteLength, 0);
  const before = size();
  const returns = WORLDS["independent returns"]!(3_000);
  feed(actor, levels(returns, [...returns].reverse()));
  assert.is(size(), before);
  assert.ok(before <= 70_000 + 2 * 12_000, `${before} bytes for two channels`);
});

// ---- recorded markets -----------------------------------------------------------------------------------------------------

test("minutes of twenty crypto pairs: values at risk are covered for most, and which are not is said", () => {
  const warm = shared("market/B_crypto_1m/warmup_close_1m.csv.gz");
  const bars = shared("market/B_crypto_1m/bars_1m.csv.gz");
  if (warm === null || bars === null) return skipWithoutData();
  const table = (path: string) =>
    gunzipSync(readFileSync(path))
      .toString()
      .trim()
      .split("\n")
      .map((line) => line.split(","));
  const [head, ...closes] = table(warm);
  const symbols = head!.slice(1);
  const rows = closes.map((each) => ({ second: Number(each[0]), values: each.slice(1).map(Number) }));
  for (const [second, symbol, , , , close] of table(bars).slice(1)) {
    if (rows.at(-1)!.second !== Number(second))
      rows.push({ second: Number(second), values: new Array<number>(symbols.length).fill(Number.NaN) });
    rows.at(-1)!.values[symbols.indexOf(symbol!)] = Number(close);
  }
  const covered: Record<string, number> = {};
  for (const half of [0, 1]) {
    const columns = symbols.map((_, c) => c).filter((c) => c % 2 === half);
    const channels = columns.map((c) => ({ name: symbols[c]!, title: "", unit: "USDT" }));
    const group = groupOf(columns.length, { innovation: "logReturn", everyUs: 60 * SECOND, channels });
    const actor = new ActorHarness(risk, {}, group);
    const counts = new Map<string, { judged: number; exceeded: number }>();
    let last: number[] | null = null;
    for (const { second, values } of rows) {
      const before = measuresOf(actor);
      for (const c of last === null ? [] : columns) {
        const loss = -Math.log(values[c]! / last![c]!);
        for (const percent of [95, 99]) {
          const value = before[`risk.var${percent}.${symbols[c]}`];
          if (value === undefined || Number.isNaN(loss)) continue;
          const key = `${percent} ${symbols[c]}`;
          const count = counts.get(key) ?? { judged: 0, exceeded: 0 };
          counts.set(key, { judged: count.judged + 1, exceeded: count.exceeded + (loss > value ? 1 : 0) });
        }
      }
      actor.rows([columns.map((c) => values[c]!)], () => second * SECOND);
      last = values;
    }
    for (const [key, { judged, exceeded }] of counts) {
      const percent = key.slice(0, 2);
      const p = ratioPValue(kupiecRatio(judged, exceeded, 1 - Number(percent) / 100));
      covered[percent] = (covered[percent] ?? 0) + (p > 0.05 ? 1 : 0);
      if (p <= 0.05)
        console.log(
          `  violated: ${key.slice(3)} at ${percent} %: ${exceeded} of ${judged}, Kupiec p = ${p.toFixed(4)}`,
        );
    }
    for (const { timeUs, title } of actor.events)
      console.log(`  ${new Date(timeUs / 1000).toISOString()} ${title}`);
  }
  console.log(
    `  covered (Kupiec p > 0.05): ${covered["95"]} of ${symbols.length} at 95 %, ${covered["99"]} at 99 %`,
  );
  for (const percent of ["95", "99"])
    assert.ok(covered[percent]! >= symbols.length / 2, `${covered[percent]} covered at ${percent} %`);
});

test.run();
