/**
 * Whether a size is larger than those before it are by chance: of a spike among the high points of a channel, of a dip among the low ones.
 *
 *   size ─► larger than all of the last thousands? ─► how rare in the tail of the last hundreds ─► learnt
 *
 * S1  While sizes are exchangeable, one is larger than the N before it with probability 1/(N + 1), whatever their law.
 * S2  How rare it is beyond that, the tail says: the k largest of the last n sizes follow a Pareto law. With u the next smaller one and
 *     S = Σ ln(size/u), the next size exceeds s with probability (k/n) (1 + ln(s/u)/S)^−k, for ln(s/u) k/S is F-distributed. Thinner tails
 *     have fewer.
 * S3  Only after LEAST sizes is one judged. It is learnt after that, also if it was a spike.
 *
 * Sizes are counted from −FLOOR medians: those of normal noise, a few medians, then have the thin tail that they have. Source: Pickands 1975 (peaks
 * over threshold).
 */
import ln from "@stdlib/math-base-special-ln";
import log1p from "@stdlib/math-base-special-log1p";
import type { Fields } from "../../ports/detector.ts";
import { namedNumbers } from "../registered-numbers.ts";

/** Sizes whose tail is looked at, and the fewest. */
const RECENT = 256;
const LEAST = 32;
/** Of them an eighth is the tail, at least so many. */
const TAIL_SHARE = 8;
const TAIL_LEAST = 8;
const FLOOR = 2;
/** The tail is taken to fall no faster than size⁻¹⁰: equal sizes, as counts have, would else make the next larger one impossible. */
const STEEPEST = 10;
/** A size has to be larger than all of the last BLOCKS · BLOCK, of which the maxima of blocks are kept. */
const BLOCKS = 64;
const BLOCK = 64;

/** How rare a size is: ln of the chance of one as large, 0 if it is not the largest; how many times the largest before; among how many. */
export const RARITY = { lnChance: 0, ratio: 1, among: 2 } as const;
export const RARITY_WIDTH = 3;

/** Sizes learnt; the largest of the block under way, and of all that are remembered. */
const Streams = namedNumbers("seen", "inBlock", "largest");

export class SpikeSizes {
  readonly fields: Fields;
  private readonly streams: InstanceType<typeof Streams>;
  private readonly recent: Float64Array;
  private readonly blocks: Float64Array;
  private readonly sorted = new Float64Array(RECENT);

  constructor(streams: number) {
    this.streams = new Streams(streams);
    this.recent = new Float64Array(streams * RECENT);
    this.blocks = new Float64Array(streams * BLOCKS);
    this.fields = { streams: this.streams.array, recent: this.recent, blocks: this.blocks };
  }

  /** Learns the size sizes[0] > 0 of a stream, and writes how rare it is among those before it. O(1) but for the largest of all. */
  see(stream: number, sizes: Float64Array, rarity: Float64Array): void {
    const of = this.streams.at(stream);
    rarity[RARITY.lnChance] = 0;
    if (of.seen >= LEAST && sizes[0]! > of.largest) this.judge(stream, sizes, rarity);
    this.learn(stream, sizes);
  }

  private judge(stream: number, sizes: Float64Array, rarity: Float64Array): void {
    const { recent, sorted } = this;
    const { seen, largest } = this.streams.at(stream);
    const n = Math.min(seen, RECENT);
    const inOrder = sorted.subarray(0, n);
    inOrder.set(recent.subarray(stream * RECENT, stream * RECENT + n));
    inOrder.sort();
    const tail = Math.max(TAIL_LEAST, Math.floor(n / TAIL_SHARE));
    const floor = FLOOR * inOrder[n >> 1]!;
    const from = inOrder[n - 1 - tail]! + floor;
    let logs = 0;
    for (let k = n - tail; k < n; k++) logs += ln((inOrder[k]! + floor) / from);
    const beyond = ln((sizes[0]! + floor) / from) / Math.max(logs, tail / STEEPEST);
    rarity[RARITY.lnChance] = ln(tail / n) - tail * log1p(beyond);
    rarity[RARITY.ratio] = sizes[0]! / largest;
    rarity[RARITY.among] = Math.min(seen, (BLOCKS - 1) * BLOCK + (seen % BLOCK));
  }

  private learn(stream: number, sizes: Float64Array): void {
    const of = this.streams.at(stream);
    const { seen } = of;
    this.recent[stream * RECENT + (seen % RECENT)] = sizes[0]!;
    if (sizes[0]! > of.inBlock) of.inBlock = sizes[0]!;
    if (sizes[0]! > of.largest) of.largest = sizes[0]!;
    of.seen = seen + 1;
    if ((seen + 1) % BLOCK === 0) this.endBlock(stream);
  }

  /** The block takes the place of the oldest one, whose sizes are forgotten. */
  private endBlock(stream: number): void {
    const { blocks } = this;
    const of = this.streams.at(stream);
    const first = stream * BLOCKS;
    blocks[first + ((of.seen / BLOCK - 1) % BLOCKS)] = of.inBlock;
    of.inBlock = 0;
    let largest = 0;
    for (let k = first; k < first + BLOCKS; k++) if (blocks[k]! > largest) largest = blocks[k]!;
    of.largest = largest;
  }
}
