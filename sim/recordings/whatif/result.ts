/** The result of a branch: the events of the original and of the branch, and their differences. Plain JSON. */
import type { EventMessage } from "../../../protocol/messages.ts";
import type { EventDifference } from "../alignment-round.ts";
import type { BranchParent } from "../parent.ts";

export interface WhatIfResult {
  /** Folder of the recording that was written, or null. */
  branch: string | null;
  parent: BranchParent;
  /** Where the branch begins: logical time, and the sequence that the first input after it has in the original. */
  atUs: number;
  sequence: number;
  /** Time of the last input of both. */
  untilUs: number;
  toleranceUs: number;
  original: EventMessage[];
  /** Of the branch. */
  events: EventMessage[];
  /** In order of time, the same ones included. */
  differences: EventDifference[];
  counts: Record<EventDifference["type"], number>;
  /** Of the branch, after it begins. */
  inputs: number;
  samples: number;
  /** Hash of the branch's state at its end, hex. */
  finalHash: string;
}
