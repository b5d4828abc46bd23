/**
 * Channels made of what an exporter says.
 *
 *   gauge       its value                                    node_memory_free_bytes
 *   counter     its rate, per second                         http_requests_total{code="200"}
 *   histogram   the rate of what it counts, and quantiles    http_duration_seconds{path="/"} p50
 *   summary     the rate of what it counts, and its own      rpc_duration_seconds{quantile="0.9"}
 *
 * S1  A counter that is lower than before began again at 0, as Prometheus has it: what it shows was counted since.
 * S2  Quantiles of a histogram are of what came since the last scrape, linear within a bucket; none when nothing came.
 * S3  A rate needs two scrapes: the first has none, and neither has one after a scrape in which the counter was no number. Constants (`_info`,
 *     `_created`, `_sum`) are no channels.
 * S4  Of a series that a scrape has more than once the first is taken, as Prometheus has it.
 */
import type { ExposedSample, Exposition, Family, Labels } from "./exposition.ts";
import type { Reading } from "./reading.ts";
import type { Selection } from "./selection.ts";

/** What is shown of a histogram. */
export const QUANTILES: readonly (readonly [suffix: string, q: number])[] = [
  ["p50", 0.5],
  ["p99", 0.99],
];

/** Names of samples end so, beyond the name of their family. */
const SUFFIX = /_(total|created|bucket|count|sum|info|gcount|gsum)$/;

/** What a name of a family ends in when its samples are of that unit, and the sign of it. */
const UNITS: ReadonlyMap<string, string> = new Map([
  ["seconds", "s"],
  ["bytes", "B"],
  ["celsius", "°C"],
  ["volts", "V"],
  ["amperes", "A"],
  ["joules", "J"],
  ["grams", "g"],
  ["meters", "m"],
  ["hertz", "Hz"],
  ["percent", "%"],
  ["ratio", ""],
]);

interface Histogram {
  readonly name: string;
  readonly labels: Labels;
  readonly unit: string;
  /** Whether its buckets say what is there now, not all that ever came. */
  readonly isGauge: boolean;
  readonly buckets: Bucket[];
}

/** Cumulative: how many are at most `upper`. */
export interface Bucket {
  readonly upper: number;
  readonly count: number;
}

export class SeriesReader {
  private readonly selection: Selection;
  private counters = new Map<string, number>();
  private buckets = new Map<string, readonly Bucket[]>();
  private lastUs = Number.NaN;

  constructor(selection: Selection) {
    this.selection = selection;
  }

  /** The readings of one scrape, in its order; those of histograms after the others. `timeUs` goes forward. `repeated`: called for S4. */
  read(exposition: Exposition, timeUs: number, repeated: (series: string) => void = () => {}): Reading[] {
    const readings: Reading[] = [];
    const met = new Set<string>();
    const histograms = new Map<string, Histogram>();
    const counters = new Map<string, number>();
    const seconds = (timeUs - this.lastUs) / 1e6;
    for (const sample of exposition.samples) {
      const { base, family } = familyOf(sample, exposition.families);
      if (!this.selection.takes(sample.name, sample.labels) && !this.selection.takes(base, sample.labels))
        continue;
      const unit = unitOf(base, family);
      const what = meaningOf(sample, base, family);
      const channel = seriesName(sample.name, sample.labels);
      if (met.has(channel)) {
        repeated(channel);
        continue;
      }
      met.add(channel);
      if (what === "value") readings.push({ channel, labels: sample.labels, unit, value: sample.value });
      else if (what === "rate") {
        counters.set(channel, sample.value);
        const value = increase(sample.value, this.counters.get(channel)) / seconds;
        // What is counted has no unit, whatever the unit of the observations is.
        const counted = sample.name.endsWith("_count") ? "" : unit;
        readings.push({ channel, labels: sample.labels, unit: `${counted}/s`, value });
      } else if (what === "bucket") collect(histograms, sample, base, unit, family.type === "gaugehistogram");
    }
    readings.push(...this.quantiles(histograms));
    this.counters = counters;
    this.lastUs = timeUs;
    return readings;
  }

  private quantiles(histograms: ReadonlyMap<string, Histogram>): Reading[] {
    const before = this.buckets;
    this.buckets = new Map();
    const readings: Reading[] = [];
    for (const [key, { name, labels, unit, isGauge, buckets }] of histograms) {
      buckets.sort((a, b) => a.upper - b.upper);
      this.buckets.set(key, buckets);
      const since = isGauge ? buckets : newSince(buckets, before.get(key));
      for (const [suffix, q] of QUANTILES) {
        const channel = `${seriesName(name, labels)} ${suffix}`;
        readings.push({ channel, labels, unit, value: since === null ? Number.NaN : quantile(since, q) });
      }
    }
    return readings;
  }
}

/** `name{a="b",c="d"}`, labels by name. */
export function seriesName(name: string, labels: Labels): string {
  if (labels.length === 0) return name;
  return `${name}{${labels.map(([label, value]) => `${label}=${JSON.stringify(value)}`).join(",")}}`;
}

function familyOf(
  { name }: ExposedSample,
  families: ReadonlyMap<string, Family>,
): { base: string; family: Family } {
  const exact = families.get(name);
  if (exact !== undefined) return { base: name, family: exact };
  const base = name.replace(SUFFIX, "");
  const family = families.get(base);
  return family === undefined ? { base: name, family: { type: "unknown", unit: "" } } : { base, family };
}

function meaningOf(
  { name, labels }: ExposedSample,
  base: string,
  { type }: Family,
): "value" | "rate" | "bucket" | "nothing" {
  const suffix = name === base ? "" : name.slice(base.length);
  switch (type) {
    case "counter":
      return suffix === "_created" ? "nothing" : "rate";
    case "gauge":
    case "stateset":
      return "value";
    case "unknown":
      // Exporters that say no type have counters nevertheless.
      return name.endsWith("_total") ? "rate" : "value";
    case "info":
      return "nothing";
    case "histogram":
    case "gaugehistogram":
      if (suffix === "_bucket") return "bucket";
      if (suffix === "_gcount") return "value";
      return suffix === "_count" ? "rate" : "nothing";
    case "summary":
      if (suffix === "_count") return "rate";
      return labels.some(([label]) => label === "quantile") ? "value" : "nothing";
  }
}

/** The sign of what a name ends in, else of the unit that is given. */
export function unitOf(base: string, { unit }: Pick<Family, "unit">): string {
  const word = unit !== "" ? unit : (/_([a-z]+)(_total)?$/.exec(base)?.[1] ?? "");
  return UNITS.get(word) ?? unit;
}

/** What came since; NaN when it is not known. */
function increase(now: number, before = Number.NaN): number {
  if (!Number.isFinite(before)) return Number.NaN;
  return now >= before ? now - before : now;
}

function collect(
  histograms: Map<string, Histogram>,
  { labels, value }: ExposedSample,
  name: string,
  unit: string,
  isGauge: boolean,
): void {
  const upper = Number(labels.find(([label]) => label === "le")?.[1]?.replace("+Inf", "Infinity"));
  if (Number.isNaN(upper)) return;
  const others = labels.filter(([label]) => label !== "le");
  const key = seriesName(name, others);
  let histogram = histograms.get(key);
  if (histogram === undefined) {
    histogram = { name, labels: others, unit, isGauge, buckets: [] };
    histograms.set(key, histogram);
  }
  histogram.buckets.push({ upper, count: value });
}

/** Null when it is not known: there is nothing before, or the buckets are others. After a reset all of it is new. */
function newSince(now: readonly Bucket[], before: readonly Bucket[] | undefined): Bucket[] | null {
  if (before === undefined || before.length !== now.length) return null;
  if (now.some(({ upper }, k) => upper !== before[k]!.upper)) return null;
  if (!before.every(({ count }) => Number.isFinite(count))) return null;
  const isReset = now.some(({ count }, k) => count < before[k]!.count);
  return now.map(({ upper, count }, k) => ({ upper, count: isReset ? count : count - before[k]!.count }));
}

/**
 * The q-quantile of cumulative buckets, as Prometheus' histogram_quantile: linear within a bucket, from 0 in the first one when it ends above 0, and
 * the highest finite bound where the last bucket has none. NaN when nothing was counted.
 */
export function quantile(buckets: readonly Bucket[], q: number): number {
  const total = buckets.at(-1)?.count ?? 0;
  if (!(total > 0) || buckets.at(-1)!.upper !== Number.POSITIVE_INFINITY) return Number.NaN;
  const rank = q * total;
  let below = 0;
  for (let k = 0; k < buckets.length; k++) {
    const { upper, count } = buckets[k]!;
    if (count < rank) {
      below = Math.max(below, count);
      continue;
    }
    if (upper === Number.POSITIVE_INFINITY) return k === 0 ? Number.NaN : buckets[k - 1]!.upper;
    const lower = k > 0 ? buckets[k - 1]!.upper : Math.min(0, upper);
    // All of a first bucket that ends at or below 0 counts as at its bound.
    if (k === 0 && upper <= 0) return upper;
    return count === below ? upper : lower + (upper - lower) * ((rank - below) / (count - below));
  }
  return Number.NaN;
}
