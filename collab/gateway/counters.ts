/** What the gateway counts about itself, for /metrics. */
import type { ConnectionCount } from "./connection-count.ts";
import type { Metric } from "./prometheus.ts";

/** What a client can be sent; `control` is the rest of the exchange. */
export type Delivery = "samples" | "state" | "events" | "metrics" | "control";

export class Counters {
  readonly messagesSent = zeroes();
  readonly bytesSent = zeroes();
  /** Samples messages left out and states replaced by newer ones before a slow client got them. */
  readonly dropped = zeroes();
  messagesReceived = 0;
  refused = 0;
  readonly requests = new Map<number, number>();
  readonly closed = new Map<string, number>();

  sent(delivery: Delivery, bytes: number): void {
    this.messagesSent[delivery] += 1;
    this.bytesSent[delivery] += bytes;
  }

  metrics(connections: ConnectionCount): Metric[] {
    return [
      metric(
        "gateway_connections",
        "gauge",
        "Open live connections.",
        "transport",
        Object.entries(connections.open),
      ),
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
      metric("gateway_messages_received_total", "counter", "Messages of clients.", null, [
        ["", this.messagesReceived],
      ]),
      metric("gateway_refused_total", "counter", "Messages of clients that were refused.", null, [
        ["", this.refused],
      ]),
      metric("gateway_closed_total", "counter", "Connections closed by the gateway, by reason.", "reason", [
        ...this.closed,
      ]),
      metric("gateway_requests_total", "counter", "HTTP requests answered, by status.", "code", [
        ...this.requests,
      ]),
    ];
  }
}

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
