/** What comes of a request to the room: the new value of one entry, or why there is none. */
import type { RootName } from "../../../protocol/room-document.ts";

export interface Effect {
  readonly root: RootName;
  readonly id: string;
  /** Undefined: the entry is removed. */
  readonly value: unknown;
}

/** Why a request has no effect. */
export interface NoEffect {
  readonly field: null;
  readonly expected: string;
  /** What there is instead: who was first. */
  readonly found?: string;
}

export function refused(expected: string, found?: string): NoEffect {
  return { field: null, expected, ...(found === undefined ? {} : { found }) };
}
