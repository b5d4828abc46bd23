/**
 * Makes a published state from a density estimate: spectrum, pointer, measures and significance. Called at the publish rate only.
 */
import { float32Bytes } from "../../protocol/columns.ts";
import type { StateMessage } from "../../protocol/messages.ts";
import { l1Coherence, normalisedL1Coherence, relativeEntropyOfCoherence } from "../kernels/coherence.ts";
import { coherencePValue, coherenceThreshold } from "../kernels/coherence-significance.ts";
import type { DensityEstimate, Norm } from "../kernels/density.ts";
import { diagonalEntropy, effectiveRank, vonNeumannEntropy } from "../kernels/entropy.ts";
import { HermitianEigen } from "../kernels/hermitian-eigen.ts";
import { benjaminiHochberg } from "../kernels/multiple-testing.ts";
import { allVisibilities, phase } from "../kernels/pair.ts";
import { pointer } from "../kernels/pointer.ts";
import { correctedPurity } from "../kernels/sample-size.ts";
import type { Group } from "../ports/detector.ts";

/** False discovery rate of the pairs that are called coherent. */
const FALSE_DISCOVERIES = 0.05;

/** Least time between states of wide groups, µs: a spectrum takes O(n³), 0.6 ms at n = 64 and 4 ms at n = 128, and a message n². */
const REST_64_US = 100_000;
const REST_128_US = 500_000;

/** Least time between two published states of n modes, µs; 0 for n ≤ 32. */
export function publishRestUs(n: number): number {
  return n <= 32 ? 0 : n <= 64 ? REST_64_US : REST_128_US;
}

export class StatePublisher {
  readonly restUs: number;
  private readonly group: Group;
  private readonly norm: Norm;
  private readonly solver: HermitianEigen;
  private readonly values: Float64Array;
  /** The leading eigenvector. */
  private readonly vecRe: Float64Array;
  private readonly vecIm: Float64Array;
  private readonly weights: Float64Array;
  private readonly phases: Float64Array;
  private readonly visibilities: Float64Array;
  private readonly roots: Float64Array;
  private readonly pValues: Float64Array;
  private readonly order: Float64Array;
  private readonly rejected: Uint8Array;

  constructor(group: Group, norm: Norm) {
    const { n } = group;
    const pairs = (n * (n - 1)) / 2;
    this.group = group;
    this.norm = norm;
    this.restUs = publishRestUs(n);
    this.solver = new HermitianEigen(n);
    this.values = new Float64Array(n);
    this.vecRe = new Float64Array(n);
    this.vecIm = new Float64Array(n);
    this.weights = new Float64Array(n);
    this.phases = new Float64Array(n);
    this.visibilities = new Float64Array(n * n);
    this.roots = new Float64Array(n);
    this.pValues = new Float64Array(pairs);
    this.order = new Float64Array(pairs);
    this.rejected = new Uint8Array(pairs);
  }

  /** The body of a `state` message at `timeUs`, including the `extra` measures. Measures that are not finite are left out. */
  publish(
    timeUs: number,
    density: DensityEstimate,
    kappa: number,
    extra: Readonly<Record<string, number>>,
  ): Omit<StateMessage, "type"> {
    const { n, name, channels } = this.group;
    const { re, im } = density;
    this.solver.leading(re, im, this.values, this.vecRe, this.vecIm);
    pointer(n, this.vecRe, this.vecIm, this.weights, this.phases);
    const significantPairs = this.significantPairs(density, kappa);
    return {
      group: name,
      timeUs,
      n,
      modes: channels.map((channel) => channel.name),
      source: "estimated",
      reading: "single-excitation",
      norm: this.norm,
      re: float32Bytes(re),
      im: float32Bytes(im),
      populations: Array.from({ length: n }, (_, i) => re[i * n + i]!),
      spectrum: Array.from(this.values),
      pointer: Array.from(this.weights),
      pointerPhase: Array.from(this.phases),
      measures: finiteOnly({
        ...this.measures(density, kappa),
        significantPairs,
        pairs: (n * (n - 1)) / 2,
        ...extra,
      }),
      significant: significantPairs > 0,
    };
  }

  /** Throws what `publish` would throw: for a matrix that is not finite. */
  check({ re, im }: DensityEstimate): void {
    this.solver.eigenvalues(re, im, this.values);
  }

  /** Pairs whose coherence exceeds chance, at a false discovery rate of 5 %. Fills the visibilities. O(n² log n). */
  significantPairs(density: DensityEstimate, kappa: number): number {
    const { n } = this.group;
    allVisibilities(n, density.re, density.im, this.visibilities, this.roots);
    if (!(kappa < 1)) return 0;
    let k = 0;
    for (let i = 1; i < n; i++) {
      for (let j = 0; j < i; j++) {
        const g = this.visibilities[i * n + j]!;
        this.pValues[k++] = Number.isNaN(g) ? 1 : coherencePValue(Math.min(1, g), 1 / kappa);
      }
    }
    return benjaminiHochberg(k, this.pValues, FALSE_DISCOVERIES, this.rejected, this.order);
  }

  private measures(density: DensityEstimate, kappa: number): Record<string, number> {
    const { n } = this.group;
    const { re, im } = density;
    const cohL1 = l1Coherence(n, re, im);
    const entropy = vonNeumannEntropy(n, this.values);
    let sum = 0;
    let pairs = 0;
    let strongest = 0;
    let strongestPhase = 0;
    for (let i = 1; i < n; i++) {
      for (let j = 0; j < i; j++) {
        const g = this.visibilities[i * n + j]!;
        if (Number.isNaN(g)) continue;
        sum += g;
        pairs++;
        if (g > strongest) {
          strongest = g;
          strongestPhase = phase(n, re, im, i, j);
        }
      }
    }
    return {
      purity: density.purity,
      purityCorrected: correctedPurity(density.purity, kappa),
      cohL1,
      cohL1Norm: normalisedL1Coherence(n, cohL1),
      cohRel: relativeEntropyOfCoherence(diagonalEntropy(n, re), entropy),
      entropy,
      effRank: effectiveRank(entropy),
      lambdaMax: this.values[0]!,
      visibility: pairs === 0 ? 0 : sum / pairs,
      visibilityMax: strongest,
      phaseOfMax: strongestPhase,
      visibilityFloor: kappa < 1 ? Math.sqrt(coherenceThreshold(FALSE_DISCOVERIES, 1 / kappa)) : 1,
      surprise: 1 - density.overlap,
      kappa,
      nEff: 1 / kappa,
      updates: density.count,
    };
  }
}

function finiteOnly(measures: Record<string, number>): Record<string, number> {
  return Object.fromEntries(Object.entries(measures).filter(([, value]) => Number.isFinite(value)));
}
