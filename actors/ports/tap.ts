/**
 * Reports every step of a partition to a checker outside of it. Nothing flows back.
 *
 *   opened ─► applied · announced … ─► blockClosed ─► acknowledged ─► released … ─► closed
 *
 * T1  Absent methods cost nothing; an untapped partition does no work for taps.
 * T2  What is handed over is valid during the call only, and is not to be changed.
 */
import type { EventMessage } from "../../protocol/messages.ts";

export interface PartitionTap {
  /** Recovered: the core has applied all up to `block` and input `sequence`; its state has this hash (hex). Nothing was entered yet. */
  opened?(partition: string, at: { epoch: number; block: number; sequence: number; stateHash: string }): void;
  /** The core was given an input. `source` and `sourceSequence`: of a frame, its source and the source's own number; "" and 0 for others. */
  applied?(partition: string, sequence: number, timeUs: number, source: string, sourceSequence: number): void;
  /** The core announced an event in what will be block `block`. */
  announced?(partition: string, block: number, event: EventMessage): void;
  /** A block was closed and goes to the journal. `stateHash` computes the hash (hex) when called: it reads the whole state. */
  blockClosed?(
    partition: string,
    closed: { epoch: number; block: number; hash: Uint8Array; stateHash(): string },
  ): void;
  /** The journal promised that the block is durable. */
  acknowledged?(
    partition: string,
    acknowledged: { epoch: number; block: number; hash: Uint8Array; lastSequence: number },
  ): void;
  /** The gate let an event of a block out. */
  released?(partition: string, block: number, event: EventMessage): void;
  /** A snapshot of the state after `block` was handed to the journal. */
  snapshot?(partition: string, snapshot: { block: number; bytes: Uint8Array; blockHash: Uint8Array }): void;
  /** Once a second and at the end: counters of the sequencer since it was opened, and what it holds. */
  counts?(partition: string, counts: PartitionCounts): void;
  /** In a cluster: its journal, of epoch `epoch`, ended when the take-over of epoch `by` was read. It may not have been opened yet. */
  fenced?(partition: string, epoch: number, by: number): void;
  /** It takes nothing more; `reason` is "" for an orderly end. */
  closed?(partition: string, epoch: number, reason: string): void;
}

export interface PartitionCounts {
  readonly offered: number;
  readonly admitted: number;
  readonly shed: number;
  readonly duplicates: number;
  /** Bytes of closed blocks that are not durable yet. */
  readonly heldBytes: number;
  /** Inputs in the open block. */
  readonly queueDepth: number;
}
