/**
 * A scenario: a synthetic world of known truth, drawn piece by piece from a seed.
 *
 *   ScenarioOptions ──create──► ScenarioRun ──next──► pieces in order of time ──► feed · table · bench · overlay
 *                                    └── truth: what happened, to which channels, from when to when
 *
 * S1  The same options give the same pieces and truth, bit for bit, on every runtime: functions come from @stdlib, not from Math.
 * S2  When a piece is returned, `truth` has every event that began by its end.
 * S3  Times are whole µs and never decrease, except in scenarios about a wrong clock.
 */
import type { Frame } from "../../../protocol/frame.ts";
import type { Channels, QuantumInput } from "../../../protocol/messages.ts";

export interface Scenario {
  /** e.g. "flash-crash". */
  readonly name: string;
  /** One line: what happens, and what a detector should find. */
  readonly title: string;
  /** "market", "metrics", "quantum", … */
  readonly family: string;
  readonly channels: { readonly least: number; readonly most: number; readonly usual: number };
  /** Samples a second of one channel (ticks: on average). */
  readonly usualRate: number;
  /** µs. */
  readonly usualDurationUs: number;
  /** Source of the model (author, year). */
  readonly source: string;
  create(options: ScenarioOptions): ScenarioRun;
  /** How it changes the samples of a running session; absent if it cannot. */
  readonly disturb?: (options: DisturbanceOptions) => Disturbance;
}

export interface ScenarioOptions {
  readonly seed: number;
  readonly channels: number;
  /** Samples a second of one channel. */
  readonly rate: number;
  readonly durationUs: number;
  /** Time of the first sample, µs since the epoch. */
  readonly startUs: number;
  /**
   * Size of the events in multiples of the usual; 0: none happen.
   *
   * A classical world is the same with every strength up to its first onset. In a quantum world the strength multiplies a rate of the
   * dynamics. `quantum-telegraph` and `quantum-ladder` have the same record and the same pure state up to their first jump, but the
   * observer's density matrix depends on the rate from the start. `quantum-zeno` and `quantum-shelving` differ from the start.
   */
  readonly strength: number;
  readonly group: string;
  /** Quantum scenarios: the form of the data. */
  readonly form?: "record" | "vector" | "density";
}

export interface ScenarioRun {
  readonly declarations: readonly Omit<Channels, "type" | "source">[];
  /** Grows with the pieces (S2). */
  readonly truth: readonly Truth[];
  /** The next piece, or null at the end. The next call reuses the columns of a frame. */
  next(): Frame | QuantumInput | null;
}

/** An event that truly happened. */
export interface Truth {
  /** e.g. "levelShift", "collapse", "jump". */
  readonly kind: string;
  /**
   * Detectors that should find it: "anomaly" (single channels), "collapse" (the joint law), "entanglement" (pairs that begin or cease to move
   * together), "interference" (phases), "trajectory" (whole quantum states), "trend" (slopes), "patterns" (shapes), or none.
   */
  readonly detectors: readonly (
    | "anomaly"
    | "collapse"
    | "entanglement"
    | "interference"
    | "trajectory"
    | "trend"
    | "patterns"
  )[];
  readonly group: string;
  readonly channels: readonly string[];
  readonly onsetUs: number;
  /** Equal to the onset for an instantaneous event. */
  readonly endUs: number;
  readonly detail?: Readonly<Record<string, string | number | boolean | null>>;
}

export interface DisturbanceOptions {
  readonly seed: number;
  readonly strength: number;
  /** Start and duration, µs. */
  readonly fromUs: number;
  readonly durationUs: number;
  /** Number of channels that it changes. */
  readonly channels: number;
}

/** Receives samples in order of arrival and returns the value that replaces each; NaN removes the sample. */
export interface Disturbance {
  readonly truth: { readonly kind: string; readonly detectors: Truth["detectors"] };
  change(timeUs: number, channel: number, value: number): number;
}
