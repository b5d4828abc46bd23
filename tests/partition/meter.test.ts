// runtime: either
/** What a partition measures of itself: rates, latencies within their buckets, and the time of each actor. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import type { Actor } from "../../actors/core/actor.ts";
import { LatencyHistogram, Meter } from "../../actors/partition/meter.ts";
import type { ClosedBlock } from "../../actors/partition/output-gate.ts";

/** A meter on a clock that the test sets, ms. */
function given(startMs = 0) {
  const clock = { ms: startMs };
  const meter = new Meter({ monotonicMs: () => clock.ms } as never);
  return { clock, meter };
}

function block(firstArrivalMs: number, lastArrivalMs: number, inputs: number, bytes = 10): ClosedBlock {
  const about = { number: 1, deliveries: [], metrics: null, lastSequence: 1 };
  return { ...about, firstArrivalMs, lastArrivalMs, inputs, bytes: new Uint8Array(bytes) };
}

const actor = (key: string) => ({ key }) as Actor;

function near(found: number, expected: number, share: number): void {
  assert.ok(Math.abs(found / expected - 1) <= share, `${found}, expected ${expected}`);
}

/** Sixteen buckets per doubling. */
const BUCKET = 2 ** (1 / 16) - 1;

test("a quantile is not below the duration and at most a bucket above it, from a microsecond to 100 seconds", () => {
  for (let us = 1.01; us < 1e8; us *= 1.7) {
    const histogram = new LatencyHistogram();
    histogram.add(us);
    for (const q of [0.5, 0.99, 1]) {
      const found = histogram.quantile(q);
      assert.ok(found >= us && found <= us * (1 + BUCKET) * (1 + 1e-12), `${found} for ${us}`);
    }
  }
});

test("of durations from 1 to 1000 µs the median is near 500 and the 99th percentile near 990", () => {
  const histogram = new LatencyHistogram();
  for (let us = 1; us <= 1000; us++) histogram.add(us);
  assert.is(histogram.count, 1000);
  near(histogram.quantile(0.5), 500, 2 * BUCKET);
  near(histogram.quantile(0.99), 990, 2 * BUCKET);
});

test("a duration may be added several times at once", () => {
  const histogram = new LatencyHistogram();
  histogram.add(10, 99);
  histogram.add(1e6, 1);
  assert.is(histogram.count, 100);
  near(histogram.quantile(0.99), 10, BUCKET);
  near(histogram.quantile(1), 1e6, BUCKET);
});

test("durations out of range stand in the first or last bucket; without any the quantile is 0", () => {
  const histogram = new LatencyHistogram();
  assert.equal([histogram.quantile(0.5), histogram.quantile(1)], [0, 0]);
  for (const us of [-5, 0, 0.5, 1]) histogram.add(us);
  near(histogram.quantile(1), 1 + BUCKET, 1e-12);
  histogram.clear();
  assert.equal([histogram.count, histogram.quantile(1)], [0, 0]);
  histogram.add(1e12);
  assert.is(histogram.quantile(1), 2 ** 27);
});

test("rates are per second of the interval, and the next interval begins with none", () => {
  const { clock, meter } = given(1_000);
  meter.countSamples(30);
  meter.countSamples(20);
  Object.assign(meter, { offered: 9, admitted: 5, shed: 3, duplicates: 1, late: 2 });
  meter.released(block(1_000, 1_000, 1, 700));
  clock.ms = 3_000;
  const gauges = meter.take({ queueDepth: 4 });
  const { latencyP50Us, latencyP99Us, ...rest } = gauges;
  assert.equal(rest, {
    samplesPerSecond: 25,
    inputsPerSecond: 2.5,
    bytesPerSecond: 350,
    offered: 9,
    admitted: 5,
    shed: 3,
    duplicates: 1,
    late: 2,
    queueDepth: 4,
  });
  assert.ok(latencyP50Us! > 0 && latencyP50Us === latencyP99Us);
  clock.ms = 3_500;
  meter.countSamples(1);
  const next = meter.take({});
  assert.is(next["samplesPerSecond"], 20.4, "51 in two and a half seconds");
  for (const [name, value] of Object.entries(next))
    if (name !== "samplesPerSecond") assert.is(value, 0, name);
});

test("a feed of a row a second has one rate, though some intervals have no row of it and others two", () => {
  const { clock, meter } = given();
  const rates: number[] = [];
  for (let k = 1; k <= 40; k++) {
    clock.ms = k * 1_000;
    if (k % 2 === 0) meter.countSamples(2);
    rates.push(meter.take({})["samplesPerSecond"]!);
  }
  assert.equal(new Set(rates.slice(10)), new Set([1]));
  for (let k = 41; k <= 50; k++) {
    clock.ms = k * 1_000;
    rates.push(meter.take({})["samplesPerSecond"]!);
  }
  assert.is(rates.at(-1), 0, "ten intervals after the last row");
});

test("an interval that the clock cannot tell from none counts as a millisecond", () => {
  const { meter } = given();
  meter.countSamples(3);
  assert.is(meter.take({})["samplesPerSecond"], 3_000);
});

test("the latency of a block is that of its first input, and for the others the mean of first and last", () => {
  const { clock, meter } = given();
  clock.ms = 8;
  meter.released(block(0, 4, 3));
  assert.is(meter.latency.count, 3);
  // 8 ms since the first, 4 ms since the last.
  near(meter.latency.quantile(0.5), 6_000, BUCKET);
  near(meter.latency.quantile(1), 8_000, BUCKET);
  meter.latency.clear();
  meter.released(block(0, 4, 1));
  assert.is(meter.latency.count, 1);
  near(meter.latency.quantile(1), 8_000, BUCKET);
});

test("one input in 64 is probed", () => {
  const { meter } = given();
  const probed = Array.from({ length: 192 }, () => meter.probeNow());
  assert.equal(
    probed.flatMap((isProbed, k) => (isProbed ? [k + 1] : [])),
    [64, 128, 192],
  );
});

test("an actor's gauge is the mean time of its work, µs, with three digits after the point", () => {
  const { clock, meter } = given();
  for (const [key, ms] of [
    ["g/a", 1],
    ["g/b", 5],
    ["g/a", 2],
    ["g/a", 1.0006],
  ] as const) {
    clock.ms += 10;
    meter.enter();
    clock.ms += ms;
    meter.leave(actor(key));
  }
  const gauges = meter.take({});
  near(gauges["actorUs.g/a"]!, 1_333.533, 1e-6);
  assert.is(gauges["actorUs.g/a"], Math.round(gauges["actorUs.g/a"]! * 1000) / 1000);
  assert.is(gauges["actorUs.g/b"], 5_000);
  assert.not("actorUs.g/a" in meter.take({}));
});

test.run();
