/** Settings of the detectors over a recording as a universe, one set of them a symbol. Branches of recordings are run outside of actors/ (sim/recordings/whatif/). */
import type { Universe } from "./universe/universe.ts";

export interface SettingsScans {
  /** What threads do for it, as the table of works has it. */
  readonly work: string;
  /** The values that come of a branch; there are more where the truth is known. */
  names(isTruthKnown: boolean): readonly string[];
  /** Throws for settings that there are not. What it returns reads a recording. */
  open(asked: SettingsAsked): (recording: string) => Promise<Universe>;
}

export interface SettingsAsked {
  readonly over: readonly (readonly [path: string, values: string])[];
  /** File of what happened. */
  readonly truth?: string | undefined;
}
