/**
 * Marked events as CSV: a header with `time` and `type`, perhaps `title` and `group`; a line for each event. A field with a comma stands in quotes.
 *
 *     time,type,title,group
 *     2026-01-05T14:30:00Z,news,"Fed, as expected",
 */
import { readCommand } from "../../../protocol/commands.ts";
import { EigenwatchError } from "../../../protocol/errors.ts";
import { CsvRows } from "./csv.ts";
import { timeOf } from "./message-samples.ts";

export interface MarkRow {
  readonly type: string;
  readonly atUs: number;
  readonly title?: string;
  readonly group?: string;
}

const COLUMNS = ["time", "type", "title", "group"] as const;
type Column = (typeof COLUMNS)[number];

const COMMA = 44;

/** In the order of the lines; times are read as those of tables of data. Throws an EigenwatchError that names line and column. */
export function marksOf(csv: string): MarkRow[] {
  const rows = new CsvRows(COMMA);
  rows.push(new TextEncoder().encode(csv.replace(/^\uFEFF/, "")));
  rows.end();
  const columns = rows.next() ? headerOf(rows) : [];
  if (!columns.includes("time") || !columns.includes("type"))
    throw refusal(1, "no column time or type", COLUMNS.join(","));
  const marks: MarkRow[] = [];
  while (rows.next()) marks.push(markOf(rows, columns));
  return marks;
}

function headerOf(rows: CsvRows): Column[] {
  return cellsOf(rows).map((name) => {
    const column = COLUMNS.find((known) => known === name);
    if (column === undefined) throw refusal(1, `column ${name}`, COLUMNS.join(","));
    return column;
  });
}

function markOf(rows: CsvRows, columns: readonly Column[]): MarkRow {
  const { line } = rows;
  const cells = cellsOf(rows);
  if (cells.length > columns.length)
    throw refusal(line, `${cells.length} fields`, `${columns.length}: ${columns.join(",")}`);
  const of = (column: Column): string => cells[columns.indexOf(column)] ?? "";
  for (const column of ["time", "type"] as const)
    if (of(column) === "") throw refusal(line, `column ${column} is empty`, `a ${column} in each line`);
  const atUs = timeOf(of("time"));
  if (Number.isNaN(atUs))
    throw refusal(
      line,
      `column time: ${of("time")}`,
      "seconds, ms, µs or ns since the epoch, or ISO 8601 such as 2024-05-01T12:30:00Z",
    );
  const [title, group] = [of("title"), of("group")];
  const mark = {
    type: of("type"),
    atUs,
    ...(title === "" ? {} : { title }),
    ...(group === "" ? {} : { group }),
  };
  try {
    readCommand("mark", mark);
  } catch (error) {
    if (error instanceof EigenwatchError) throw refusal(line, `column ${error.value}`, error.expected);
    throw error;
  }
  return mark;
}

function cellsOf(rows: CsvRows): string[] {
  return Array.from({ length: rows.width }, (_, k) => rows.text(k).trim());
}

function refusal(line: number, value: string, expected: string): EigenwatchError {
  return new EigenwatchError({ action: `read marks, line ${line}`, value, expected });
}
