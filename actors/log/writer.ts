/**
 * Writes a log: inputs in blocks, after each block the events derived from it, now and then a checkpoint and a snapshot of the state.
 *
 *   add ─► open block ──close──► journal: block, derived record ──maintain──► checkpoint, snapshot (snapshot-policy.ts)
 *
 *   const writer = new LogWriter({ journal, core, partition: "p0", after: journal.last });
 *   if (!writer.fits(bytes.length)) writer.close();
 *   writer.add(timeUs, bytes);
 *   core.apply(core.sequence + 1, timeUs, input);            the core's sink calls writer.event(event)
 *   const { durable } = writer.close();
 *   if (writer.isMaintenanceDue) await writer.maintain();
 *
 * W1  Blocks are numbered without gaps, and each names the hash of the one before.
 * W2  A block's events follow it in one derived record.
 * W3  Checkpoints and snapshots are of the state after a closed block: nothing is open while they are taken.
 * W4  A snapshot reaches the journal after its block is durable: a crash must not leave a snapshot of blocks that it swallowed.
 *
 * The caller decides when a block closes, and what happens to `durable`.
 */
import {
  BlockBuilder,
  type BlockStart,
  encodeCheckpoint,
  encodeDerived,
  GENESIS_HASH,
} from "../../protocol/block.ts";
import type { EventMessage } from "../../protocol/messages.ts";
import type { Core } from "../core/core.ts";
import type { BlockPosition, DerivedRecord, Journal, JournalBlock } from "../ports/journal.ts";
import { sha256 } from "./chain.ts";
import { SnapshotPolicy } from "./snapshot-policy.ts";

/** The methods of a journal that writing needs. */
export type WritableLog = Pick<Journal, "append" | "appendDerived" | "saveSnapshot">;

export interface LogWriterOptions {
  readonly journal: WritableLog;
  /** It has applied the last block. The caller applies each input to it after `add`. */
  readonly core: Core;
  readonly partition: string;
  /** The owner's; default 0, a log with one owner only. */
  readonly epoch?: number;
  /** The block before the first; null or absent for a new log. */
  readonly after?: Pick<BlockPosition, "number" | "hash"> | null;
  /** Samples of the newest snapshot of the log; default: the core's. */
  readonly samplesAtSnapshot?: number;
  /** Samples between snapshots; default SNAPSHOT_SAMPLES. */
  readonly snapshotSamples?: number;
  /** Snapshots go over the network, as the log does (snapshot-policy.ts). Default: not. */
  readonly isShared?: boolean;
  /** The journal did not take a derived record or checkpoint. Without it the log could not be verified. Default: throws. */
  onRecordFailure?(error: unknown): void;
  /** A snapshot is handed to the journal. */
  onSnapshot?(block: number, bytes: Uint8Array, blockHash: Uint8Array): void;
}

/** A block that was closed. */
export interface WrittenBlock extends JournalBlock {
  /** Where in `bytes` the inputs begin. */
  readonly inputsAt: number;
  /** How many inputs. */
  readonly inputs: number;
  /** Resolves when the block is durable, rejects when it never will be; null: it is durable. */
  readonly durable: Promise<void> | null;
}

export class LogWriter {
  /** The last closed block's `durable`; null before the first. */
  lastAppend: Promise<void> | null = null;
  private readonly options: LogWriterOptions;
  private readonly core: Core;
  private readonly policy: SnapshotPolicy;
  private readonly builder: BlockBuilder;
  private start: BlockStart;
  private events: EventMessage[] = [];
  private isCheckpointDue = false;
  private isSnapshotDue = false;
  private checkpointed: number;
  private readonly firstNumber: number;

  constructor(options: LogWriterOptions) {
    const { core, partition, epoch = 0, after, samplesAtSnapshot = core.samples } = options;
    this.options = options;
    this.core = core;
    this.policy = new SnapshotPolicy(core, samplesAtSnapshot, options);
    this.firstNumber = (after?.number ?? 0) + 1;
    this.checkpointed = this.firstNumber - 1;
    this.start = {
      partition,
      epoch,
      number: this.firstNumber,
      previousHash: after?.hash ?? GENESIS_HASH,
      firstSequence: core.sequence + 1,
    };
    this.builder = new BlockBuilder(this.start);
  }

  /** Number of the open block. */
  get openBlock(): number {
    return this.start.number;
  }

  /** Inputs in the open block. */
  get openInputs(): number {
    return this.builder.inputs;
  }

  /** Events announced on the inputs of the open block. */
  get openEvents(): number {
    return this.events.length;
  }

  /** Bytes that the open block would take at most. */
  get openBytes(): number {
    return this.builder.byteLength;
  }

  /** Whether an input of so many bytes still goes into the open block. */
  fits(bytes: number): boolean {
    return this.builder.fits(bytes);
  }

  /** The open block, which must be empty, and those after it are of this partition and epoch. */
  belongTo({ partition, epoch }: Pick<BlockStart, "partition" | "epoch">): void {
    this.begin({ ...this.start, partition, epoch });
  }

  /** Enters the core's next input into the open block; returns its offset among the block's inputs. */
  add(timeUs: number, bytes: Uint8Array): number {
    return this.builder.add(timeUs, bytes);
  }

  /** The core announced an event while it worked on an input of the open block. */
  event(event: EventMessage): void {
    this.events.push(event);
  }

  /** Hands the open block to the journal, with its events, and begins the next. It must hold an input. `traceparent`: that of a traced input in it. */
  close(traceparent?: string): WrittenBlock {
    const { builder, core, options } = this;
    const { number, firstSequence } = this.start;
    const { inputs } = builder;
    const { bytes, inputsAt, lastSequence, timeUs } = builder.close();
    const hash = sha256(bytes);
    const traced = traceparent === undefined ? {} : { traceparent };
    const block = { number, firstSequence, lastSequence, timeUs, hash, bytes, ...traced };
    const durable = options.journal.append(block);
    this.lastAppend = durable;
    this.begin({ ...this.start, number: number + 1, previousHash: hash, firstSequence: lastSequence + 1 });
    const { events } = this;
    this.events = [];
    if (events.length > 0) this.record("derived", number, () => encodeDerived(number, events));
    this.policy.blockClosed(bytes.length);
    this.isSnapshotDue ||= this.policy.isSnapshotDue(core);
    this.isCheckpointDue ||= this.isSnapshotDue || this.policy.isCheckpointDue(core);
    return { ...block, inputsAt, inputs, durable };
  }

  /** Whether `maintain` has something to do, and may: nothing is open (W3). */
  get isMaintenanceDue(): boolean {
    return (this.isCheckpointDue || this.isSnapshotDue) && this.builder.inputs === 0;
  }

  /** Writes the checkpoint and takes the snapshot that are due. Resolves when they are stored, rejects when the snapshot is not. */
  async maintain(): Promise<void> {
    if (this.builder.inputs > 0) return;
    if (this.isCheckpointDue) this.checkpoint();
    if (this.isSnapshotDue) await this.snapshot();
  }

  /** Checkpoint and snapshot after the last block, at the end. Does nothing when no block was closed. */
  async finish(): Promise<void> {
    if (this.start.number === this.firstNumber) return;
    this.checkpoint();
    await this.snapshot();
  }

  private begin(start: BlockStart): void {
    this.start = start;
    this.builder.start(start);
  }

  private checkpoint(): void {
    this.isCheckpointDue = false;
    const { core } = this;
    this.policy.checkpointTaken(core);
    const block = this.start.number - 1;
    if (block === this.checkpointed) return;
    this.checkpointed = block;
    const hashes = core.hash();
    this.record("checkpoint", block, () =>
      encodeCheckpoint({ block, sequence: core.sequence, timeUs: core.now, ...hashes }),
    );
  }

  private async snapshot(): Promise<void> {
    this.isSnapshotDue = false;
    const { core, options } = this;
    const { now, sequence } = core;
    const { previousHash } = this.start;
    const block = this.start.number - 1;
    const bytes = core.snapshot();
    this.policy.snapshotTaken(core, bytes.length);
    await this.lastAppend;
    options.onSnapshot?.(block, bytes, previousHash);
    await options.journal.saveSnapshot(block, now, sequence, bytes);
  }

  private record(kind: DerivedRecord["kind"], block: number, encode: () => Uint8Array): void {
    try {
      this.options.journal.appendDerived({ kind, block, bytes: encode() });
    } catch (error) {
      if (this.options.onRecordFailure === undefined) throw error;
      this.options.onRecordFailure(error);
    }
  }
}
