/**
 * Marked events as CSV: a header with `time` and `type`, perhaps `title` and `group`; a line for each event. A field with a comma stands in quotes.
 *
 *     time,type,title,group
 *     2026-01-05T14:30:00Z,news,"Fed, as expected",
 */
import { EigenwatchError } from "./errors.ts";
import type { TextValue } from "./text-values.ts";

export interface MarkRow {
  readonly type: string;
  readonly atUs: number;
  readonly title?: string;
  readonly group?: string;
}

const COLUMNS = ["time", "type", "title", "group"] as const;

/** In the order of the lines. `time`: reads a time. Throws an EigenwatchError that names the line. */
export function marksOf(csv: string, time: TextValue<number>): MarkRow[] {
  const [first = "", ...lines] = csv.replace(/^\uFEFF/, "").split(/\r?\n/);
  const refuse = (line: number, value: string, expected: string) =>
    new EigenwatchError({ action: `read marks, line ${line}`, value, expected });
  const header = fieldsOf(first);
  const at = (name: (typeof COLUMNS)[number]) => header.indexOf(name);
  const unknown = header.find((name) => !COLUMNS.some((known) => known === name));
  if (at("time") < 0 || at("type") < 0 || unknown !== undefined)
    throw refuse(
      1,
      unknown === undefined ? "no column time or type" : `column ${unknown}`,
      COLUMNS.join(","),
    );
  return lines.flatMap((line, k): MarkRow[] => {
    if (line.trim() === "") return [];
    const fields = fieldsOf(line);
    const atUs = time.read(fields[at("time")] ?? "");
    if (atUs === undefined) throw refuse(k + 2, `time ${fields[at("time")] ?? ""}`, time.expected);
    const [type = "", title = "", group = ""] = [
      fields[at("type")],
      fields[at("title")],
      fields[at("group")],
    ];
    return [{ type, atUs, ...(title === "" ? {} : { title }), ...(group === "" ? {} : { group }) }];
  });
}

function fieldsOf(line: string): string[] {
  return [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)].map(([, quoted, plain]) =>
    (quoted?.replaceAll('""', '"') ?? plain ?? "").trim(),
  );
}
