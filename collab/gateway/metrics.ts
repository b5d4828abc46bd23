/** GET /metrics: what the gateway counts about itself and the gauges of the sessions, as Prometheus text. */
import type { ScanCounts } from "../../actors/mod.ts";
import { visibleText } from "../../protocol/visible-text.ts";
import type { ConnectionCount } from "./connection-count.ts";
import type { OpenSockets } from "./open-sockets.ts";

/** What a client is sent; `control`: everything that is not a delivery of the session. */
export type Delivery = "samples" | "state" | "events" | "metrics" | "control";

export class Counters {
  readonly messagesSent = zeroes();
  readonly bytesSent = zeroes();
  /** Samples left out, and states and metrics replaced by newer ones, because a client was slow. */
  readonly dropped = zeroes();
  messagesReceived = 0;
  refused = 0;
  /** Of samples (ingest-route.ts), by what became of them. */
  readonly pushes = { taken: 0, repeated: 0 };
  pushedRows = 0;
  pushedSamples = 0;
  readonly pushesRefused = new Map<string, number>();
  readonly requests = new Map<number, number>();
  readonly closed = new Map<string, number>();

  sent(delivery: Delivery, bytes: number): void {
    this.messagesSent[delivery] += 1;
    this.bytesSent[delivery] += bytes;
  }

  metrics(connections: ConnectionCount, sockets: OpenSockets, decimatedSamples: number): Metric[] {
    return [
      metric(
        "gateway_connections",
        "gauge",
        "Open live connections.",
        "transport",
        Object.entries(connections.open),
      ),
      metric("gateway_sockets", "gauge", "Open sockets.", "kind", Object.entries(sockets.open)),
      metric(
        "gateway_messages_sent_total",
        "counter",
        "Messages sent.",
        "channel",
        Object.entries(this.messagesSent),
      ),
      metric(
        "gateway_bytes_sent_total",
        "counter",
        "Payload bytes sent.",
        "channel",
        Object.entries(this.bytesSent),
      ),
      metric(
        "gateway_dropped_total",
        "counter",
        "Messages left out for slow clients.",
        "channel",
        Object.entries(this.dropped),
      ),
      metric(
        "gateway_decimated_samples_total",
        "counter",
        "Live samples added to intervals: once for each group and interval that is followed.",
        null,
        [["", decimatedSamples]],
      ),
      metric("gateway_messages_received_total", "counter", "Messages of clients.", null, [
        ["", this.messagesReceived],
      ]),
      metric("gateway_refused_total", "counter", "Messages of clients that were refused.", null, [
        ["", this.refused],
      ]),
      metric(
        "gateway_pushes_total",
        "counter",
        "Pushes of samples that were answered when durable: taken, or repeated and counted before.",
        "result",
        Object.entries(this.pushes),
      ),
      metric("gateway_pushed_rows_total", "counter", "Rows of pushes that were taken.", null, [
        ["", this.pushedRows],
      ]),
      metric("gateway_pushed_samples_total", "counter", "Samples of pushes that were taken.", null, [
        ["", this.pushedSamples],
      ]),
      metric(
        "gateway_pushes_refused_total",
        "counter",
        "Pushes of samples refused whole, by kind of error.",
        "reason",
        [...this.pushesRefused],
      ),
      metric("gateway_closed_total", "counter", "Connections closed by the gateway, by reason.", "reason", [
        ...this.closed,
      ]),
      metric("gateway_requests_total", "counter", "HTTP requests answered, by status.", "code", [
        ...this.requests,
      ]),
    ];
  }
}

/** Scans: how many run, how they ended, how much work an early end spared, and how soon the first result came. */
export function scanMetrics({
  active,
  ended,
  symbols,
  firstResultMs,
  firstResultMsSum,
}: ScanCounts): Metric[] {
  const buckets = firstResultMs.map(([bound, value]) => ({
    labels: { le: numberText(bound / MS) },
    value,
    suffix: "_bucket",
  }));
  const count = { labels: {}, value: firstResultMs.at(-1)![1], suffix: "_count" };
  return [
    metric("scans_active", "gauge", "Scans that run.", null, [["", active]]),
    metric("scans_ended_total", "counter", "Scans that ended, by reason.", "reason", Object.entries(ended)),
    metric(
      "scan_symbols_total",
      "counter",
      "Symbols of scans that ended: evaluated, or spared by an early end.",
      "kind",
      Object.entries(symbols),
    ),
    {
      name: "scan_first_result_seconds",
      type: "histogram",
      help: "Time from the request of a scan to its first result.",
      samples: [...buckets, { labels: {}, value: firstResultMsSum / MS, suffix: "_sum" }, count],
    },
  ];
}

/** In a second. */
const MS = 1_000;
const US = 1_000_000;

/** Adds one to the count under `key`. */
export function countUp<Key>(counts: Map<Key, number>, key: Key): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

function zeroes(): Record<Delivery, number> {
  return { samples: 0, state: 0, events: 0, metrics: 0, control: 0 };
}

function metric(
  name: string,
  type: Metric["type"],
  help: string,
  label: string | null,
  values: readonly (readonly [string | number, number])[],
): Metric {
  const samples = values.map(([key, value]) => ({
    labels: label === null ? {} : { [label]: String(key) },
    value,
  }));
  return { name, type, help, samples };
}

export interface Metric {
  /** Without the prefix `eigenwatch_`. */
  readonly name: string;
  readonly type: "gauge" | "counter" | "histogram";
  readonly help: string;
  readonly samples: readonly {
    readonly labels: Readonly<Record<string, string>>;
    readonly value: number;
    /** Of a histogram: "_bucket", "_sum", "_count". */
    readonly suffix?: string;
  }[];
}

export const PROMETHEUS_TYPE = "text/plain; version=0.0.4; charset=utf-8";

/** All metrics in Prometheus text format 0.0.4 (https://prometheus.io/docs/instrumenting/exposition_formats/), samples in the given order. */
export function prometheusText(metrics: readonly Metric[]): string {
  let text = "";
  for (const { name, type, help, samples } of metrics) {
    const full = `eigenwatch_${name}`;
    text += `# HELP ${full} ${help.replace(/\\/g, "\\\\").replace(/\n/g, "\\n")}\n# TYPE ${full} ${type}\n`;
    for (const { labels, value, suffix = "" } of samples)
      text += `${full}${suffix}${labelText(labels)} ${numberText(value)}\n`;
  }
  return text;
}

/**
 * Gauges of sessions as metrics: `samplesPerSecond` → `samples_per_second`, `actorUs.collapse` → `actor_seconds{name="collapse"}`, for metrics are in base units;
 * each with the label `session`, and `partition` where the session has several. Of two gauges with the same name and labels the later counts.
 */
export function gaugeMetrics(
  sessions: readonly {
    session: string;
    partition?: string;
    gauges: Readonly<Record<string, number>>;
  }[],
): Metric[] {
  const byName = new Map<string, Map<string, Metric["samples"][number]>>();
  for (const { gauges, ...of } of sessions) {
    for (const [gauge, value] of Object.entries(gauges)) {
      const dot = gauge.indexOf(".");
      const given = dot < 0 ? gauge : gauge.slice(0, dot);
      const inSeconds = given.replace(/Us(?=Max$|$)/, "Seconds");
      const name = snakeCase(inSeconds);
      const labels = dot < 0 ? of : { ...of, name: gauge.slice(dot + 1) };
      const samples = byName.get(name) ?? new Map();
      samples.set(labelText(labels), { labels, value: inSeconds === given ? value : value / US });
      byName.set(name, samples);
    }
  }
  return [...byName].map(([name, samples]) => ({
    name,
    type: "gauge",
    help: `Gauge ${name} of the session, as measured by its runtime.`,
    samples: [...samples.values()],
  }));
}

function snakeCase(name: string): string {
  return name
    .replace(/([a-z0-9])([A-Z])/g, "$1_$2")
    .replace(/[^a-zA-Z0-9_]/g, "_")
    .toLowerCase();
}

function labelText(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escapeLabel(value)}"`);
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
}

function escapeLabel(value: string): string {
  return visibleText(value).replace(/\\/g, "\\\\").replace(/"/g, '\\"');
}

function numberText(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  if (value === Infinity) return "+Inf";
  return value === -Infinity ? "-Inf" : String(value);
}
