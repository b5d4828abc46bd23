/**
 * Folds the entries of a journal into a core: recovery, replay and verification are this one loop.
 *
 * F1  A block is applied only if it is the next one, names the hash of the one before, and begins with the input that the core waits for.
 * F2  What the recording says was derived (`derived`, `checkpoint`) is handed to the observer beside what was derived now.
 * F3  Damage stops the fold with its place: what comes behind it follows from inputs that are not known.
 */
import { createHash } from "node:crypto";
import { type DecodedBlock, decodeBlock, decodeCheckpoint, decodeDerived } from "../../protocol/block.ts";
import { decodeFrameInto, decodeMessage, isFrame } from "../../protocol/codec.ts";
import { createScratchFrame, type ScratchFrame } from "../../protocol/frame.ts";
import { type Checkpoint, type EventMessage, type Input, isInput } from "../../protocol/messages.ts";
import type { Core } from "../core/core.ts";
import type { JournalEntry } from "../ports/journal.ts";

export interface FoldObserver {
  /** Before the inputs of a block; false ends the fold. */
  block?(block: DecodedBlock): boolean;
  /** Before an input; false ends the fold. */
  input?(sequence: number, timeUs: number): boolean;
  /** Before each input, where they are to come one by one: resolves when it is due. */
  due?(timeUs: number): Promise<void>;
  derived?(block: number, events: EventMessage[]): void;
  checkpoint?(checkpoint: Checkpoint): void;
}

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
  const scratch = createScratchFrame();
  const startSamples = core.samples;
  const result = { blocks: 0, inputs: 0, samples: 0 };
  const chain = new BlockChain();
  for await (const entry of entries) {
    switch (entry.kind) {
      case "damage":
        throw new RecordingDamaged(entry);
      case "derived":
        observer.derived?.(entry.block, decodeDerived(entry.bytes).events);
        break;
      case "checkpoint":
        observer.checkpoint?.(decodeCheckpoint(entry.bytes));
        break;
      case "block": {
        const block = chain.next(entry.block.bytes, core.sequence);
        if (observer.block?.(block) === false) return done();
        let stopped = false;
        const apply = (sequence: number, timeUs: number, bytes: Uint8Array): void => {
          if (stopped) return;
          if (observer.input?.(sequence, timeUs) === false) {
            stopped = true;
            return;
          }
          core.apply(sequence, timeUs, decodeInput(bytes, scratch));
          result.inputs++;
        };
        if (observer.due === undefined) block.forEach(apply);
        else {
          for (const [sequence, timeUs, bytes] of inputsOf(block)) {
            await observer.due(timeUs);
            apply(sequence, timeUs, bytes);
            if (stopped) break;
          }
        }
        result.blocks++;
        if (stopped) return done();
        break;
      }
    }
  }
  return done();

  function done(): FoldResult {
    result.samples = core.samples - startSamples;
    return result;
  }
}

function inputsOf(block: DecodedBlock): Parameters<Parameters<DecodedBlock["forEach"]>[0]>[] {
  const inputs: Parameters<Parameters<DecodedBlock["forEach"]>[0]>[] = [];
  block.forEach((...input) => void inputs.push(input));
  return inputs;
}

/** Follows blocks one by one and refuses one that is not the next (F1). */
export class BlockChain {
  private previous: Uint8Array | null = null;
  private number = 0;

  /** `sequence`: the last input that the core has. */
  next(bytes: Uint8Array, sequence: number): DecodedBlock {
    const block = decodeBlock(bytes);
    const { number, previousHash, firstSequence } = block;
    if (this.number > 0 && number !== this.number + 1)
      throw new ChainBroken(number, `block ${this.number + 1}`);
    if (this.previous && !sameBytes(this.previous, previousHash))
      throw new ChainBroken(number, "the hash of the block before");
    // A snapshot that does not belong to this log shows here.
    if (firstSequence !== sequence + 1)
      throw new ChainBroken(number, `input ${sequence + 1} first, it begins with ${firstSequence}`);
    this.previous = sha256(bytes);
    this.number = number;
    return block;
  }
}

/** An input from its bytes in the log; a frame comes in the columns of `scratch`. */
export function decodeInput(bytes: Uint8Array, scratch: ScratchFrame): Input {
  if (isFrame(bytes)) return decodeFrameInto(bytes, scratch);
  const message = decodeMessage(bytes);
  if (isInput(message)) return message;
  throw new Error(`Cannot apply a message of type ${message.type}: expected an input`);
}

export function sha256(bytes: Uint8Array): Uint8Array {
  return createHash("sha256").update(bytes).digest();
}

export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

export class RecordingDamaged extends Error {
  override readonly name = "RecordingDamaged";
  readonly damage: Extract<JournalEntry, { kind: "damage" }>;
  constructor(damage: Extract<JournalEntry, { kind: "damage" }>) {
    super(
      `Cannot read on, damaged: ${damage.file} at byte ${damage.offset}, ${damage.length} bytes: ${damage.reason}`,
    );
    this.damage = damage;
  }
}

export class ChainBroken extends Error {
  override readonly name = "ChainBroken";
  constructor(block: number, expected: string) {
    super(`Cannot follow the chain at block ${block}: expected ${expected}`);
  }
}
