/** All seeds of a case and a detector summed up: a row of the table. */
import type { DetectorScore } from "./case.ts";
import type { DetectorName, Tally } from "./score.ts";
import { brief, DAY_US, decimals, left, meanOf, medianOf, right } from "./suite.ts";

export interface DetectRow {
  readonly scenario: string;
  /** "record", "density", "vector" of quantum scenarios; "" elsewhere. */
  readonly form: string;
  readonly detector: DetectorName;
  readonly seeds: number;
  readonly truths: number;
  readonly hits: number;
  readonly repeats: number;
  readonly unrelated: number;
  readonly falseAlarms: number;
  /** Null where there is nothing to find, or no alarm. */
  readonly recall: number | null;
  readonly precision: number | null;
  readonly delaySeconds: { readonly median: number; readonly mean: number } | null;
  /** In the runs in which nothing happens. */
  readonly quietAlarms: number;
  readonly quietDays: number;
  readonly falsePerDay: number;
  /** Without alarms whose detector reported that its promised rate does not hold on such data. */
  readonly promisedPerDay: number;
}

export function summarise(
  what: Pick<DetectRow, "scenario" | "form" | "detector">,
  tallies: readonly DetectorScore[],
  runUs: number,
): DetectRow {
  const sum = (of: (tally: Tally) => number) => tallies.reduce((total, { tally }) => total + of(tally), 0);
  const truths = sum((tally) => tally.truths);
  const hits = sum((tally) => tally.hits);
  const falseAlarms = sum((tally) => tally.false);
  const delays = tallies.flatMap(({ tally }) => tally.delaysUs);
  const quietAlarms = tallies.reduce((total, each) => total + each.quietAlarms, 0);
  const promised = tallies.reduce((total, each) => total + each.quietPromised, 0);
  const quietDays = (tallies.length * runUs) / DAY_US;
  return {
    ...what,
    seeds: tallies.length,
    truths,
    hits,
    repeats: sum((tally) => tally.repeats),
    unrelated: sum((tally) => tally.unrelated),
    falseAlarms,
    recall: truths === 0 ? null : hits / truths,
    precision: truths === 0 || hits + falseAlarms === 0 ? null : hits / (hits + falseAlarms),
    delaySeconds:
      delays.length === 0
        ? null
        : {
            median: medianOf(delays) / 1e6,
            mean: meanOf(delays)! / 1e6,
          },
    quietAlarms,
    quietDays,
    falsePerDay: quietAlarms / quietDays,
    promisedPerDay: promised / quietDays,
  };
}

export const COLUMNS = [
  left<DetectRow>("scenario", ({ scenario, form }) => (form === "" ? scenario : `${scenario} (${form})`)),
  left<DetectRow>("detector", ({ detector }) => detector),
  right<DetectRow>("to find", ({ truths }) => String(truths)),
  right<DetectRow>("recall", ({ recall }) => decimals(recall, 2)),
  right<DetectRow>("precision", ({ precision }) => decimals(precision, 2)),
  right<DetectRow>("delay, s", ({ delaySeconds }) =>
    delaySeconds === null ? "–" : brief(delaySeconds.median),
  ),
  right<DetectRow>("mean", ({ delaySeconds }) => (delaySeconds === null ? "–" : brief(delaySeconds.mean))),
  right<DetectRow>("false a day", (row) => perDay(row.falsePerDay, row)),
  right<DetectRow>("promised", (row) => perDay(row.promisedPerDay, row)),
];

/** Without an alarm: the rate that would have shown one in 95 of 100 suites, 3 / days. */
function perDay(rate: number, { quietDays }: DetectRow): string {
  return rate === 0 ? `< ${brief(3 / quietDays)}` : brief(rate);
}
