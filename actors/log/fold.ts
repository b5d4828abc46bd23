/**
 * Folds the entries of a journal into a core: recovery, replay and verification are this one loop.
 *
 *   await foldJournal(journal.read(nextBlock), core, { input: (sequence) => sequence < end });
 *
 * F1  A block is applied only if it is the next one, names the hash of the one before, and begins with the input that the core waits for.
 * F2  A recorded result (`derived`, `checkpoint`) goes to the observer when the core has reached the place where it was derived.
 * F3  Damage ends the fold as damage.ts says: what comes after it follows from inputs that are not known.
 */
import { type DecodedBlock, decodeCheckpoint, decodeDerived } from "../../protocol/block.ts";
import { createScratchFrame } from "../../protocol/frame.ts";
import type { Checkpoint, EventMessage } from "../../protocol/messages.ts";
import type { Core } from "../core/core.ts";
import type { JournalEntry } from "../ports/journal.ts";
import { BlockChain } from "./chain.ts";
import { undamaged } from "./damage.ts";
import { decodeInput, inputsOf } from "./read.ts";

/** False ends the fold there. */
type Answer = boolean | void;

/** Hears of each step of a fold. Absent methods cost nothing. */
export interface FoldObserver {
  /** Before the inputs of a block. */
  block?(block: DecodedBlock): Answer | Promise<Answer>;
  /** Before each input. */
  input?(sequence: number, timeUs: number): Answer;
  /** After the inputs of a block. */
  applied?(block: DecodedBlock, core: Core): Answer;
  /** Before each input, where inputs are paced: resolves when the input is due. */
  due?(timeUs: number): Promise<void>;
  /** After each input, where others need the event loop (slices.ts): null, or resolves when the fold may go on. */
  rest?(): Promise<void> | null;
  /** Events that the recording says were derived from a block. */
  derived?(block: number, events: EventMessage[]): Answer | Promise<Answer>;
  /** Hash of the state that the recording says followed a block. */
  checkpoint?(checkpoint: Checkpoint): Answer | Promise<Answer>;
}

/** What was folded. */
export interface FoldResult {
  blocks: number;
  inputs: number;
  samples: number;
}

export async function foldJournal(
  entries: AsyncIterable<JournalEntry>,
  core: Core,
  observer: FoldObserver = {},
): Promise<FoldResult> {
  const startSamples = core.samples;
  const startSequence = core.sequence;
  const chain = new BlockChain();
  const apply = applier(core, observer);
  const isPaced = observer.due !== undefined || observer.rest !== undefined;
  let blocks = 0;
  for await (const entry of undamaged(entries)) {
    let goOn: Answer;
    if (entry.kind === "block") {
      const block = chain.next(entry.block, core.sequence);
      if ((await observer.block?.(block)) === false) break;
      blocks++;
      goOn = isPaced ? await applyPaced(block, apply, observer) : applyBlock(block, apply);
      if (goOn !== false) goOn = observer.applied?.(block, core);
    } else if (entry.kind === "derived")
      goOn = await observer.derived?.(entry.block, decodeDerived(entry.bytes).events);
    else goOn = await observer.checkpoint?.(decodeCheckpoint(entry.bytes));
    if (goOn === false) break;
  }
  return { blocks, inputs: core.sequence - startSequence, samples: core.samples - startSamples };
}

/** Applies one input; false when the observer ends the fold. */
type Apply = (sequence: number, timeUs: number, bytes: Uint8Array) => boolean;

function applier(core: Core, observer: FoldObserver): Apply {
  const scratch = createScratchFrame();
  return (sequence, timeUs, bytes) => {
    if (observer.input?.(sequence, timeUs) === false) return false;
    core.apply(sequence, timeUs, decodeInput(bytes, scratch));
    return true;
  };
}

function applyBlock(block: DecodedBlock, apply: Apply): boolean {
  let goOn = true;
  block.forEach((sequence, timeUs, bytes) => {
    goOn &&= apply(sequence, timeUs, bytes);
  });
  return goOn;
}

async function applyPaced(block: DecodedBlock, apply: Apply, observer: FoldObserver): Promise<boolean> {
  for (const { sequence, timeUs, bytes } of inputsOf(block)) {
    if (observer.due) await observer.due(timeUs);
    if (!apply(sequence, timeUs, bytes)) return false;
    const rest = observer.rest?.() ?? null;
    if (rest !== null) await rest;
  }
  return true;
}
