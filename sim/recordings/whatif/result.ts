/** What comes of a branch: two lanes of events, and where they differ. Plain JSON. */
import type { EventMessage } from "../../../protocol/messages.ts";

/** One event of the original, one of the branch, or a pair that is the same event. */
export interface EventDifference {
  /** `moved`: another time (perhaps other fields as well); `changed`: the same time, other fields. */
  type: "same" | "moved" | "changed" | "gone" | "new";
  /** Ids, each of its own lane: an inserted input shifts the ids of what follows. */
  original?: string;
  branch?: string;
  /** Time of the branch's minus that of the original's, µs. */
  byUs?: number;
  /** What differs beside the time, e.g. "severity", "detail.evidence". */
  fields?: string[];
}

export interface WhatIfResult {
  /** Folder of the recording that was written, or null. */
  branch: string | null;
  parent: BranchParent;
  /** Where the lanes part: logical time, and the sequence that the first input behind it has in the original. */
  atUs: number;
  sequence: number;
  /** Time of the last input of both lanes. */
  untilUs: number;
  toleranceUs: number;
  original: EventMessage[];
  /** Of the branch. */
  events: EventMessage[];
  /** In order of time, the same ones included. */
  differences: EventDifference[];
  counts: Record<EventDifference["type"], number>;
  /** Of the branch, behind the point. */
  inputs: number;
  samples: number;
  /** Hash of the branch's state at its end, hex. */
  finalHash: string;
}

/** What a branch recording says of where it comes from; stands in `createdFrom` of its segments. */
export interface BranchParent {
  /** Folder of the recording that it branches from, as it was called then. */
  recording: string;
  partition: string;
  /** The last block that both share, its hash (hex), and the sequence of its last input. Block 0: they share none. */
  block: number;
  hash: string;
  /** The first input that may be different, and the time from which it is. */
  sequence: number;
  atUs: number;
  /** What was asked to be different. */
  changes: BranchChanges;
}

export interface BranchChanges {
  set?: Record<string, string | number | boolean>;
  drop?: string[];
  inject?: Record<string, unknown>[];
  seed?: number;
  untilUs?: number;
}
