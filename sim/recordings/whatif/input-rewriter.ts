/**
 * One change of a branch: it sees every input after the branch begins, in order, and inserts, changes or drops inputs.
 *
 *   input ──before──► inserted inputs ──change──► the same, another, or none
 */
import type { Input } from "../../../protocol/messages.ts";

export interface InputRewriter {
  /** Inserts inputs before an input of the original. */
  before(timeUs: number, input: Input, insert: Insert): void;
  /**
   * Returns the same object when nothing changes, null to drop the input. A returned frame is valid until the next call.
   * Never changes `input` itself.
   */
  change(input: Input): Input | null;
}

/** Inserts an input at this time, or as near as the order of the log allows. */
export type Insert = (timeUs: number, input: Exclude<Input, { type: "frame" }>) => void;
