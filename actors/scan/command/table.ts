/** The table of a scan: on a terminal it is drawn again as results come, with a bar of progress; its last form is printed. */
import type { ScanProblem, ScanResult } from "../../../protocol/scan-messages.ts";
import { durationText } from "../../../protocol/text-values.ts";
import { print, report, showLines } from "../../command-line/terminal.ts";
import type { Scan, ScanStats } from "../scan.ts";

/** A terminal that changes more often is not read. */
const DRAW_EVERY_MS = 100;
/** Rows of the table while it changes: it must fit a terminal, with the lines around it. */
const LIVE_ROWS = 15;
const BAR_CHARACTERS = 30;
/** Signals whose place in the order is told. */
const SOONER_SIGNALS = 5;
/** Problems that are listed; the others are counted. */
const SHOWN_PROBLEMS = 10;

export class ScanTable {
  private readonly names: readonly string[];
  private readonly top: number;
  private readonly quiet: boolean;
  private drawnMs = Number.NEGATIVE_INFINITY;

  /** `names`: of the values that are shown. `quiet`: nothing on standard output, which has what programs read. */
  constructor(names: readonly string[], top: number, quiet: boolean) {
    this.names = names;
    this.top = top;
    this.quiet = quiet;
  }

  loading(rows: number): void {
    if (this.isDue()) showLines([`loading: ${rows} rows`]);
  }

  update(scan: Scan): void {
    if (!this.isDue()) return;
    const rows = scan.ranked().slice(0, Math.min(this.top, LIVE_ROWS));
    showLines([...this.rows(rows), progressLine(scan.stats())]);
  }

  finish(scan: Scan): void {
    showLines([]);
    const stats = scan.stats();
    if (!this.quiet) {
      print(...this.rows(scan.ranked().slice(0, this.top)));
      for (const line of problemLines(scan.problems)) print(line);
    }
    report(...summary(stats));
  }

  private isDue(): boolean {
    const nowMs = performance.now();
    if (nowMs - this.drawnMs < DRAW_EVERY_MS) return false;
    this.drawnMs = nowMs;
    return true;
  }

  private rows(results: readonly ScanResult[]): string[] {
    const header = ["symbol", "signal", "score", ...this.names];
    const cells = results.map(({ symbol, signal, score, values }) => [
      symbol,
      signal ? "yes" : "",
      shown(score),
      ...this.names.map((name) => shown(values[name] ?? null)),
    ]);
    const widths = header.map((name, k) => Math.max(name.length, ...cells.map((row) => row[k]!.length)));
    return [header, ...cells].map((row) =>
      row.map((text, k) => (k === 0 ? text.padEnd(widths[k]!) : text.padStart(widths[k]!))).join("  "),
    );
  }
}

function shown(value: number | null): string {
  if (value === null) return "–";
  const digits =
    Math.abs(value) >= 1e6 || (value !== 0 && Math.abs(value) < 1e-4)
      ? value.toExponential(3)
      : value.toFixed(4);
  return digits;
}

function progressLine({ processed, total, signals, etaMs, perSecond }: ScanStats): string {
  const share = total === 0 ? 1 : processed / total;
  const filled = Math.round(share * BAR_CHARACTERS);
  const bar = `${"█".repeat(filled)}${"░".repeat(BAR_CHARACTERS - filled)}`;
  const eta = etaMs === null ? "" : ` | ETA ${Math.ceil(etaMs / 1000)} s`;
  return `${bar} ${processed}/${total} | ${counted(signals, "signal")} | ${Math.round(perSecond)}/s${eta}`;
}

function problemLines(problems: readonly ScanProblem[]): string[] {
  const lines = problems.slice(0, SHOWN_PROBLEMS).map(({ symbol, reason }) => `  ${symbol}: ${reason}`);
  const more = problems.length - lines.length;
  if (problems.length > 0) lines.unshift(`${counted(problems.length, "problem")}:`);
  return more > 0 ? [...lines, `  … and ${more} more (--json lists all)`] : lines;
}

const ENDS: Readonly<Record<string, string>> = {
  signals: "enough signals",
  results: "enough results",
  timeout: "the time was up",
  stopped: "stopped",
  idle: "nobody followed",
  failed: "failed",
};

function summary(stats: ScanStats): string[] {
  const { processed, total, signals, errors, elapsedMs, firstResultMs, stagesMs, reason } = stats;
  const end = reason === null || reason === "finished" ? "" : `, ended early: ${ENDS[reason]}`;
  const first = firstResultMs === null ? "" : `, the first after ${ms(firstResultMs)}`;
  const stages = (Object.entries(stagesMs) as [string, number][]).map(
    ([name, took]) => `${name} ${ms(took)}`,
  );
  return [
    `${processed} of ${total} in ${ms(elapsedMs)}${first}: ${counted(signals, "signal")}, ${counted(errors, "error")}${end}`,
    `stages: ${stages.join(", ")}`,
    ...soonerWords(stats),
  ];
}

/** How much sooner the first signals came than in a random order; known when all symbols were evaluated. */
function soonerWords({ signalWork, randomSignalWork }: ScanStats): string[] {
  const k = Math.min(SOONER_SIGNALS, signalWork.length);
  if (randomSignalWork === null || k === 0) return [];
  const [own, random] = [signalWork[k - 1]!, randomSignalWork[k - 1]!];
  const which = k === 1 ? "the only signal" : `the first ${k} signals`;
  return [`order: ${which} after ${own} symbols; ${random.toFixed(0)} on average in a random order`];
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}

function ms(value: number): string {
  return value < 10_000
    ? `${value.toFixed(value < 10 ? 1 : 0)} ms`
    : durationText(Math.round(value / 1000) * 1e6);
}
