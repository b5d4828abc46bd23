/**
 * A scenario: a synthetic world of known truth, drawn piece by piece from a seed.
 *
 *   ScenarioOptions ──create──► ScenarioRun ──next──► pieces in order of time ──► feed · table · bench · overlay
 *                                    └── truth: what happened, to which channels, from when to when
 *
 * S1  Same options, same pieces and same truth, bit for bit, on every runtime: functions of @stdlib in place of Math's.
 * S2  What is true of a moment is in `truth` when the piece that contains the moment is handed out.
 * S3  Times are whole µs and never fall, except where the scenario is about a clock that goes wrong.
 */
import type { Frame } from "../../../protocol/frame.ts";
import type { Channels, QuantumInput } from "../../../protocol/messages.ts";

export interface Scenario {
  /** e.g. "flash-crash". */
  readonly name: string;
  /** One line: what happens and what a detector should see. */
  readonly title: string;
  /** "market", "metrics", "quantum", … */
  readonly family: string;
  readonly channels: { readonly least: number; readonly most: number; readonly usual: number };
  /** Samples a second of one channel (ticks: on average). */
  readonly usualRate: number;
  /** µs. */
  readonly usualDurationUs: number;
  /** Source of the model (author, year), for the documentation. */
  readonly source: string;
  create(options: ScenarioOptions): ScenarioRun;
  /** What it can do to streams that are already there; absent where that makes no sense. */
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
  /** Size of what happens, in multiples of the usual; 0 is the same world in which nothing happens. */
  readonly strength: number;
  readonly group: string;
  /** Quantum scenarios: what is streamed. */
  readonly form?: "record" | "vector" | "density";
}

export interface ScenarioRun {
  readonly declarations: readonly Omit<Channels, "type" | "source">[];
  /** Grows while pieces are drawn (S2). */
  readonly truth: readonly Truth[];
  /** The next piece, or null at the end. A frame's columns are used again by the next call. */
  next(): Frame | QuantumInput | null;
}

/** Something that truly happened. */
export interface Truth {
  /** e.g. "levelShift", "collapse", "jump". */
  readonly kind: string;
  /**
   * Which detectors should find it: "anomaly" (single channels), "collapse" (the joint law), "trajectory" (states that are given
   * whole), or none of them.
   */
  readonly detectors: readonly ("anomaly" | "collapse" | "trajectory")[];
  readonly group: string;
  readonly channels: readonly string[];
  readonly onsetUs: number;
  /** Same as the onset for what happens at once. */
  readonly endUs: number;
  readonly detail?: Readonly<Record<string, string | number | boolean | null>>;
}

export interface DisturbanceOptions {
  readonly seed: number;
  readonly strength: number;
  /** When it begins, µs, and how long it lasts. */
  readonly fromUs: number;
  readonly durationUs: number;
  /** How many channels it is laid over. */
  readonly channels: number;
}

/** Told sample by sample, in order of arrival; returns what is to be in its place, NaN for a sample that does not arrive. */
export interface Disturbance {
  readonly truth: { readonly kind: string; readonly detectors: Truth["detectors"] };
  change(timeUs: number, channel: number, value: number): number;
}
