/**
 * A running session as the gateway sees it: its state, its deliveries, the cursors to resume from, and the one way in for commands. It runs
 * in this process (actors/partition/partition.ts), on another node (actors/cluster/remote-session.ts), or in a recording.
 *
 * S1  A delivery is durable at the session's level before it arrives here.
 * S2  Frames and declarations come in the order of the log, and so do events; `flush` follows what was released together (one chance to
 *     flush sockets). An event follows the frames of its block on another node, and the frame that caused it where both are in one process.
 * S3  Event sequences are 1, 2, 3 … without gaps, and the same event has the same sequence after a restart.
 * S4  A recorded session may be moved to another place, and one in a cluster goes back when the servers lost the end of its log: `rewound`
 *     names the place, and deliveries continue after it under S2 and S3.
 */
import type { Frame } from "../../protocol/frame.ts";
import type { IntervalRows } from "../../protocol/interval-rows.ts";
import type { Channels, EventMessage, MetricsMessage, StateMessage } from "../../protocol/messages.ts";
import type { SessionCommands } from "./commands.ts";
import type { EditedDocument } from "./detector.ts";

export interface LiveSession {
  readonly session: string;
  readonly partition: string;
  /** The commands of this session, and the only way to change it from outside. */
  readonly commands: Omit<SessionCommands, "handle">;
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
   * Samples and measures of a stretch of the past, up to what was delivered. Rejects when the log cannot be read. Once nobody waits for it any more, as
   * `gone` says, the log is read no further, and the answer may lack what it has.
   */
  past(range: PastRange, gone?: AbortSignal): Promise<SessionPast>;
  /** The last state of a group at or before a time that is known; null: none is. */
  stateBefore(group: string, timeUs: number): StateMessage | null | Promise<StateMessage | null>;
  /** In which range each channel usually is. Absent where the actors work on another node. */
  usual?(): readonly GroupUsual[] | Promise<readonly GroupUsual[]>;
  /**
   * In a cluster, where another node may know more of the log: the sequence of an input such that this node has since read all that was in
   * the log at some time after it knew that input. Absent where the session has one owner for good.
   */
  readonly certainThrough?: () => number;
  /** Current gauges by name, for /metrics. */
  gauges(): Readonly<Record<string, number>>;
  /** Why the session cannot take inputs (halted journal, not yet recovered), or null when it can. */
  notReady(): string | null;
  subscribe(listener: SessionListener): () => void;
}

/** A stretch of logical time, and in how many intervals it is expected: as many as a chart has columns. */
export interface PastRange {
  readonly fromUs: number;
  readonly toUs: number;
  readonly columns: number;
  /** What is later than `toUs` is asked for too. */
  readonly isOpen?: boolean;
  /** Without samples: they are not even read. */
  readonly onlyMeasures?: boolean;
}

export interface SessionPast {
  /** The samples of all inputs up to this one are in it, those of later ones are not. */
  readonly input: number;
  readonly groups: readonly GroupPast[];
  /** False: the log of before the first delivery is still being read, and a later answer may have more. */
  readonly complete: boolean;
  /** What it took: samples read from the log, and rows. */
  readonly work: number;
}

export interface GroupPast {
  readonly group: string;
  readonly samples: IntervalRows;
  /** Of the published states: column k is the measure `names[k]`. */
  readonly measures: { readonly names: readonly string[]; readonly rows: IntervalRows };
}

/** The usual ranges of a group, by channel; null where they are not known. */
export interface GroupUsual {
  readonly group: string;
  readonly low: readonly (number | null)[];
  readonly high: readonly (number | null)[];
}

export interface DeliveredFrame {
  /** Sequence of the input in the log: the cursor by which clients resume samples. */
  inputSequence: number;
  frame: Frame;
  /** The frame as an encoded message (protocol/codec.ts), ready to send. Never mutated. */
  bytes: Uint8Array;
}

/** What a listener leaves out, it is not told. */
export interface SessionListener {
  /** The encoded block of deliveries that follow, or came before. Never mutated. */
  block?(lastSequence: number, bytes: Uint8Array): void;
  frame?(delivered: DeliveredFrame): void;
  event?(event: EventMessage): void;
  state?(state: StateMessage): void;
  metrics?(metrics: MetricsMessage): void;
  channels?(declaration: Channels): void;
  /** The shared document was changed. */
  edited?(change: EditedDocument): void;
  flush?(): void;
  /** Deliveries after this place no longer count (S4). */
  rewound?(place: SessionPlace): void;
}

/** Where deliveries continue: logical time and sequence of the last input before it, and the sequence of the last event. */
export interface SessionPlace {
  readonly timeUs: number;
  readonly input: number;
  readonly event: number;
  /** Of a recording: where the session is once what lies between was delivered. All of that is in the past that is asked for. */
  readonly through?: { readonly timeUs: number; readonly input: number };
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
