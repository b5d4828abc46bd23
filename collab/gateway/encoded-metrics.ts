/** Metrics with their bytes, made when the first client wants them: there may be new metrics with every block. */
import { encodeMessage } from "../../protocol/codec.ts";
import type { MetricsMessage } from "../../protocol/messages.ts";

export class EncodedMetrics {
  readonly metrics: MetricsMessage;
  #bytes: Uint8Array | null = null;

  constructor(metrics: MetricsMessage) {
    this.metrics = metrics;
  }

  get bytes(): Uint8Array {
    this.#bytes ??= encodeMessage({ ...this.metrics });
    return this.#bytes;
  }
}
