/**
 * What the synth feed asks of synthetic worlds.
 *
 * They come from the simulator, which is no part of the live system: who composes the system hands them in.
 */
import type { Frame } from "../../protocol/frame.ts";
import type { Channels, OperatorNotice, QuantumInput } from "../../protocol/messages.ts";

export interface SynthWorlds {
  readonly names: readonly string[];
  /** Throws when there is no such world with these options. What it returns makes it, beginning at a time. */
  prepare(name: string, options: SynthChoice): (startUs: number) => SynthWorld;
}

/** What is left out is as usual for the scenario. */
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
  /** What has truly happened so far. */
  readonly truth: readonly SynthTruth[];
  /** The next piece in order of time, null at the end; valid until the next call. */
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
