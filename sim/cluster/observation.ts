/**
 * What a simulated world tells its checkers: every step that a rule speaks of, in the order in which it happened.
 *
 * Observations come from the world's own ports (stream, disk, network, clients) and from taps beside the shipped code, never from what
 * the shipped code says of itself where the world can see it.
 */
import type { EventMessage } from "../../protocol/messages.ts";

export type Observation = { readonly atUs: number } & (
  | { readonly kind: "nodeStarted" | "nodeCrashed" | "nodePaused" | "nodeWoke"; readonly node: string }
  /** The server stored an entry of a partition's stream; `lost` says that it later forgot all behind `after` (an un-synced tail). */
  | {
      readonly kind: "stored";
      readonly partition: string;
      readonly sequence: number;
      readonly bytes: Uint8Array;
    }
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
  /** A live core announced an event; the gate let it out; a client was handed it. */
  | {
      readonly kind: "announced" | "released";
      readonly node: string;
      readonly partition: string;
      readonly block: number;
      readonly event: EventMessage;
    }
  | {
      readonly kind: "delivered";
      readonly client: string;
      readonly partition: string;
      readonly event: EventMessage;
    }
  /** A timer of the core fired: when it was due and the logical time of the input that reached it. */
  | {
      readonly kind: "timer";
      readonly node: string;
      readonly partition: string;
      readonly dueUs: number;
      readonly beforeUs: number;
      readonly id: string;
    }
  /** The state hash of a live core after a block. */
  | {
      readonly kind: "hash";
      readonly node: string;
      readonly partition: string;
      readonly block: number;
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
  | {
      readonly kind: "restarted";
      readonly node: string;
      readonly partition: string;
      readonly actor: string;
      readonly timeUs: number;
    }
  /** The faults have ended: from here on the world must converge. */
  | { readonly kind: "healed" }
);

/** One invariant. Throws nothing: what is wrong is returned, once. */
export interface Checker {
  /** The rule in one sentence. */
  readonly rule: string;
  observe(observation: Observation): Violation | null;
  /** At the end of a run, with what the world finally holds. */
  finish(end: WorldEnd): Violation | null;
}

export interface Violation {
  readonly rule: string;
  readonly atUs: number;
  /** What was wrong, where, and what was wanted. */
  readonly what: string;
}

export interface WorldEnd {
  readonly atUs: number;
  /** Entries of each partition's stream as the servers hold them at last. */
  readonly streams: ReadonlyMap<string, readonly { sequence: number; bytes: Uint8Array }[]>;
  /** Live state hash of each partition at the end, where it has an owner. */
  readonly live: ReadonlyMap<string, { node: string; epoch: number; block: number; hash: string }>;
  /** Per client and partition, the last event sequence it holds. */
  readonly clients: ReadonlyMap<string, ReadonlyMap<string, number>>;
  readonly healed: boolean;
}
