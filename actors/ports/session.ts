/**
 * A running session as the gateway sees it: what is there, what comes out, from where one may resume.
 *
 * S1  Everything delivered here is durable at the session's level; nothing is delivered before.
 * S2  Deliveries come in the order of the log; `flush` follows the last delivery of a released block (one chance to flush sockets).
 * S3  Event sequences are 1, 2, 3 … without gaps, and the same event has the same sequence after a restart.
 * S4  A recorded session may be moved to another place: `rewound` says so, and deliveries go on behind that place as S2 and S3 have it.
 */
import type { Frame } from "../../protocol/frame.ts";
import type { Channels, EventMessage, MetricsMessage, StateMessage } from "../../protocol/messages.ts";

export interface LiveSession {
  readonly session: string;
  readonly partition: string;
  describe(): SessionDescription;
  /** Groups as declared so far. */
  groups(): readonly Channels[];
  /** Events with sequence > `after`, oldest first, at most `limit`. Reads back from the journal what is no longer in memory. */
  events(after: number, limit: number): Promise<EventMessage[]>;
  /**
   * Frames with input sequence > `after` that are still in memory, oldest first, at most `limit` (default: all); `complete` is false
   * when older ones are gone.
   */
  recentFrames(after: number, limit?: number): { complete: boolean; frames: DeliveredFrame[] };
  /** The last published state of each group. */
  lastStates(): readonly StateMessage[];
  /**
   * Where nodes take the session over from each other: sequence of the last input of which it is sure that this node was the owner when it took
   * it. Absent where there is one owner for ever.
   */
  readonly ownedThrough?: () => number;
  /** Current gauges by name, for /metrics. */
  gauges(): Readonly<Record<string, number>>;
  /** Why the session cannot take inputs (halted journal, not yet recovered), or null when it can. */
  notReady(): string | null;
  subscribe(listener: SessionListener): () => void;
}

export interface DeliveredFrame {
  /** Sequence of the input in the log: the cursor by which clients resume samples. */
  inputSequence: number;
  frame: Frame;
  /** The frame as an encoded message (protocol/codec.ts), ready to send. Never mutated. */
  bytes: Uint8Array;
}

export interface SessionListener {
  frame(delivered: DeliveredFrame): void;
  event(event: EventMessage): void;
  state(state: StateMessage): void;
  metrics(metrics: MetricsMessage): void;
  channels(declaration: Channels): void;
  flush(): void;
  /** What was delivered behind this place counts no more; only recorded sessions say so. */
  rewound?(place: SessionPlace): void;
}

/** Where deliveries go on: logical time of the last input before, and its and the last event's sequence. */
export interface SessionPlace {
  readonly timeUs: number;
  readonly input: number;
  readonly event: number;
}

export interface SessionDescription {
  session: string;
  partition: string;
  durability: string;
  /** Logical time of the last input, µs; 0 before the first. */
  timeUs: number;
  lastInputSequence: number;
  lastEventSequence: number;
  /** Where the recording is kept, or null. */
  recording: string | null;
  feeds: readonly { source: string; status: string; detail: string }[];
}
