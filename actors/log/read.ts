/**
 * Reads a log: its blocks, its inputs, the events derived from them. No other file loops over journal entries to find these.
 *
 *   for await (const { sequence, timeUs, input } of inputs(journal, { timeUs: from }, { sequence: end })) …
 *
 *   const first = await firstInput(journal, { timeUs });          the input at a place, with its block and time
 *   for await (const { events } of derivedEvents(journal)) …      what the recording says was derived
 *
 * I1  `from` is included, `to` is not; both are places (place.ts).
 * I2  Inputs and blocks come without gaps, each block checked against the hash of the one before it.
 * I3  Damage ends reading as damage.ts says.
 */
import { type DecodedBlock, decodeDerived } from "../../protocol/block.ts";
import { decodeFrameInto, decodeMessage, isFrame } from "../../protocol/codec.ts";
import type { ScratchFrame } from "../../protocol/frame.ts";
import { type EventMessage, type Input, isInput } from "../../protocol/messages.ts";
import type { Journal, JournalBlock } from "../ports/journal.ts";
import { BlockChain } from "./chain.ts";
import { type JournalDamage, undamaged } from "./damage.ts";
import { BEGINNING, type Place, reaches } from "./place.ts";

/** The two methods of a journal that reading needs. */
export type ReadableLog = Pick<Journal, "read" | "locate">;

/** A block as decoded and as stored. */
export interface LoggedBlock extends DecodedBlock {
  readonly stored: JournalBlock;
}

/** An input of the log; its message is decoded when `input` is first asked for. */
export class LoggedInput {
  readonly sequence: number;
  readonly timeUs: number;
  /** Number of the block that holds it. */
  readonly block: number;
  /** The encoded message: a view of the block's bytes. */
  readonly bytes: Uint8Array;
  private decoded: Input | null = null;

  constructor(sequence: number, timeUs: number, block: number, bytes: Uint8Array) {
    this.sequence = sequence;
    this.timeUs = timeUs;
    this.block = block;
    this.bytes = bytes;
  }

  get input(): Input {
    this.decoded ??= decodeInput(this.bytes);
    return this.decoded;
  }
}

/** Inputs from `from` until before the first that reaches `to`. */
export async function* inputs(
  journal: ReadableLog,
  from: Place = BEGINNING,
  to?: Place,
): AsyncGenerator<LoggedInput> {
  for await (const block of blocks(journal, from)) {
    for (const each of inputsOf(block)) {
      const { sequence, timeUs } = each;
      if (to !== undefined && reaches(to, sequence, timeUs, block.number)) return;
      if (reaches(from, sequence, timeUs, block.number)) yield each;
    }
  }
}

/** The first input at or after a place, or null after the end. */
export async function firstInput(journal: ReadableLog, at: Place): Promise<LoggedInput | null> {
  for await (const input of inputs(journal, at)) return input;
  return null;
}

/** Blocks from the one that holds the first input at or after `from`, to the end. */
export async function* blocks(journal: ReadableLog, from: Place = BEGINNING): AsyncGenerator<LoggedBlock> {
  const first = await journal.locate(from);
  if (first === null) return;
  const chain = new BlockChain();
  let sequence: number | undefined;
  for await (const entry of undamaged(journal.read(first))) {
    if (entry.kind !== "block") continue;
    const block = chain.next(entry.block, sequence);
    sequence = block.lastSequence;
    yield Object.assign(block, { stored: entry.block });
  }
}

/** Events that the recording says were derived, from block `from` to the end, with the block that they were derived from. */
export async function* derivedEvents(
  journal: Pick<Journal, "read">,
  from?: number,
  passOver?: (damage: JournalDamage) => void,
): AsyncGenerator<{ readonly block: number; readonly events: EventMessage[] }> {
  for await (const entry of undamaged(journal.read(from), passOver))
    if (entry.kind === "derived") yield decodeDerived(entry.bytes);
}

/** The inputs of a block, in order. */
export function inputsOf(block: DecodedBlock): LoggedInput[] {
  const found: LoggedInput[] = [];
  block.forEach((sequence, timeUs, bytes) => {
    found.push(new LoggedInput(sequence, timeUs, block.number, bytes));
  });
  return found;
}

/** An input from its bytes in the log. With `scratch` a frame is decoded into it, and valid until its next use. */
export function decodeInput(bytes: Uint8Array, scratch?: ScratchFrame): Input {
  if (scratch !== undefined && isFrame(bytes)) return decodeFrameInto(bytes, scratch);
  const message = decodeMessage(bytes);
  if (isInput(message)) return message;
  throw new Error(`Cannot apply a message of type ${message.type}: expected an input`);
}
