/**
 * The state of a group foretold one row and a block of rows ahead: a mixture of states that there are already.
 *
 *   z ─► P = ψψ† ─┬─► atoms: averages of P over 10, 42, 252 rows and over all, and I/n ─► forecast Σ w_k ρ_k, a state
 *                 ├─► one row ahead: the target is the next P
 *                 └─► a block ahead: the target is the mean of the next P, as many as a block has; blocks do not overlap
 *
 * The loss is ‖forecast − target‖²_F, and w is learnt from targets that have arrived (kernels/exponentiated-gradient.ts). An average is not
 * compared with an average: the two would share rows, which looks like skill. Forecasts are judged beside persistence (the target before) and
 * each atom alone: most of what they gain on persistence is the noise that averages have less of, so skill is what they gain on both.
 *
 * Matrices are real vectors (kernels/hermitian-vector.ts). Inner products of atoms follow from those before, so one row ahead
 * costs one pass over each atom.
 */
import { ExponentiatedGradient } from "../../kernels/exponentiated-gradient.ts";
import {
  diagonalPlace,
  dot,
  hermitianVectorLength,
  pureStateVector,
} from "../../kernels/hermitian-vector.ts";
import { LossComparison } from "../../kernels/loss-comparison.ts";
import { correctedPurity, kappaAfterUpdate } from "../../kernels/sample-size.ts";
import type { Fields } from "../../ports/detector.ts";
import { namedNumbers, prefixed } from "../registered-numbers.ts";

/** Rows in the memories of the averages: half a month, two months and a year of days. */
export const MEMORIES = [10, 42, 252] as const;
/** Atoms by name, in order: the averages, that of all rows, and I/n. */
export const ATOMS = [...MEMORIES.map((rows) => `ewma${rows}`), "mean", "even"] as const;
const K = ATOMS.length;
const MEAN = K - 2;
const EVEN = K - 1;
/** The average whose purity says how noisy a target is. */
const LONGEST = MEMORIES.length - 1;
/** Persistence, then the atoms. */
export const PERSISTENCE = 0;
export const RIVALS = K + 1;
/** Least weight of all atoms together. */
const SHARE = 0.001;

/** `isPredicted`: the block began with atoms; `hasLastBlock`: there is one before it. `kappa`: of the longest average. */
const Scalars = namedNumbers("rows", "blockRows", "isPredicted", "hasLastBlock", "kappa");

/** Of a target: inner product with itself, loss of the target before it, and its noise. As arguments they would be numbers on the heap. */
const TARGET = { square: 0, persistence: 1, noise: 2 } as const;

/** Forecasts at one horizon. */
export class StateHorizon {
  readonly fields: Fields;
  readonly mixture: ExponentiatedGradient;
  /** With persistence, then each atom. */
  readonly comparison: LossComparison;
  /** Mean noise of the targets. */
  private readonly meanNoise = new Float64Array(1);
  /** Losses of the last target: of persistence, of each atom, of the forecast. */
  readonly losses = new Float64Array(RIVALS + 1);
  readonly target = new Float64Array(3);
  private readonly gradient = new Float64Array(K);
  private readonly memory: number;

  constructor(memory: number) {
    this.memory = memory;
    this.mixture = new ExponentiatedGradient(K, memory, SHARE);
    this.comparison = new LossComparison(RIVALS, memory);
    this.fields = {
      noise: this.meanNoise,
      ...prefixed("mixture", this.mixture.fields),
      ...prefixed("losses", this.comparison.fields),
    };
  }

  /** The atom that alone has the least mean loss, as a rival of `comparison`. */
  get bestAtom(): number {
    return this.comparison.best(PERSISTENCE + 1, RIVALS);
  }

  /** The loss that no forecast avoids. */
  get noise(): number {
    return this.meanNoise[0]!;
  }

  /**
   * Judges the forecast of `target` and learns. `gram`: inner products of the atoms when it was made; `shared`: those of the atoms with the target.
   */
  judge(gram: Float64Array, shared: Float64Array): void {
    const { losses, gradient, comparison, target } = this;
    const { weights } = this.mixture;
    const square = target[TARGET.square]!;
    let own = square;
    losses[PERSISTENCE] = target[TARGET.persistence]!;
    for (let k = 0; k < K; k++) {
      let mixed = 0;
      for (let j = 0; j < K; j++) mixed += gram[k * K + j]! * weights[j]!;
      gradient[k] = 2 * (mixed - shared[k]!);
      own += weights[k]! * (mixed - 2 * shared[k]!);
      losses[k + 1] = gram[k * (K + 1)]! - 2 * shared[k]! + square;
    }
    losses[RIVALS] = own;
    comparison.take(losses);
    const weight = Math.max(1 / comparison.targets, 1 / this.memory);
    const mean = this.meanNoise[0]!;
    this.meanNoise[0] = mean + weight * (target[TARGET.noise]! - mean);
    this.mixture.learn(gradient);
  }
}

export class StateForecast {
  readonly fields: Fields;
  readonly next: StateHorizon;
  readonly ahead: StateHorizon;
  /** Which of them the last row judged. */
  isNextJudged = false;
  isAheadJudged = false;
  private readonly n: number;
  private readonly size: number;
  private readonly blockRows: number;
  private readonly dependence: number;
  private readonly scalars = new Scalars();
  /** The atoms now and when the block began, and their inner products. */
  private readonly atoms: Float64Array;
  private readonly begun: Float64Array;
  private readonly gram = new Float64Array(K * K);
  private readonly begunGram = new Float64Array(K * K);
  /** Sum of P over the block, and the mean of the block before. */
  private readonly block: Float64Array;
  private readonly lastBlock: Float64Array;
  private readonly last: Float64Array;
  private readonly p: Float64Array;
  private readonly shared = new Float64Array(K);
  private readonly overlap = new Float64Array(1);
  private readonly alpha = new Float64Array(K);

  /**
   * `blockRows`: rows of a block. `memory`: targets that judgements remember. `dependence`: how many successive z count as one sample, 1 if they
   * are independent. `isReal`: z is.
   */
  constructor(n: number, blockRows: number, memory: number, dependence: number, isReal = false) {
    const size = hermitianVectorLength(n, isReal);
    this.n = n;
    this.size = size;
    this.blockRows = blockRows;
    this.dependence = dependence;
    this.next = new StateHorizon(memory);
    this.ahead = new StateHorizon(memory);
    this.atoms = new Float64Array(K * size);
    this.begun = new Float64Array(K * size);
    this.block = new Float64Array(size);
    this.lastBlock = new Float64Array(size);
    this.last = new Float64Array(size);
    this.p = new Float64Array(size);
    for (let i = 0; i < n; i++) this.atoms[EVEN * size + diagonalPlace(i)] = 1 / n;
    this.gram[K * K - 1] = 1 / n;
    this.fields = {
      scalars: this.scalars.array,
      atoms: this.atoms,
      begun: this.begun,
      gram: this.gram,
      begunGram: this.begunGram,
      block: this.block,
      lastBlock: this.lastBlock,
      last: this.last,
      ...prefixed("next", this.next.fields),
      ...prefixed("ahead", this.ahead.fields),
    };
  }

  /** Takes z of the next row, and judges what was foretold of it. False: z has no direction, nothing changed. */
  update(zRe: Float64Array, zIm: Float64Array | null): boolean {
    const { scalars } = this;
    if (!pureStateVector(this.n, zRe, zIm, this.p)) return false;
    if (scalars.blockRows === 0) this.beginBlock();
    this.isNextJudged = scalars.rows > 0;
    this.isAheadJudged = false;
    this.follow();
    if (this.isNextJudged) {
      const { target } = this.next;
      target[TARGET.square] = 1;
      target[TARGET.persistence] = 2 - 2 * this.overlap[0]!;
      this.writeNoise(1, target);
      this.next.judge(this.gram, this.shared);
    }
    this.mixGram();
    scalars.blockRows = scalars.blockRows + 1;
    if (scalars.blockRows === this.blockRows) this.judgeBlock();
    return true;
  }

  /** tr ρ² of the state foretold. */
  purityOf({ mixture: { weights } }: StateHorizon): number {
    let purity = 0;
    for (let k = 0; k < K; k++)
      for (let j = 0; j < K; j++) purity += weights[k]! * weights[j]! * this.gram[k * K + j]!;
    return purity;
  }

  /** Atoms, block and last P take in P; `shared` ← inner products of the atoms with P before, `overlap` ← that of the last P. */
  private follow(): void {
    const { shared, alpha, scalars } = this;
    const rows = scalars.rows + 1;
    scalars.rows = rows;
    for (let k = 0; k < EVEN; k++) alpha[k] = k === MEAN ? 1 / rows : Math.max(1 / rows, 1 / MEMORIES[k]!);
    this.takeIn();
    shared[EVEN] = 1 / this.n;
    scalars.kappa = kappaAfterUpdate(scalars.kappa, alpha[LONGEST]!);
  }

  /** One pass over all: a sum waits for the addition before it, five sums at a time do not. */
  private takeIn(): void {
    const { atoms, size, p, last, block, shared, overlap, alpha } = this;
    const a0 = alpha[0]!;
    const a1 = alpha[1]!;
    const a2 = alpha[2]!;
    const a3 = alpha[3]!;
    const at1 = size;
    const at2 = 2 * size;
    const at3 = 3 * size;
    let s0 = 0;
    let s1 = 0;
    let s2 = 0;
    let s3 = 0;
    let sum = 0;
    for (let e = 0; e < size; e++) {
      const now = p[e]!;
      const x0 = atoms[e]!;
      const x1 = atoms[at1 + e]!;
      const x2 = atoms[at2 + e]!;
      const x3 = atoms[at3 + e]!;
      s0 += x0 * now;
      s1 += x1 * now;
      s2 += x2 * now;
      s3 += x3 * now;
      sum += last[e]! * now;
      atoms[e] = x0 + a0 * (now - x0);
      atoms[at1 + e] = x1 + a1 * (now - x1);
      atoms[at2 + e] = x2 + a2 * (now - x2);
      atoms[at3 + e] = x3 + a3 * (now - x3);
      last[e] = now;
      block[e] = block[e]! + now;
    }
    shared[0] = s0;
    shared[1] = s1;
    shared[2] = s2;
    shared[3] = s3;
    overlap[0] = sum;
  }

  /** Inner products of the atoms after P, from those before. */
  private mixGram(): void {
    const { gram, shared, alpha } = this;
    for (let k = 0; k < K; k++)
      for (let j = 0; j <= k; j++) {
        const a = alpha[k]!;
        const b = alpha[j]!;
        const old = (1 - a) * (1 - b) * gram[k * K + j]!;
        const mixed = old + (1 - a) * b * shared[k]! + a * (1 - b) * shared[j]! + a * b;
        gram[k * K + j] = mixed;
        gram[j * K + k] = mixed;
      }
  }

  private beginBlock(): void {
    this.scalars.isPredicted = this.scalars.rows > 0 ? 1 : 0;
    this.begun.set(this.atoms);
    this.begunGram.set(this.gram);
    this.block.fill(0);
  }

  private judgeBlock(): void {
    const { scalars, block, lastBlock, begun, begunGram, shared, size, blockRows } = this;
    scalars.blockRows = 0;
    for (let e = 0; e < size; e++) block[e] = block[e]! / blockRows;
    if (scalars.isPredicted === 1 && scalars.hasLastBlock === 1) {
      for (let k = 0; k < K; k++) shared[k] = dot(begun, k * size, block, 0, size);
      const { target } = this.ahead;
      const square = dot(block, 0, block, 0, size);
      const before = dot(lastBlock, 0, lastBlock, 0, size);
      target[TARGET.square] = square;
      target[TARGET.persistence] = before - 2 * dot(lastBlock, 0, block, 0, size) + square;
      this.writeNoise(Math.min(1, this.dependence / blockRows), target);
      this.ahead.judge(begunGram, shared);
      this.isAheadJudged = true;
    }
    lastBlock.set(block);
    scalars.hasLastBlock = 1;
  }

  /** κ (1 − γ̃): what the noise of a target with this κ adds to any loss. */
  private writeNoise(kappa: number, target: Float64Array): void {
    const own = Math.min(1, this.dependence * this.scalars.kappa);
    const purity = correctedPurity(this.gram[LONGEST * (K + 1)]!, own);
    target[TARGET.noise] = Number.isNaN(purity) ? 0 : kappa * (1 - Math.max(1 / this.n, Math.min(1, purity)));
  }
}
