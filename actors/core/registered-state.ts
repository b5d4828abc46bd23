/** Hashes of registered state. A replay compares them with those of the recording. */
import type { TypedArray } from "../ports/detector.ts";
import { StateHash } from "./hash.ts";
import { STATE_VERSION } from "./state-version.ts";

/** One piece of registered state and its name. */
export interface Registered {
  actor: string;
  field: string;
  value: TypedArray | string;
}

export interface StateHashes {
  /** Hashes of different versions cannot be compared. */
  stateVersion: number;
  hash: Uint8Array;
  /** The first 8 bytes of the hash of each piece: they show which pieces differ. */
  parts: { actor: string; field: string; hash: Uint8Array }[];
}

export function hashOf(pieces: Iterable<Registered>): StateHashes {
  const total = new StateHash().reset();
  const one = new StateHash();
  const parts = [];
  for (const { actor, field, value } of pieces) {
    one.reset();
    if (typeof value === "string") one.text(value);
    else one.array(value);
    const digest = one.digest();
    total.text(actor).text(field).array(digest);
    parts.push({ actor, field, hash: digest.slice(0, 8) });
  }
  return { stateVersion: STATE_VERSION, hash: total.digest(), parts };
}
