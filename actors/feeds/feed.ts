/**
 * A feed: brings samples from outside. It declares its channels, then offers frames until it ends or is stopped.
 *
 * Feeds check and count at the edge: what reaches the sink is well-formed. NaN, infinite, unparsable samples, gaps and backward
 * times are counted per reason and reported through `status`; they never stop the feed.
 */

import type { Frame } from "../../protocol/frame.ts";
import type { Channels, FeedStatus, QuantumInput } from "../../protocol/messages.ts";

export interface Feed {
  /** Unique in a session: "host", "file:prices.csv", "walk#2". */
  readonly source: string;
  /** `live` feeds are ordered by arrival; `recorded` ones are merged by their sample times. */
  readonly kind: "live" | "recorded";
  /** Starts; resolves when the feed has ended (a recorded feed at its end, a live one after `stop`). */
  run(sink: FeedSink): Promise<void>;
  stop(): Promise<void>;
}

export interface FeedSink {
  /** Must come before the first frame of a group; again when channels are added. */
  channels(declaration: Channels): void;
  /**
   * Hands over a frame. The sink copies or encodes what it keeps before it returns, so a feed may reuse its columns.
   * False means: enough for this turn, or the disk is behind; a recorded feed should `await drained()`, a live one goes on (the sequencer sheds and counts).
   */
  frame(frame: Frame): boolean;
  /** As `frame`: a state whose basis is the group's channels, or the current of the channel that its operator names. */
  quantum(input: QuantumInput): boolean;
  status(status: FeedStatus): void;
  /** Resolves when the sink takes more without shedding. */
  drained(): Promise<void>;
}
