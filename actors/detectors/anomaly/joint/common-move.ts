/**
 * How rare it is that all channels move so far to one side in one row: a market that falls. The joint score takes what all do together as usual load.
 *
 *   steps ÷ scales ─clip─► mean g ─► z = |g| ÷ its running size ─► evidence = ln((rows + 1) / (1 + #{z ≥ this}))
 *
 * Volatility comes in clusters: a move counts by how far it exceeds those just before it, so that a fall is told when it begins. Beyond all
 * before, evidence grows with the index of returns.
 * Sources: the running size, RiskMetrics 1996; ranks of what it leaves, Barone-Adesi et al. 1999 (filtered historical simulation); the index of
 * the tails of returns, about 3 for stocks and indices, Gopikrishnan et al. 1999.
 */
import expm1 from "@stdlib/math-base-special-expm1";
import type { Fields } from "../../../ports/detector.ts";
import { clipSpike } from "../../clip-spikes.ts";
import { prefixed } from "../../registered-numbers.ts";
import { Rarity } from "./rarity.ts";

const TAIL_INDEX = 3;
/** Moves that a larger share of the rows reaches are usual. */
const SHARE = 0.02;
/** Weight of a row in the running size: λ = 0.94. The long one has all rows, up to LONG_ROWS. */
const RUNNING = 0.06;
const LONG_ROWS = 2048;
/** The running size is at least this share of the long one: after rest the first move is not a record. */
const LEAST_RUNNING = 0.5;
/** Scales that a channel counts at most: one that jumps is no move of all. */
const LARGEST = 16;
/** Share of the channels that a move must be of, by (Σ u)² / Σ u². Independent channels have less than a tenth. */
const LEAST_PARTICIPANTS = 0.5;
/** A move that is smaller, in scales of the channels, is small however quiet the past was. */
const LEAST_SIZE = 2;
/** Rows that are learnt before any is judged: the size that few rows reach is found in so many. */
const LEARNT_ROWS = 128;

const STATE = { rows: 0, running: 1, long: 2 } as const;
/** Of the last row. */
const LAST = { mean: 0, step: 1, z: 2, evidence: 3 } as const;

export class CommonMove {
  readonly fields: Fields;
  private readonly state = new Float64Array(3);
  private readonly rarity = new Rarity(1, SHARE, TAIL_INDEX);
  /** Of the last row: steps in scales; their mean, that of the steps, z, and its evidence. Registered: rows between two looks speak of them. */
  private readonly sizes: Float64Array;
  private readonly last = new Float64Array(4);

  constructor(n: number) {
    this.sizes = new Float64Array(n);
    const { state, sizes, last } = this;
    this.fields = { state, sizes, last, ...prefixed("rarity", this.rarity.fields) };
  }

  /** Judges a row of log returns, whose mean absolute sizes are `scales`, then learns it. 0: no step, or no scale yet. */
  see(steps: Float64Array, scales: Float64Array): void {
    const { sizes, last, rarity, state } = this;
    const n = sizes.length;
    let sum = 0;
    let squares = 0;
    let all = 0;
    for (let c = 0; c < n; c++) {
      const step = steps[c]!;
      const scale = scales[c]!;
      const u = scale > 0 ? clipSpike(step / scale, LARGEST) : 0;
      sizes[c] = u;
      sum += u;
      squares += u * u;
      all += step;
    }
    const size = Math.abs(sum) / n;
    const usual = Math.max(state[STATE.running]!, LEAST_RUNNING * state[STATE.long]!);
    last[LAST.mean] = sum / n;
    last[LAST.step] = all / n;
    last[LAST.z] = usual > 0 ? size / usual : 0;
    last[LAST.evidence] = last[LAST.z]!;
    rarity.evidenceAt(0, last, LAST.evidence);
    const isOfMost = sum * sum >= LEAST_PARTICIPANTS * n * squares;
    if (!isOfMost || size < LEAST_SIZE || state[STATE.rows]! < LEARNT_ROWS) last[LAST.evidence] = 0;
    rarity.learnSize(0, last, LAST.z);
    const rows = state[STATE.rows]! + 1;
    state[STATE.rows] = rows;
    state[STATE.running] =
      state[STATE.running]! + Math.max(RUNNING, 1 / rows) * (size - state[STATE.running]!);
    state[STATE.long] = state[STATE.long]! + (size - state[STATE.long]!) / Math.min(rows, LONG_ROWS);
  }

  /** Of the last row, nats. */
  get evidence(): number {
    return this.last[LAST.evidence]!;
  }

  /** The mean step of the last row, %. */
  get percent(): number {
    return 100 * expm1(this.last[LAST.step]!);
  }

  /** The mean step that one row in fifty reaches after such as those before it, %. */
  get usualPercent(): number {
    return 100 * expm1(Math.abs(this.last[LAST.step]!) / (this.effect() || 1));
  }

  /** Size of the last row in sizes that one row in fifty reaches after such as those before it. */
  effect(): number {
    return this.last[LAST.z]! / this.rarity.tailSize(0);
  }

  /** How far channel c went with the others, in its scales. */
  share(c: number): number {
    return this.last[LAST.mean]! < 0 ? -this.sizes[c]! : this.sizes[c]!;
  }
}
