/**
 * What a simulated world tells its checkers: every step that a rule speaks of, in the order in which it happened.
 *
 * Observations come from the world's own ports (stream, disk, network, clients) and from taps beside the shipped code
 * (actors/ports/tap.ts), never from what the shipped code says of itself where the world can see it.
 *
 * What follows from the log alone (timers, supervision, order of sources, sums) is no observation: checkers fold the log again at
 * the end (checkers/retelling.ts).
 */
import type { CoreDefinitions } from "../../actors/core/core.ts";
import type { EventMessage } from "../../protocol/messages.ts";

export type Observation = { readonly atUs: number } & (
  | { readonly kind: "nodeStarted" | "nodeCrashed" | "nodePaused" | "nodeWoke"; readonly node: string }
  /** The server stored an entry of a partition's stream; of a journal in files: a block's bytes reached the disk as far as it says. */
  | {
      readonly kind: "stored";
      readonly partition: string;
      readonly sequence: number;
      readonly bytes: Uint8Array;
    }
  /** The server forgot all entries behind `after` (an un-synced tail): what was promised of them is excused. */
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
  /** A partition was opened by a node: recovered up to there, with this state hash. */
  | {
      readonly kind: "opened";
      readonly node: string;
      readonly partition: string;
      readonly epoch: number;
      readonly block: number;
      readonly sequence: number;
      readonly hash: string;
    }
  | { readonly kind: "closed"; readonly node: string; readonly partition: string; readonly reason: string }
  /** An input was applied by a live core. */
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
  /** A client's program asks for the events behind `after` for the first time; null: whatever comes. */
  | {
      readonly kind: "began";
      readonly client: string;
      readonly partition: string;
      readonly after: number | null;
    }
  /** An event was written to a connection: seen on the wire, before the client's own care. `connection` counts subscriptions of the run. */
  | {
      readonly kind: "sent";
      readonly connection: number;
      readonly partition: string;
      readonly sequence: number;
    }
  /** A client's program was handed an event. */
  | {
      readonly kind: "delivered";
      readonly client: string;
      readonly partition: string;
      readonly event: EventMessage;
    }
  /** A client was told that its cursor belongs to another recording (`missed` with `reset`): it begins behind `after`. */
  | { readonly kind: "reset"; readonly client: string; readonly partition: string; readonly after: number }
  /** The state hash of a live core after a block that it closed, of some blocks; `blockHash` says which: it may never be admitted. */
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
      readonly bytes: Uint8Array;
    }
  /** Counters of a sequencer since it was opened. */
  | {
      readonly kind: "counts";
      readonly node: string;
      readonly partition: string;
      readonly offered: number;
      readonly admitted: number;
      readonly shed: number;
      readonly duplicates: number;
    }
  /** Sizes that have a bound. */
  | {
      readonly kind: "size";
      readonly node: string;
      readonly what: string;
      readonly value: number;
      readonly limit: number;
    }
  /** Shipped code threw where nothing caught it, or a promise of its was rejected and nobody looked. */
  | { readonly kind: "threw"; readonly where: string; readonly error: string }
  /** The faults have ended: from here on the world must converge. */
  | { readonly kind: "healed" }
  /** After `healed`: a feed sent a good frame that must get into the log. */
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
  /** What was wrong, where, and what was expected. */
  readonly what: string;
}

/** What a world finally holds. */
export interface WorldEnd {
  readonly atUs: number;
  /** Entries of each partition's stream as the servers hold them at last; of a journal in files: its blocks, numbered from 1. */
  readonly streams: ReadonlyMap<string, readonly { sequence: number; bytes: Uint8Array }[]>;
  /** Live state hash of each partition at the end, where it has an owner. `block` is the last closed one, and no block is open. */
  readonly live: ReadonlyMap<string, { node: string; epoch: number; block: number; hash: string }>;
  /** Per client and partition, the last event sequence it holds; clients that came to the end without a break of their own doing. */
  readonly clients: ReadonlyMap<string, ReadonlyMap<string, number>>;
  /** Per partition, the last event that was let out so early that every client must hold it; absent: every event of the log. */
  readonly mustHold?: ReadonlyMap<string, number>;
  /** The actors that the nodes ran. */
  readonly definitions: CoreDefinitions;
  /** False when the run ended in the phase of faults: nothing need have converged. */
  readonly healed: boolean;
}
