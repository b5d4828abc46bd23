/**
 * All functionals of one state, of a pair and after an update, as one flat object.
 *
 * Names and conventions are those of the reference states: nats unless `_bits`; fidelity = (tr √(√ρσ√ρ))²;
 * bures = √(2−2√F), computed without its cancellation; "half" = groups A = the first ⌊n/2⌋ modes, B = the rest; "_0_last" = first and last mode;
 * dEntropy = S(σ)−S(ρ), dPurity = γ_σ−γ_ρ. Undefined values (a visibility without population) and infinite ones (a relative
 * entropy without common support) are null, because JSON has neither NaN nor Infinity. For n = 1 there are no values of pairs and groups.
 */
import { l1Coherence, normalisedL1Coherence, relativeEntropyOfCoherence } from "./coherence.ts";
import {
  crossNorm2,
  GROUP_A,
  GROUP_B,
  GroupEntropies,
  groupPopulation,
  logNegativityBits,
  negativity,
} from "./entanglement.ts";
import { diagonalEntropy, effectiveRank, vonNeumannEntropy } from "./entropy.ts";
import { entropyLowerBound, entropyUpperBound } from "./entropy-bounds.ts";
import { productDeficit, purityDeficit } from "./exact-deficits.ts";
import { buresAngle } from "./fidelity.ts";
import { HermitianEigen } from "./hermitian-eigen.ts";
import { hilbertSchmidtDistance, overlap, subFidelity, superFidelity } from "./overlap.ts";
import {
  concurrence,
  entanglementOfFormationBits,
  fringeVisibility,
  magnitude,
  squaredConcurrenceOf,
  visibility,
  whichWay,
} from "./pair.ts";
import { linearEntropy, participation, purity, renyi2 } from "./purity.ts";
import { rankOneUpdateSlow } from "./rank-one.ts";
import { checkState, checkStateVector, InvalidState } from "./state-check.ts";
import { StateComparison } from "./state-comparison.ts";

export interface Matrix {
  re: ArrayLike<number>;
  im: ArrayLike<number>;
}

export interface MatrixOfOrder extends Matrix {
  n: number;
}

export interface UpdateRequest {
  /** In [0, 1]. */
  alpha: number;
  /** Length n each, ‖ψ‖ = 1 within 1e-9. */
  psi: Matrix;
}

export type Measures = Record<string, number | null | number[]>;

/**
 * All functionals of `rho`; those of the pair when `sigma` is given; `update.*` for the state after
 * ρ ← (1−α)ρ + αψψ† when `update` is given; `eig` = eigenvalues, descending.
 * Throws InvalidState for anything that is not a state. O(n³), allocates: too slow for streams.
 */
export function measure(rho: MatrixOfOrder, sigma?: Matrix, update?: UpdateRequest): Measures {
  const n = rho.n;
  checkState(n, rho.re, rho.im, "rho");
  if (sigma !== undefined) checkState(n, sigma.re, sigma.im, "sigma");
  if (update !== undefined) checkUpdate(n, update);
  const re = Float64Array.from(rho.re);
  const im = Float64Array.from(rho.im);
  const result: Measures = {};
  measureOne(n, re, im, result);
  if (n > 1) measureGroups(n, re, im, result);
  if (sigma !== undefined) {
    measurePair(n, re, im, Float64Array.from(sigma.re), Float64Array.from(sigma.im), result);
  }
  if (update !== undefined) {
    rankOneUpdateSlow(
      n,
      re,
      im,
      Float64Array.from(update.psi.re),
      Float64Array.from(update.psi.im),
      update.alpha,
    );
    const after: Measures = {};
    measureOne(n, re, im, after);
    for (const name of UPDATE_NAMES) result[`update.${name}`] = after[name]!;
  }
  for (const name of Object.keys(result)) {
    const value = result[name];
    if (typeof value === "number" && !Number.isFinite(value)) result[name] = null;
  }
  return result;
}

const UPDATE_NAMES = ["trace", "purity", "entropy", "cohL1", "cohRel"] as const;

function measureOne(n: number, re: Float64Array, im: Float64Array, result: Measures): void {
  const values = new Float64Array(n);
  new HermitianEigen(n).eigenvalues(re, im, values);
  const gamma = purity(n, re, im);
  const entropy = vonNeumannEntropy(n, values);
  const entropyDiag = diagonalEntropy(n, re);
  const l1 = l1Coherence(n, re, im);
  let trace = 0;
  let tr3 = 0;
  for (let i = 0; i < n; i++) {
    trace += re[i * n + i]!;
    tr3 += values[i]! * values[i]! * values[i]!;
  }
  result["eig"] = Array.from(values);
  result["trace"] = trace;
  result["purity"] = gamma;
  result["linearEntropyNorm"] = linearEntropy(n, gamma);
  result["participation"] = participation(gamma);
  result["entropy"] = entropy;
  result["effRank"] = effectiveRank(entropy);
  result["renyi2"] = renyi2(gamma);
  result["lambdaMax"] = values[0]!;
  result["lambdaMin"] = values[n - 1]!;
  result["tr3"] = tr3;
  result["cohL1"] = l1;
  result["cohL1Norm"] = normalisedL1Coherence(n, l1);
  result["entropyDiag"] = entropyDiag;
  result["cohRel"] = relativeEntropyOfCoherence(entropyDiag, entropy);
  result["entropyLo"] = entropyLowerBound(gamma);
  result["entropyHi"] = entropyUpperBound(n, gamma);
}

function measureGroups(n: number, re: Float64Array, im: Float64Array, result: Measures): void {
  const half = Math.floor(n / 2);
  const mask = new Uint8Array(n);
  for (let i = 0; i < n; i++) mask[i] = i < half ? GROUP_A : GROUP_B;
  const entropies = new GroupEntropies(n);
  // For a complete split no mode is outside.
  const halfNegativity = negativity(0, crossNorm2(n, re, im, mask));
  result["halfNegativity"] = halfNegativity;
  result["halfLogNeg"] = logNegativityBits(halfNegativity);
  result["halfSA"] = entropies.entropyOf(re, im, mask, GROUP_A);
  result["halfSB"] = entropies.entropyOf(re, im, mask, GROUP_B);
  result["halfMutualInfo"] = entropies.mutualInformation(re, im, mask);
  result["halfBlockCoh"] = entropies.blockCoherence(re, im, mask);
  const last = n - 1;
  const c = concurrence(n, re, im, 0, last);
  const size = magnitude(n, re, im, 0, last);
  const between = new Uint8Array(n).fill(1);
  between[0] = 0;
  between[last] = 0;
  result["pairNeg_0_last"] = negativity(groupPopulation(n, re, between, 1), size * size);
  result["pairConc_0_last"] = c;
  result["pairEoF_0_last_bits"] = entanglementOfFormationBits(c);
  result["fringeV_0_last"] = fringeVisibility(n, re, im, 0, last);
  result["whichWayD_0_last"] = whichWay(n, re, 0, last);
  result["g_0_last"] = visibility(n, re, im, 0, last);
  result["sumConc2_0"] = squaredConcurrenceOf(n, re, im, 0);
}

function measurePair(
  n: number,
  re: Float64Array,
  im: Float64Array,
  sigmaRe: Float64Array,
  sigmaIm: Float64Array,
  result: Measures,
): void {
  const pair = new StateComparison(n);
  pair.load(re, im, sigmaRe, sigmaIm);
  const { root: rootF, bures } = pair.fidelities();
  const shared = overlap(n, re, im, sigmaRe, sigmaIm);
  const gammaA = purity(n, re, im);
  const gammaB = purity(n, sigmaRe, sigmaIm);
  result["rootFidelity"] = rootF;
  result["fidelity"] = rootF * rootF;
  result["bures"] = bures;
  result["buresAngle"] = buresAngle(bures);
  result["traceDist"] = pair.traceDistance();
  result["hs"] = hilbertSchmidtDistance(n, re, im, sigmaRe, sigmaIm);
  result["overlap"] = shared;
  result["subFid"] = subFidelity(shared, productDeficit(n, re, im, sigmaRe, sigmaIm));
  result["superFid"] = superFidelity(shared, purityDeficit(n, re, im), purityDeficit(n, sigmaRe, sigmaIm));
  result["qjsd"] = pair.jensenShannon();
  result["dEntropy"] = vonNeumannEntropy(n, pair.valuesB) - vonNeumannEntropy(n, pair.valuesA);
  result["dPurity"] = gammaB - gammaA;
  result["relEntropy"] = pair.relativeEntropy();
}

function checkUpdate(n: number, update: UpdateRequest): void {
  if (!(update.alpha >= 0 && update.alpha <= 1)) {
    throw new InvalidState(`Cannot update: alpha is ${update.alpha}; expected a number from 0 to 1`);
  }
  checkStateVector(n, update.psi.re, update.psi.im, "update.psi");
}
