/** All seeds of a case and a detector summed up: a row of the table. */
import type { DetectorScore } from "./case.ts";
import type { DetectorName, Tally } from "./score.ts";

const DAY_US = 86_400e6;

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
  const delays = tallies.flatMap(({ tally }) => tally.delaysUs).sort((a, b) => a - b);
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
            median: delays[Math.floor((delays.length - 1) / 2)]! / 1e6,
            mean: delays.reduce((total, delay) => total + delay, 0) / delays.length / 1e6,
          },
    quietAlarms,
    quietDays,
    falsePerDay: quietAlarms / quietDays,
    promisedPerDay: promised / quietDays,
  };
}

/** A Markdown table with aligned columns. */
export function table(rows: readonly DetectRow[]): string {
  const head = [
    "scenario",
    "detector",
    "to find",
    "recall",
    "precision",
    "delay, s",
    "mean",
    "false a day",
    "promised",
  ];
  const cells = rows.map((row) => [
    row.form === "" ? row.scenario : `${row.scenario} (${row.form})`,
    row.detector,
    String(row.truths),
    share(row.recall),
    share(row.precision),
    row.delaySeconds === null ? "–" : brief(row.delaySeconds.median),
    row.delaySeconds === null ? "–" : brief(row.delaySeconds.mean),
    perDay(row.falsePerDay, row),
    perDay(row.promisedPerDay, row),
  ]);
  const widths = head.map((title, c) => Math.max(title.length, ...cells.map((row) => row[c]!.length)));
  const line = (row: readonly string[]) =>
    `| ${row.map((cell, c) => (c < 2 ? cell.padEnd(widths[c]!) : cell.padStart(widths[c]!))).join(" | ")} |`;
  const rule = `| ${widths.map((width, c) => (c < 2 ? "-".repeat(width) : `${"-".repeat(width - 1)}:`)).join(" | ")} |`;
  return `${[line(head), rule, ...cells.map(line)].join("\n")}\n`;
}

function share(value: number | null): string {
  return value === null ? "–" : value.toFixed(2);
}

/** Without an alarm: the rate that would have shown one in 95 of 100 suites, 3 / days. */
function perDay(rate: number, { quietDays }: DetectRow): string {
  return rate === 0 ? `< ${brief(3 / quietDays)}` : brief(rate);
}

function brief(value: number): string {
  return String(Number(value.toPrecision(2)));
}
