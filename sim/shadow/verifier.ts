/**
 * Executes a session's log once more while it is written, and compares what comes of it.
 *
 *   start ─► core ◄─fold─ block, block, …
 *                  │ events of each block    ═ derived note, before the next block
 *                  └ hash of the whole state ═ checkpoint
 *
 * H1  The first difference ends a run; it is known before the block after the next one is folded.
 * H2  A note that is missing is a difference, but of blocks up to `settledFrom`: a crash may have swallowed theirs, and they come later.
 */
import { Core, type CoreDefinitions, type CoreSink } from "../../actors/core/mod.ts";
import { foldJournal } from "../../actors/mod.ts";
import type { JournalEntry } from "../../actors/ports/journal.ts";
import { type Difference, Verifier } from "../recordings/replay/verifier.ts";

/** No recorded values are at hand, only their hashes. */
const NO_SNAPSHOTS = { loadSnapshot: async () => null };

export interface ShadowProgress {
  /** The last block that was executed. */
  block: number;
  blocks: number;
  hashes: number;
}

export class ShadowVerifier {
  readonly progress: ShadowProgress = { block: 0, blocks: 0, hashes: 0 };
  private readonly definitions: CoreDefinitions;
  /** Blocks behind this one have their notes right behind them. */
  private readonly settledFrom: number;

  constructor(definitions: CoreDefinitions, settledFrom = 0) {
    this.definitions = definitions;
    this.settledFrom = settledFrom;
  }

  /** Runs from a state (null: from the beginning) to the end of the entries or the first difference. Throws when the state is of no use. */
  async run(state: Uint8Array | null, entries: AsyncIterable<JournalEntry>): Promise<Difference | null> {
    const verifier = new Verifier(NO_SNAPSHOTS);
    let block = 0;
    const sink: CoreSink = {
      event: (event) => verifier.derived(block, event),
      state() {},
      metrics() {},
    };
    const core =
      state === null ? new Core(this.definitions, sink) : Core.restore(state, this.definitions, sink);
    try {
      await foldJournal(this.watched(entries, verifier, core), core, {
        block(decoded) {
          block = decoded.number;
          return true;
        },
      });
    } catch (error) {
      return failure(core, block, error);
    }
    return verifier.difference;
  }

  private async *watched(
    entries: AsyncIterable<JournalEntry>,
    verifier: Verifier,
    core: Core,
  ): AsyncGenerator<JournalEntry> {
    for await (const entry of verifier.watch(entries, core)) {
      // All notes of the blocks before stand before a block: what was derived and is not noted is noted nowhere.
      if (entry.kind === "block" && entry.block.number > this.settledFrom) await verifier.finish(core);
      if (verifier.difference !== null) return;
      yield entry;
      if (entry.kind === "block") {
        this.progress.block = entry.block.number;
        this.progress.blocks++;
      } else this.progress.hashes = verifier.compared.checkpoints;
    }
  }
}

/** What the live core took and ours does not. */
function failure(core: Core, block: number, error: unknown): Difference {
  return {
    partition: core.partition,
    block,
    input: core.sequence,
    actor: "core",
    field: "input",
    index: -1,
    recorded: "applied",
    replayed: error instanceof Error ? error.message : String(error),
  };
}
