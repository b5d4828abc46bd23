/** What the detector of changes reports to its machine. */
import type { Signal } from "../../ports/detector.ts";

/** One change of one channel. Values and slopes are those of the lines fitted before and after it. */
interface Change extends Signal {
  readonly channel: string;
  /** Display name, and unit. */
  readonly title: string;
  readonly unit: string;
  /** What moved the channel further since the change: the jump of its level, or the other slope. */
  readonly form: "level" | "slope";
  readonly changedUs: number;
  /** Rows from the change to the declaration, and of the segment that it ended. */
  readonly rowsAfter: number;
  readonly rowsBefore: number;
  /** Value at the end of the segment before, and now. */
  readonly before: number;
  readonly after: number;
  /** A second. */
  readonly slopeBefore: number;
  readonly slopeAfter: number;
  /** Standard deviation about the line before. */
  readonly spread: number;
  /** Distance of the value now from where the line before would be, in spreads. */
  readonly effect: number;
  /** Nats that two lines explain more than one. */
  readonly gain: number;
  readonly price: number;
  /** When the channel left the level that counts as normal. */
  readonly sinceUs: number;
}

/** The channel left its normal level, or, with `again`, changed further since. */
export interface Declared extends Change {
  readonly type: "declared";
  readonly again: boolean;
}

/** The channel came back to the level that counts as normal. */
export interface Returned extends Change {
  readonly type: "returned";
}

export type ChangesSignal = Declared | Returned;
