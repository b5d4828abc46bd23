/** What a verification ends with: its exit code, and who was left out. */
import type { OtherActor } from "../../../actors/core/mod.ts";
import type { Difference } from "./verifier.ts";

/** Nothing differs, but actors of other versions were left out. */
export const PARTLY_VERIFIED = 3;

export interface Verdict {
  readonly difference: Difference | null;
  readonly otherActors: readonly OtherActor[];
}

export function exitCodeOfVerdict({ difference, otherActors }: Verdict): number {
  if (difference !== null) return 1;
  return otherActors.length > 0 ? PARTLY_VERIFIED : 0;
}

/** One line for each actor that was left out. */
export function otherActorLines(otherActors: readonly OtherActor[]): string[] {
  return otherActors.map(
    ({ actor, recorded, current }) =>
      `not compared: ${actor}, ${text(recorded)} in the recording, ${text(current)} in this program`,
  );
}

function text(version: number | null): string {
  return version === null ? "absent" : `version ${version}`;
}

/** A difference is worse than what was not compared. */
export function worstOf(codes: readonly number[]): number {
  return codes.includes(1) ? 1 : Math.max(...codes);
}
