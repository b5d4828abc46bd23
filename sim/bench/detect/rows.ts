/**
 * A table of the reference data, whole in memory: times, values, labels; and the scores that a detector gives its rows.
 *
 * Suites alone do this: their files have some ten thousand rows. The program reads tables as streams.
 */

import { readTable, type TableOptions } from "../../../actors/feeds/table/table.ts";
import {
  createScorer,
  type DetectorName,
  type Scorer,
  type ScorerOptions,
} from "../../../actors/filters/scorer.ts";
import { EigenwatchError } from "../../../protocol/errors.ts";

export interface Rows {
  /** Of the value columns, without the label. */
  readonly columns: readonly string[];
  readonly count: number;
  readonly timeUs: Float64Array;
  /** Row r has its values at `values[r * columns.length …]`; NaN where there is none. */
  readonly values: Float64Array;
  /** 1 for a labelled row; empty without `label`. */
  readonly labels: Uint8Array;
}

export interface RowsOptions extends Pick<TableOptions, "everyUs" | "startUs" | "timeUnit"> {
  /** The column that is no value: a number above 0 marks the row. */
  readonly label?: string;
  /** Only these value columns. Default: all. */
  readonly only?: readonly string[];
}

/** Reads a CSV file with a column for each channel, also .gz. Rows without a readable time are left out. */
export async function readRows(path: string, { label, only, ...options }: RowsOptions = {}): Promise<Rows> {
  const table = await readTable(path, { ...options, format: "wide" });
  const all = table.valueColumns;
  const labelAt = label === undefined ? -1 : all.indexOf(label);
  if (label !== undefined && labelAt < 0)
    throw new EigenwatchError({
      action: `read ${path}`,
      value: `there is no column ${label}`,
      expected: `one of ${all.join(", ")}`,
      kind: "input",
    });
  const kept = all.flatMap((name, c) => (c !== labelAt && (only?.includes(name) ?? true) ? [c] : []));
  const [timeUs, values, labels]: [number[], number[], number[]] = [[], [], []];
  for await (const batch of table.batches()) {
    for (let r = 0; r < batch.rows; r++) {
      if (Number.isNaN(batch.timeUs[r])) continue;
      timeUs.push(batch.timeUs[r]!);
      for (const c of kept) values.push(batch.values[r * all.length + c]!);
      if (labelAt >= 0) labels.push(batch.values[r * all.length + labelAt]! > 0 ? 1 : 0);
    }
  }
  return {
    columns: kept.map((c) => all[c]!),
    count: timeUs.length,
    timeUs: Float64Array.from(timeUs),
    values: Float64Array.from(values),
    labels: Uint8Array.from(labels),
  };
}

/** One field of a detector's output for every row, without look-ahead; the field is the detector's score unless it is named. */
export function scoresOf(
  detector: DetectorName,
  rows: Rows,
  { field, ...options }: ScorerOptions & { readonly field?: string } = {},
): Float64Array {
  const scorer: Scorer = createScorer(detector, rows.columns, options);
  const name = field ?? scorer.fields[0]!;
  const n = rows.columns.length;
  return Float64Array.from({ length: rows.count }, (_, r) => {
    const scored = scorer.row(rows.timeUs[r]!, rows.values.subarray(r * n, (r + 1) * n));
    return scored[name] ?? 0;
  });
}

/** Rows at which changes began, each as it was declared, in order. */
export function changesOf(detector: DetectorName, rows: Rows, options: ScorerOptions = {}): number[] {
  const scorer = createScorer(detector, rows.columns, options);
  const n = rows.columns.length;
  const changes: number[] = [];
  let declaredAt: number | null = null;
  for (let r = 0; r < rows.count; r++) {
    const { declared_at, changed_at } = scorer.row(rows.timeUs[r]!, rows.values.subarray(r * n, (r + 1) * n));
    if (declared_at === declaredAt) continue;
    declaredAt = declared_at!;
    changes.push(rows.timeUs.findLastIndex((timeUs) => timeUs <= changed_at!));
  }
  return changes;
}
