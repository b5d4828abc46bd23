/**
 * When a log gets a checkpoint (hash of the state) and a snapshot (the state itself).
 *
 *   checkpoint   every CHECKPOINT_BLOCKS blocks, and with each snapshot
 *   snapshot     every SNAPSHOT_SAMPLES samples, and when the writer ends in order
 *
 * Samples, not blocks or time, are what recovery and seeking have to fold again.
 */
import { CHECKPOINT_BLOCKS } from "../../protocol/limits.ts";

/** Samples between snapshots: a tenth of a second of work for recovery or a seek. */
export const SNAPSHOT_SAMPLES = 131_072;

export class SnapshotPolicy {
  private readonly everySamples: number;
  private samplesAtLast: number;

  /** `samples`: those that the core has now. */
  constructor(samples: number, everySamples = SNAPSHOT_SAMPLES) {
    this.samplesAtLast = samples;
    this.everySamples = everySamples;
  }

  isSnapshotDue(samples: number): boolean {
    return samples - this.samplesAtLast >= this.everySamples;
  }

  snapshotTaken(samples: number): void {
    this.samplesAtLast = samples;
  }

  /** After the block with this number. */
  isCheckpointDue(block: number): boolean {
    return block % CHECKPOINT_BLOCKS === 0;
  }
}
