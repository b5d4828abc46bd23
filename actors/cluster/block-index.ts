/**
 * The places of the blocks of a streamed log: by block number, in columns, 40 bytes a block. It may begin later than the log does.
 *
 * The first 8 bytes of a block's hash are kept to check whether a snapshot belongs to this log; an accidental collision would take about 2³²
 * blocks.
 */
import type { BlockPosition } from "../ports/journal.ts";

export interface IndexedBlock extends Omit<BlockPosition, "hash" | "firstSequence"> {
  /** In the stream. */
  readonly streamSequence: number;
  /** Derived records of its epoch before it: so that reading may begin here. */
  readonly derivedRecords: number;
}

const HASH_BYTES = 8;

export class BlockIndex {
  /** Number of its first block. */
  readonly first: number;
  /** Blocks in the columns. */
  #length = 0;
  #streamSequence = new Float64Array(1024);
  #lastSequence = new Float64Array(1024);
  #timeUs = new Float64Array(1024);
  #derivedRecords = new Float64Array(1024);
  #hash = new Uint8Array(1024 * HASH_BYTES);

  constructor(first = 1) {
    this.first = first;
  }

  /** Blocks `first` to `count` are in the index. */
  get count(): number {
    return this.first - 1 + this.#length;
  }

  add(position: BlockPosition, streamSequence: number, derivedRecords: number): void {
    if (position.number !== this.count + 1)
      throw new RangeError(`Cannot index block ${position.number}: expected ${this.count + 1}`);
    const at = this.#length++;
    if (at === this.#timeUs.length) this.#grow();
    this.#streamSequence[at] = streamSequence;
    this.#lastSequence[at] = position.lastSequence;
    this.#timeUs[at] = position.timeUs;
    this.#derivedRecords[at] = derivedRecords;
    this.#hash.set(position.hash.subarray(0, HASH_BYTES), at * HASH_BYTES);
  }

  /** Forgets the blocks after the first `count`. */
  dropAfter(count: number): void {
    this.#length = Math.min(this.#length, Math.max(0, count - this.first + 1));
  }

  /** Adds the blocks of an index that begins where this one ends, or before. */
  append(later: BlockIndex): void {
    for (let number = this.count + 1; number <= later.count; number++) {
      const from = number - later.first;
      const at = this.#length++;
      if (at === this.#timeUs.length) this.#grow();
      this.#streamSequence[at] = later.#streamSequence[from]!;
      this.#lastSequence[at] = later.#lastSequence[from]!;
      this.#timeUs[at] = later.#timeUs[from]!;
      this.#derivedRecords[at] = later.#derivedRecords[from]!;
      this.#hash.set(later.#hash.subarray(from * HASH_BYTES, (from + 1) * HASH_BYTES), at * HASH_BYTES);
    }
  }

  get(number: number): IndexedBlock {
    const at = this.#placeOf(number);
    return {
      number,
      streamSequence: this.#streamSequence[at]!,
      lastSequence: this.#lastSequence[at]!,
      timeUs: this.#timeUs[at]!,
      derivedRecords: this.#derivedRecords[at]!,
    };
  }

  /** Whether this is the block of the log with its number. */
  holds({ number, hash }: BlockPosition): boolean {
    return number >= this.first && number <= this.count && hashPrefixOf(hash) === this.hashPrefix(number);
  }

  /** The first bytes of the block's hash, hex; of zeros for the place before the first block. */
  hashPrefix(number: number): string {
    if (number === 0) return "0".repeat(2 * HASH_BYTES);
    const at = this.#placeOf(number) * HASH_BYTES;
    return hashPrefixOf(this.#hash.subarray(at, at + HASH_BYTES));
  }

  #placeOf(number: number): number {
    if (Number.isSafeInteger(number) && number >= this.first && number <= this.count)
      return number - this.first;
    throw new RangeError(`Cannot look up block ${number}: expected ${this.first} to ${this.count}`);
  }

  #grow(): void {
    this.#streamSequence = grown(this.#streamSequence);
    this.#lastSequence = grown(this.#lastSequence);
    this.#timeUs = grown(this.#timeUs);
    this.#derivedRecords = grown(this.#derivedRecords);
    const hash = new Uint8Array(2 * this.#hash.length);
    hash.set(this.#hash);
    this.#hash = hash;
  }
}

/** The part of a block's hash that names it here, hex. */
export function hashPrefixOf(hash: Uint8Array): string {
  let prefix = "";
  for (let i = 0; i < HASH_BYTES; i++) prefix += hash[i]!.toString(16).padStart(2, "0");
  return prefix;
}

function grown(column: Float64Array<ArrayBuffer>): Float64Array<ArrayBuffer> {
  const longer = new Float64Array(2 * column.length);
  longer.set(column);
  return longer;
}
