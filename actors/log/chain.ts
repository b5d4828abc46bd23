/** The chain of blocks: each names the SHA-256 of the one before it. */
import { hash } from "node:crypto";
import { type DecodedBlock, decodeBlock } from "../../protocol/block.ts";
import { errorText } from "../../protocol/errors.ts";
import type { JournalBlock } from "../ports/journal.ts";
import { ChainBroken, RecordingDamaged } from "./damage.ts";

/** Decodes blocks in order and throws ChainBroken for one that does not follow the one before it. */
export class BlockChain {
  private previous: Uint8Array | null = null;
  private number = 0;

  /** `sequence`: the last input before this block, where the caller knows it. */
  next({ number: claimed, bytes }: JournalBlock, sequence?: number): DecodedBlock {
    const block = decode(claimed, bytes);
    const { number, previousHash, firstSequence } = block;
    if (this.number > 0 && number !== this.number + 1)
      throw new ChainBroken(number, `it follows block ${this.number}`, `block ${this.number + 1}`);
    if (this.previous && !sameBytes(this.previous, previousHash))
      throw new ChainBroken(number, "it names another block before it", "the hash of the block before");
    // A snapshot that does not belong to this log shows here.
    if (sequence !== undefined && firstSequence !== sequence + 1)
      throw new ChainBroken(number, `it begins with input ${firstSequence}`, `input ${sequence + 1} first`);
    this.previous = sha256(bytes);
    this.number = number;
    return block;
  }
}

function decode(number: number, bytes: Uint8Array): DecodedBlock {
  try {
    return decodeBlock(bytes);
  } catch (cause) {
    const reason = errorText(cause);
    throw new RecordingDamaged(
      { file: `block ${number}`, offset: 0, length: bytes.length, reason },
      { cause },
    );
  }
}

export function sha256(bytes: Uint8Array): Uint8Array {
  return hash("sha256", bytes, "buffer");
}

export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
