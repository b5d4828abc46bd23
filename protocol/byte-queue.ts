/**
 * Byte strings in order, the oldest dropped first, each with the same count of numbers: in a few large chunks and one table.
 *
 *   add ─► chunk │ chunk │ chunk, open          a chunk is given up when all of its strings were dropped
 *
 * As objects of their own, a hundred thousand blocks take the garbage collector ten milliseconds to visit. Here it visits some dozen arrays.
 *
 * Q1  Strings have the indices 0, 1, 2 …, whatever was dropped. Those from `first` to before `end` are kept.
 * Q2  The bytes under a view that `get` has returned never change, also after the string was dropped.
 */

/** Chunks grow from the first length, for the many logs that stay small, to the last: small beside what is kept, large beside a string. */
const CHUNK_BYTES = { first: 1 << 14, last: 1 << 20 };

/** What a row of the table says of its string, before its numbers. */
const ROW = { chunk: 0, offset: 1, length: 2, numbers: 3 } as const;

/** Strings that the table has room for at first. */
const STRINGS = 256;

export class ByteQueue {
  #first = 0;
  #end = 0;
  readonly #width: number;
  /** A ring of rows: that of index i is at i modulo their count, a power of two. */
  #rows: Float64Array;
  #mask = STRINGS - 1;
  /** Oldest first; the last one is open. */
  readonly #chunks: Uint8Array[] = [];
  #firstChunk = 0;
  #nextChunkBytes = CHUNK_BYTES.first;
  /** Bytes used of the open chunk. */
  #used = 0;

  /** `numbers`: how many each string has. */
  constructor(numbers: number) {
    this.#width = ROW.numbers + numbers;
    this.#rows = new Float64Array(STRINGS * this.#width);
  }

  /** Index of the oldest string kept. */
  get first(): number {
    return this.#first;
  }

  /** Index after that of the newest string. */
  get end(): number {
    return this.#end;
  }

  /** Chunks held. */
  get chunks(): number {
    return this.#chunks.length;
  }

  /** Memory for a string in addition to its bytes. */
  get overheadBytes(): number {
    return this.#width * Float64Array.BYTES_PER_ELEMENT;
  }

  /** Adds a string, the parts one after another: they are copied. */
  add(numbers: readonly number[], ...parts: readonly Uint8Array[]): void {
    let length = 0;
    for (const part of parts) length += part.length;
    const chunk = this.#chunkFor(length);
    if (this.#end - this.#first > this.#mask) this.#growTable();
    const row = this.#rowOf(this.#end++);
    this.#rows[row + ROW.chunk] = this.#firstChunk + this.#chunks.length - 1;
    this.#rows[row + ROW.offset] = this.#used;
    this.#rows[row + ROW.length] = length;
    this.#rows.set(numbers, row + ROW.numbers);
    for (const part of parts) {
      chunk.set(part, this.#used);
      this.#used += part.length;
    }
  }

  /** A view of the string, which must be kept. */
  get(index: number): Uint8Array {
    const row = this.#rowOf(index);
    const offset = this.#rows[row + ROW.offset]!;
    const chunk = this.#chunks[this.#rows[row + ROW.chunk]! - this.#firstChunk]!;
    return chunk.subarray(offset, offset + this.#rows[row + ROW.length]!);
  }

  lengthOf(index: number): number {
    return this.#rows[this.#rowOf(index) + ROW.length]!;
  }

  /** Number `column` of the string. */
  number(index: number, column: number): number {
    return this.#rows[this.#rowOf(index) + ROW.numbers + column]!;
  }

  /** Drops the oldest string. There must be one. */
  drop(): void {
    this.#first++;
    // The open chunk stays: more strings come into it.
    const oldest =
      this.#first === this.#end
        ? this.#firstChunk + this.#chunks.length - 1
        : this.#rows[this.#rowOf(this.#first) + ROW.chunk]!;
    for (; this.#firstChunk < oldest; this.#firstChunk++) this.#chunks.shift();
  }

  /** The open chunk, with room for a string of this length. */
  #chunkFor(length: number): Uint8Array {
    const open = this.#chunks.at(-1);
    if (open !== undefined && this.#used + length <= open.length) return open;
    // A new one and none that was given up: a view of it may still be in use (Q2).
    const chunk = new Uint8Array(Math.max(this.#nextChunkBytes, length));
    this.#nextChunkBytes = Math.min(2 * this.#nextChunkBytes, CHUNK_BYTES.last);
    this.#chunks.push(chunk);
    this.#used = 0;
    return chunk;
  }

  #rowOf(index: number): number {
    return (index & this.#mask) * this.#width;
  }

  #growTable(): void {
    const before = this.#rows;
    const rowsBefore = Array.from({ length: this.#end - this.#first }, (_, k) =>
      this.#rowOf(this.#first + k),
    );
    this.#rows = new Float64Array(2 * before.length);
    this.#mask = 2 * this.#mask + 1;
    for (const [k, from] of rowsBefore.entries())
      this.#rows.set(before.subarray(from, from + this.#width), this.#rowOf(this.#first + k));
  }
}
