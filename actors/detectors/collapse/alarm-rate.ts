/**
 * Tests whether alarms come more often than promised. No test of the rows finds all ways to break a promise; this one looks at the promise.
 *
 *   M_r ← (M_r + 1) · r e^{−(r−1)Δ/A}       at each alarm, Δ rows after the last one;     r = 2, 4, 8
 *
 * Alarms that come at most once in A rows have waiting times with e-values of mean at most 1: r times as many alarms are the alternative
 * that the bet r is best against. Changes in the law of the rows are alarms as well: many of them also mean that the rows are not as they were promised.
 */
import exp from "@stdlib/math-base-special-exp";
import ln from "@stdlib/math-base-special-ln";
import type { Fields } from "../../ports/detector.ts";
import { namedNumbers } from "../registered-numbers.ts";

const TIMES: readonly number[] = [2, 4, 8];
/** Mean promised alarms between two false findings of this test. Four alarms at once suffice. */
const ENOUGH = 1000;

const Scalars = namedNumbers("rowsSinceAlarm");

export class AlarmRate {
  readonly fields: Fields;
  private readonly wealth = new Float64Array(TIMES.length);
  private readonly scalars = new Scalars();

  constructor() {
    this.fields = { alarmWealth: this.wealth, alarmScalars: this.scalars.array };
  }

  /** A row on which an alarm could have been raised. */
  row(): void {
    this.scalars.rowsSinceAlarm++;
  }

  /** An alarm on the last row, with A rows promised between alarms. Returns the logarithm of the evidence. */
  alarm(promised: number): number {
    const { wealth, scalars } = this;
    for (let k = 0; k < TIMES.length; k++) wealth[k] = (wealth[k]! + 1) * TIMES[k]! * this.decay(k, promised);
    scalars.rowsSinceAlarm = 0;
    return ln(this.mean());
  }

  /** How many times as often as promised alarms come; 0 while that is not established. */
  get times(): number {
    const { wealth } = this;
    if (this.mean() < ENOUGH) return 0;
    let best = 0;
    for (let k = 1; k < TIMES.length; k++) if (wealth[k]! > wealth[best]!) best = k;
    return TIMES[best]!;
  }

  private mean(): number {
    let sum = 0;
    for (let k = 0; k < TIMES.length; k++) sum += this.wealth[k]!;
    return sum / TIMES.length;
  }

  /** True when the rows since the last alarm have consumed the evidence. */
  calm(promised: number): boolean {
    return TIMES.every((_, k) => this.wealth[k]! * this.decay(k, promised) <= 1);
  }

  /** e^{−(r−1)Δ/A}. */
  private decay(k: number, promised: number): number {
    return exp((-(TIMES[k]! - 1) * this.scalars.rowsSinceAlarm) / promised);
  }
}
