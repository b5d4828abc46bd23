/**
 * A suite of `bench detect`: what it needs, its jobs, and the report on their results.
 *
 *   jobs(given) ─► worker processes: run(job) ─► report(results) ─► tables and figures, as text or JSON
 *
 * A suite is one file of this folder and one row in `suites.ts`. A whole example, with the common parts of this folder:
 *
 *     interface Job extends SuiteJob { readonly path: string }
 *     interface Result { readonly rows: number; readonly quality: number }
 *
 *     export const pumps: Suite<Job, Result> = {
 *       data: {
 *         folder: "detection/pumps",
 *         holds: ["labels.csv"],
 *         source: "https://example.org/pumps.zip, unpacked",
 *       },
 *       async jobs({ data }) {
 *         return (await filesIn(data, ".csv.gz")).map((path) => ({ name: basename(path), path }));
 *       },
 *       async run({ path }) {
 *         const rows = await readRows(path, { everyUs: 60e6, label: "label" });
 *         const scores = scoresOf("anomaly", rows);
 *         return { rows: rows.count, quality: vusPr(scores, rows.labels) };
 *       },
 *       report(scored) {
 *         const quality = meanOf(scored.map(({ result }) => result.quality));
 *         return {
 *           tables: [
 *             tableOf("by pump", scored, [
 *               left("pump", ({ job }) => job.name),
 *               right("rows", ({ result }) => String(result.rows)),
 *               right("quality", ({ result }) => decimals(result.quality, 3)),
 *             ]),
 *           ],
 *           figures: [
 *             { name: "quality, mean", value: quality, decimals: 3, target: { atLeast: 0.5 }, published: { "PCA": 0.46 } },
 *           ],
 *         };
 *       },
 *     };
 *
 * A target or a published value stands beside each headline figure. Published values are of the same measure; where their data differ, the name
 * says so. Figures with a threshold are cross-fitted (`cross-fit.ts`): what is chosen on data is not measured on the same data.
 */

export interface Suite<Job extends SuiteJob = SuiteJob, Result = unknown> {
  /** Options that only this suite has. */
  readonly options?: readonly ("seeds" | "scenario")[];
  /** Runs of each case unless `--seeds` says so; default 100. */
  readonly seeds?: number;
  /** Absent: it makes its own data. */
  readonly data?: DataNeed;
  /** `--only` leaves those whose name contains a text. */
  jobs(given: Given): readonly Job[] | Promise<readonly Job[]>;
  /** Runs in another process: job and result go through JSON, which knows no NaN and no typed arrays. */
  run(job: Job, given: Given): Result | Promise<Result>;
  /** In the order of the jobs. */
  report(scored: readonly Scored<Job, Result>[], given: Given): Report;
}

export interface SuiteJob {
  /** For `--only` and for errors: a file, a scenario and its seed. */
  readonly name: string;
}

export interface Scored<Job, Result> {
  readonly job: Job;
  readonly result: Result;
}

/** What every job is given. */
export interface Given {
  readonly suite: string;
  /** The folder with its data; "" if the suite makes its own, or none is given to one that needs none. */
  readonly data: string;
  /** Runs of each case. */
  readonly seeds: number;
  readonly scenario: string | null;
}

export interface DataNeed {
  /** Where it lies in the folder that EIGENWATCH_DATA names. */
  readonly folder: string;
  /** Files and folders that must be in it. */
  readonly holds: readonly string[];
  /** Where people get it, for the error. */
  readonly source: string;
  /** The suite makes most of its data: where neither --data nor the environment names a folder, it leaves the rest out, and says so. */
  readonly optional?: boolean;
}

export interface Report {
  /** The headline. */
  readonly figures?: readonly Figure[];
  /** The details. */
  readonly tables?: readonly Table[];
}

/** One headline figure beside what it should be and what others reach. */
export interface Figure {
  /** What and over what: "VUS-PR, mean of 4 machines". */
  readonly name: string;
  /** Null: not defined on these data. */
  readonly value: number | null;
  /** Digits after the point; default 2. */
  readonly decimals?: number;
  readonly unit?: string;
  readonly target?: Target;
  /** Values of others by name. */
  readonly published?: Readonly<Record<string, number>>;
}

export type Target = { readonly atLeast: number } | { readonly atMost: number };

export function isMet(value: number | null, target: Target): boolean {
  if (value === null) return false;
  return "atLeast" in target ? value >= target.atLeast : value <= target.atMost;
}

/** A table for people, whose rows are objects for programs. `tableOf` makes one. */
export interface Table {
  readonly title: string;
  readonly columns: readonly { readonly title: string; readonly align: "left" | "right" }[];
  readonly rows: readonly { readonly cells: readonly string[]; readonly data: object }[];
}

interface Column<Row> {
  readonly title: string;
  readonly align: "left" | "right";
  text(row: Row): string;
}

/** `data`: what `--json` prints of a row; default: the row itself. */
export function tableOf<Row extends object>(
  title: string,
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  data: (row: Row) => object = (row) => row,
): Table {
  return {
    title,
    columns,
    rows: rows.map((row) => ({ cells: columns.map(({ text }) => text(row)), data: data(row) })),
  };
}

export function left<Row>(title: string, text: (row: Row) => string): Column<Row> {
  return { title, align: "left", text };
}

export function right<Row>(title: string, text: (row: Row) => string): Column<Row> {
  return { title, align: "right", text };
}

/** The number with so many digits after the point; "–" where there is none. */
export function decimals(value: number | null, digits: number): string {
  return value === null || !Number.isFinite(value) ? "–" : value.toFixed(digits);
}

/** The number with two significant digits. */
export function brief(value: number): string {
  return String(Number(value.toPrecision(2)));
}

export const DAY_US = 86_400e6;

/** The middle value, the lower one of two. NaN without values. */
export function medianOf(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor((values.length - 1) / 2)] ?? Number.NaN;
}

/** Null without values. */
export function meanOf(values: readonly number[]): number | null {
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;
}
