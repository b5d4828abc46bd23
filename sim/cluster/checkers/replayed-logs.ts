/**
 * The admitted logs at the end of a run, replayed without faults: the states and events that live cores should have had.
 *
 *   observations ─► which blocks need a state hash, which snapshots are compared
 *   streams at the end ─► AdmittedLog ─► ReferenceReplay, one for each partition ─► ReplayedLog
 *
 * Snapshots are a sample: the first SNAPSHOTS_FIRST and the last SNAPSHOTS_LAST of a partition are restored and compared.
 */
import { errorText } from "../../../protocol/errors.ts";
import { AdmittedLog, StoredLogs } from "./admitted-log.ts";
import type { Observation, WorldEnd } from "./observation.ts";
import { ReferenceReplay, type ReplayedInput, type ReplayedLog, type Snapshot } from "./reference-replay.ts";

const SNAPSHOTS_FIRST = 1;
const SNAPSHOTS_LAST = 2;

export class ReplayedLogs {
  /** The logs as they grow. */
  readonly stored = new StoredLogs();
  readonly partitions = new Map<string, ReplayedLog>();
  private readonly hashedBlocks = new Map<string, Set<number>>();
  private readonly snapshots = new Map<string, Snapshot[]>();

  observe(observation: Observation): void {
    switch (observation.kind) {
      case "stored":
        this.stored.store(observation.partition, observation.sequence, observation.bytes);
        break;
      case "lost":
        this.stored.forget(observation.partition, observation.after);
        // Snapshots of forgotten blocks belong to no log.
        this.snapshots.delete(observation.partition);
        break;
      case "hash":
      case "opened":
        this.needHash(observation.partition, observation.block);
        break;
      case "snapshot":
        this.needHash(observation.partition, observation.block);
        this.keep(observation.partition, observation);
        break;
      default:
    }
  }

  /** Replays every log. `onInput` receives each input and returns what is wrong with it. Returns the first trouble, or null. */
  replay(end: WorldEnd, onInput: (input: ReplayedInput) => string | null): string | null {
    for (const [partition, { block }] of end.live) this.needHash(partition, block);
    for (const [partition, entries] of end.streams) {
      const log = new AdmittedLog(partition);
      for (const { sequence, bytes } of entries) log.store(sequence, bytes);
      const trouble = this.replayLog(end, log, onInput);
      if (trouble !== null) return trouble;
    }
    return null;
  }

  private replayLog(
    end: WorldEnd,
    log: AdmittedLog,
    onInput: (input: ReplayedInput) => string | null,
  ): string | null {
    const { partition } = log;
    const snapshots = this.snapshots.get(partition) ?? [];
    const replay = new ReferenceReplay(
      end,
      log,
      this.hashedBlocks.get(partition) ?? new Set(),
      snapshots,
      onInput,
    );
    for (const block of log.blocks) {
      try {
        replay.block(block);
      } catch (error) {
        const reason = errorText(error);
        return `${partition} block ${block.block.number} cannot be replayed: ${reason}`;
      }
      if (replay.objection !== null) return replay.objection;
    }
    this.partitions.set(partition, replay.result());
    return null;
  }

  private needHash(partition: string, block: number): void {
    const blocks = this.hashedBlocks.get(partition);
    if (blocks) blocks.add(block);
    else this.hashedBlocks.set(partition, new Set([block]));
  }

  private keep(partition: string, { block, blockHash, bytes }: Snapshot): void {
    const kept = this.snapshots.get(partition) ?? [];
    this.snapshots.set(partition, kept);
    kept.push({ block, blockHash, bytes: new Uint8Array(bytes) });
    if (kept.length > SNAPSHOTS_FIRST + SNAPSHOTS_LAST) kept.splice(SNAPSHOTS_FIRST, 1);
  }
}
