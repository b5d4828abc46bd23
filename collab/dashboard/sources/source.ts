/**
 * Where the page's data come from: a live session, or a recorded one.
 *
 * A source calls the sink as data arrive, those of each partition in their order. The sink copies what it keeps before it returns.
 */
import type { Frame } from "../../../protocol/frame.ts";
import type {
  Channels,
  DecimatedMessage,
  EventMessage,
  MeasuresMessage,
  MetricsMessage,
  StateMessage,
} from "../../../protocol/messages.ts";

export interface Source {
  start(sink: SourceSink): void;
  stop(): void;
  /** The stretch of time on display changed: a source may send fewer samples for a longer one, and looks up what the page lacks of it. */
  look?(at: Window): void;
  /** A person looks at a moment: a source looks up the states of then. */
  lookAt?(timeUs: number): void;
}

/** A stretch of time on display. */
export interface Window {
  readonly spanUs: number;
  /** NaN before the first sample. */
  readonly endUs: number;
  /** The newest sample. */
  readonly following: boolean;
  /** Channels that charts show, as group/name: a source may have coarser samples of all others. */
  readonly charted: readonly string[];
}

/** What the server told of a stretch of the past of one partition. */
export interface PastAnswer {
  readonly fromUs: number;
  /** ∞ where it goes on with what is delivered next. */
  readonly toUs: number;
  /** What is usual is judged by it: other stretches do not replace it. */
  readonly stays?: boolean;
  readonly decimated: readonly DecimatedMessage[];
  readonly measures: readonly MeasuresMessage[];
  /** The last states at or before `toUs`. */
  readonly states: readonly StateMessage[];
}

export interface SourceSink {
  connection(connection: Connection): void;
  session(session: SessionInfo): void;
  /** `partition`: the one of the session that has the group. Below it is the one that the call is about. */
  channels(declaration: Channels, partition: string): void;
  frame(frame: Frame): void;
  decimated(decimated: DecimatedMessage): void;
  event(event: EventMessage): void;
  state(state: StateMessage): void;
  metrics(metrics: MetricsMessage, partition: string): void;
  /** The server started a new log: the sequence of events starts at 1 again. */
  restarted(partition: string): void;
  /** A stretch of the past. `begins`: samples that are delivered later continue it, and those of before are forgotten. */
  past(answer: PastAnswer, partition: string, begins: boolean): void;
  /** A recorded session moved: the events after `event` come again. */
  eventsRewound(event: number, partition: string): void;
  /** And so do its samples and states: those of before are forgotten. */
  samplesRewound(partition: string): void;
}

export interface SessionInfo {
  session: string;
  /** The one that was reached. */
  partition: string;
  /** All that the session has, the first one first. */
  partitions: readonly string[];
  /** Logical time of the last input of `partition`, µs; 0 where it is unknown. */
  timeUs: number;
}

export type Connection =
  | { state: "connecting" }
  | { state: "open" }
  /** Without a WebSocket: by event streams, or by a request each second. */
  | { state: "degraded"; carrier: "stream" | "poll" }
  /** `partitions`: those of the session that are not connected while others are; empty where none is. */
  | { state: "waiting"; reason: string; retryAtMs: number; partitions: readonly string[] }
  /** There is no such recording, or it cannot be read. Retrying does not help. */
  | { state: "unopened"; reason: string }
  /** Retrying does not help. `signIn`: a token would. */
  | { state: "refused"; reason: string; signIn: boolean };
