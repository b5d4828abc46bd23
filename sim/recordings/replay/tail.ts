/**
 * Executes a recording once more while it is written, and compares the results with the recorded ones.
 *
 *   recording ──blocks, records as they are written──► fold ══ events of each block, state hash of each checkpoint
 *
 * L1  It ends when the writer has closed the recording, or at a signal.
 * L2  It ends at the first difference, and names block, input, actor and field. Values are not known, only their hashes: the snapshot that
 *     holds them may not be written yet.
 * L3  An input that the session applied and this run cannot apply is a difference as well.
 * L4  The writer does not notice: no lock is taken, nothing is written.
 */
import type { Core, CoreDefinitions, CoreSink, OtherActor } from "../../../actors/core/mod.ts";
import { RecordingTail } from "../../../actors/journal/mod.ts";
import { ChainBroken, foldJournal, nearestCore, RecordingDamaged } from "../../../actors/mod.ts";
import type { Journal, JournalEntry } from "../../../actors/ports/journal.ts";
import { errorText } from "../../../protocol/errors.ts";
import type { SeekPlace } from "../place.ts";
import { type Difference, Verifier } from "./verifier.ts";

/** How far it is. */
export interface TailProgress {
  /** The last block that was executed. */
  block: number;
  blocks: number;
  inputs: number;
  /** State hashes that were compared. */
  hashes: number;
  /** Of the recording, written and not executed yet. */
  bytesBehind: number;
}

export interface TailReport extends TailProgress {
  difference: Difference | null;
  /** Actors that were not compared, because the recording has them in another version. */
  otherActors: OtherActor[];
}

/** With `--json`, one a line: progress a few times a second, at last the end. `partition`: where there are several. */
export type TailLine = { readonly partition?: string } & (
  | ({ what: "progress" } & TailProgress)
  | ({ what: "end" } & TailReport)
);

export class TailVerification {
  private readonly journal: Journal;
  private readonly definitions: CoreDefinitions;
  private tail: RecordingTail | null = null;
  private verifier: Verifier | null = null;
  private block = 0;
  private blocks = 0;
  private inputs = 0;

  /** `journal`: the recording as it is at the start. Its last block is the one up to which records may come late. */
  constructor(journal: Journal, definitions: CoreDefinitions) {
    this.journal = journal;
    this.definitions = definitions;
  }

  get progress(): TailProgress {
    const { block, blocks, inputs, verifier, tail } = this;
    const { checkpoints = 0, partly = 0 } = verifier?.compared ?? {};
    const hashes = checkpoints + partly;
    return { block, blocks, inputs, hashes, bytesBehind: tail?.bytesBehind ?? 0 };
  }

  /** From the snapshot before a place. */
  async run(directory: string, place: SeekPlace, signal: AbortSignal): Promise<TailReport> {
    const { journal } = this;
    const verifier = new Verifier(() => core, {
      settledFrom: journal.last?.number ?? 0,
      definitions: this.definitions,
    });
    const sink: CoreSink = { event: (event) => verifier.event(event), state() {}, metrics() {} };
    const { core, nextBlock } = await nearestCore(journal, this.definitions, place, sink);
    this.verifier = verifier;
    this.block = nextBlock - 1;
    this.tail = new RecordingTail(directory, { from: nextBlock, signal });
    await this.fold(this.tail.entries(), core, verifier);
    return { ...this.progress, difference: verifier.difference, otherActors: verifier.otherActors };
  }

  private async fold(entries: AsyncIterable<JournalEntry>, core: Core, verifier: Verifier): Promise<void> {
    try {
      await foldJournal(entries, core, {
        block: (block) => verifier.block(block),
        applied: ({ number }) => {
          this.block = number;
          this.blocks++;
        },
        input: () => {
          this.inputs++;
        },
        derived: (block, events) => verifier.derived(block, events),
        checkpoint: (checkpoint) => verifier.checkpoint(checkpoint),
      });
      verifier.finish();
    } catch (error) {
      if (error instanceof RecordingDamaged || error instanceof ChainBroken) throw error;
      verifier.difference ??= {
        partition: core.partition,
        block: verifier.lastBlock,
        input: core.sequence,
        actor: "core",
        field: "input",
        index: -1,
        recorded: "applied",
        replayed: errorText(error),
      };
    }
  }
}
