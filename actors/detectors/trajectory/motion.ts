/**
 * How whole states of few levels move: ρ(t+h) = e^{Lh} ρ(t), of which the propagator is identified from the states that came.
 *
 *   v: ρ as a real vector of n² numbers ─► v(t+h) − v(t) = B v(t), by recursive ridge regressions towards B = 0 ─► v̂ = v + B v ─► the state foretold
 *   ‖v̂ − v‖² beside the losses of the state before and of the mean of the last ones ─► skill (prediction/skill-watch.ts) ─► used, or not
 *
 * It is used while it is better than both, at ln M ≥ PRICE: one that is no better than they are reaches that once in e^PRICE states. It foretells
 * one step, and k of them by (I + B)^k; steps are equal, for B is of one h, and a state that comes earlier or later is neither foretold nor learnt from. What
 * the regression makes of a state may not be one: it is drawn towards I/n until no eigenvalue is below 0.
 */

import { HermitianEigen } from "../../kernels/hermitian-eigen.ts";
import { diagonalPlace, dot, hermitianVectorLength } from "../../kernels/hermitian-vector.ts";
import { LossComparison } from "../../kernels/loss-comparison.ts";
import { RecursiveRidge } from "../../kernels/recursive-ridge.ts";
import type { Fields } from "../../ports/detector.ts";
import { SkillWatch } from "../prediction/skill-watch.ts";
import { namedNumbers, prefixed } from "../registered-numbers.ts";

/** More have too many numbers to be identified from some hundred states, and to compute. */
export const MOST_LEVELS = 4;
/** Weight of "nothing moves", in states: little, for pure states lie far apart. */
const RIDGE = 1e-3;
/** States that count. */
const MEMORY = 512;
/** Nats: once in a thousand states. */
const PRICE = 6.9;
/** Largest ‖ρ − σ‖² of two states. */
const MOST_LOSS = 2;
/** Share of a step by which the next one may be longer or shorter. */
const EQUAL = 0.02;
const [LAST, MEAN, OWN] = [0, 1, 2] as const;

/** `hasLast`: whether a state came before. `stepUs`: the time between the last two, `isEqual`: as between those before. */
const Scalars = namedNumbers("hasLast", "lastUs", "stepUs", "isEqual");

export class Motion {
  readonly fields: Fields;
  /** A matrix. */
  private readonly matrixRe: Float64Array;
  private readonly matrixIm: Float64Array;
  readonly comparison = new LossComparison(OWN, MEMORY);
  private readonly n: number;
  private readonly size: number;
  private readonly scalars = new Scalars();
  private readonly skills = new SkillWatch(1);
  private readonly ridges: readonly RecursiveRidge[];
  /** v of the state seen last, and of the next one as it is foretold: others may read them. */
  readonly v: Float64Array;
  readonly expected: Float64Array;
  private readonly now: Float64Array;
  /** v of the mean of the states before, and that a step later. */
  private readonly mean: Float64Array;
  private readonly moved: Float64Array;
  private readonly residual: Float64Array;
  private readonly losses = new Float64Array(OWN + 1);
  private readonly gains = new Float64Array(OWN);
  private readonly values: Float64Array;
  private readonly solver: HermitianEigen;
  /** Powers of I + B, and a vector before its step. */
  private power: Float64Array;
  private square: Float64Array;
  private readonly before: Float64Array;

  /** Of 2 to MOST_LEVELS levels. */
  constructor(n: number) {
    const size = hermitianVectorLength(n, false);
    const { ridges, fields } = RecursiveRidge.several(size, size, RIDGE, MEMORY);
    this.n = n;
    this.size = size;
    this.ridges = ridges;
    this.v = new Float64Array(size);
    this.expected = new Float64Array(size);
    this.now = new Float64Array(size);
    this.mean = new Float64Array(size);
    this.moved = new Float64Array(size);
    this.residual = new Float64Array(size);
    this.power = new Float64Array(size * size);
    this.square = new Float64Array(size * size);
    this.before = new Float64Array(size);
    this.matrixRe = new Float64Array(n * n);
    this.matrixIm = new Float64Array(n * n);
    this.values = new Float64Array(n);
    this.solver = new HermitianEigen(n);
    this.fields = {
      scalars: this.scalars.array,
      v: this.v,
      expected: this.expected,
      ...prefixed("ridge", fields),
      ...prefixed("losses", this.comparison.fields),
      ...prefixed("skill", this.skills.fields),
    };
  }

  /** Whether the model is better than the state before and than the mean of the last ones, beyond chance. */
  get isUsed(): boolean {
    return this.skills.isGained(0);
  }

  /** Share of the avoidable loss of the better of the two that is avoided; NaN: not known. */
  get skill(): number {
    return this.comparison.skill(this.comparison.best(LAST, OWN));
  }

  /** Whether the state seen last came as long after the one before as that did. */
  get isEqual(): boolean {
    return this.scalars.isEqual === 1;
  }

  /** `out` ← v of the state `steps` steps after the one seen last: the product of log₂ `steps` squares with it. O(n⁶ log steps). */
  foretell(steps: number, out: Float64Array): void {
    const { size, ridges, before } = this;
    for (let e = 0; e < size; e++) {
      this.power.set(ridges[e]!.coefficients, e * size);
      this.power[e * (size + 1)] = this.power[e * (size + 1)]! + 1;
    }
    out.set(this.v);
    for (let left = steps; left > 0; left = Math.floor(left / 2)) {
      if (left % 2 === 1) {
        before.set(out);
        for (let e = 0; e < size; e++) out[e] = dot(this.power, e * size, before, 0, size);
      }
      if (left > 1) this.double();
    }
    // A motion that grows without bounds foretells nothing.
    if (!out.every(Number.isFinite)) out.fill(0);
    this.makeState(out);
  }

  /** A state of `timeUs` comes. While the model is used, the mean of the states before moves along with it, one step. */
  see(re: Float64Array, im: Float64Array, meanRe: Float64Array, meanIm: Float64Array, timeUs: number): void {
    const { scalars, now } = this;
    const stepUs = timeUs - scalars.lastUs;
    const isForetold = scalars.hasLast === 1 && Math.abs(stepUs - scalars.stepUs) <= EQUAL * scalars.stepUs;
    scalars.stepUs = stepUs;
    scalars.lastUs = timeUs;
    scalars.isEqual = isForetold ? 1 : 0;
    this.writeVector(re, im, now);
    if (!isForetold) return;
    this.writeVector(meanRe, meanIm, this.mean);
    const { isUsed } = this;
    this.judge(timeUs);
    if (!isUsed) return;
    this.moveOn(this.mean, this.moved);
    meanRe.set(this.matrixRe);
    meanIm.set(this.matrixIm);
  }

  /** Learns the state seen last, unless it jumped there, and foretells the next. */
  learn(hasJumped: boolean): void {
    const { scalars, now, v, size, ridges, residual, expected } = this;
    if (scalars.isEqual === 1 && !hasJumped)
      for (let e = 0; e < size; e++) {
        residual[e] = now[e]! - v[e]! - dot(ridges[e]!.coefficients, 0, v, 0, size);
        ridges[e]!.learn(v, residual, e);
      }
    v.set(now);
    scalars.hasLast = 1;
    this.moveOn(v, expected);
  }

  /** `to` ← `from` one step later, and its matrix. */
  private moveOn(from: Float64Array, to: Float64Array): void {
    const { size, ridges } = this;
    for (let e = 0; e < size; e++) to[e] = from[e]! + dot(ridges[e]!.coefficients, 0, from, 0, size);
    this.makeState(to);
  }

  private judge(timeUs: number): void {
    const { now, v, mean, expected, losses, gains, comparison, skills } = this;
    losses[LAST] = this.distance(v, now);
    losses[MEAN] = this.distance(mean, now);
    losses[OWN] = this.distance(expected, now);
    comparison.take(losses);
    const better = comparison.best(LAST, OWN);
    for (let k = 0; k < OWN; k++) gains[k] = (losses[k]! - losses[OWN]!) / MOST_LOSS;
    skills.now.timeUs = timeUs;
    skills.now.price = PRICE;
    skills.now.dm = this.isUsed ? comparison.dieboldMariano(better) : Number.NaN;
    skills.judge(0, gains, better);
  }

  /** Draws a vector towards I/n until it is a state, and writes its matrix. */
  private makeState(vector: Float64Array): void {
    const { n, matrixRe, matrixIm, values, solver } = this;
    let trace = 0;
    for (let i = 0; i < n; i++) trace += vector[diagonalPlace(i)]!;
    // Rounding alone moves it.
    for (let i = 0; i < n; i++) vector[diagonalPlace(i)] = vector[diagonalPlace(i)]! + (1 - trace) / n;
    this.writeMatrix(vector);
    solver.eigenvalues(matrixRe, matrixIm, values);
    const least = values.reduce((a, b) => Math.min(a, b));
    if (least >= 0) return;
    const share = least / (least - 1 / n);
    for (let e = 0; e < vector.length; e++) vector[e] = (1 - share) * vector[e]!;
    for (let i = 0; i < n; i++) vector[diagonalPlace(i)] = vector[diagonalPlace(i)]! + share / n;
    this.writeMatrix(vector);
  }

  private writeMatrix(vector: Float64Array): void {
    const { n, matrixRe, matrixIm } = this;
    let imaginary = (n * (n + 1)) / 2;
    for (let i = 0, at = 0; i < n; i++) {
      for (let j = 0; j < i; j++, at++, imaginary++) {
        matrixRe[i * n + j] = vector[at]! / Math.SQRT2;
        matrixRe[j * n + i] = matrixRe[i * n + j]!;
        matrixIm[i * n + j] = vector[imaginary]! / Math.SQRT2;
        matrixIm[j * n + i] = -matrixIm[i * n + j]!;
      }
      matrixRe[i * (n + 1)] = vector[at++]!;
      matrixIm[i * (n + 1)] = 0;
    }
  }

  private writeVector(re: Float64Array, im: Float64Array, out: Float64Array): void {
    const { n } = this;
    let imaginary = (n * (n + 1)) / 2;
    for (let i = 0, at = 0; i < n; i++) {
      for (let j = 0; j < i; j++) {
        out[at++] = Math.SQRT2 * re[i * n + j]!;
        out[imaginary++] = Math.SQRT2 * im[i * n + j]!;
      }
      out[at++] = re[i * (n + 1)]!;
    }
  }

  /** `power` ← its square. */
  private double(): void {
    const { size, power, square } = this;
    square.fill(0);
    for (let i = 0; i < size; i++)
      for (let k = 0; k < size; k++) {
        const factor = power[i * size + k]!;
        for (let j = 0; j < size; j++)
          square[i * size + j] = square[i * size + j]! + factor * power[k * size + j]!;
      }
    this.power = square;
    this.square = power;
  }

  private distance(a: Float64Array, b: Float64Array): number {
    let sum = 0;
    for (let e = 0; e < a.length; e++) sum += (a[e]! - b[e]!) * (a[e]! - b[e]!);
    return sum;
  }
}
