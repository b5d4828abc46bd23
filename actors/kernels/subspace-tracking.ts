/**
 * The few largest eigenpairs of a slowly changing state, by one step of orthogonal iteration per update.
 *
 *   Z = ρQ  ─►  B = Q†Z = UΘU†  ─►  Ritz values Θ, Ritz vectors QU  ─►  next Q = orth(ZU)
 *
 * Costs n²r instead of n³. Θ interlaces: θ_k ≤ λ_k always, and the leading ones are within 1e-3 (n=16) to 1e-5 (n=128) when
 * the state changes slowly; at rest they converge at rate λ_{r+1}/λ_k a step.
 * Source: Bauer 1957 ("Treppeniteration"); Rutishauser 1969; Stewart & Sun 1990 (Rayleigh–Ritz).
 */
import { entropyBoundsFromTop } from "./entropy-bounds.ts";
import { HermitianEigen } from "./hermitian-eigen.ts";

/** Eigenpairs tracked: the pointer and what may overtake it. */
export const TRACKED = 4;

/** A direction whose image is this short lies in the null space; it is replaced by a basis vector. */
const DEGENERATE = 1e-150;

export class SubspaceTracker {
  readonly n: number;
  readonly r: number;
  /** All of the state: r orthonormal row vectors, and the results of the last step; `scalars` = [leak]. */
  readonly fields: {
    readonly re: Float64Array;
    readonly im: Float64Array;
    readonly values: Float64Array;
    readonly vecRe: Float64Array;
    readonly vecIm: Float64Array;
    readonly scalars: Float64Array;
  };
  /** Ritz values, descending. */
  readonly values: Float64Array;
  /** Ritz vectors as rows: component i of vector k at k·n+i. */
  readonly vecRe: Float64Array;
  readonly vecIm: Float64Array;
  private readonly re: Float64Array;
  private readonly im: Float64Array;
  private readonly scalars: Float64Array;
  private readonly imageRe: Float64Array;
  private readonly imageIm: Float64Array;
  private readonly smallRe: Float64Array;
  private readonly smallIm: Float64Array;
  private readonly turnRe: Float64Array;
  private readonly turnIm: Float64Array;
  private readonly solver: HermitianEigen;

  /** Tracks min(r, n) eigenpairs of n×n states; starts from a fixed guess and has no opinion until a few steps are done. */
  constructor(n: number, r: number = TRACKED) {
    this.n = n;
    this.r = Math.min(r, n);
    const wide = () => new Float64Array(this.r * n);
    const small = () => new Float64Array(this.r * this.r);
    this.re = wide();
    this.im = wide();
    this.values = new Float64Array(this.r);
    this.vecRe = wide();
    this.vecIm = wide();
    this.scalars = new Float64Array(1);
    this.fields = {
      re: this.re,
      im: this.im,
      values: this.values,
      vecRe: this.vecRe,
      vecIm: this.vecIm,
      scalars: this.scalars,
    };
    this.imageRe = wide();
    this.imageIm = wide();
    this.smallRe = small();
    this.smallIm = small();
    this.turnRe = small();
    this.turnIm = small();
    this.solver = new HermitianEigen(this.r);
    this.reset();
  }

  /** One step on the state ρ (n×n row-major Hermitian). O(n²r), allocates nothing. */
  step(rhoRe: Float64Array, rhoIm: Float64Array): void {
    this.multiply(rhoRe, rhoIm);
    this.project();
    this.solver.eigensystem(this.smallRe, this.smallIm, this.values, this.turnRe, this.turnIm);
    this.turn(this.re, this.im, this.vecRe, this.vecIm);
    this.turn(this.imageRe, this.imageIm, this.re, this.im);
    this.orthonormalise();
  }

  /** Σ|ρ|² between the tracked subspace and the rest at the last step: 0 when the subspace is invariant. */
  get leak(): number {
    return this.scalars[0]!;
  }

  /** [lower, upper] of the von Neumann entropy, nats, from the Ritz values, the leak and the purity γ of the same state. */
  entropyBounds(gamma: number, out: Float64Array): void {
    entropyBoundsFromTop(this.n, this.r, this.values, gamma, this.leak, out);
  }

  reset(): void {
    this.re.fill(0);
    this.im.fill(0);
    // Every component of every start vector is non-zero and no two are alike, so that no eigenvector is invisible.
    for (let k = 0; k < this.r; k++) {
      for (let i = 0; i < this.n; i++) this.re[k * this.n + i] = 1 / (1 + ((i * (2 * k + 1) + k) % this.n));
    }
    this.orthonormalise();
    this.values.fill(0);
    this.vecRe.fill(0);
    this.vecIm.fill(0);
    this.scalars[0] = 0;
  }

  /** Z_k = ρ q_k. */
  private multiply(rhoRe: Float64Array, rhoIm: Float64Array): void {
    const n = this.n;
    for (let k = 0; k < this.r; k++) {
      const at = k * n;
      for (let i = 0; i < n; i++) {
        const row = i * n;
        let x = 0;
        let y = 0;
        for (let j = 0; j < n; j++) {
          const a = rhoRe[row + j]!;
          const b = rhoIm[row + j]!;
          const qRe = this.re[at + j]!;
          const qIm = this.im[at + j]!;
          x += a * qRe - b * qIm;
          y += a * qIm + b * qRe;
        }
        this.imageRe[at + i] = x;
        this.imageIm[at + i] = y;
      }
    }
  }

  /** B_kl = q_k†Z_l, and what of Z lies outside the subspace. */
  private project(): void {
    const { n, r } = this;
    let inside = 0;
    let all = 0;
    for (let k = 0; k < r; k++) {
      for (let l = 0; l < r; l++) {
        let x = 0;
        let y = 0;
        for (let i = 0; i < n; i++) {
          const aRe = this.re[k * n + i]!;
          const aIm = this.im[k * n + i]!;
          const bRe = this.imageRe[l * n + i]!;
          const bIm = this.imageIm[l * n + i]!;
          x += aRe * bRe + aIm * bIm;
          y += aRe * bIm - aIm * bRe;
        }
        this.smallRe[k * r + l] = x;
        this.smallIm[k * r + l] = y;
        inside += x * x + y * y;
      }
      for (let i = k * n; i < k * n + n; i++) {
        all += this.imageRe[i]! * this.imageRe[i]! + this.imageIm[i]! * this.imageIm[i]!;
      }
    }
    this.scalars[0] = Math.max(0, all - inside);
  }

  /** out_k = Σ_l U_lk in_l, with eigenvector k of B in row k of `turn`. */
  private turn(inRe: Float64Array, inIm: Float64Array, outRe: Float64Array, outIm: Float64Array): void {
    const { n, r } = this;
    outRe.fill(0);
    outIm.fill(0);
    for (let k = 0; k < r; k++) {
      for (let l = 0; l < r; l++) {
        const uRe = this.turnRe[k * r + l]!;
        const uIm = this.turnIm[k * r + l]!;
        for (let i = 0; i < n; i++) {
          const x = inRe[l * n + i]!;
          const y = inIm[l * n + i]!;
          outRe[k * n + i] = outRe[k * n + i]! + (uRe * x - uIm * y);
          outIm[k * n + i] = outIm[k * n + i]! + (uRe * y + uIm * x);
        }
      }
    }
  }

  /** Modified Gram–Schmidt, twice over, on the rows of Q. */
  private orthonormalise(): void {
    const n = this.n;
    for (let k = 0; k < this.r; k++) {
      let spare = 0;
      while (!this.orthonormaliseRow(k)) {
        this.re.fill(0, k * n, k * n + n);
        this.im.fill(0, k * n, k * n + n);
        this.re[k * n + ((k + spare) % n)] = 1;
        spare++;
      }
    }
  }

  /** False when nothing is left of row k after the rows before it are taken out. */
  private orthonormaliseRow(k: number): boolean {
    const n = this.n;
    const at = k * n;
    const before = this.norm2(at);
    if (!(before > DEGENERATE)) return false;
    for (let pass = 0; pass < 2; pass++) for (let l = 0; l < k; l++) this.takeOut(l * n, at);
    const after = this.norm2(at);
    // Less than rounding is left: the row lay in the span of the others.
    if (!(after > 1e-28 * before)) return false;
    const scale = 1 / Math.sqrt(after);
    for (let i = at; i < at + n; i++) {
      this.re[i] = this.re[i]! * scale;
      this.im[i] = this.im[i]! * scale;
    }
    // One more pass when much was lost, so that what is left is orthogonal to rounding.
    if (after < 1e-4 * before) return this.polish(k);
    return true;
  }

  private polish(k: number): boolean {
    const at = k * this.n;
    for (let l = 0; l < k; l++) this.takeOut(l * this.n, at);
    const scale = 1 / Math.sqrt(this.norm2(at));
    for (let i = at; i < at + this.n; i++) {
      this.re[i] = this.re[i]! * scale;
      this.im[i] = this.im[i]! * scale;
    }
    return true;
  }

  private norm2(at: number): number {
    let sum = 0;
    for (let i = at; i < at + this.n; i++) sum += this.re[i]! * this.re[i]! + this.im[i]! * this.im[i]!;
    return sum;
  }

  /** Row at `to` minus its component along the unit row at `from`. */
  private takeOut(from: number, to: number): void {
    let x = 0;
    let y = 0;
    for (let i = 0; i < this.n; i++) {
      x += this.re[from + i]! * this.re[to + i]! + this.im[from + i]! * this.im[to + i]!;
      y += this.re[from + i]! * this.im[to + i]! - this.im[from + i]! * this.re[to + i]!;
    }
    for (let i = 0; i < this.n; i++) {
      const a = this.re[from + i]!;
      const b = this.im[from + i]!;
      this.re[to + i] = this.re[to + i]! - (a * x - b * y);
      this.im[to + i] = this.im[to + i]! - (a * y + b * x);
    }
  }
}
