/**
 * Named random streams: xoshiro128** (Blackman & Vigna 2018), seeded by hashing (session seed, name).
 *
 * The state of a stream is four registered words: it is hashed, saved and restored like any other state. Streams of different names are
 * independent, so adding an actor does not change the numbers of another one.
 */
import { rotl, StateHash } from "./hash.ts";

export class RandomStream {
  readonly state: Uint32Array;

  constructor(seed: number, name: string) {
    const digest = new StateHash().reset(RANDOM_SALT).text(`${seed}/${name}`).digest();
    this.state = new Uint32Array(digest.buffer.slice(0, 16));
    // The all-zero state is the generator's only fixed point.
    if (!this.state.some((word) => word !== 0)) this.state[0] = 1;
  }

  /** Uniform on [0, 1), 32 random bits. */
  next(): number {
    const s = this.state;
    const s1 = s[1]!;
    const result = Math.imul(rotl(Math.imul(s1, 5), 7), 9) >>> 0;
    const shifted = s1 << 9;
    s[2] = s[2]! ^ s[0]!;
    s[3] = s[3]! ^ s1;
    s[1] = s1 ^ s[2]!;
    s[0] = s[0]! ^ s[3]!;
    s[2] = s[2]! ^ shifted;
    s[3] = rotl(s[3]!, 11);
    return result / 4294967296;
  }
}

/** Separates the streams from other uses of the hash. */
const RANDOM_SALT = 0x5eed;
