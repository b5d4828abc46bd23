/**
 * One step of a state under continuous measurement. The state stays positive for any step size.
 *
 *   dρ = −i[H,ρ]dt + D[c]ρ dt + Σ D[L]ρ dt + √η (cρ + ρc† − ⟨c+c†⟩ρ)dW        dy = √η⟨c+c†⟩dt + dW
 *
 *   M = I − (iH + ½c†c + ½ΣL†L)dt + √η c dy + (η/2)c²(dy² − dt)
 *   ρ ← MρM† + (1−η)cρc†dt + ΣLρL†dt, normalised
 *
 * A sum of A ρ A† is positive, and M has the terms of second order in dy, so a step follows the equation to order dt.
 * With η = 1 and no L a pure state stays pure.
 * Source: Rouchon & Ralph 2015, Phys. Rev. A 91:012118.
 */

/** n×n row-major. */
export interface Operator {
  readonly re: ArrayLike<number>;
  readonly im: ArrayLike<number>;
}

export interface MeasurementLaw {
  readonly n: number;
  readonly hamiltonian: Operator;
  /** The measured operator c. */
  readonly measured: Operator;
  /** Operators L of other environments. */
  readonly losses: readonly Operator[];
  /** η, in [0, 1]. */
  readonly efficiency: number;
  readonly dt: number;
}

export class ContinuousMeasurement {
  private readonly law: MeasurementLaw;
  private readonly stillRe: Float64Array;
  private readonly stillIm: Float64Array;
  private readonly squareRe: Float64Array;
  private readonly squareIm: Float64Array;
  private readonly mRe: Float64Array;
  private readonly mIm: Float64Array;
  private readonly nextRe: Float64Array;
  private readonly nextIm: Float64Array;
  private readonly workRe: Float64Array;
  private readonly workIm: Float64Array;

  constructor(law: MeasurementLaw) {
    const { n, hamiltonian, measured, losses, dt } = law;
    const size = n * n;
    this.law = law;
    this.stillRe = new Float64Array(size);
    this.stillIm = new Float64Array(size);
    this.squareRe = new Float64Array(size);
    this.squareIm = new Float64Array(size);
    this.mRe = new Float64Array(size);
    this.mIm = new Float64Array(size);
    this.nextRe = new Float64Array(size);
    this.nextIm = new Float64Array(size);
    this.workRe = new Float64Array(size);
    this.workIm = new Float64Array(size);
    addProduct(n, 1, measured, measured, this.squareRe, this.squareIm);
    for (let k = 0; k < size; k++) {
      this.stillRe[k] = (k % (n + 1) === 0 ? 1 : 0) + dt * hamiltonian.im[k]!;
      this.stillIm[k] = -dt * hamiltonian.re[k]!;
    }
    for (const loss of [measured, ...losses])
      addProduct(n, -dt / 2, adjoint(n, loss), loss, this.stillRe, this.stillIm);
  }

  /** ⟨c + c†⟩ = 2 Re tr cρ: the mean of the record per √η dt. */
  signal(re: Float64Array, im: Float64Array): number {
    const { n, measured } = this.law;
    let sum = 0;
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < n; j++)
        sum += measured.re[i * n + j]! * re[j * n + i]! - measured.im[i * n + j]! * im[j * n + i]!;
    }
    return 2 * sum;
  }

  /** Advances the state by a step with the record `dy`, in place. O(n³). */
  step(dy: number, re: Float64Array, im: Float64Array): void {
    const { n, measured, losses, efficiency, dt } = this.law;
    const { mRe, mIm, nextRe, nextIm } = this;
    const first = Math.sqrt(efficiency) * dy;
    const second = (efficiency / 2) * (dy * dy - dt);
    for (let k = 0; k < n * n; k++) {
      mRe[k] = this.stillRe[k]! + first * measured.re[k]! + second * this.squareRe[k]!;
      mIm[k] = this.stillIm[k]! + first * measured.im[k]! + second * this.squareIm[k]!;
    }
    nextRe.fill(0);
    nextIm.fill(0);
    this.addSandwich(1, { re: mRe, im: mIm }, re, im);
    if (efficiency < 1) this.addSandwich((1 - efficiency) * dt, measured, re, im);
    for (const loss of losses) this.addSandwich(dt, loss, re, im);
    let trace = 0;
    for (let i = 0; i < n; i++) trace += nextRe[i * n + i]!;
    for (let i = 0; i < n; i++) {
      // Keeps ρ exactly Hermitian: rounding errors would add up over millions of steps.
      for (let j = 0; j <= i; j++) {
        re[i * n + j] = re[j * n + i] = nextRe[i * n + j]! / trace;
        im[i * n + j] = nextIm[i * n + j]! / trace;
        im[j * n + i] = -im[i * n + j]!;
      }
      im[i * n + i] = 0;
    }
  }

  /** next += scale · AρA†. */
  private addSandwich(scale: number, a: Operator, re: Float64Array, im: Float64Array): void {
    const { n } = this.law;
    const { workRe, workIm, nextRe, nextIm } = this;
    workRe.fill(0);
    workIm.fill(0);
    addProduct(n, 1, a, { re, im }, workRe, workIm);
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < n; j++) {
        let x = 0;
        let y = 0;
        for (let k = 0; k < n; k++) {
          x += workRe[i * n + k]! * a.re[j * n + k]! + workIm[i * n + k]! * a.im[j * n + k]!;
          y += workIm[i * n + k]! * a.re[j * n + k]! - workRe[i * n + k]! * a.im[j * n + k]!;
        }
        nextRe[i * n + j] = nextRe[i * n + j]! + scale * x;
        nextIm[i * n + j] = nextIm[i * n + j]! + scale * y;
      }
    }
  }
}

/** out += scale · AB. */
function addProduct(
  n: number,
  scale: number,
  a: Operator,
  b: Operator,
  outRe: Float64Array,
  outIm: Float64Array,
): void {
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < n; k++) {
      const x = scale * a.re[i * n + k]!;
      const y = scale * a.im[i * n + k]!;
      for (let j = 0; j < n; j++) {
        const at = i * n + j;
        outRe[at] = outRe[at]! + x * b.re[k * n + j]! - y * b.im[k * n + j]!;
        outIm[at] = outIm[at]! + x * b.im[k * n + j]! + y * b.re[k * n + j]!;
      }
    }
  }
}

function adjoint(n: number, a: Operator): Operator {
  const re = new Float64Array(n * n);
  const im = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      re[i * n + j] = a.re[j * n + i]!;
      im[i * n + j] = -a.im[j * n + i]!;
    }
  }
  return { re, im };
}
