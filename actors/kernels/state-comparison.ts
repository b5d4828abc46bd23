/**
 * All functionals of a pair of states (ρ, σ), which share their eigensystems.
 *
 * `load` computes two eigensystems; functionals that need only them are then cheap. The object holds scratch, no registered state.
 */
import { vonNeumannEntropy } from "./entropy.ts";
import { type Fidelities, fidelities, rootFidelity } from "./fidelity.ts";
import { HermitianEigen } from "./hermitian-eigen.ts";
import { pivotedCholesky } from "./pivoted-cholesky.ts";
import { relativeEntropy } from "./relative-entropy.ts";

export class StateComparison {
  readonly n: number;
  /** Eigenvalues of ρ and σ, descending, and their eigenvectors as rows. */
  readonly valuesA: Float64Array;
  readonly vecARe: Float64Array;
  readonly vecAIm: Float64Array;
  readonly valuesB: Float64Array;
  readonly vecBRe: Float64Array;
  readonly vecBIm: Float64Array;
  private readonly solver: HermitianEigen;
  private readonly workRe: Float64Array;
  private readonly workIm: Float64Array;
  private readonly workValues: Float64Array;
  private readonly factorARe: Float64Array;
  private readonly factorAIm: Float64Array;
  private readonly factorBRe: Float64Array;
  private readonly factorBIm: Float64Array;
  private rhoRe: Float64Array;
  private rhoIm: Float64Array;
  private sigmaRe: Float64Array;
  private sigmaIm: Float64Array;

  constructor(n: number) {
    this.n = n;
    this.solver = new HermitianEigen(n);
    this.valuesA = new Float64Array(n);
    this.valuesB = new Float64Array(n);
    this.workValues = new Float64Array(n);
    this.vecARe = new Float64Array(n * n);
    this.vecAIm = new Float64Array(n * n);
    this.vecBRe = new Float64Array(n * n);
    this.vecBIm = new Float64Array(n * n);
    this.workRe = new Float64Array(n * n);
    this.workIm = new Float64Array(n * n);
    this.factorARe = new Float64Array(n * n);
    this.factorAIm = new Float64Array(n * n);
    this.factorBRe = new Float64Array(n * n);
    this.factorBIm = new Float64Array(n * n);
    this.rhoRe = this.workRe;
    this.rhoIm = this.workIm;
    this.sigmaRe = this.workRe;
    this.sigmaIm = this.workIm;
  }

  /** Loads both states (n×n row-major, kept by reference until the next call). O(n³). */
  load(rhoRe: Float64Array, rhoIm: Float64Array, sigmaRe: Float64Array, sigmaIm: Float64Array): void {
    this.rhoRe = rhoRe;
    this.rhoIm = rhoIm;
    this.sigmaRe = sigmaRe;
    this.sigmaIm = sigmaIm;
    this.solver.eigensystem(rhoRe, rhoIm, this.valuesA, this.vecARe, this.vecAIm);
    this.solver.eigensystem(sigmaRe, sigmaIm, this.valuesB, this.vecBRe, this.vecBIm);
  }

  /** √F, see fidelity.ts. Two factorisations and a singular value decomposition. */
  rootFidelity(): number {
    this.factorise();
    return rootFidelity(
      this.n,
      this.factorARe,
      this.factorAIm,
      this.factorBRe,
      this.factorBIm,
      this.workRe,
      this.workIm,
      this.workValues,
    );
  }

  /** √F and the Bures distance, see fidelity.ts; the distance of identical states is 0. Two factorisations and a polar decomposition. */
  fidelities(): Fidelities {
    this.factorise();
    const { root, bures } = fidelities(
      this.n,
      this.factorARe,
      this.factorAIm,
      this.factorBRe,
      this.factorBIm,
      this.workRe,
      this.workIm,
      this.workValues,
    );
    return { root, bures: this.identical() ? 0 : bures };
  }

  /** S(ρ‖σ), see relative-entropy.ts. */
  relativeEntropy(): number {
    return relativeEntropy(
      this.n,
      this.valuesA,
      this.vecARe,
      this.vecAIm,
      this.valuesB,
      this.vecBRe,
      this.vecBIm,
    );
  }

  /** Trace distance T = ½ Σ|eig(ρ−σ)|, in [0, 1]. The best probability to distinguish ρ from σ is (1+T)/2 (Helstrom 1976). One spectrum. */
  traceDistance(): number {
    this.combine(1, -1);
    this.solver.eigenvalues(this.workRe, this.workIm, this.workValues);
    let sum = 0;
    for (let k = 0; k < this.n; k++) sum += Math.abs(this.workValues[k]!);
    return sum / 2;
  }

  /**
   * Quantum Jensen–Shannon divergence S((ρ+σ)/2) − ½S(ρ) − ½S(σ), in [0, ln 2] nats. One spectrum.
   * Source: Majtey, Lamberti & Prato 2005.
   */
  jensenShannon(): number {
    this.combine(0.5, 0.5);
    this.solver.eigenvalues(this.workRe, this.workIm, this.workValues);
    const mean = vonNeumannEntropy(this.n, this.workValues);
    const value =
      mean - 0.5 * vonNeumannEntropy(this.n, this.valuesA) - 0.5 * vonNeumannEntropy(this.n, this.valuesB);
    return Math.max(value, 0);
  }

  private factorise(): void {
    pivotedCholesky(this.n, this.rhoRe, this.rhoIm, this.factorARe, this.factorAIm);
    pivotedCholesky(this.n, this.sigmaRe, this.sigmaIm, this.factorBRe, this.factorBIm);
  }

  private identical(): boolean {
    for (let k = 0; k < this.n * this.n; k++)
      if (this.rhoRe[k] !== this.sigmaRe[k] || this.rhoIm[k] !== this.sigmaIm[k]) return false;
    return true;
  }

  private combine(a: number, b: number): void {
    for (let k = 0; k < this.n * this.n; k++) {
      this.workRe[k] = a * this.rhoRe[k]! + b * this.sigmaRe[k]!;
      this.workIm[k] = a * this.rhoIm[k]! + b * this.sigmaIm[k]!;
    }
  }
}
