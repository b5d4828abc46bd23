/**
 * Tests whether alarms come more often than promised, and whether it is known that they do not come much more often. No test of the rows finds all ways to break a promise; this one looks at the promise.
 *
 *   M_r ← (M_r + 1) · r e^{−(r−1)Δ/A}       at each alarm, Δ rows after the last one;     r = 2, 4, 8
 *
 * Alarms that come at most once in A rows have waiting times with e-values of mean at most 1: r times as many alarms are the alternative
 * that the bet r is best against. The other way round, rows without alarms are evidence that alarms come as promised and not R = 8 times as often:
 *
 *   L ← L + (R − 1)/A  in each row,   L ← max(0, L − ln R)  at each alarm         known when L reaches ln ENOUGH: A rows without an alarm suffice
 *
 * (Wald 1945). Changes in the law of the rows are alarms as well: many of them also mean that the rows are not as they were promised.
 */
import exp from "@stdlib/math-base-special-exp";
import ln from "@stdlib/math-base-special-ln";
import type { Fields } from "../../ports/detector.ts";
import { namedNumbers } from "../registered-numbers.ts";

const TIMES: readonly number[] = [2, 4, 8];
/** Mean promised alarms between two false findings of this test. Four alarms at once suffice. */
const ENOUGH = 1000;

/** What alarms must be known not to do. */
const MUCH = 8;
const LN_MUCH = ln(MUCH);
const LN_ENOUGH = ln(ENOUGH);

const Scalars = namedNumbers(
  "rowsSinceAlarm",
  /** L, and the rows and alarms that it counts. */
  "kept",
  "keptRows",
  "keptAlarms",
);

export class AlarmRate {
  readonly fields: Fields;
  private readonly wealth = new Float64Array(TIMES.length);
  private readonly scalars = new Scalars();

  constructor() {
    this.fields = { alarmWealth: this.wealth, alarmScalars: this.scalars.array };
  }

  /** A row that the bets take. */
  row(): void {
    this.scalars.rowsSinceAlarm++;
  }

  /** A row on which an alarm could have been raised, with A rows promised between alarms. */
  watched(promised: number): void {
    const { scalars } = this;
    scalars.kept = scalars.kept + (MUCH - 1) / promised;
    scalars.keptRows++;
  }

  /** Whether it is known that alarms do not come eight times as often as promised. */
  get isKnown(): boolean {
    return this.scalars.kept >= LN_ENOUGH;
  }

  /** The rows and alarms that are counted for it. */
  get counted(): { readonly rows: number; readonly alarms: number } {
    return { rows: this.scalars.keptRows, alarms: this.scalars.keptAlarms };
  }

  /** An alarm on the last row, with A rows promised between alarms. Returns the logarithm of the evidence. */
  alarm(promised: number): number {
    const { wealth, scalars } = this;
    for (let k = 0; k < TIMES.length; k++) wealth[k] = (wealth[k]! + 1) * TIMES[k]! * this.decay(k, promised);
    scalars.rowsSinceAlarm = 0;
    scalars.kept = Math.max(0, scalars.kept - LN_MUCH);
    scalars.keptAlarms++;
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
