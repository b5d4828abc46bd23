// runtime: either
/**
 * Worlds of points in time: Hawkes, lead and lag, order books; each held against the law that defines it; on one runtime, for the bits are
 * the same on each (contract.test.ts).
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { Hawkes } from "../../sim/worlds/markets/hawkes.ts";
import { CALM } from "../../sim/worlds/markets/hawkes-trades.ts";
import { SHARED } from "../../sim/worlds/markets/lead-lag.ts";
import {
  type BookPace,
  LEVELS,
  LIMIT_RATE,
  LimitOrderBook,
  MARKET_RATE,
} from "../../sim/worlds/markets/limit-order-book.ts";
import { Variates } from "../../sim/worlds/model/variates.ts";
import { autocorrelation, logReturns, mean, near, variance } from "./moments.ts";
import { createWorld, type Samples, START_US, samplesOf } from "./worlds.ts";

/** Mean of blocks and its standard error: the blocks are long against the memory of what is in them. */
function ofBlocks(values: readonly number[]): { mean: number; error: number } {
  return { mean: mean(values), error: Math.sqrt(variance(values) / (values.length - 1)) };
}

// ---- Hawkes -----------------------------------------------------------------------------------------------------

const HAWKES = { kinds: 3, baseRate: 0.5, decay: 4 };
const BRANCHING = { own: 0.3, shared: 0.2 };
const RATIO = BRANCHING.own + BRANCHING.shared;

function hawkesEvents(count: number): { time: number[]; kind: number[] } {
  const hawkes = new Hawkes(HAWKES, new Variates(17, "hawkes"));
  const time: number[] = [];
  const kind: number[] = [];
  for (let k = 0; k < count; k++) {
    hawkes.next(() => BRANCHING);
    time.push(hawkes.time);
    kind.push(hawkes.kind);
  }
  return { time, kind };
}

test("Hawkes: the time between events, measured by their own intensity, is exponential and independent (Ogata 1988)", () => {
  const { time } = hawkesEvents(40_000);
  // Every event has RATIO children in all, so all kinds together are one process of that branching ratio.
  const { kinds, baseRate, decay } = HAWKES;
  const waits: number[] = [];
  let excitation = 0;
  for (let k = 1; k < time.length; k++) {
    excitation += RATIO * decay;
    const gap = time[k]! - time[k - 1]!;
    const left = excitation * Math.exp(-decay * gap);
    waits.push(kinds * baseRate * gap + (excitation - left) / decay);
    excitation = left;
  }
  const n = waits.length;
  near(mean(waits), 1, 1 / Math.sqrt(n), "mean");
  near(mean(waits.map((wait) => wait * wait)), 2, Math.sqrt(20 / n), "second moment");
  near(autocorrelation(waits, 1), 0, 1 / Math.sqrt(n), "independence");
  // Kolmogorov–Smirnov: 1.95/√n is exceeded once in a thousand samples of the law itself.
  const sorted = waits.toSorted((a, b) => a - b);
  const distance = Math.max(...sorted.map((wait, k) => Math.abs(1 - Math.exp(-wait) - (k + 0.5) / n)));
  assert.ok(distance < 1.95 / Math.sqrt(n), `distance ${distance} from the exponential law`);
});

test("Hawkes: mean rate is μ/(1 − n) for each kind, and counts are overdispersed by 1/(1 − n)²", () => {
  const { time, kind } = hawkesEvents(120_000);
  const total = (HAWKES.kinds * HAWKES.baseRate) / (1 - RATIO);
  // Hawkes (1971): the variance of the count in a long time T tends to rate · T / (1 − n)².
  const end = time.at(-1)!;
  near(time.length / end / total, 1, 1 / (1 - RATIO) / Math.sqrt(time.length), "rate of all");
  const width = 100;
  const blocks = Math.floor(end / width);
  const counts = Array.from({ length: HAWKES.kinds + 1 }, () => new Array<number>(blocks).fill(0));
  for (const [k, at] of time.entries()) {
    const block = Math.floor(at / width);
    if (block >= blocks) break;
    counts[kind[k]!]![block]!++;
    counts[HAWKES.kinds]![block]!++;
  }
  for (let k = 0; k < HAWKES.kinds; k++) {
    const { mean: rate, error } = ofBlocks(counts[k]!);
    near(rate / width, HAWKES.baseRate / (1 - RATIO), error / width, `rate of kind ${k}`);
  }
  const all = counts[HAWKES.kinds]!;
  const dispersion = variance(all) / mean(all);
  const expected = 1 / (1 - RATIO) ** 2;
  // What lies over the edges of a block is missed: less than one part in decay · (1 − n) · width.
  const edge = expected / (HAWKES.decay * (1 - RATIO) * width);
  near(dispersion, expected, expected * Math.sqrt(2 / blocks) + edge, "dispersion");
});

test("Hawkes trades: the chosen rate, five times that in the burst, each trade moving its price by its size", () => {
  const options = { durationUs: 14_400e6, seed: 21 };
  const { time, value, size, truth } = samplesOf(createWorld("hawkes-trades", options));
  const { onsetUs, endUs, detail } = truth[0]!;
  near(Number(detail!["branchingRatio"]), 0.9, 1e-12, "branching ratio of the burst");
  const all = time.flat();
  const before = all.filter((at) => at < onsetUs).length;
  const calm = CALM.own + CALM.shared;
  const expected = (4 * 2 * (onsetUs - START_US)) / 1e6;
  near(before, expected, Math.sqrt(expected) / (1 - calm), "trades before");
  const within = all.filter((at) => at >= onsetUs && at < endUs).length;
  const burst = (5 * 4 * 2 * (endUs - onsetUs)) / 1e6;
  // It takes some 1/(decay · (1 − n)) = 2.5 s to build up and down.
  near(within, burst, Math.sqrt(burst) / 0.1 + 5 * 8 * 2.5, "trades within");
  let same = 0;
  let trades = 0;
  for (const [k, prices] of value.entries()) {
    const steps = logReturns(prices);
    for (const [j, step] of steps.entries()) {
      const impact = 5e-5 * Math.sqrt(size[k]![j + 1]!);
      assert.ok(Math.abs(Math.abs(step) - impact) < 1e-12, `${step} of size ${size[k]![j + 1]}`);
      if (j > 0 && Math.sign(step) === Math.sign(steps[j - 1]!)) same++;
      if (j > 0) trades++;
    }
  }
  near(same / trades, 0.6, Math.sqrt((0.6 * 0.4) / trades), "trades of the same sign as the one before");
});

// ---- lead and lag -----------------------------------------------------------------------------------------------

interface Path {
  time: number[];
  price: number[];
}

/** Hayashi & Yoshida (2005) with one path moved: covariance of increments over intervals that overlap. */
function shiftedCovariance(leader: Path, follower: Path, lagUs: number): number {
  let sum = 0;
  let first = 1;
  for (let j = 1; j < follower.time.length; j++) {
    const from = follower.time[j - 1]! - lagUs;
    const until = follower.time[j]! - lagUs;
    while (first < leader.time.length && leader.time[first]! <= from) first++;
    const step = Math.log(follower.price[j]! / follower.price[j - 1]!);
    for (let i = first; i < leader.time.length && leader.time[i - 1]! < until; i++)
      sum += step * Math.log(leader.price[i]! / leader.price[i - 1]!);
  }
  return sum;
}

test("lead and lag: leader and follower tick at the documented rates, at exponential times", () => {
  const { time } = samplesOf(createWorld("lead-lag", { durationUs: 14_400e6, seed: 4 }));
  for (const [k, times] of time.entries()) {
    const rate = k % 2 === 0 ? 3 : 1;
    near(times.length, rate * 14_400, Math.sqrt(rate * 14_400), `ticks of channel ${k}`);
    const waits = times.slice(1).map((at, j) => ((at - times[j]!) / 1e6) * rate);
    near(mean(waits.map((wait) => wait * wait)), 2, Math.sqrt(20 / waits.length), "second moment of waits");
  }
});

test("lead and lag: increments of a pair correlate at lag 0 before the onset, and at the true lag after it", () => {
  const samples = samplesOf(createWorld("lead-lag", { durationUs: 14_400e6, seed: 4 }));
  const { onsetUs, endUs, channels, detail } = samples.truth[0]!;
  const lagUs = Number(detail!["lagSeconds"]) * 1e6;
  assert.is(lagUs, 2e6);
  assert.equal(channels, ["A02", "A04"]);
  for (const pair of [0, 1]) {
    const calm = blocksOf(samples, pair, START_US, onsetUs);
    const lagged = blocksOf(samples, pair, onsetUs + 10e6, endUs);
    const before = shared(calm, 0);
    // The ends of a block are cut: a tick of the slower one is a hundredth of it, a lag two.
    near(before.mean, SHARED, before.error + 0.01, "before, at lag 0");
    const byLag = [0, 1e6, 2e6, 3e6, 4e6].map((lag) => ({ lag, ...shared(lagged, lag) }));
    near(byLag[2]!.mean, SHARED, byLag[2]!.error + 0.02, "within, at the lag");
    near(byLag[0]!.mean, 0, byLag[0]!.error + 0.02, "within, at lag 0");
    assert.is(byLag.toSorted((a, b) => b.mean - a.mean)[0]!.lag, 2e6);
  }
});

const BLOCK_US = 120e6;

/** The two paths of a pair, cut into blocks. */
function blocksOf(samples: Samples, pair: number, fromUs: number, untilUs: number): [Path, Path][] {
  const blocks: [Path, Path][] = [];
  for (let at = fromUs; at + BLOCK_US <= untilUs; at += BLOCK_US)
    blocks.push([pathOf(samples, 2 * pair, at), pathOf(samples, 2 * pair + 1, at)]);
  return blocks;
}

function pathOf(samples: Samples, k: number, fromUs: number): Path {
  const times = samples.time[k]!;
  const first = times.findIndex((at) => at >= fromUs);
  const end = times.findIndex((at) => at >= fromUs + BLOCK_US);
  const last = end < 0 ? times.length : end;
  return { time: times.slice(first, last), price: samples.value[k]!.slice(first, last) };
}

/** Share of a pair's variance that goes together at a lag. */
function shared(blocks: readonly [Path, Path][], lagUs: number): { mean: number; error: number } {
  const variancePerBlock = (1e-8 * BLOCK_US) / 1e6;
  return ofBlocks(blocks.map(([a, b]) => shiftedCovariance(a, b, lagUs) / variancePerBlock));
}

// ---- order books ------------------------------------------------------------------------------------------------

test("order book: each kind of event comes at its rate, quotes never cross, and the price has no drift", () => {
  for (const pace of [
    { limit: 1, market: 1, cancel: 1 },
    { limit: 0.8, market: 2, cancel: 0.5 },
  ])
    checkBook(pace);
});

function checkBook(pace: BookPace): void {
  const book = new LimitOrderBook();
  const variates = new Variates(8, "book");
  const constant = 2 * (pace.limit * limitsOfASide() + pace.market * MARKET_RATE);
  const counts = { limit: 0, market: 0, cancel: 0 };
  let seconds = 0;
  let cancellations = 0;
  const moves: number[] = [];
  let middle = 0;
  for (let k = 0; k < 200_000; k++) {
    const total = book.totalRate(pace);
    const wait = variates.exponential() / total;
    seconds += wait;
    // Given the book, cancellations come at the rest of the total rate.
    cancellations += wait * (total - constant);
    counts[book.step(pace, total, variates)]++;
    assert.ok(book.bid < book.ask && book.bidSize() > 0 && book.askSize() > 0, "[L1] [L2]");
    if (k % 2000 === 0) {
      moves.push((book.bid + book.ask) / 2 - middle);
      middle = (book.bid + book.ask) / 2;
    }
  }
  const limits = 2 * pace.limit * limitsOfASide() * seconds;
  near(counts.limit, limits, Math.sqrt(limits), "limit orders");
  const markets = 2 * pace.market * MARKET_RATE * seconds;
  near(counts.market, markets, Math.sqrt(markets), "market orders");
  near(counts.cancel, cancellations, Math.sqrt(cancellations), "cancellations");
  const drift = ofBlocks(moves.slice(1));
  near(drift.mean, 0, drift.error, "drift of the middle");
}

/** Σ λ(i) by the definition. */
function limitsOfASide(): number {
  let sum = 0;
  for (let i = 1; i <= LEVELS; i++) sum += LIMIT_RATE / Math.sqrt(i);
  return sum;
}

test("order book: without new orders it empties, and still has two sides", () => {
  const book = new LimitOrderBook();
  const variates = new Variates(1, "book");
  const pace = { limit: 0, market: 1, cancel: 1 };
  for (let k = 0; k < 2000; k++) {
    book.step(pace, book.totalRate(pace), variates);
    assert.ok(book.bid < book.ask && book.bidSize() > 0 && book.askSize() > 0);
  }
  assert.ok(book.ask - book.bid >= LEVELS, `spread ${book.ask - book.bid}`);
});

test("order-book: quotes tick at the chosen rate, bids are below asks, and spreads widen when liquidity vanishes", () => {
  const world = samplesOf(createWorld("order-book", { durationUs: 28_800e6, seed: 6 }));
  const { onsetUs, endUs } = world.truth[0]!;
  for (const side of [0, 1, 2, 3]) {
    const before = world.time[side]!.filter((at) => at < onsetUs).length;
    // The rate of the model was measured, not derived: a part in a hundred, and the count's own error.
    const expected = (2 * (onsetUs - START_US)) / 1e6;
    near(before / expected, 1, 0.01 + 2 / Math.sqrt(expected), `ticks of side ${side}`);
    assert.ok(world.size[side]!.every((size) => size >= 1));
  }
  const spreads = { calm: [] as number[], drained: [] as number[] };
  let bid = 0;
  let next = 0;
  for (const [k, at] of world.time[1]!.entries()) {
    for (; next < world.time[0]!.length && world.time[0]![next]! <= at; next++) bid = world.value[0]![next]!;
    const spread = world.value[1]![k]! - bid;
    if (bid > 0 && at < onsetUs) spreads.calm.push(spread);
    if (at > onsetUs + 60e6 && at < endUs) spreads.drained.push(spread);
  }
  assert.ok(Math.min(...spreads.calm) > 0.0099, "a tick at least");
  assert.ok(mean(spreads.drained) > 1.5 * mean(spreads.calm), `${mean(spreads.drained)}`);
});

test.run();
