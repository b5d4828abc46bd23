/** A disturbance laid over real frames before they enter the log: how synthetic events get into a running session. */
import type { Frame } from "../../protocol/frame.ts";
import type { OperatorNotice } from "../../protocol/messages.ts";

export interface FrameOverlay {
  /** e.g. "flash-crash". */
  readonly name: string;
  readonly group: string;
  /** Times of samples it changes, µs; the first frame that begins after `untilUs` ends it, or the end of the session. */
  readonly fromUs: number;
  readonly untilUs: number;
  /** What the log says when it begins and ends: kinds INJECTION_STARTED and INJECTION_ENDED. */
  readonly begin: Omit<OperatorNotice, "type">;
  readonly end: Omit<OperatorNotice, "type">;
  /**
   * The frame as it enters the log: the same one where nothing changes, else one of the overlay's own, valid until the next
   * call; null when no sample is left. Never changes `frame` itself.
   */
  apply(frame: Frame): Frame | null;
}
