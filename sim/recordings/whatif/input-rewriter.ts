/**
 * One thing that is different in a branch: told every input behind the point, in order, it inserts, changes or takes away.
 *
 *   input ──before──► inserted inputs ──change──► the same, another, or none
 */
import type { Input } from "../../../protocol/messages.ts";

export interface Edit {
  /** Before an input of the original is looked at: what is to stand before it. */
  before(timeUs: number, input: Input, insert: Insert): void;
  /**
   * What becomes of it: the same object where nothing changes; null when it goes. A frame returned is valid until the next call.
   * Never changes `input` itself.
   */
  change(input: Input): Input | null;
}

/** The input enters the branch at this time, as far as the order of the log allows. */
export type Insert = (timeUs: number, input: Exclude<Input, { type: "frame" }>) => void;
