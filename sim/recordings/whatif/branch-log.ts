/**
 * The lane that is run: a core behind the last shared block, and the blocks of its log.
 *
 *   admit ─► block ─► core ─► events
 *              └──endBlock──► recording: block, events, every CHECKPOINT_BLOCKS the hash of the state, every SNAPSHOT_SAMPLES the state
 *
 * L1  As long as nothing is different, its blocks are those of the original, byte for byte.
 * L2  Blocks end where those of the original end; one that grows beyond its limits ends earlier as well.
 */
import type { Core, CoreSink } from "../../../actors/core/mod.ts";
import { sha256 } from "../../../actors/mod.ts";
import type { JournalBlock } from "../../../actors/ports/journal.ts";
import { BlockBuilder, type BlockStart, encodeCheckpoint, encodeDerived } from "../../../protocol/block.ts";
import { CHECKPOINT_BLOCKS } from "../../../protocol/limits.ts";
import type { EventMessage, Input } from "../../../protocol/messages.ts";
import type { BranchRecording } from "./branch-recording.ts";

/** Samples between snapshots, as in a live session. */
const SNAPSHOT_SAMPLES = 131_072;

export interface LaneStart {
  core: Core;
  /** Number of its first block, and the hash that it names. */
  number: number;
  previousHash: Uint8Array;
  recording: BranchRecording | null;
  event(event: EventMessage): void;
}

export class BranchLog implements CoreSink {
  readonly unread = true;
  readonly core: Core;
  private readonly start: LaneStart;
  private readonly builder: BlockBuilder;
  private partition = "";
  private epoch = 0;
  private number: number;
  private previousHash: Uint8Array;
  private events: EventMessage[] = [];
  private snapshotSamples: number;
  private checkpointed: number;
  /** Number of the last closed block, or null. */
  private closed: number | null = null;
  /** L1 */
  private equal = true;

  constructor(start: LaneStart) {
    this.start = start;
    this.core = start.core;
    this.number = start.number;
    this.previousHash = start.previousHash;
    this.snapshotSamples = start.core.samples;
    this.checkpointed = start.number - 1;
    this.builder = new BlockBuilder(this.blockStart());
  }

  /** A block of the original begins. */
  beginBlock({ partition, epoch }: BlockStart): void {
    this.partition = partition;
    this.epoch = epoch;
    this.builder.start(this.blockStart());
  }

  /** The next input, as it stands in the log and as it is. */
  admit(timeUs: number, bytes: Uint8Array, input: Input): void {
    if (this.start.recording !== null) {
      if (!this.builder.fits(bytes.length)) this.close(null);
      this.builder.add(timeUs, bytes);
    }
    this.core.apply(this.core.sequence + 1, timeUs, input);
  }

  /** From here on something is different. */
  part(): void {
    this.equal = false;
  }

  /** The block of the original ends here. */
  async endBlock(original: JournalBlock): Promise<void> {
    const { recording } = this.start;
    if (recording === null || this.builder.inputs === 0) return;
    this.close(this.equal ? original : null);
    if (periodOf(this.closed!) > periodOf(this.checkpointed)) this.checkpoint();
    if (this.core.samples - this.snapshotSamples >= SNAPSHOT_SAMPLES) await this.snapshot();
    await recording.settle();
  }

  /** Checkpoint and state behind the last block. False for a lane without a block: it leaves no recording. */
  async finish(): Promise<boolean> {
    const { recording } = this.start;
    if (recording === null) return false;
    if (this.closed === null) {
      await recording.discard();
      return false;
    }
    await this.snapshot();
    await recording.finish();
    return true;
  }

  private close(original: JournalBlock | null): void {
    const { builder, number } = this;
    const firstSequence = this.core.sequence - builder.inputs + 1;
    const { bytes, lastSequence, timeUs } = original ? asClosed(original) : builder.close();
    const hash = original?.hash ?? sha256(bytes);
    const block = { number, firstSequence, lastSequence, timeUs, hash, bytes };
    this.start.recording!.append(block);
    if (this.events.length > 0) this.note("derived", number, encodeDerived(number, this.events));
    this.events = [];
    this.closed = number;
    this.number++;
    this.previousHash = hash;
    builder.start(this.blockStart());
  }

  private checkpoint(): void {
    const { core } = this;
    const block = this.closed!;
    if (this.checkpointed === block) return;
    this.checkpointed = block;
    const hashes = core.hash();
    this.note(
      "checkpoint",
      block,
      encodeCheckpoint({ block, sequence: core.sequence, timeUs: core.now, ...hashes }),
    );
  }

  private async snapshot(): Promise<void> {
    this.checkpoint();
    const { core } = this;
    this.snapshotSamples = core.samples;
    await this.start.recording!.snapshot({
      block: this.closed!,
      timeUs: core.now,
      sequence: core.sequence,
      bytes: core.snapshot(),
    });
  }

  private note(kind: "derived" | "checkpoint", block: number, bytes: Uint8Array): void {
    this.start.recording!.appendDerived({ kind, block, bytes });
  }

  private blockStart(): BlockStart {
    const { partition, epoch, number, previousHash } = this;
    return { partition, epoch, number, previousHash, firstSequence: this.core.sequence + 1 };
  }

  // ---- outputs of the core (CoreSink) -------------------------------------------------------------------------

  event(event: EventMessage): void {
    if (this.start.recording !== null) this.events.push(event);
    this.start.event(event);
  }

  state(): void {}

  metrics(): void {}
}

function periodOf(block: number): number {
  return Math.floor(block / CHECKPOINT_BLOCKS);
}

function asClosed({ bytes, lastSequence, timeUs }: JournalBlock) {
  return { bytes, lastSequence, timeUs };
}
