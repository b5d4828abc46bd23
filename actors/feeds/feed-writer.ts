/**
 * A feed's way out: numbers the frames 1, 2, … and fills in the source, so that a duplicate can be told from a repeated value.
 */

import type { Frame } from "../../protocol/frame.ts";
import { MAX_NAME_BYTES, MAX_TEXT_BYTES } from "../../protocol/limits.ts";
import type { Channels, FeedStatus, QuantumInput } from "../../protocol/messages.ts";
import type { FeedSink } from "./feed.ts";

export class FeedWriter {
  readonly source: string;
  readonly #sink: FeedSink;
  #sequence = 0;

  constructor(source: string, sink: FeedSink) {
    this.source = source;
    this.#sink = sink;
  }

  channels(declaration: Omit<Channels, "type" | "source">): void {
    this.#sink.channels({ type: "channels", source: this.source, ...declaration });
  }

  /** False when the sink wants to be waited for. */
  frame(frame: Frame): boolean {
    frame.sequence = ++this.#sequence;
    return this.#sink.frame(frame);
  }

  /** Numbered with the frames; false when the sink wants to be waited for. */
  quantum(input: QuantumInput): boolean {
    return this.#sink.quantum({ ...input, source: this.source, sequence: ++this.#sequence });
  }

  status(status: FeedStatus["status"], detail = "", counts: Readonly<Record<string, number>> = {}): void {
    const text = clip(detail, MAX_TEXT_BYTES);
    this.#sink.status({
      type: "feedStatus",
      source: this.source,
      status,
      detail: text,
      counts: { ...counts },
    });
  }

  drained(): Promise<void> {
    return this.#sink.drained();
  }
}

/** A name from outside (file, column, symbol) within the limit of names; a cut one ends in "…". */
export function clipName(text: string): string {
  return clip(text, MAX_NAME_BYTES);
}

function clip(text: string, mostBytes: number): string {
  if (text.length * 3 <= mostBytes) return text;
  const bytes = new TextEncoder().encode(text);
  if (bytes.length <= mostBytes) return text;
  // A cut multi-byte character decodes to U+FFFD, which is dropped.
  const kept = new TextDecoder().decode(bytes.subarray(0, mostBytes - 3)).replace(/\uFFFD+$/, "");
  return `${kept}…`;
}
