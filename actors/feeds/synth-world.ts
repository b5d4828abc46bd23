/**
 * The port between the synth feed and the synthetic worlds.
 *
 * The worlds are part of sim/, which actors/ does not import: the program passes them in when it creates feeds.
 */
import type { Frame } from "../../protocol/frame.ts";
import type { Channels, OperatorNotice, QuantumInput } from "../../protocol/messages.ts";

export interface SynthWorlds {
  readonly names: readonly string[];
  /** Returns what creates the world from its start time. Throws if there is no such world with these options. */
  prepare(name: string, options: SynthChoice): (startUs: number) => SynthWorld;
}

/** Options of a world. What is left out has the scenario's default. */
export interface SynthChoice {
  readonly seed: number;
  readonly strength: number;
  readonly group: string;
  readonly channels?: number | undefined;
  /** Samples a second of one channel. */
  readonly rate?: number | undefined;
  readonly durationUs?: number | undefined;
  readonly form?: "record" | "vector" | "density" | undefined;
}

export interface SynthWorld {
  readonly declarations: readonly Omit<Channels, "type" | "source">[];
  /** What has happened so far. */
  readonly truth: readonly SynthTruth[];
  /** The next piece in order of time, or null at the end. Valid until the next call. */
  next(): Frame | QuantumInput | null;
}

export interface SynthTruth {
  readonly kind: string;
  readonly group: string;
  readonly channels: readonly string[];
  readonly onsetUs: number;
  readonly endUs: number;
  readonly detail?: OperatorNotice["detail"];
}
