/**
 * When a log gets a checkpoint (hash of the state) and a snapshot (the state itself).
 *
 *   checkpoint   after CHECKPOINT_SAMPLES samples, or after CHECKPOINT_US of logical time that hold CHECKPOINT_INPUTS inputs; and with each snapshot
 *   snapshot     every SNAPSHOT_SAMPLES samples, and when the writer ends in order
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
  private samplesAtSnapshot: number;
  private atCheckpoint: Progress;

  /**
   * `now`: where the core stands when the writer begins. `samplesAtSnapshot`: samples of the newest snapshot, which may be far back: a writer
   * that is often killed soon after it began must come to the next one too.
   */
  constructor(now: Progress, samplesAtSnapshot: number, snapshotSamples = SNAPSHOT_SAMPLES) {
    this.snapshotSamples = snapshotSamples;
    this.samplesAtSnapshot = samplesAtSnapshot;
    this.atCheckpoint = progressOf(now);
  }

  isSnapshotDue({ samples }: Progress): boolean {
    return samples - this.samplesAtSnapshot >= this.snapshotSamples;
  }

  isCheckpointDue({ samples, sequence, now }: Progress): boolean {
    const before = this.atCheckpoint;
    if (samples - before.samples >= CHECKPOINT_SAMPLES) return true;
    return now - before.now >= CHECKPOINT_US && sequence - before.sequence >= CHECKPOINT_INPUTS;
  }

  snapshotTaken({ samples }: Progress): void {
    this.samplesAtSnapshot = samples;
  }

  checkpointTaken(at: Progress): void {
    this.atCheckpoint = progressOf(at);
  }
}

function progressOf({ samples, sequence, now }: Progress): Progress {
  return { samples, sequence, now };
}
