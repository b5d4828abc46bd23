/** One invariant: told what happens, and at the end what the log tells when it is folded again. */
import type { Observation, ObservationKind, WorldEnd } from "../observation.ts";
import type { RetoldInput } from "./reference-replay.ts";
import type { Retelling } from "./retelling.ts";

export type Observed<Kind extends ObservationKind> = Extract<Observation, { kind: Kind }>;

export interface Checker {
  /** The rule's name in reports and in the corpus, e.g. "one-chain". */
  readonly name: string;
  /** The rule in one sentence. */
  readonly rule: string;
  /** What it wants to hear: other observations cost it nothing. */
  readonly hears: readonly ObservationKind[];
  /** What is wrong, in words, or null. */
  observe?(observation: Observation): string | null;
  /** Each input of the admitted log at the end, right after the core was given it. */
  retold?(input: RetoldInput): string | null;
  /** At the end of a run, with the admitted logs folded without faults. */
  finish?(end: WorldEnd, retelling: Retelling): string | null;
}
