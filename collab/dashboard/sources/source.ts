/**
 * Where the page's data come from, and where they go: the live socket, its fallback, or the demonstration.
 *
 * A source calls the sink as things arrive. The sink copies what it keeps before it returns.
 */
import type { Frame } from "../../../protocol/frame.ts";
import type {
  Channels,
  DecimatedMessage,
  EventMessage,
  MetricsMessage,
  StateMessage,
} from "../../../protocol/messages.ts";

export interface Source {
  start(sink: SourceSink): void;
  stop(): void;
  /** The stretch of time that is looked at changed: less may be needed. */
  setSpan?(spanUs: number): void;
}

export interface SourceSink {
  connection(connection: Connection): void;
  session(session: SessionInfo): void;
  channels(declaration: Channels): void;
  frame(frame: Frame): void;
  decimated(decimated: DecimatedMessage): void;
  event(event: EventMessage): void;
  state(state: StateMessage): void;
  metrics(metrics: MetricsMessage): void;
  /** The server began a new log: events are counted from 1 again. */
  restarted(): void;
  /** A recorded session was moved: samples and states come anew, and events behind `event`. */
  rewound(event: number): void;
}

export interface SessionInfo {
  session: string;
  partition: string;
  /** Logical time of its last input, µs; 0 where it is not known. */
  timeUs: number;
}

export type Connection =
  | { state: "connecting" }
  | { state: "open" }
  /** Events and polled values only: no WebSocket to be had. */
  | { state: "degraded"; reason: string }
  | { state: "waiting"; reason: string; retryAtMs: number }
  /** Trying again does not help; `signIn`: a token would. */
  | { state: "refused"; reason: string; signIn: boolean };
