// runtime: either
/** Prices: what all do at once, and jumps that are over with their row. */
import exp from "@stdlib/math-base-special-exp";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { anomaly } from "../../actors/detectors/anomaly/detector.ts";
import { parseSettings } from "../../protocol/settings.ts";
import { ActorHarness, type HeardEvent } from "../support/actor-harness.ts";
import { normals } from "../support/random-streams.ts";
import { groupOf } from "../support/rows.ts";

const N = 8;
const S = 500;
const SETTINGS = { anomaly: { falseAlarmSamples: S } };
/** Typical step of a price, %. */
const STEP = 0.1;
/** ln 10,000. */
const GROWTH = 9.2;

interface Market {
  /** The common step of the next row, in usual ones, from that before it and a normal number. */
  common?(before: number, z: () => number): number;
  /** Adds to the steps of row k, in usual ones. */
  shock?(k: number, steps: number[]): void;
  innovation?: "logReturn" | "difference";
}

/** Prices whose steps are for a half common. */
function pricesOf(rows: number, { common = (_, z) => z(), shock }: Market): Float64Array[] {
  const [z, ofAll] = [normals(3), normals(4)];
  const prices = new Float64Array(N).fill(100);
  let all = 0;
  return Array.from({ length: rows }, (_, k) => {
    all = common(all, ofAll);
    const steps = Array.from(prices, () => (all + z()) * Math.SQRT1_2);
    shock?.(k, steps);
    for (let c = 0; c < N; c++) prices[c] = prices[c]! * exp((STEP / 100) * steps[c]!);
    return prices.slice();
  });
}

function watch(rows: number, market: Market): ActorHarness {
  const { innovation = "logReturn" } = market;
  const actor = new ActorHarness(anomaly, SETTINGS, groupOf(N, { innovation }));
  actor.rows(pricesOf(rows, market), (k) => k * 1_000_000);
  return actor;
}

function told(actor: ActorHarness, view: string, fromRow = 0): HeardEvent[] {
  return actor.events.filter(({ detail, timeUs }) => detail?.["view"] === view && timeUs >= fromRow * 1e6);
}

test("prices that all fall are reported in that row, with the mean of their falls, once, and as over when the joint score is calm", () => {
  const actor = watch(2100, {
    shock(k, steps) {
      if (k === 2000) for (let c = 0; c < N; c++) steps[c] = steps[c]! - 12;
    },
  });
  const [started, ended, ...others] = told(actor, "common", 2000);
  assert.equal(others, []);
  assert.is(started!.timeUs, 2000e6);
  assert.match(
    started!.title,
    /^group: prices fell together, by 1\.\d\d % on average \(usual: -0\.\d+ to 0\.\d+ %\)$/,
  );
  assert.is(started!.channels!.length, N);
  assert.ok(ended!.timeUs < 2016e6, `${ended!.timeUs}`);
  assert.match(ended!.title, /^group: prices move as usual again after \d+(\.\d)? s$/);
});

test("[R4] a detector that takes over between two looks at rows that are averaged tells the same of a fall", () => {
  const settings = { anomaly: { falseAlarmSamples: S, averageUs: 4_000_000 } };
  const group = groupOf(N, { innovation: "logReturn" });
  const rows = pricesOf(6_100, {
    shock(k, steps) {
      if (k >= 6_000 && k < 6_008) for (let c = 0; c < N; c++) steps[c] = steps[c]! - 3;
    },
  });
  const straight = new ActorHarness(anomaly, settings, group);
  straight.rows(rows, (k) => k * 1_000_000);
  const fall = told(straight, "common", 6_000);
  assert.equal(
    fall.map(({ kind }) => kind),
    ["anomaly.started", "anomaly.ended"],
  );
  const [began, ended] = fall.map(({ timeUs }) => timeUs / 1_000_000) as [number, number];
  for (let at = began + 1; at <= ended; at++) {
    const second = new ActorHarness(anomaly, settings, group);
    second.rows(rows.slice(0, at), (k) => k * 1_000_000);
    const copy = anomaly.createDetector(parseSettings(settings), group);
    for (const [name, array] of Object.entries(second.detector.fields))
      copy.fields[name]!.set(array as never);
    Object.assign(second, { detector: copy });
    second.rows(rows.slice(at), (k) => (at + k) * 1_000_000);
    assert.equal(told(second, "common"), told(straight, "common"), `taken over at row ${at}`);
  }
});

test("one price that falls alone is no fall of all", () => {
  const actor = watch(2100, {
    shock(k, steps) {
      if (k === 2000) steps[3] = -60;
    },
  });
  assert.equal(told(actor, "common", 2000), []);
  const [started] = told(actor, "step", 2000);
  assert.equal(started?.channels, ["c3"]);
});

test("channels that are no prices are not said to fall together: load that steps is usual", () => {
  const actor = watch(2100, {
    innovation: "difference",
    shock(k, steps) {
      if (k === 2000) for (let c = 0; c < N; c++) steps[c] = steps[c]! - 12;
    },
  });
  assert.equal(told(actor, "common"), []);
});

test("a price that jumped and stays there is over with its jump: it is said so in the second row after it", () => {
  const actor = watch(2100, {
    shock(k, steps) {
      if (k === 2000) steps[3] = -60;
    },
  });
  const [started, ended, ...others] = told(actor, "step", 2000);
  assert.equal(others, []);
  assert.match(started!.title, /^c3 jumped by -5\.\d\d % /);
  assert.is(ended!.timeUs, 2002e6);
  assert.match(ended!.title, /^c3 is normal again after 1\.0 s /);
});

test("a jump of a price is worth more than the promise, half of what exceeds 8 nats; one of another channel is not", () => {
  const worth = (innovation: "logReturn" | "difference") => {
    const shock = (k: number, steps: number[]) => {
      if (k === 2000) steps[3] = -400;
    };
    const [started] = told(watch(2001, { innovation, shock }), "step", 2000);
    return { counted: started!.finding!.evidence, found: started!.detail!["evidence"] as number };
  };
  const ofPrice = worth("logReturn");
  assert.ok(ofPrice.found > 10, `${ofPrice.found}`);
  assert.is(ofPrice.counted, (ofPrice.found + 8) / 2);
  const other = worth("difference");
  assert.ok(Math.abs(other.counted - Math.log(S)) < 1e-12, `${other.counted}`);
});

test("a price that grows ten thousandfold is judged in proportion: neither its level nor how much it moves is news", () => {
  const S = 2_000;
  const rows = 20_000;
  const steps = normals(5);
  const prices = new Float64Array(N).fill(100);
  const actor = new ActorHarness(
    anomaly,
    { anomaly: { falseAlarmSamples: S } },
    groupOf(N, { innovation: "logReturn" }),
  );
  actor.rows(
    Array.from({ length: rows }, () => {
      for (let c = 0; c < N; c++) prices[c] = prices[c]! * exp(GROWTH / rows + 0.02 * steps());
      return prices.slice();
    }),
    (k) => k * 1_000_000,
  );
  const started = actor.events.filter(({ kind }) => kind === "anomaly.started");
  console.log(`  ${started.map(({ detail }) => detail!["view"]).join(" ")}, ${(N * rows) / S} promised`);
  assert.ok(started.length <= (N * rows) / S, `${started.length} announced`);
});

const COMMON: Record<string, NonNullable<Market["common"]>> = {
  "normal steps": (_, z) => z(),
  "steps of Student's t3": (_, z) => z() / Math.hypot(z(), z(), z()),
  "GARCH(1,1) .1 .85": garch(0.05, 0.1, 0.85),
  "GARCH(1,1) .04 .95": garch(0.01, 0.04, 0.95),
  "stochastic volatility, 33 rows": stochasticVolatility(0.97, 0.25),
  "stochastic volatility, 200 rows": stochasticVolatility(0.995, 0.1),
};

function garch(omega: number, alpha: number, beta: number): NonNullable<Market["common"]> {
  let variance = 1;
  return (before, z) => {
    variance = omega + alpha * before * before + beta * variance;
    return Math.sqrt(variance) * z();
  };
}

function stochasticVolatility(memory: number, noise: number): NonNullable<Market["common"]> {
  let logVariance = 0;
  return (_, z) => {
    logVariance = memory * logVariance + noise * z();
    return exp(logVariance / 2) * z();
  };
}

for (const [name, common] of Object.entries(COMMON))
  test(`common moves of prices keep the promise of the settings: ${name}`, () => {
    const rows = 30_000;
    const events = told(watch(rows, { common }), "common");
    const count = events.filter(({ kind }) => kind === "anomaly.started").length;
    const promised = rows / S;
    console.log(`  ${name}: ${count} announced of ${promised} promised`);
    // Three standard deviations of a Poisson number.
    const most = promised + 3 * Math.sqrt(promised);
    assert.ok(count <= most, `${count} announced, expected at most ${most}`);
  });

test.run();
