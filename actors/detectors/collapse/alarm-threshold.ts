/**
 * The evidence at which an alarm is raised.
 *
 *   holds   ln A + extra                                  A: promised mean rows between false alarms
 *   void    max(ln A, threshold of the past) + extra      the past: largest evidence of blocks of rows
 *
 * extra: each alarm adds PER_ALARM nats and a quarter of what is there, each row takes 1/A of PER_ALARM. There is no limit, so that in the long run alarms come at most once in A
 * rows, whatever the rows are. With independent rows the effect is small. Source: Gibbs & Candès 2021, "Adaptive conformal inference under
 * distribution shift".
 *
 * When the guarantee is void, ln A means nothing. The threshold is then the one that blocks of the past exceed once in A rows: the largest
 * evidence of each block has an exponential tail, which is fitted to the upper half of the blocks. Blocks begin short and are joined in pairs
 * until they are much longer than the memory of the rows, so that the largest evidence of a block is nearly independent of the last one's.
 */
import ln from "@stdlib/math-base-special-ln";
import type { Fields } from "../../ports/detector.ts";
import { raisedAfter, raisedByAlarm } from "../raised-price.ts";
import { namedNumbers } from "../registered-numbers.ts";
import type { Guarantee } from "./signals.ts";

/** Nats that an alarm adds to the threshold: more when the guarantee is void, because alarms are then false until the threshold is high enough. */
const PER_ALARM = { unknown: 2, holds: 2, void: 4 } as const;
/** Blocks held, a power of two. */
const BLOCKS = 64;
/** Rows of a block at first, and blocks in A rows at last. */
const FIRST_BLOCK_ROWS = 256;
const BLOCKS_PER_PROMISE = 8;
/** Blocks needed for a threshold. */
const FEWEST_BLOCKS = 2;
/** Least mean excess over the median, nats: that of independent rows, of which M ≥ x has a chance of about 1/x. */
const LEAST_EXCESS = 1;

const Scalars = namedNumbers(
  /** A and its logarithm. */
  "promised",
  "lnPromised",
  "extra",
  /** Threshold of the past, nats. */
  "past",
  /** Rows of a block, of the current block, and its largest evidence. */
  "blockRows",
  "rows",
  "largest",
  /** Blocks held, and the place of the next one. */
  "filled",
  "next",
);

export class AlarmThreshold {
  readonly fields: Fields;
  private readonly scalars = new Scalars();
  private readonly blocks = new Float64Array(BLOCKS);
  private readonly sorted = new Float64Array(BLOCKS);

  constructor() {
    this.scalars.blockRows = FIRST_BLOCK_ROWS;
    this.fields = { threshold: this.scalars.array, blockEvidence: this.blocks };
  }

  /** A. */
  get promised(): number {
    return this.scalars.promised;
  }

  /** ln A. */
  get lnPromised(): number {
    return this.scalars.lnPromised;
  }

  /** How far earlier alarms and, if the guarantee is void, the past have raised the threshold above ln A, nats. */
  raised(guarantee: Guarantee): number {
    const { extra, past, lnPromised } = this.scalars;
    return extra + (guarantee === "void" ? Math.max(0, past - lnPromised) : 0);
  }

  promise(rows: number): void {
    this.scalars.promised = rows;
    this.scalars.lnPromised = ln(rows);
  }

  /** A row with this evidence, on which an alarm can be raised. */
  row(logM: number, guarantee: Guarantee): void {
    const { scalars } = this;
    scalars.extra = raisedAfter(scalars.extra, 1, scalars.promised, PER_ALARM[guarantee]);
    if (logM > scalars.largest) scalars.largest = logM;
    scalars.rows++;
    if (scalars.rows >= scalars.blockRows) this.endBlock();
  }

  alarm(guarantee: Guarantee): void {
    this.scalars.extra = raisedByAlarm(this.scalars.extra, PER_ALARM[guarantee]);
  }

  private endBlock(): void {
    const { scalars, blocks } = this;
    blocks[scalars.next] = scalars.largest;
    scalars.rows = 0;
    scalars.largest = 0;
    scalars.next = (scalars.next + 1) % BLOCKS;
    scalars.filled = Math.min(BLOCKS, scalars.filled + 1);
    // The ring is full and begins at 0: neighbours are joined.
    if (scalars.next === 0 && scalars.blockRows * BLOCKS_PER_PROMISE < scalars.promised) {
      for (let k = 0; k < BLOCKS / 2; k++) blocks[k] = Math.max(blocks[2 * k]!, blocks[2 * k + 1]!);
      scalars.filled = BLOCKS / 2;
      scalars.next = BLOCKS / 2;
      scalars.blockRows *= 2;
    }
    if (scalars.filled >= FEWEST_BLOCKS) scalars.past = this.exceededOnce();
  }

  /** The evidence that a block exceeds once in A rows: median + mean excess · ln(½ A / rows of a block). */
  private exceededOnce(): number {
    const { scalars, sorted, blocks } = this;
    const { filled, promised, blockRows } = scalars;
    sorted.set(blocks);
    // Places without a block sort behind the others.
    sorted.fill(Number.POSITIVE_INFINITY, filled);
    sorted.sort();
    const half = filled >>> 1;
    const median = sorted[half]!;
    let excess = 0;
    for (let k = half; k < filled; k++) excess += sorted[k]! - median;
    const mean = Math.max(LEAST_EXCESS, excess / (filled - half));
    return median + mean * ln(Math.max(1, (0.5 * promised) / blockRows));
  }
}
