/** Builders of states and records with real elements and usual values for the fields that a test does not set. */
import { float64Bytes } from "../../protocol/columns.ts";
import type { DensityMatrix, MeasurementRecord, StateVector } from "../../protocol/messages.ts";

const OF = { group: "g", source: "feed" } as const;

/** ψ with these real amplitudes. */
export function vector(timeUs: number, amplitudes: number[], sequence = 0): StateVector {
  const n = amplitudes.length;
  const im = float64Bytes(new Float64Array(n));
  return { type: "stateVector", ...OF, sequence, timeUs, n, re: float64Bytes(amplitudes), im };
}

/** ρ by its real elements, row by row. */
export function density(timeUs: number, elements: number[], sequence = 0): DensityMatrix {
  const n = Math.round(Math.sqrt(elements.length));
  const im = float64Bytes(new Float64Array(n * n));
  return { type: "densityMatrix", ...OF, sequence, timeUs, n, re: float64Bytes(elements), im };
}

/** A mixture of the levels. */
export function mixture(timeUs: number, probabilities: number[], sequence = 0): DensityMatrix {
  const n = probabilities.length;
  const elements = Array.from({ length: n * n }, (_, k) =>
    k % (n + 1) === 0 ? probabilities[k / (n + 1)]! : 0,
  );
  return density(timeUs, elements, sequence);
}

export function currents(
  timeUs: number,
  current: number[],
  more: Partial<MeasurementRecord> = {},
): MeasurementRecord {
  return {
    type: "measurementRecord",
    ...OF,
    sequence: 0,
    timeUs,
    everyUs: 1000,
    operator: "c0",
    efficiency: 0.5,
    current: float64Bytes(current),
    ...more,
  };
}
