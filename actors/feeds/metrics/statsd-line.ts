/**
 * One line of StatsD: `NAME:VALUE|TYPE`, with `|@RATE` and, as Datadog has it, `|#tag:value,…` and several values.
 *
 *   requests:1|c|@0.1|#code:200     load:0.7|g     load:-0.1|g     render:12.5:7.2|ms     users:ann|s
 *
 * Source: github.com/statsd/statsd, "Metric types" and "Supported protocol"; docs.datadoghq.com, "Datagram format".
 */
import { show } from "../../../protocol/errors.ts";

export type MetricType = "counter" | "gauge" | "timer" | "set";

/** What a metric is, apart from its values: the same for all lines of one metric. */
export interface MetricKind {
  readonly type: MetricType;
  /** Of its values. */
  readonly unit: string;
  /** The part of what happened that is sent, in (0, 1]. */
  readonly rate: number;
  /** `tag:value`, sorted. */
  readonly tags: readonly string[];
}

const TYPES: Readonly<Record<string, readonly [type: MetricType, unit: string]>> = {
  c: ["counter", "/s"],
  g: ["gauge", ""],
  ms: ["timer", "ms"],
  h: ["timer", ""],
  d: ["timer", ""],
  s: ["set", ""],
};

/** From "c|@0.1|#a:b", what follows the first bar. A text says what is wrong. */
export function readKind(text: string): MetricKind | string {
  const [word = "", ...fields] = text.split("|");
  const known = Object.hasOwn(TYPES, word) ? TYPES[word] : undefined;
  if (known === undefined) return `type ${show(word)}; expected one of ${Object.keys(TYPES).join(", ")}`;
  let rate = 1;
  let tags: readonly string[] = [];
  for (const field of fields) {
    if (field.startsWith("@")) {
      rate = Number(field.slice(1));
      if (!(rate > 0 && rate <= 1))
        return `sample rate ${show(field)}; expected @ and a number above 0 and up to 1`;
    } else if (field.startsWith("#")) tags = field.slice(1).split(",").filter(Boolean).sort();
    // Further fields (container, time) say nothing about the value.
  }
  const [type, unit] = known;
  return { type, unit, rate, tags };
}

/** `name{tag:value,…}`. */
export function metricName(name: string, { tags }: MetricKind): string {
  return tags.length === 0 ? name : `${name}{${tags.join(",")}}`;
}
