/**
 * InfluxDB line protocol, as far as its lines are rows of numbers:
 *
 *     weather,place=roof\ west temperature=20.5,humidity=61i 1714566600000000000
 *     measurement[,tag=value…] field=number[,field=number…] [time]
 *
 * A field becomes the channel `measurement.field{tag="value"}`, tags by name; a field called `value` has the name of its measurement alone. A number
 * may end in i or u. Text and booleans are no samples: a line that has one is refused, with the field. So is one that has a tag or a field twice:
 * a row has one value of a channel, and which of them was meant is not known.
 */
import { MalformedMessage, show } from "../../protocol/errors.ts";
import { seriesName } from "./metrics/series.ts";

export interface ProtocolLine {
  readonly samples: readonly (readonly [channel: string, value: number])[];
  /** As it stands there, or null. */
  readonly time: string | null;
}

const NUMBER = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$|^[+-]?\d+[iu]$/;

/** What a backslash takes its meaning from. */
const SEPARATORS = ", =";

/** Throws MalformedMessage that names `where` and the field. */
export function readLine(line: string, where: string): ProtocolLine {
  const cursor = new LineCursor(line, where);
  const measurement = cursor.word(", ");
  if (measurement === "") throw cursor.wrong(show(line), "a measurement");
  const tags: [string, string][] = [];
  const seen = new Set<string>();
  while (cursor.skip(",")) {
    const tag = cursor.word(SEPARATORS);
    cursor.expect("=", `=VALUE after tag ${show(tag)}`);
    if (seen.has(tag)) throw cursor.wrong(`tag ${show(tag)} twice`, "each tag once");
    seen.add(tag);
    tags.push([tag, cursor.word(", ")]);
  }
  cursor.expect(" ", "a space and FIELD=NUMBER after the measurement and its tags");
  tags.sort(([a], [b]) => (a < b ? -1 : 1));
  const samples: [string, number][] = [];
  seen.clear();
  do {
    const field = cursor.word(SEPARATORS);
    cursor.expect("=", `=NUMBER after field ${show(field)}`);
    const name = field === "value" ? measurement : `${measurement}.${field}`;
    if (seen.has(name)) throw cursor.wrong(`field ${show(field)} twice`, "each field once");
    seen.add(name);
    samples.push([seriesName(name, tags), numberOf(cursor, field)]);
  } while (cursor.skip(","));
  const time = cursor.rest().trim();
  return { samples, time: time === "" ? null : time };
}

function numberOf(cursor: LineCursor, field: string): number {
  const text = cursor.word(", ");
  const value = NUMBER.test(text) ? Number(text.replace(/[iu]$/, "")) : Number.NaN;
  if (Number.isFinite(value)) return value;
  throw cursor.wrong(`field ${show(field)} is ${show(text)}`, "a number such as 20.5 or 61i");
}

class LineCursor {
  private readonly line: string;
  private readonly where: string;
  private at = 0;

  constructor(line: string, where: string) {
    this.line = line;
    this.where = where;
  }

  /** Up to one of `ends`, which is not taken, or to the end. */
  word(ends: string): string {
    const { line } = this;
    let word = "";
    let from = this.at;
    for (; this.at < line.length; this.at++) {
      const character = line[this.at]!;
      if (character === "\\" && SEPARATORS.includes(line[this.at + 1] ?? "\\")) {
        word += line.slice(from, this.at);
        from = ++this.at;
      } else if (ends.includes(character)) break;
    }
    return word + line.slice(from, this.at);
  }

  /** Whether it stood there. */
  skip(character: string): boolean {
    if (this.line[this.at] !== character) return false;
    this.at++;
    return true;
  }

  expect(character: string, expected: string): void {
    if (this.skip(character)) return;
    const rest = this.rest();
    throw this.wrong(rest === "" ? `the end after ${show(this.line)}` : show(rest), expected);
  }

  rest(): string {
    return this.line.slice(this.at);
  }

  wrong(value: string, expected: string): MalformedMessage {
    return new MalformedMessage("read samples", `${this.where}: ${value}`, expected);
  }
}
