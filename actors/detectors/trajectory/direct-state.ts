/**
 * Makes a published state from a whole state: spectrum, pointer and measures, all exact. Called at the publish rate only.
 *
 * Nothing is estimated, so there is no noise floor: `source: "direct"`, `reading: "native"`, always significant.
 */
import { float32Bytes } from "../../../protocol/columns.ts";
import type { StateMessage } from "../../../protocol/messages.ts";
import { blochVector } from "../../kernels/bloch-vector.ts";
import { l1Coherence, normalisedL1Coherence, relativeEntropyOfCoherence } from "../../kernels/coherence.ts";
import { diagonalEntropy, effectiveRank, vonNeumannEntropy } from "../../kernels/entropy.ts";
import { HermitianEigen } from "../../kernels/hermitian-eigen.ts";
import { pointer } from "../../kernels/pointer.ts";
import { purity } from "../../kernels/purity.ts";
import type { Group } from "../../ports/detector.ts";

/** Levels whose populations and eigenvalues are measures too, so that charts and thresholds have their past. */
const LEVELS_MEASURED = 8;

/** The body of a `state` message, including the `extra` measures. Measures that are not finite are left out. O(n³). */
export function directState(
  group: Group,
  timeUs: number,
  re: Float64Array,
  im: Float64Array,
  extra: Readonly<Record<string, number>>,
): Omit<StateMessage, "type"> {
  const { n, name, channels } = group;
  const values = new Float64Array(n);
  const vecRe = new Float64Array(n);
  const vecIm = new Float64Array(n);
  new HermitianEigen(n).leading(re, im, values, vecRe, vecIm);
  const weights = new Float64Array(n);
  const phases = new Float64Array(n);
  pointer(n, vecRe, vecIm, weights, phases);
  const cohL1 = l1Coherence(n, re, im);
  const entropy = vonNeumannEntropy(n, values);
  const measures: Record<string, number> = {
    purity: purity(n, re, im),
    cohL1,
    cohL1Norm: normalisedL1Coherence(n, cohL1),
    cohRel: relativeEntropyOfCoherence(diagonalEntropy(n, re), entropy),
    entropy,
    effRank: effectiveRank(entropy),
    lambdaMax: values[0]!,
    ...levelMeasures(n, re, im, values),
    ...extra,
  };
  return {
    group: name,
    timeUs,
    n,
    modes: channels.map((channel) => channel.name),
    source: "direct",
    reading: "native",
    norm: "unit",
    re: float32Bytes(re),
    im: float32Bytes(im),
    populations: Array.from({ length: n }, (_, i) => re[i * n + i]!),
    spectrum: Array.from(values),
    pointer: Array.from(weights),
    pointerPhase: Array.from(phases),
    measures: Object.fromEntries(Object.entries(measures).filter(([, value]) => Number.isFinite(value))),
    significant: true,
  };
}

/** population0 …, lambda2 … (lambdaMax is the first), and of one qubit the Bloch vector; none for many levels. */
function levelMeasures(
  n: number,
  re: Float64Array,
  im: Float64Array,
  values: Float64Array,
): Record<string, number> {
  if (n > LEVELS_MEASURED) return {};
  const measures: Record<string, number> = {};
  for (let i = 0; i < n; i++) measures[`population${i}`] = re[i * n + i]!;
  for (let i = 1; i < n; i++) measures[`lambda${i + 1}`] = values[i]!;
  if (n !== 2) return measures;
  const { x, y, z } = blochVector(re, im);
  return { ...measures, blochX: x, blochY: y, blochZ: z };
}
