/**
 * Sends what a feed brings to its sink: fills in the source and numbers frames 1, 2, …, so that a duplicate differs from a repeated value.
 */

import type { Frame } from "../../protocol/frame.ts";
import { MAX_NAME_BYTES, MAX_TEXT_BYTES } from "../../protocol/limits.ts";
import type { Channels, FeedStatus, QuantumInput } from "../../protocol/messages.ts";
import type { FeedSink } from "../ports/feed.ts";

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

  /** False: the sink is full. */
  frame(frame: Frame): boolean {
    frame.sequence = ++this.#sequence;
    return this.#sink.frame(frame);
  }

  /** Numbered together with the frames. False: the sink is full. */
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

/** A name from outside (file, column, symbol) within MAX_NAME_BYTES. A shortened name ends in "…". */
export function clipName(text: string, mostBytes = MAX_NAME_BYTES): string {
  return clip(text, mostBytes);
}

function clip(text: string, mostBytes: number): string {
  if (text.length * 3 <= mostBytes) return text;
  const bytes = new TextEncoder().encode(text);
  if (bytes.length <= mostBytes) return text;
  // The part of a multi-byte character that is left decodes to U+FFFD, which is removed.
  const kept = new TextDecoder().decode(bytes.subarray(0, mostBytes - 3)).replace(/\uFFFD+$/, "");
  return `${kept}…`;
}
