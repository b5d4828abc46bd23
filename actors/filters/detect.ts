/**
 * `eigenwatch detect FILE|-`: runs a detector over a table as a filter. One output row per input row, streaming, without look-ahead.
 *
 * CSV columns: `timestamp` (the text of the input's time column), then the detector's fields. NDJSON: the same as objects.
 */
import process from "node:process";
import { EigenwatchError } from "../../protocol/errors.ts";
import { applySetting, defaultSettings } from "../../protocol/settings.ts";
import { visibleJson, visibleText } from "../../protocol/visible-text.ts";
import { report } from "../command-line/terminal.ts";
import { readTable, type Table } from "../feeds/table/table.ts";
import { inferTraits } from "../feeds/table/traits.ts";
import { LineWriter } from "./lines.ts";
import { createScorer, type DetectorName, mostColumns, type ScoredRow, type Scorer } from "./scorer.ts";

interface DetectOptions {
  detector: DetectorName;
  columns?: string[] | undefined;
  out: "csv" | "ndjson";
  set: readonly (readonly [path: string, value: string])[];
}

export async function detectFile(path: string, options: DetectOptions): Promise<number> {
  const settings = options.set.reduce(
    (before, [path, value]) => applySetting(before, path, value),
    defaultSettings(),
  );
  const most = { channels: mostColumns(options.detector), choose: "--columns NAMES" };
  const table = await openTable(path, options.columns, most);
  const name = path === "-" ? "standard input" : path;
  let isFirst = true;
  const scorer = createScorer(options.detector, table.valueColumns, {
    settings: settings as unknown as Record<string, unknown>,
  });
  const writer = new LineWriter(process.stdout);
  const format = options.out === "csv" ? csvRow : jsonRow;
  const n = table.valueColumns.length;
  let lastTimeUs = 0;
  try {
    for await (const batch of table.batches()) {
      // As for a feed: a table without a number, such as one with decimal commas, is refused.
      if (isFirst) inferTraits(table, batch, { name, live: false, most, options: { every: 0 } });
      if (isFirst && options.out === "csv") writer.write(["timestamp", ...scorer.fields].join(","));
      isFirst = false;
      for (let r = 0; r < batch.rows && !writer.closed; r++) {
        // A row whose time cannot be read is scored at the time of the row before.
        const timeUs = Number.isNaN(batch.timeUs[r]!) ? lastTimeUs : batch.timeUs[r]!;
        lastTimeUs = timeUs;
        const scored = scorer.row(timeUs, batch.values.subarray(r * n, (r + 1) * n));
        const channel = scored[scorer.column ?? ""] ?? null;
        const named = channel === null ? null : { [scorer.column!]: table.valueColumns[channel]! };
        await writer.write(format(batch.timeText[r] ?? String(timeUs), { ...scored, ...named }, scorer));
      }
      // Write all results before reading more, because the input may be a pipe of live data.
      await writer.flush();
      if (writer.closed) return 0;
    }
  } catch (error) {
    await writer.flush();
    throw error;
  }
  if (isFirst && options.out === "csv") writer.write(["timestamp", ...scorer.fields].join(","));
  await writer.flush();
  for (const [reason, { line, column, text }] of table.problems) {
    report(`${reason}: first at line ${line}, column ${column}: ${JSON.stringify(text)}`);
  }
  return 0;
}

async function openTable(
  path: string,
  columns: string[] | undefined,
  most: { readonly channels: number; readonly choose: string },
): Promise<Table> {
  const source = path === "-" ? (process.stdin as AsyncIterable<Uint8Array>) : path;
  const table = await readTable(source, {
    name: path === "-" ? "standard input" : path,
    keepTimeText: true,
    most,
    ...(columns === undefined ? {} : { columns, format: "wide" as const }),
  });
  if (table.format === "wide") return table;
  throw new EigenwatchError({
    action: `score ${path}`,
    value: `each row has the value of one ${table.symbolColumn}`,
    expected: "one row per time with a column per channel, or --columns to read the rows as one series",
    kind: "input",
  });
}

/** With the name of a column in place of its number. */
type NamedRow = Readonly<Record<string, ScoredRow[string] | string>>;

function csvRow(time: string, scored: NamedRow, scorer: Scorer): string {
  let line = cell(time);
  for (const field of scorer.fields) {
    const value = scored[field] ?? "";
    line += `,${typeof value === "string" ? cell(value) : value}`;
  }
  return line;
}

function cell(text: string): string {
  const shown = visibleText(text);
  return /[",]/.test(shown) ? `"${shown.replaceAll('"', '""')}"` : shown;
}

function jsonRow(time: string, scored: NamedRow): string {
  return visibleJson({ timestamp: time, ...scored });
}
