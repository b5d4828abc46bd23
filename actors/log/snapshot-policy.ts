/**
 * When a log gets a checkpoint (hash of the state) and a snapshot (the state itself).
 *
 *   checkpoint   after CHECKPOINT_SAMPLES samples, or after CHECKPOINT_US of logical time that hold CHECKPOINT_INPUTS inputs; and with each snapshot
 *   snapshot     every SNAPSHOT_SAMPLES samples, in a shared log no sooner than it has grown by as many bytes; and when the writer ends in order
 *
 * Samples are what recovery and seeking have to fold again. Blocks do not count: where they end depends on disk and load. A live
 * session may close thousands a second.
 */
import { CHECKPOINT_INPUTS, CHECKPOINT_SAMPLES, CHECKPOINT_US } from "../../protocol/limits.ts";
import type { Core } from "../core/core.ts";

/** Samples between snapshots: a tenth of a second of work for recovery or a seek. */
export const SNAPSHOT_SAMPLES = 131_072;

/** Edits between snapshots of a shared document, which count as samples: a fifth of a second of work. */
export const SNAPSHOT_EDITS = 8_192;

/** How far a core has come. */
export type Progress = Pick<Core, "samples" | "sequence" | "now">;

export class SnapshotPolicy {
  private readonly snapshotSamples: number;
  private readonly isShared: boolean;
  private samplesAtSnapshot: number;
  private atCheckpoint: Progress;
  /** Of the log since the newest snapshot, and of that snapshot. */
  private logBytes = 0;
  private snapshotBytes = 0;

  /**
   * `now`: where the core stands when the writer begins. `samplesAtSnapshot`: samples of the newest snapshot, which may be far back: a writer
   * that is often killed soon after it began must come to the next one too. `isShared`: the log and its snapshots go over the network. The state of
   * 128 channels is as long as the log of 400,000 samples, and snapshots of it every SNAPSHOT_SAMPLES would be three quarters of all that is sent.
   */
  constructor(
    now: Progress,
    samplesAtSnapshot: number,
    { snapshotSamples = SNAPSHOT_SAMPLES, isShared = false } = {},
  ) {
    this.snapshotSamples = snapshotSamples;
    this.isShared = isShared;
    this.samplesAtSnapshot = samplesAtSnapshot;
    this.atCheckpoint = progressOf(now);
  }

  isSnapshotDue({ samples }: Progress): boolean {
    if (this.isShared && this.logBytes < this.snapshotBytes) return false;
    return samples - this.samplesAtSnapshot >= this.snapshotSamples;
  }

  isCheckpointDue({ samples, sequence, now }: Progress): boolean {
    const before = this.atCheckpoint;
    if (samples - before.samples >= CHECKPOINT_SAMPLES) return true;
    return now - before.now >= CHECKPOINT_US && sequence - before.sequence >= CHECKPOINT_INPUTS;
  }

  /** A block of so many bytes was closed. */
  blockClosed(bytes: number): void {
    this.logBytes += bytes;
  }

  snapshotTaken({ samples }: Progress, bytes: number): void {
    this.samplesAtSnapshot = samples;
    this.snapshotBytes = bytes;
    this.logBytes = 0;
  }

  checkpointTaken(at: Progress): void {
    this.atCheckpoint = progressOf(at);
  }
}

function progressOf({ samples, sequence, now }: Progress): Progress {
  return { samples, sequence, now };
}
