/**
 * The admitted logs at the end of a run, folded once more without faults: what live cores should have been and said.
 *
 *   streams at the end ─► AdmittedLog (naive) ─► core ─► events, timers, hashes of the blocks that somebody spoke of
 *                                                 └── from the oldest kept snapshot a second core folds the tail beside it
 *
 * Snapshots are a sample: the first SNAPSHOTS_FIRST and the last SNAPSHOTS_LAST of a partition are restored and compared.
 */
import type { Observation, WorldEnd } from "../observation.ts";
import { AdmittedLog, StoredLogs } from "./admitted-log.ts";
import { ReferenceReplay, type Retold, type RetoldInput, type Snapshot } from "./reference-replay.ts";

const SNAPSHOTS_FIRST = 1;
const SNAPSHOTS_LAST = 2;

export class Retelling {
  /** The logs as they grew. */
  readonly stored = new StoredLogs();
  readonly partitions = new Map<string, Retold>();
  private readonly wantedBlocks = new Map<string, Set<number>>();
  private readonly snapshots = new Map<string, Snapshot[]>();

  observe(observation: Observation): void {
    switch (observation.kind) {
      case "stored":
        this.stored.store(observation.partition, observation.sequence, observation.bytes);
        break;
      case "lost":
        this.stored.forget(observation.partition, observation.after);
        // What was saved of a past that is gone is nobody's.
        this.snapshots.delete(observation.partition);
        break;
      case "hash":
      case "opened":
        this.want(observation.partition, observation.block);
        break;
      case "snapshot":
        this.want(observation.partition, observation.block);
        this.keep(observation.partition, observation);
        break;
      default:
    }
  }

  /** Folds every log; `hear` is told each input and may object. Returns what went wrong in the folding itself, or the objection. */
  tell(end: WorldEnd, hear: (input: RetoldInput) => string | null): string | null {
    for (const [partition, { block }] of end.live) this.want(partition, block);
    for (const [partition, entries] of end.streams) {
      const log = new AdmittedLog(partition);
      for (const { sequence, bytes } of entries) log.store(sequence, bytes);
      const trouble = this.fold(end, log, hear);
      if (trouble !== null) return trouble;
    }
    return null;
  }

  private fold(end: WorldEnd, log: AdmittedLog, hear: (input: RetoldInput) => string | null): string | null {
    const { partition } = log;
    const snapshots = this.snapshots.get(partition) ?? [];
    const teller = new ReferenceReplay(
      end,
      log,
      this.wantedBlocks.get(partition) ?? new Set(),
      snapshots,
      hear,
    );
    for (const block of log.blocks) {
      try {
        teller.block(block);
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        return `${partition} block ${block.block.number} cannot be folded: ${reason}`;
      }
      if (teller.objection !== null) return teller.objection;
    }
    this.partitions.set(partition, teller.told());
    return null;
  }

  private want(partition: string, block: number): void {
    const expected = this.wantedBlocks.get(partition);
    if (expected) expected.add(block);
    else this.wantedBlocks.set(partition, new Set([block]));
  }

  private keep(partition: string, { block, bytes }: Snapshot): void {
    const kept = this.snapshots.get(partition) ?? [];
    this.snapshots.set(partition, kept);
    kept.push({ block, bytes: new Uint8Array(bytes) });
    if (kept.length > SNAPSHOTS_FIRST + SNAPSHOTS_LAST) kept.splice(SNAPSHOTS_FIRST, 1);
  }
}
