/**
 * What checkers receive from a simulated world: every step that a rule is about, in order.
 *
 * Observations come from the world's own ports (stream, disk, network, clients) and from the tap of shipped partitions
 * (actors/ports/tap.ts). Where the world can see a step itself, it does not rely on what shipped code reports.
 *
 * What follows from the log alone (timers, supervision, order of sources, counts) is no observation: the log is replayed at the end
 * (replayed-logs.ts).
 */
import type { CoreDefinitions } from "../../../actors/core/mod.ts";
import type { EventMessage } from "../../../protocol/messages.ts";

export type Observation = { readonly atUs: number } & (
  | { readonly kind: "nodeStarted" | "nodeCrashed" | "nodePaused" | "nodeWoke"; readonly node: string }
  /** The server stored an entry of a partition's stream. For a journal in files: the disk reports the bytes of a block as written. */
  | {
      readonly kind: "stored";
      readonly partition: string;
      readonly sequence: number;
      readonly bytes: Uint8Array;
    }
  /** The server forgot all entries after `after` (an unsynced tail): promises about them are excused. */
  | { readonly kind: "lost"; readonly partition: string; readonly after: number }
  /** A node's journal promised that the block is durable. */
  | {
      readonly kind: "acknowledged";
      readonly node: string;
      readonly partition: string;
      readonly epoch: number;
      readonly block: number;
      readonly hash: string;
    }
  /** A node opened a partition: recovered up to `block` and `sequence`, with this state hash. */
  | {
      readonly kind: "opened";
      readonly node: string;
      readonly partition: string;
      readonly epoch: number;
      readonly block: number;
      readonly sequence: number;
      readonly hash: string;
    }
  /** A node read the take-over of epoch `by`, which ended its journal of epoch `epoch`. */
  | {
      readonly kind: "fenced";
      readonly node: string;
      readonly partition: string;
      readonly epoch: number;
      readonly by: number;
    }
  | { readonly kind: "closed"; readonly node: string; readonly partition: string; readonly reason: string }
  /** A live core applied an input. */
  | {
      readonly kind: "applied";
      readonly node: string;
      readonly partition: string;
      readonly sequence: number;
      readonly timeUs: number;
      /** Of a frame: its source and the source's own number; "" and 0 for others. */
      readonly source: string;
      readonly sourceSequence: number;
    }
  /** The gate let an event out. */
  | {
      readonly kind: "released";
      readonly node: string;
      readonly partition: string;
      readonly block: number;
      readonly event: EventMessage;
    }
  /** A client's program asks for the events after `after` for the first time; null: from now. */
  | {
      readonly kind: "began";
      readonly client: string;
      readonly partition: string;
      readonly after: number | null;
    }
  /** An event was written to a connection: seen on the wire, before the client filters. `connection` numbers the connections of the run. */
  | {
      readonly kind: "sent";
      readonly connection: number;
      readonly partition: string;
      readonly sequence: number;
    }
  /** A message of the shared document was written to a connection. */
  | {
      readonly kind: "documentSent";
      readonly connection: number;
      readonly partition: string;
      readonly message: Uint8Array;
    }
  /** A page of this author writes under this id of its Yjs document from now on. */
  | { readonly kind: "writer"; readonly writer: number; readonly author: string }
  /** A page learned that what it wrote under its id is durable, up to this clock. */
  | { readonly kind: "saved"; readonly writer: number; readonly clock: number }
  /** A page that writes nothing itself shows this value of the shared document; undefined: none. */
  | {
      readonly kind: "shown";
      readonly client: string;
      readonly root: string;
      readonly key: string;
      readonly value: unknown;
    }
  /** Somebody was answered that this scan, which began then, is durable. */
  | {
      readonly kind: "scanAsked";
      readonly scan: string;
      readonly symbols: readonly string[];
      readonly beganUs: number;
    }
  /** Whoever follows a scan was told this outcome. `refused`: why there is no result; null: there is one. */
  | {
      readonly kind: "scanTold";
      readonly scan: string;
      readonly index: number;
      readonly symbol: string;
      readonly refused: string | null;
    }
  /** A fault met whoever was at these symbols: it ended, it may be too late with them, or it was the last of those that may try them. */
  | {
      readonly kind: "scanHindered";
      readonly how: "ended" | "late" | "lastTry";
      readonly symbols: readonly string[];
    }
  /** A client's program received an event. */
  | {
      readonly kind: "delivered";
      readonly client: string;
      readonly partition: string;
      readonly event: EventMessage;
    }
  /** A client learned that its cursor belongs to another recording (`missed` with `reset`): it continues after `after`. */
  | { readonly kind: "reset"; readonly client: string; readonly partition: string; readonly after: number }
  /** The state hash of a live core after some of the blocks that it closed. `blockHash` identifies the block: it may never be admitted. */
  | {
      readonly kind: "hash";
      readonly node: string;
      readonly partition: string;
      readonly block: number;
      readonly blockHash: string;
      readonly hash: string;
    }
  | {
      readonly kind: "snapshot";
      readonly node: string;
      readonly partition: string;
      readonly block: number;
      readonly blockHash: string;
      readonly bytes: Uint8Array;
    }
  /** A node's gateway reports what became of a command that it passed on to the owner of the partition. */
  | {
      readonly kind: "commanded";
      readonly partition: string;
      /** Of this command alone. */
      readonly author: string;
      readonly happened: "no" | "perhaps" | "yes";
    }
  /** Counters of a sequencer since its partition was opened. */
  | {
      readonly kind: "counts";
      readonly node: string;
      readonly partition: string;
      readonly offered: number;
      readonly admitted: number;
      readonly shed: number;
      readonly duplicates: number;
    }
  /** A size that has a limit. */
  | {
      readonly kind: "size";
      readonly node: string;
      readonly what: string;
      readonly value: number;
      readonly limit: number;
    }
  /** Shipped code threw an error that nothing caught, or left a rejected promise unhandled. */
  | { readonly kind: "threw"; readonly where: string; readonly error: string }
  /** The faults have ended: the world must converge. */
  | { readonly kind: "healed" }
  /** A feed that is delivered once sent a valid frame, in life `life` of its process. */
  | {
      readonly kind: "queued";
      readonly partition: string;
      readonly source: string;
      readonly life: number;
      readonly sourceSequence: number;
    }
  /** Of a recording: its first `steps` steps are durable, or were answered, as their senders know. */
  | { readonly kind: "recordedDurable"; readonly partition: string; readonly steps: number }
  /** Of a recording: the sender of this step, a command, was left without an answer. */
  | { readonly kind: "recordedUnsure"; readonly partition: string; readonly step: number }
  /** After `healed`: a feed sent a valid frame that must enter the log. */
  | {
      readonly kind: "offered";
      readonly partition: string;
      readonly source: string;
      readonly sourceSequence: number;
    }
);

export type ObservationKind = Observation["kind"];

export interface Violation {
  readonly rule: string;
  readonly atUs: number;
  /** What is wrong, where, and what was expected. */
  readonly what: string;
}

/** The state of a world at its end. */
export interface WorldEnd {
  readonly atUs: number;
  /** Entries of each partition's stream on the servers; for a journal in files its blocks, numbered from 1. */
  readonly streams: ReadonlyMap<string, readonly { sequence: number; bytes: Uint8Array }[]>;
  /** Live state hash of each partition that has an owner. `block` is the last closed one; no block is open. */
  readonly live: ReadonlyMap<string, { node: string; epoch: number; block: number; hash: string }>;
  /** Per client and partition: sequence of the last event it holds. */
  readonly clients: ReadonlyMap<string, ReadonlyMap<string, number>>;
  /** Per partition: the last event that was released early enough for every client to hold it; absent: every event of the log. */
  readonly mustHold?: ReadonlyMap<string, number>;
  /** By author: the shared document as their page has it; absent where there is none. */
  readonly documents?: ReadonlyMap<string, string>;
  /** When `documents` and `clients` were taken. */
  readonly heldUs?: number;
  /** The actors that the nodes ran. */
  readonly definitions: CoreDefinitions;
  /** False when the run ended in the phase of faults: then nothing has to converge. */
  readonly healed: boolean;
}
