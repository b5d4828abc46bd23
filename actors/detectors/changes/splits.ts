/**
 * The places where a segment may be split, and the moments of the rows before each: dense among recent rows, sparse among old ones.
 *
 *   row number 2^j (2k + 1) ──► level j, slot k mod SLOTS       a later row of the level takes the slot of the oldest
 *
 * A level keeps its last SLOTS rows, so a split that is a rows old is known to about a/16 rows. Level j is looked at after every 2^(j+1) rows,
 * because the gain of an old split changes slowly: SLOTS looks a row on average, however long the segment is.
 */
import { bestSplit, FIT, FIT_WIDTH, MOMENTS_WIDTH } from "../../kernels/line-moments.ts";

/** Splits that a level keeps. Eight: a split of age a is placed to ±a/32, so a change found 100 rows late is placed to ±3 rows. */
const SLOTS = 8;
/** Levels 0 to 9: splits of at least 8,192 rows ago. */
const LEVELS = 10;
const PLACES = SLOTS * LEVELS;
/** Rows after which numbers of rows may repeat: integers of 32 bits are enough then. */
const CYCLE = 1 << 24;

/** Looks a row on average: each is a chance of a false alarm. */
export const LOOKS_A_ROW = SLOTS;

export class Splits {
  readonly fields: { prefixes: Float64Array; times: Float64Array };
  /** A record of moments (line-moments.ts) for each place of each channel; `rows` 0: none. */
  readonly prefixes: Float64Array;
  /** Time of the first row after the split, µs. */
  private readonly times: Float64Array;

  constructor(channels: number) {
    this.prefixes = new Float64Array(channels * PLACES * MOMENTS_WIDTH);
    this.times = new Float64Array(channels * PLACES);
    this.fields = { prefixes: this.prefixes, times: this.times };
  }

  clear(channel: number): void {
    const first = channel * PLACES * MOMENTS_WIDTH;
    this.prefixes.fill(0, first, first + PLACES * MOMENTS_WIDTH);
  }

  /** Keeps the moments of all rows so far, at least one, as a split before the row at times[slot], which follows. */
  keep(channel: number, times: Float64Array, slot: number, moments: Float64Array, from: number): void {
    const rows = moments[from]!;
    const level = levelOf(rows);
    const number = (rows % CYCLE) >> Math.min(level + 1, LEVELS - 1);
    const place = channel * PLACES + level * SLOTS + (number & (SLOTS - 1));
    this.times[place] = times[slot]!;
    const at = place * MOMENTS_WIDTH;
    for (let k = 0; k < MOMENTS_WIDTH; k++) this.prefixes[at + k] = moments[from + k]!;
  }

  /**
   * Of the splits that are due for a look, or of `all`, the place of the one with the least residual sum of squares, which goes to residual[0];
   * -1: none. `fits` has the fit of each channel. Parts with fewer than `least` rows are not looked at.
   */
  best(channel: number, fits: Float64Array, least: number, all: boolean, residual: Float64Array): number {
    const fit = channel * FIT_WIDTH;
    const first = channel * PLACES;
    const end = first + (all ? PLACES : levelOf(fits[fit + FIT.rows]!) * SLOTS);
    return bestSplit(this.prefixes, first, end, fits, fit, least, residual);
  }

  timeOf(place: number): number {
    return this.times[place]!;
  }
}

/** How often `rows` can be halved, at most LEVELS − 1. */
function levelOf(rows: number): number {
  const low = rows % CYCLE;
  return low === 0 ? LEVELS - 1 : Math.min(LEVELS - 1, 31 - Math.clz32(low & -low));
}
