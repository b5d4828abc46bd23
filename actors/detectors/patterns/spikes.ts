/**
 * Spikes and dips of paths: a point above both of its neighbours, or below, by more than its channel's high or low points are by chance.
 *
 *   points ─► local extreme ─► size = distance from what its neighbours foretell ─► how rare (spike-sizes.ts)
 *
 * An AR(1) with mean m and φ foretells m + φ/(1 + φ²) (x₋₁ + x₊₁ − 2m) between two neighbours: their mean in a random walk, m in noise. A step up
 * followed by a small one down is large, but no spike: half of the size must be on both sides.
 */
import ln from "@stdlib/math-base-special-ln";
import type { Fields } from "../../ports/detector.ts";
import { namedNumbers, prefixed } from "../registered-numbers.ts";
import { meanOf, persistenceOf } from "./persistence.ts";
import { PAST_POINTS } from "./redrawn.ts";
import { RARITY, RARITY_WIDTH, SpikeSizes } from "./spike-sizes.ts";

/** Points before the first size. */
const FIRST = 32;
/** Points after which mean and φ are estimated anew. */
const ESTIMATE_EVERY = 16;
/** Share of the size by which a spike exceeds the nearer neighbour. */
const STANDS_OUT = 0.5;

/** What was found: RARITY, and 1 for a spike, −1 for a dip. */
export const SPIKE = { ...RARITY, sign: RARITY_WIDTH } as const;

/** Mean of the last points of a path, and weight of both neighbours, φ/(1 + φ²). */
const Pasts = namedNumbers("mean", "weight");

export class Spikes {
  readonly fields: Fields;
  readonly spike = new Float64Array(RARITY_WIDTH + 1);
  private readonly points: Float64Array;
  private readonly kept: number;
  private readonly lnChance: number;
  private readonly pasts: InstanceType<typeof Pasts>;
  /** Of each path, of its high points and of its low points. */
  private readonly sizes: SpikeSizes;
  private readonly size = new Float64Array(1);
  private readonly past = new Float64Array(PAST_POINTS);

  /** `points`: a ring of the last `kept` of each path. `chance`: the largest of a point that is a spike. */
  constructor(paths: number, points: Float64Array, kept: number, chance: number) {
    this.points = points;
    this.kept = kept;
    this.lnChance = ln(chance);
    this.pasts = new Pasts(paths);
    this.sizes = new SpikeSizes(2 * paths);
    this.fields = { pasts: this.pasts.array, ...prefixed("sizes", this.sizes.fields) };
  }

  /** Whether the last but one of `count` points of a path since the last gap is a spike, which is then in `spike`. */
  see(path: number, count: number): boolean {
    const isSpike = count > FIRST && this.judge(path, count);
    if (count >= FIRST && count % ESTIMATE_EVERY === 0) this.estimate(path, count);
    return isSpike;
  }

  private judge(path: number, count: number): boolean {
    const { points, kept, size, spike, lnChance } = this;
    const first = path * kept;
    const before = points[first + ((count - 3) % kept)]!;
    const at = points[first + ((count - 2) % kept)]!;
    const after = points[first + ((count - 1) % kept)]!;
    const sign = at > before && at > after ? 1 : at < before && at < after ? -1 : 0;
    if (sign === 0) return false;
    const past = this.pasts.at(path);
    size[0] = sign * (at - past.mean - past.weight * (before + after - 2 * past.mean));
    if (!(size[0]! > 0)) return false;
    this.sizes.see(2 * path + (sign > 0 ? 0 : 1), size, spike);
    if (spike[SPIKE.lnChance]! > lnChance) return false;
    spike[SPIKE.sign] = sign;
    const nearer = sign > 0 ? at - Math.max(before, after) : Math.min(before, after) - at;
    return nearer >= STANDS_OUT * size[0]!;
  }

  /** From the points before the last one, which is judged next. */
  private estimate(path: number, count: number): void {
    const { points, kept, past } = this;
    const length = Math.min(PAST_POINTS, count - 1);
    for (let k = 0; k < length; k++) past[k] = points[path * kept + ((count - 1 - length + k) % kept)]!;
    const mean = meanOf(past, length);
    const phi = persistenceOf(past, length, mean);
    const of = this.pasts.at(path);
    of.mean = mean;
    of.weight = phi / (1 + phi * phi);
  }
}
