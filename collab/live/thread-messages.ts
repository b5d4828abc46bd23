/**
 * What this process says to a thread that runs partitions of its session, and hears from it. `at`: the partition's place in the job.
 *
 *   feeds ──messages, packed──► thread          thread ──blocks as they are durable, events, states──► gateway
 *         ◄──taken, stop──                             ◄──questions── ──answers──►
 *
 * Both sides are this program, in one process: messages are plain values of known types, and are not checked.
 */
import type { Feed, SavedScan } from "../../actors/mod.ts";
import type { GroupUsual, PastRange } from "../../actors/ports/session.ts";
import type { SentError } from "../../actors/workers/mod.ts";
import type { Command, CommandName } from "../../protocol/commands.ts";
import type { AlertsStatus, SessionStanding } from "../../protocol/controls.ts";
import type { IntervalColumns } from "../../protocol/interval-rows.ts";
import type {
  Channels,
  EventMessage,
  MetricsMessage,
  OperatorNotice,
  StateMessage,
} from "../../protocol/messages.ts";
import type { Author } from "../../protocol/principal.ts";
import type { ScanFact, ScanFactName } from "../../protocol/scan-facts.ts";
import type { Settings } from "../../protocol/settings.ts";
import type { RoomCommand } from "../rooms/forwarder.ts";
import type { PartitionEnd, PartitionPlan } from "./session-partition.ts";

/** The job of a thread, which lasts until each of its partitions has ended. */
export interface PartitionsJob {
  readonly plan: PartitionPlan;
  readonly partitions: readonly string[];
}

/** A feed as the partition has it. */
export type SentFeed = Pick<Feed, "source" | "kind" | "waits">;

export type ToPartition = { readonly at: number } & (
  | { readonly feeds: readonly SentFeed[] }
  /** Messages of feed `feed`, packed; `shed`: frames that were left out since those before. */
  | { readonly feed: number; readonly messages: ArrayBuffer; readonly shed: number }
  /** It has ended; with an error, it has failed. */
  | { readonly feed: number; readonly ended: SentError | null }
  | { readonly ask: number; readonly question: Question }
  /** Nobody waits for the answer any more. */
  | { readonly forget: number }
);

export type FromPartition = { readonly at: number } & (
  | { readonly opened: OpenedPartition }
  | { readonly released: Released }
  | { readonly view: PartitionView }
  | { readonly halted: string }
  /** So many bytes of the feed's messages were taken. */
  | { readonly feed: number; readonly taken: number }
  | { readonly feed: number; readonly stop: true }
  | { readonly answer: number; readonly value: unknown }
  | { readonly answer: number; readonly error: SentError }
  | { readonly log: string }
);

export interface OpenedPartition {
  readonly recording: string | null;
  readonly durability: string;
  readonly timeUs: number;
  readonly settings: Settings;
  readonly groups: readonly Channels[];
  readonly commands: readonly CommandName[];
  /** Those of its log. */
  readonly scans: readonly SavedScan[];
  /** Sequences of the last input and event before the deliveries that follow. */
  readonly place: { readonly input: number; readonly event: number };
  readonly view: PartitionView;
}

/** What was released together: the bytes of a block, and what was derived from it. */
export interface Released {
  readonly block: Uint8Array<ArrayBuffer> | null;
  readonly events: readonly EventMessage[];
  readonly states: readonly StateMessage[];
  readonly metrics: MetricsMessage | null;
}

/** What others than clients look at, sent when it has changed. */
export interface PartitionView {
  readonly feeds: readonly { readonly source: string; readonly status: string; readonly detail: string }[];
  readonly notReady: string | null;
}

/** What a partition is asked, and what it answers. */
export interface Questions {
  command: { ask: { command: Command; author: Author }; answer: unknown };
  events: { ask: { after: number; limit: number }; answer: readonly EventMessage[] };
  past: { ask: PastRange; answer: SentPast };
  stateBefore: { ask: { group: string; timeUs: number }; answer: StateMessage | null };
  usual: { ask: null; answer: readonly GroupUsual[] };
  alerts: { ask: null; answer: AlertsStatus };
  standing: { ask: null; answer: SessionStanding };
  scans: { ask: null; answer: readonly SavedScan[] };
  enterScan: { ask: { name: ScanFactName; body: ScanFact<ScanFactName>; by: string }; answer: unknown };
  take: { ask: readonly RoomCommand[]; answer: number };
  notice: { ask: Omit<OperatorNotice, "type">; answer: void };
  feedsEnded: { ask: Feed["kind"]; answer: void };
  shadowCaughtUp: { ask: null; answer: void };
  close: { ask: null; answer: void };
  end: { ask: null; answer: PartitionEnd };
}

export type QuestionName = keyof Questions;

export type Question = {
  [Name in QuestionName]: { readonly what: Name; readonly ask: Questions[Name]["ask"] };
}[QuestionName];

/** A SessionPast without its methods. */
export interface SentPast {
  readonly input: number;
  readonly complete: boolean;
  readonly work: number;
  readonly groups: readonly {
    readonly group: string;
    readonly samples: IntervalColumns;
    readonly measures: { readonly names: readonly string[]; readonly rows: IntervalColumns };
  }[];
}

// ---- messages of a feed in one buffer: its length as uint32, then the encoded message -----------------------------

const LENGTH_BYTES = 4;

/** What `bytes` more take in a buffer. */
export function packedLength(bytes: Uint8Array): number {
  return LENGTH_BYTES + bytes.length;
}

/** `length`: the sum of their packed lengths. */
export function packFeedMessages(messages: readonly Uint8Array[], length: number): ArrayBuffer {
  const packed = new Uint8Array(length);
  const view = new DataView(packed.buffer);
  let at = 0;
  for (const message of messages) {
    view.setUint32(at, message.length, true);
    packed.set(message, at + LENGTH_BYTES);
    at += packedLength(message);
  }
  return packed.buffer;
}

export function* unpackFeedMessages(buffer: ArrayBuffer): Generator<Uint8Array> {
  const view = new DataView(buffer);
  for (let at = 0; at < buffer.byteLength; ) {
    const message = new Uint8Array(buffer, at + LENGTH_BYTES, view.getUint32(at, true));
    yield message;
    at += packedLength(message);
  }
}
