/**
 * What OpenTelemetry exporters send adds up to between two rows.
 *
 *   gauge, sum that may fall     its last value               histogram            the rate of what it counts, and quantiles
 *   sum that only grows          its rate, per second         summary              the rate of what it counts, and its own quantiles
 *                                                             exponential          the rate of what it counts
 *
 * O1  Rates are by the times of the points: an exporter that sends once a minute has the rate of that minute, in one row.
 * O2  A row has what came since the row before, and nothing of what did not come.
 * O3  A growing sum that is lower than before began again at 0. A point that is not later than the one before is a repetition, and is left out.
 *     So is a value that no such metric has: none, an infinite one, a negative count.
 * O4  Differences (delta temporality) are added up; the first sum of a series (cumulative) has no rate yet.
 * O5  Names, labels and buckets of a point are bounded before anything is made of them: points share their resource, so a request can name far more
 *     than it holds.
 */
import { shorten } from "../../../protocol/check-body.ts";
import type { Labels } from "./exposition.ts";
import {
  type OtlpAttributes,
  type OtlpHistogramPoint,
  type OtlpMetric,
  type OtlpRequest,
  textOfValue,
} from "./otlp-request.ts";
import { READING_NAME_MAX, type Reading } from "./reading.ts";
import { type Bucket, QUANTILES, quantile, seriesName } from "./series.ts";

/** Attributes of a resource that say which one it is; the others are the same for all of its metrics, and long. */
const IDENTIFYING: ReadonlySet<string> = new Set([
  "service.name",
  "service.namespace",
  "service.instance.id",
  "host.name",
  "k8s.pod.name",
]);

/** As protobuf and JSON have it. */
const DELTA: ReadonlySet<unknown> = new Set([1, "AGGREGATION_TEMPORALITY_DELTA"]);

/** A clock that is further ahead counts as so much: what follows would else be taken for repetitions until then. */
const AHEAD_US_MAX = 60_000_000;

/** UCUM, as OpenTelemetry names units, and as people read them. */
const UNITS: ReadonlyMap<string, string> = new Map([
  ["By", "B"],
  ["By/s", "B/s"],
  ["1", ""],
  ["Cel", "°C"],
]);

/** Of a point and its resource: OpenTelemetry's own limit. */
const LABELS_MAX = 128;
/** Of a histogram: six times those of the finest in use. */
const BUCKETS_MAX = 1_024;

/** As points of all kinds have them. */
interface PointTimes {
  readonly startTimeUnixNano: number;
  readonly timeUnixNano: number;
}

interface Series {
  readonly name: string;
  readonly labels: Labels;
  readonly unit: string;
  lastUs: number;
  /** Whether something came since the last row. */
  isNew: boolean;
  /** Of a gauge, or the last sum. */
  value: number;
  /** What was added since the last row, and in how long. */
  added: number;
  seconds: number;
  /** Of a histogram: what was added in each bucket, and the last counts. */
  bounds: readonly number[];
  addedCounts: number[];
  counts: readonly number[];
  readonly meaning: "value" | "rate" | "count" | "histogram";
}

/** When a point is, and since when it counts, µs; null where it does not say. */
interface Times {
  readonly timeUs: number;
  readonly startUs: number | null;
}

/** Points of a request that are left out. */
export interface LeftOut {
  /** Labels of those whose series is one too many. */
  readonly noRoom: Pick<Reading, "labels">[];
  /** Channel of the first of them, as a message shows it. */
  noRoomFirst: string;
  /** How many have something wrong with them, and what it is of the first. */
  faults: number;
  fault: string;
}

export class OtlpMetrics {
  private readonly series = new Map<string, Series>();
  private readonly seriesMax: number;
  private nowUs = 0;

  /** `seriesMax`: series at most; those of a histogram are one. */
  constructor(seriesMax: number) {
    this.seriesMax = seriesMax;
  }

  /** Takes a request that came at `nowUs`: the time of points without one. Returns the points that are left out. */
  take({ resourceMetrics }: OtlpRequest, nowUs: number): LeftOut {
    this.nowUs = nowUs;
    const leftOut: LeftOut = { noRoom: [], noRoomFirst: "", faults: 0, fault: "" };
    for (const { resource, scopeMetrics } of resourceMetrics) {
      const own = (resource.attributes ?? []).filter(({ key }) => IDENTIFYING.has(key));
      for (const { metrics } of scopeMetrics)
        for (const metric of metrics) this.takeMetric(metric, own, leftOut);
    }
    return leftOut;
  }

  /** The readings of a row. */
  readings(): Reading[] {
    const readings: Reading[] = [];
    for (const series of this.series.values()) {
      if (!series.isNew) continue;
      series.isNew = false;
      readings.push(...readingsOf(series));
      series.added = 0;
      series.seconds = 0;
      series.addedCounts = [];
    }
    return readings;
  }

  private takeMetric(metric: OtlpMetric, own: OtlpAttributes, leftOut: LeftOut): void {
    const { name, gauge, sum, histogram, exponentialHistogram, summary } = metric;
    const unit = UNITS.get(metric.unit) ?? (metric.unit.startsWith("{") ? "" : metric.unit);
    const of = (attributes: OtlpAttributes, meaning: Series["meaning"], more: Labels = []): Series | null => {
      const count = own.length + attributes.length;
      if (count > LABELS_MAX)
        return atFault(leftOut, `${shorten(name)} has ${count} labels; expected at most ${LABELS_MAX}`);
      return this.seriesOf(name, [...labelsOf(own, attributes), ...more], unit, meaning, leftOut);
    };
    for (const point of gauge?.dataPoints ?? [])
      set(of(point.attributes, "value"), numberOf(point), this.timesOf(point));
    for (const point of sum?.dataPoints ?? []) {
      const isDelta = DELTA.has(sum!.aggregationTemporality);
      if (sum!.isMonotonic) grow(of(point.attributes, "rate"), numberOf(point), this.timesOf(point), isDelta);
      else {
        const series = of(point.attributes, "value");
        const before = series === null || Number.isNaN(series.value) ? 0 : series.value;
        set(series, numberOf(point) + (isDelta ? before : 0), this.timesOf(point));
      }
    }
    for (const point of histogram?.dataPoints ?? []) {
      const buckets = Math.max(point.bucketCounts.length, point.explicitBounds.length);
      if (buckets > BUCKETS_MAX)
        atFault(leftOut, `${shorten(name)} has ${buckets} buckets; expected at most ${BUCKETS_MAX}`);
      else
        addCounts(
          of(point.attributes, "histogram"),
          point,
          this.timesOf(point),
          DELTA.has(histogram!.aggregationTemporality),
        );
    }
    for (const point of exponentialHistogram?.dataPoints ?? []) {
      const isDelta = DELTA.has(exponentialHistogram!.aggregationTemporality);
      grow(of(point.attributes, "count"), point.count, this.timesOf(point), isDelta);
    }
    for (const point of summary?.dataPoints ?? []) {
      const times = this.timesOf(point);
      grow(of(point.attributes, "count"), point.count, times, false);
      for (const { quantile: q, value } of point.quantileValues)
        set(of(point.attributes, "value", [["quantile", String(q)]]), value, times);
    }
  }

  private timesOf({ timeUnixNano, startTimeUnixNano }: PointTimes): Times {
    return {
      timeUs: timeUnixNano > 0 ? Math.min(timeUnixNano / 1000, this.nowUs + AHEAD_US_MAX) : this.nowUs,
      startUs: startTimeUnixNano > 0 ? startTimeUnixNano / 1000 : null,
    };
  }

  /** Null where there is no room, no name, or one of another kind. */
  private seriesOf(
    name: string,
    labels: Labels,
    unit: string,
    meaning: Series["meaning"],
    leftOut: LeftOut,
  ): Series | null {
    if (name === "") return atFault(leftOut, "a metric has no name");
    const characters = labels.reduce(
      (sum, [label, value]) => sum + label.length + value.length,
      name.length + unit.length,
    );
    if (characters > READING_NAME_MAX)
      return atFault(
        leftOut,
        `${shorten(name)} has ${characters} characters with its labels and its unit; expected at most READING_NAME_MAX (${READING_NAME_MAX})`,
      );
    const channel = seriesName(name, labels);
    const known = this.series.get(channel);
    if (known?.meaning === meaning) return known;
    if (known !== undefined) return atFault(leftOut, `${shorten(channel)} was a ${known.meaning} before`);
    if (this.series.size >= this.seriesMax) {
      if (leftOut.noRoom.length === 0) leftOut.noRoomFirst = shorten(channel);
      leftOut.noRoom.push({ labels });
      return null;
    }
    const series: Series = {
      ...{
        name,
        labels,
        unit,
        meaning,
        lastUs: Number.NaN,
        isNew: false,
        value: Number.NaN,
        added: 0,
        seconds: 0,
      },
      ...{ bounds: [], addedCounts: [], counts: [] },
    };
    this.series.set(channel, series);
    return series;
  }
}

function atFault(leftOut: LeftOut, fault: string): null {
  if (leftOut.faults++ === 0) leftOut.fault = fault;
  return null;
}

function labelsOf(own: OtlpAttributes, attributes: OtlpAttributes): Labels {
  return [...own, ...attributes]
    .map(({ key, value }) => [key, textOfValue(value)] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1));
}

function numberOf({
  asDouble,
  asInt,
}: {
  asDouble?: number | undefined;
  asInt?: number | undefined;
}): number {
  return asDouble ?? asInt ?? Number.NaN;
}

/** False for a point that is not later than the one before it. */
function moves(series: Series, { timeUs }: Times): boolean {
  if (timeUs <= series.lastUs) return false;
  series.isNew = true;
  return true;
}

function set(series: Series | null, value: number, times: Times): void {
  if (series === null || !Number.isFinite(value) || !moves(series, times)) return;
  series.value = value;
  series.lastUs = times.timeUs;
}

/** Seconds that what was added took: since the point before, or, of a difference, since its own begin. */
function addTime(series: Series, { timeUs, startUs }: Times, isDelta: boolean): void {
  const beginUs = isDelta ? (startUs ?? series.lastUs) : series.lastUs;
  if (timeUs > beginUs) series.seconds += (timeUs - beginUs) / 1e6;
  series.lastUs = timeUs;
}

function grow(series: Series | null, value: number, times: Times, isDelta: boolean): void {
  if (series === null || !isCount(value) || !moves(series, times)) return;
  if (isDelta) series.added += value;
  else if (!Number.isNaN(series.value)) series.added += increase(value, series.value);
  addTime(series, times, isDelta);
  series.value = value;
}

function addCounts(series: Series | null, point: OtlpHistogramPoint, times: Times, isDelta: boolean): void {
  if (series === null || !isCount(point.count) || !point.bucketCounts.every(isCount)) return;
  if (!moves(series, times)) return;
  const { bucketCounts, explicitBounds, count } = point;
  const isSame = sameNumbers(series.bounds, explicitBounds);
  const isReset = !isDelta && count < series.value;
  const isFirst = Number.isNaN(series.value);
  if (!isSame) series.addedCounts = [];
  for (const [k, now] of bucketCounts.entries()) {
    const before = isDelta || isReset ? 0 : isSame ? (series.counts[k] ?? 0) : Number.NaN;
    const added = isFirst && !isDelta ? 0 : now - before;
    if (Number.isFinite(added)) series.addedCounts[k] = (series.addedCounts[k] ?? 0) + added;
  }
  if (isDelta) series.added += count;
  else if (!isFirst) series.added += increase(count, series.value);
  addTime(series, times, isDelta);
  series.value = count;
  series.bounds = explicitBounds;
  series.counts = bucketCounts;
}

/** Of what only grows. */
function isCount(value: number): boolean {
  return value >= 0 && value < Number.POSITIVE_INFINITY;
}

function increase(now: number, before: number): number {
  return now >= before ? now - before : now;
}

function sameNumbers(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((each, k) => each === b[k]);
}

function readingsOf({
  name,
  labels,
  unit,
  meaning,
  value,
  added,
  seconds,
  bounds,
  addedCounts,
}: Series): Reading[] {
  const channel = seriesName(name, labels);
  const rate = seconds > 0 ? added / seconds : Number.NaN;
  if (meaning === "value") return [{ channel, labels, unit, value }];
  if (meaning === "rate") return [{ channel, labels, unit: `${unit}/s`, value: rate }];
  const counted = { channel: `${channel} count`, labels, unit: "/s", value: rate };
  if (meaning === "count") return [counted];
  const buckets = cumulative(bounds, addedCounts);
  return [
    counted,
    ...QUANTILES.map(([suffix, q]) => ({
      channel: `${channel} ${suffix}`,
      labels,
      unit,
      value: quantile(buckets, q),
    })),
  ];
}

/** Counts up to each bound, as Prometheus has them. */
function cumulative(bounds: readonly number[], counts: readonly number[]): Bucket[] {
  let total = 0;
  return counts.map((count, k) => {
    total += count;
    return { upper: bounds[k] ?? Number.POSITIVE_INFINITY, count: total };
  });
}
