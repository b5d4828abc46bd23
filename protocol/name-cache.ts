/**
 * A cache of strings for the few names that recur in every frame: compares bytes instead of building a string.
 *
 * Direct-mapped by a hash of the bytes; a collision costs building one string. Holds at most SLOTS names of MAX_NAME_BYTES.
 */

/** Enough for the groups and sources of a partition (MAX_GROUPS of each) with few collisions. */
const SLOTS = 256;

export class NameCache {
  readonly #bytes: (Uint8Array | undefined)[] = new Array<Uint8Array | undefined>(SLOTS).fill(undefined);
  readonly #names: string[] = new Array<string>(SLOTS).fill("");

  /** The ASCII string at `start`, or "" if it contains other bytes. The bytes must have `length` bytes from `start`. */
  read(bytes: Uint8Array, start: number, length: number): string {
    // FNV-1a, 32 bits (Fowler, Noll, Vo 1991).
    let hash = 0x811c9dc5;
    let high = 0;
    for (let k = start; k < start + length; k++) {
      const byte = bytes[k]!;
      high |= byte;
      hash = Math.imul(hash ^ byte, 0x01000193);
    }
    if (high >= 0x80) return "";
    const slot = (hash ^ (hash >>> 16)) & (SLOTS - 1);
    const known = this.#bytes[slot];
    if (known !== undefined && known.length === length && equalAt(bytes, start, known))
      return this.#names[slot]!;

    // `slice` of a Node Buffer is a view, and the buffer may be reused.
    const own = new Uint8Array(bytes.subarray(start, start + length));
    let name = "";
    for (let k = 0; k < length; k++) name += String.fromCharCode(own[k]!);
    this.#bytes[slot] = own;
    this.#names[slot] = name;
    return name;
  }
}

function equalAt(bytes: Uint8Array, start: number, known: Uint8Array): boolean {
  for (let k = 0; k < known.length; k++) {
    if (bytes[start + k] !== known[k]) return false;
  }
  return true;
}
