/**
 * Where the page's data come from: a live socket, its fallback, or a recorded session.
 *
 * A source calls the sink as data arrive. The sink copies what it keeps before it returns.
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
  /** The stretch of time on display changed: a source may send fewer samples for a longer one. */
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
  /** The server started a new log: the sequence of events starts at 1 again. */
  restarted(): void;
  /** A recorded session moved: samples and states come again, and the events after `event`. */
  rewound(event: number): void;
}

export interface SessionInfo {
  session: string;
  partition: string;
  /** Logical time of its last input, µs; 0 where it is unknown. */
  timeUs: number;
}

export type Connection =
  | { state: "connecting" }
  | { state: "open" }
  /** Events only, because no WebSocket connection succeeds. */
  | { state: "degraded"; reason: string }
  | { state: "waiting"; reason: string; retryAtMs: number }
  /** Retrying does not help. `signIn`: a token would. */
  | { state: "refused"; reason: string; signIn: boolean };
