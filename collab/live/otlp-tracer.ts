/**
 * A tracer that sends its spans to a collector of OpenTelemetry: OTLP over HTTP, in JSON.
 *
 *   span ended ─► waiting (at most SPANS_MAX) ──every second──► POST <url>/v1/traces
 *
 * A collector that does not take them costs spans and a line a minute, nothing else.
 */
import { randomBytes } from "node:crypto";
import process from "node:process";
import type { Clock } from "../../actors/ports/clock.ts";
import { CountedLines } from "../../actors/ports/counted-lines.ts";
import type { Span, Tracer } from "../../actors/ports/trace.ts";
import { EigenwatchError, show } from "../../protocol/errors.ts";
import type { TextValue } from "../../protocol/text-values.ts";

/** Of the frames of a node's feeds: at a hundred frames a second one trace a second, which costs nothing that shows. */
export const TRACE_SHARE = 0.01;

/** `otlp:URL`, of a collector. */
export const collector: TextValue<string> = {
  read(text) {
    const url = /^otlp:(https?:\/\/.+)$/.exec(text)?.[1];
    return url !== undefined && URL.canParse(url) ? url : undefined;
  },
  expected: "otlp:URL of a collector, such as otlp:http://127.0.0.1:4318",
};

/** By the option, else by the variable that programs with OpenTelemetry read; undefined: nothing is traced. */
export function collectorOf(option: string | undefined): string | undefined {
  const url = process.env["OTEL_EXPORTER_OTLP_ENDPOINT"];
  if (option !== undefined || url === undefined || url === "") return option;
  const read = collector.read(`otlp:${url}`);
  if (read !== undefined) return read;
  throw new EigenwatchError({
    action: "use OTEL_EXPORTER_OTLP_ENDPOINT",
    value: show(url),
    expected: "a URL, such as http://127.0.0.1:4318",
  });
}

/** Spans that wait; further ones are dropped. */
const SPANS_MAX = 4_096;

const SEND_EVERY_MS = 1_000;

/** A collector on the same network answers within milliseconds. */
const SEND_MS = 5_000;

export interface OtlpOptions {
  /** Of the collector, without `/v1/traces`. */
  readonly url: string;
  /** Of the traces that begin here, 0 to 1. */
  readonly share: number;
  /** Name of this process among those of the service. */
  readonly instance: string;
  readonly clock: Clock;
  log(message: string): void;
}

/** As OTLP has it in JSON. */
interface SentSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: number;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: readonly Attribute[];
}

interface Attribute {
  readonly key: string;
  readonly value: { readonly stringValue: string } | { readonly doubleValue: number };
}

/** SPAN_KIND_INTERNAL of OTLP. */
const INTERNAL = 1;

export class OtlpTracer implements Tracer {
  readonly #options: OtlpOptions;
  readonly #lines: CountedLines;
  #spans: SentSpan[] = [];
  #cancel: () => void = () => {};

  constructor(options: OtlpOptions) {
    this.#options = options;
    this.#lines = new CountedLines(options.clock, options.log);
    this.#sendLater();
  }

  begin(name: string): Span | null {
    return Math.random() < this.#options.share ? this.#span(name, hex(16)) : null;
  }

  resume(name: string, traceparent: string): Span | null {
    // Version 00: trace, parent, and flags of which the last bit says that it is sampled.
    const match = /^00-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f][13579bdf]$/.exec(traceparent);
    return match === null ? null : this.#span(name, match[1]!, match[2]!);
  }

  /** Sends what waits. */
  async close(): Promise<void> {
    this.#cancel();
    await this.#send();
  }

  #span(name: string, traceId: string, parent?: string): Span {
    const { clock } = this.#options;
    const spanId = hex(8);
    const startUs = clock.nowUs();
    const startMs = clock.monotonicMs();
    return {
      traceparent: `00-${traceId}-${spanId}-01`,
      child: (of) => this.#span(of, traceId, spanId),
      end: (attributes = {}) => {
        const endUs = startUs + Math.round((clock.monotonicMs() - startMs) * 1_000);
        this.#ended({
          traceId,
          spanId,
          ...(parent === undefined ? {} : { parentSpanId: parent }),
          name,
          kind: INTERNAL,
          startTimeUnixNano: nanoseconds(startUs),
          endTimeUnixNano: nanoseconds(endUs),
          attributes: attributesOf(attributes),
        });
      },
    };
  }

  #ended(span: SentSpan): void {
    if (this.#spans.length < SPANS_MAX) this.#spans.push(span);
  }

  #sendLater(): void {
    this.#cancel = this.#options.clock.after(SEND_EVERY_MS, () => {
      void this.#send();
      this.#sendLater();
    });
  }

  async #send(): Promise<void> {
    const { url, instance } = this.#options;
    const spans = this.#spans;
    if (spans.length === 0) return;
    this.#spans = [];
    const resource = attributesOf({ "service.name": "eigenwatch", "service.instance.id": instance });
    const scopeSpans = [{ scope: { name: "eigenwatch" }, spans }];
    const body = JSON.stringify({ resourceSpans: [{ resource: { attributes: resource }, scopeSpans }] });
    const path = `${url.replace(/\/+$/, "")}/v1/traces`;
    try {
      const headers = { "content-type": "application/json" };
      const signal = AbortSignal.timeout(SEND_MS);
      const answer = await fetch(path, { method: "POST", headers, body, signal });
      await answer.arrayBuffer();
      if (!answer.ok)
        this.#lines.say("refused", `${spans.length} spans are lost: ${path} answers ${answer.status}`);
    } catch (error) {
      this.#lines.say("unsent", `${spans.length} spans are lost: ${path} cannot be reached: ${error}`);
    }
  }
}

function attributesOf(values: Readonly<Record<string, string | number>>): Attribute[] {
  return Object.entries(values).map(([key, value]) => ({
    key,
    value: typeof value === "number" ? { doubleValue: value } : { stringValue: value },
  }));
}

/** JavaScript's numbers end at 53 bits. */
function nanoseconds(us: number): string {
  return `${Math.round(us)}000`;
}

function hex(bytes: number): string {
  return randomBytes(bytes).toString("hex");
}
