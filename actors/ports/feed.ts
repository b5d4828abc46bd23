/**
 * A feed brings samples from outside. It declares its channels, then sends frames to a sink until it ends or is stopped.
 *
 * A feed checks what it reads: only well-formed samples reach the sink. It counts bad samples, gaps and times that go back per reason
 * (actors/feeds/bad-samples.ts) and reports the counts through `status`; none of them stops a feed.
 */

import type { EigenwatchError } from "../../protocol/errors.ts";
import type { Frame } from "../../protocol/frame.ts";
import type { Channels, FeedStatus, QuantumInput } from "../../protocol/messages.ts";
import type { Span } from "./trace.ts";

export interface Feed {
  /** Unique in a session: "host", "file:prices.csv", "walk#2". */
  readonly source: string;
  /** `live` feeds are ordered by arrival, `recorded` feeds are merged by the times of their samples. */
  readonly kind: "live" | "recorded";
  /**
   * Why this feed can never run as it was asked for, or null. What may pass, such as a missing file, is no reason: then `run` fails. Absent: it
   * knows of nothing before it runs.
   */
  refusal?(): Promise<EigenwatchError | null>;
  /** How its messages reach a partition in another process (actors/feeds/bus-publisher.ts). Default: "once" for a recorded feed, "live" for a live one. */
  readonly delivery?: "live" | "once";
  /** It brings messages of feeds in other processes: the session is live once one of a live feed comes. */
  readonly relays?: true;
  /** Its readings are of this machine, whose processes may be named beside them. */
  readonly namesProcesses?: true;
  /** It is live and can wait nevertheless: like a recorded feed it awaits `drained`, and is not shed. */
  readonly waits?: true;
  /** Runs the feed. Resolves when it has ended: a recorded feed at its end, a live feed after `stop`. */
  run(sink: FeedSink): Promise<void>;
  stop(): Promise<void>;
}

export interface FeedSink {
  /** Declares a group, before its first frame and again whenever channels are added to it. */
  channels(declaration: Channels): void;
  /**
   * Takes a frame. The sink copies or encodes what it keeps before it returns, so a feed may reuse the frame's columns.
   *
   * False: the sink is full. A recorded feed then awaits `drained()`; a live feed continues, and the sequencer sheds and counts. `span`: of a frame that
   * is traced, ended when the frame is durable.
   */
  frame(frame: Frame, span?: Span): boolean;
  /** Takes a quantum state, whose basis is the group's channels, or a measurement record of the channel that its operator names. Returns as `frame` does. */
  quantum(input: QuantumInput): boolean;
  status(status: FeedStatus): void;
  /** So many frames were left out on the way here, because they come faster than they are taken: they count as offered and shed. */
  shed?(frames: number): void;
  /** Why the last frame or state was not taken, null when it was: for a feed that answers who sent it. */
  refused?(): string | null;
  /** Resolves when the sink takes more without shedding. */
  drained(): Promise<void>;
  /** So much waits to be stored that a command would be answered late: who has a queue of its own leaves its messages there. Default: never. */
  isLate?(): boolean;
}
