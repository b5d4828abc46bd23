/**
 * What StatsD packets add up to between two rows.
 *
 *   counter   its rate, per second          timer   quantiles, and how many per second
 *   gauge     its last value                set     how many different values
 *
 * S1  A counter that nothing came for has rate 0, a gauge keeps its value, and a timer has no quantiles.
 * S2  A gauge with a sign is changed by it; one without is set.
 * S3  A metric keeps its type: a line of another one is not taken.
 */
import { shorten } from "../../../protocol/check-body.ts";
import { show } from "../../../protocol/errors.ts";
import { LogHistogram } from "./log-histogram.ts";
import { READING_NAME_MAX, type Reading } from "./reading.ts";
import { type MetricKind, type MetricType, metricName, readKind } from "./statsd-line.ts";

/** Takes the values of one metric, and gives its readings of a row. */
interface Metric {
  readonly type: MetricType;
  /** A text says what was expected. */
  take(value: string, rate: number): string | null;
  /** Of each row as many. */
  readings(seconds: number): readonly Reading[];
}

/** How many channels a metric has. */
const CHANNELS: Readonly<Record<MetricType, number>> = { counter: 1, gauge: 1, timer: 3, set: 1 };

interface Known {
  readonly metric: Metric;
  readonly kind: MetricKind;
}

/** A metric comes with few rates and orders of tags. */
const TEXTS_PER_CHANNEL = 4;

/** Why a line was not taken. */
export interface LineProblem {
  readonly reason: "unparsable" | "tooManyChannels" | "nameTooLong";
  readonly detail: string;
}

export class StatsdMetrics {
  /** By name and all that follows the value: most lines are of a metric that is known. */
  private readonly byText = new Map<string, Known>();
  private readonly byName = new Map<string, Metric>();
  private readonly seriesMax: number;
  private channels = 0;

  /** `seriesMax`: channels at most. */
  constructor(seriesMax: number) {
    this.seriesMax = seriesMax;
  }

  /** Takes a packet; calls `wrong` for each line that it cannot take. */
  take(packet: string, wrong: (problem: LineProblem) => void): void {
    let from = 0;
    while (from < packet.length) {
      const end = packet.indexOf("\n", from);
      const to = end < 0 ? packet.length : end;
      if (to > from) {
        const problem = this.takeLine(packet.slice(from, to));
        if (problem !== null) wrong(problem);
      }
      from = to + 1;
    }
  }

  readings(seconds: number): Reading[] {
    return [...this.byName.values()].flatMap((metric) => metric.readings(seconds));
  }

  private takeLine(line: string): LineProblem | null {
    const colon = line.indexOf(":");
    const bar = line.indexOf("|", colon);
    if (colon < 1 || bar < 0)
      return {
        reason: "unparsable",
        detail: `${show(line)}; expected NAME:VALUE|TYPE`,
      };
    const name = line.slice(0, colon);
    const rest = line.slice(bar + 1);
    // They are kept.
    if (name.length + rest.length > READING_NAME_MAX)
      return {
        reason: "nameTooLong",
        detail: `${shorten(name)} has ${name.length + rest.length} characters with its tags; expected at most READING_NAME_MAX (${READING_NAME_MAX})`,
      };
    const key = `${name}|${rest}`;
    const known = this.byText.get(key) ?? this.meet(key, name, rest);
    if ("reason" in known) return known;
    return this.takeValues(known, name, line.slice(colon + 1, bar));
  }

  private takeValues({ metric, kind }: Known, name: string, text: string): LineProblem | null {
    const values = kind.type === "set" || !text.includes(":") ? [text] : text.split(":");
    for (const value of values) {
      const expected = metric.take(value, kind.rate);
      if (expected !== null)
        return {
          reason: "unparsable",
          detail: `the value of ${shorten(name)} is ${show(value)}; expected ${expected}`,
        };
    }
    return null;
  }

  private meet(key: string, name: string, rest: string): Known | LineProblem {
    const kind = readKind(rest.trimEnd());
    if (typeof kind === "string") return { reason: "unparsable", detail: `${shorten(name)} has ${kind}` };
    const full = metricName(name, kind);
    const metric = this.byName.get(full) ?? this.create(full, kind);
    if (metric === null)
      return {
        reason: "tooManyChannels",
        detail: `${shorten(full)} is left out, above series=${this.seriesMax}; send fewer tags, or allow more with series=`,
      };
    if (metric.type !== kind.type)
      return {
        reason: "unparsable",
        detail: `${shorten(full)} is a ${metric.type}, and comes as a ${kind.type}`,
      };
    const known = { metric, kind };
    // One metric may come with many rates: what is only remembered to be fast is bounded.
    if (this.byText.size < TEXTS_PER_CHANNEL * this.seriesMax) this.byText.set(key, known);
    return known;
  }

  /** Null above the limit. */
  private create(name: string, kind: MetricKind): Metric | null {
    const channels = this.channels + CHANNELS[kind.type];
    if (channels > this.seriesMax) return null;
    this.channels = channels;
    const metric = metricOf(copyOf(name), kind);
    this.byName.set(name, metric);
    return metric;
  }
}

/** A part of a packet, as engines have it, keeps the whole packet in memory. */
function copyOf(text: string): string {
  return Buffer.from(text, "utf8").toString("utf8");
}

function metricOf(name: string, kind: MetricKind): Metric {
  switch (kind.type) {
    case "counter":
      return new Counter(name);
    case "gauge":
      return new Gauge(name);
    case "timer":
      return new Timer(name, kind.unit);
    case "set":
      return new DistinctValues(name);
  }
}

/** Tags are part of the name: the limit is kept where metrics are met. */
function reading(channel: string, unit: string, value: number): Reading {
  return { channel, labels: [], unit, value };
}

const A_NUMBER = "a number";

const DECIMAL = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?$/i;

/** NaN for what is none, which is also what no number holds. */
function numberOf(text: string): number {
  const value = DECIMAL.test(text) ? Number(text) : Number.NaN;
  return Number.isFinite(value) ? value : Number.NaN;
}

class Counter implements Metric {
  readonly type = "counter";
  private readonly name: string;
  private sum = 0;

  constructor(name: string) {
    this.name = name;
  }

  take(text: string, rate: number): string | null {
    const value = numberOf(text);
    if (Number.isNaN(value)) return A_NUMBER;
    this.sum += value / rate;
    return null;
  }

  readings(seconds: number): readonly Reading[] {
    const { sum } = this;
    this.sum = 0;
    return [reading(this.name, "/s", sum / seconds)];
  }
}

class Gauge implements Metric {
  readonly type = "gauge";
  private readonly name: string;
  private value = Number.NaN;

  constructor(name: string) {
    this.name = name;
  }

  take(text: string): string | null {
    const value = numberOf(text);
    if (Number.isNaN(value)) return A_NUMBER;
    const isChange = text.startsWith("+") || text.startsWith("-");
    const next = isChange && !Number.isNaN(this.value) ? this.value + value : value;
    // It would never be a number again.
    if (!Number.isFinite(next)) return "a change within what a number holds";
    this.value = next;
    return null;
  }

  readings(): readonly Reading[] {
    return [reading(this.name, "", this.value)];
  }
}

class Timer implements Metric {
  readonly type = "timer";
  private readonly name: string;
  private readonly unit: string;
  private readonly values = new LogHistogram();

  constructor(name: string, unit: string) {
    this.name = name;
    this.unit = unit;
  }

  take(text: string, rate: number): string | null {
    const value = numberOf(text);
    if (Number.isNaN(value)) return A_NUMBER;
    this.values.add(value, 1 / rate);
    return null;
  }

  readings(seconds: number): readonly Reading[] {
    const { name, unit, values } = this;
    const readings = [
      reading(`${name} p50`, unit, values.quantile(0.5)),
      reading(`${name} p99`, unit, values.quantile(0.99)),
      reading(`${name} count`, "/s", values.count / seconds),
    ];
    values.clear();
    return readings;
  }
}

/** Values of a set that are told apart in one row: more are counted as one more. */
const DISTINCT_MAX = 100_000;
/** Characters of such a value by which it is told apart. */
const DISTINCT_CHARS = 128;

class DistinctValues implements Metric {
  readonly type = "set";
  private readonly name: string;
  private readonly values = new Set<string>();

  constructor(name: string) {
    this.name = name;
  }

  take(text: string): string | null {
    const value = text.slice(0, DISTINCT_CHARS);
    if (this.values.size < DISTINCT_MAX && !this.values.has(value)) this.values.add(copyOf(value));
    return null;
  }

  readings(): readonly Reading[] {
    const { size } = this.values;
    this.values.clear();
    return [reading(this.name, "", size)];
  }
}
