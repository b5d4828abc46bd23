/**
 * What the runtime measures of itself: rates, latency, queue depth, shed counts, memory, per-actor time.
 *
 * The core must not read a clock, so these figures are taken here and enter the log as a `measurement` input: a replay sees the
 * figures of the day, not its own.
 */
import type { Actor } from "../core/actor.ts";
import type { CoreProbe } from "../core/core-sink.ts";
import type { Clock } from "../ports/clock.ts";
import type { ClosedBlock } from "./output-gate.ts";

/** One input in this many is timed actor by actor: two clock reads an actor would cost more than some actors. */
const PROBE_EVERY = 64;

/** Samples per second are those of so many last intervals: a feed with a row a second has none in some of them, and two in others. */
const RATE_INTERVALS = 10;

export class Meter implements CoreProbe {
  readonly latency = new LatencyHistogram();
  offered = 0;
  admitted = 0;
  shed = 0;
  duplicates = 0;
  late = 0;
  private samples = 0;
  /** Of the last intervals, oldest first. */
  private readonly rates: { readonly samples: number; readonly seconds: number }[] = [];
  private bytes = 0;
  private sinceMs: number;
  private probeCountdown = PROBE_EVERY;
  private enteredMs = 0;
  private readonly actorMs = new Map<string, { ms: number; times: number }>();
  private readonly clock: Clock;

  constructor(clock: Clock) {
    this.clock = clock;
    this.sinceMs = clock.monotonicMs();
  }

  /** True for the inputs whose actors are timed. */
  probeNow(): boolean {
    if (--this.probeCountdown > 0) return false;
    this.probeCountdown = PROBE_EVERY;
    return true;
  }

  enter(): void {
    this.enteredMs = this.clock.monotonicMs();
  }

  leave(actor: Actor): void {
    const spent = this.clock.monotonicMs() - this.enteredMs;
    const known = this.actorMs.get(actor.key);
    if (known) {
      known.ms += spent;
      known.times++;
    } else this.actorMs.set(actor.key, { ms: spent, times: 1 });
  }

  countSamples(samples: number): void {
    this.samples += samples;
  }

  released(block: ClosedBlock): void {
    const now = this.clock.monotonicMs();
    const lastUs = (now - block.lastArrivalMs) * 1000;
    const firstUs = (now - block.firstArrivalMs) * 1000;
    this.latency.add(firstUs);
    if (block.inputs > 1) this.latency.add((firstUs + lastUs) / 2, block.inputs - 1);
    this.bytes += block.bytes.length;
  }

  /** Gauges since the last call, which begins a new interval; samples per second over the last RATE_INTERVALS. */
  take(standing: Record<string, number>): Record<string, number> {
    const now = this.clock.monotonicMs();
    const seconds = Math.max(now - this.sinceMs, 1) / 1000;
    const gauges: Record<string, number> = {
      samplesPerSecond: round(this.sampleRate(seconds)),
      inputsPerSecond: round(this.admitted / seconds),
      bytesPerSecond: round(this.bytes / seconds),
      latencyP50Us: round(this.latency.quantile(0.5)),
      latencyP99Us: round(this.latency.quantile(0.99)),
      offered: this.offered,
      admitted: this.admitted,
      shed: this.shed,
      duplicates: this.duplicates,
      late: this.late,
      ...standing,
    };
    for (const [actor, { ms, times }] of this.actorMs)
      gauges[`actorUs.${actor}`] = round((ms * 1000) / times);
    this.latency.clear();
    this.actorMs.clear();
    this.samples = this.bytes = this.offered = this.admitted = this.shed = this.duplicates = this.late = 0;
    this.sinceMs = now;
    return gauges;
  }

  /** With the interval that ends, of this length. */
  private sampleRate(seconds: number): number {
    this.rates.push({ samples: this.samples, seconds });
    if (this.rates.length > RATE_INTERVALS) this.rates.shift();
    const sum = (of: (rate: { samples: number; seconds: number }) => number) =>
      this.rates.reduce((total, rate) => total + of(rate), 0);
    return sum(({ samples }) => samples) / sum((rate) => rate.seconds);
  }
}

/** Three digits after the point are enough for a person and keep the log small. */
function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}

/**
 * A histogram of durations for p50 and p99 without keeping samples: buckets of equal ratio, HDR-style (Tene 2012).
 *
 * Range 1 µs to 100 s, 16 buckets per doubling: a quantile is right within 4.5 %. `quantile` on an empty histogram is 0.
 */
export class LatencyHistogram {
  private readonly counts = new Uint32Array(BUCKETS);
  private total = 0;

  add(microseconds: number, times = 1): void {
    const bucket = microseconds <= 1 ? 0 : Math.floor(Math.log2(microseconds) * PER_DOUBLING);
    const index = bucket >= BUCKETS ? BUCKETS - 1 : bucket;
    this.counts[index] = this.counts[index]! + times;
    this.total += times;
  }

  /** Microseconds under which the share `q` of all durations lies: the upper edge of its bucket. */
  quantile(q: number): number {
    const expected = q * this.total;
    let seen = 0;
    for (let i = 0; i < BUCKETS && this.total > 0; i++) {
      seen += this.counts[i]!;
      if (seen >= expected) return 2 ** ((i + 1) / PER_DOUBLING);
    }
    return 0;
  }

  get count(): number {
    return this.total;
  }

  clear(): void {
    this.counts.fill(0);
    this.total = 0;
  }
}

const PER_DOUBLING = 16;
const BUCKETS = 27 * PER_DOUBLING;
