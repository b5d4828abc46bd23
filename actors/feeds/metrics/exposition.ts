/**
 * Reads what a Prometheus exporter answers: the text format 0.0.4 and OpenMetrics 1.0.
 *
 *   # TYPE http_requests counter
 *   # UNIT request_seconds seconds
 *   http_requests_total{code="200",path="/"} 1027 1395066363.000 # {trace_id="…"} 0.3
 *
 * A line that cannot be read is left out and counted, the first one with its number; the lines after it are read. Time stamps and exemplars are read
 * over: a scrape is one row, with one time.
 *
 * Source: github.com/prometheus/docs, "Exposition formats"; github.com/prometheus/OpenMetrics, specification 1.0.
 */
import { show } from "../../../protocol/errors.ts";
import { QUOTED, TextCursor, unquoted } from "./text-cursor.ts";

export type FamilyType =
  | "counter"
  | "gauge"
  | "histogram"
  | "gaugehistogram"
  | "summary"
  | "info"
  | "stateset"
  | "unknown";

export interface Family {
  readonly type: FamilyType;
  /** As the exporter says it: "seconds"; "" when it says none. */
  readonly unit: string;
}

export type Labels = readonly (readonly [name: string, value: string])[];

export interface ExposedSample {
  readonly name: string;
  /** By name. */
  readonly labels: Labels;
  readonly value: number;
}

export interface Exposition {
  readonly samples: readonly ExposedSample[];
  /** By the name of the family: "http_requests" in OpenMetrics, "http_requests_total" in the text format. */
  readonly families: ReadonlyMap<string, Family>;
  /** Lines that could not be read, and what is wrong with the first of them: "line 7: …"; "" without any. */
  readonly unreadable: number;
  readonly problem: string;
  /** Lines beyond SCRAPE_LINES_MAX, which were not looked at. */
  readonly unread: number;
}

/** Lines of an answer that are read: twice those of 8,192 channels of histograms. All else waits meanwhile, about 10 µs for each. */
export const SCRAPE_LINES_MAX = 131_072;
/** Characters of a line: sixteen times those of the longest name (READING_NAME_MAX). */
export const SCRAPE_LINE_CHARS_MAX = 65_536;

const TYPES: ReadonlyMap<string, FamilyType> = new Map([
  ["counter", "counter"],
  ["gauge", "gauge"],
  ["histogram", "histogram"],
  ["gaugehistogram", "gaugehistogram"],
  ["summary", "summary"],
  ["info", "info"],
  ["stateset", "stateset"],
  ["unknown", "unknown"],
  ["untyped", "unknown"],
]);

export function readExposition(text: string): Exposition {
  const samples: ExposedSample[] = [];
  const families = new Map<string, Family>();
  let [unreadable, problem, number, from] = [0, "", 0, 0];
  for (; from < text.length && number < SCRAPE_LINES_MAX; number++) {
    const to = endOfLine(text, from);
    const sample = readLine(text.slice(from, to), families);
    from = to + 1;
    if (sample === null) continue;
    if (typeof sample !== "string") samples.push(sample);
    else if (unreadable++ === 0) problem = `line ${number + 1}: ${sample}`;
  }
  let unread = 0;
  for (; from < text.length; from = endOfLine(text, from) + 1) unread++;
  return { samples, families, unreadable, problem, unread };
}

function endOfLine(text: string, from: number): number {
  const end = text.indexOf("\n", from);
  return end < 0 ? text.length : end;
}

/** Null for a line without a sample; a text says what is wrong. */
function readLine(line: string, families: Map<string, Family>): ExposedSample | string | null {
  if (line.length > SCRAPE_LINE_CHARS_MAX)
    return line.startsWith("#")
      ? null
      : `${line.length} characters; expected at most SCRAPE_LINE_CHARS_MAX (${SCRAPE_LINE_CHARS_MAX})`;
  const trimmed = line.trim();
  if (trimmed === "" || trimmed === "# EOF") return null;
  if (!trimmed.startsWith("#")) return readSample(trimmed);
  readComment(trimmed, families);
  return null;
}

function readComment(line: string, families: Map<string, Family>): void {
  const [, kind, name, text] = /^#\s+(TYPE|UNIT)\s+("(?:[^"\\]|\\.)*"|\S+)\s*(.*)$/.exec(line) ?? [];
  if (kind === undefined || name === undefined || text === undefined) return;
  const family = name.startsWith('"') ? unquoted(name) : name;
  const known = families.get(family) ?? { type: "unknown", unit: "" };
  if (kind === "TYPE") families.set(family, { ...known, type: TYPES.get(text.trim()) ?? "unknown" });
  else families.set(family, { ...known, unit: text.trim() });
}

const NAME = /[a-zA-Z_:][a-zA-Z0-9_:.]*/y;
const LABEL = /[a-zA-Z_][a-zA-Z0-9_.]*/y;
const VALUE = /\S+/y;

/** One line; a text says what is wrong. */
function readSample(line: string): ExposedSample | string {
  const cursor = new TextCursor(line);
  let name = cursor.match(NAME);
  let labels: [string, string][] = [];
  if (cursor.skip("{")) {
    const read = readLabels(cursor);
    if (typeof read === "string") return `${read}, at column ${cursor.at + 1}`;
    labels = read.labels;
    name ??= read.name;
  }
  if (name === null) return `it begins with ${show(line.slice(0, 40))}; expected NAME{label="value"} VALUE`;
  cursor.peek();
  const written = cursor.match(VALUE);
  if (written === null) return `${name} has no value`;
  const value = numberOf(written);
  if (value === null) return `the value of ${name} is ${show(written)}; expected a number`;
  labels.sort(([a], [b]) => (a < b ? -1 : 1));
  return { name, labels, value };
}

/** After the brace. In the quoted form the first may be the name of the metric. */
function readLabels(cursor: TextCursor): { labels: [string, string][]; name: string | null } | string {
  const labels: [string, string][] = [];
  let name: string | null = null;
  while (!cursor.skip("}")) {
    const quoted = cursor.match(QUOTED);
    const label = quoted === null ? cursor.match(LABEL) : unquoted(quoted);
    if (label === null) return "expected a label, or }";
    if (cursor.skip("=")) {
      cursor.peek();
      const value = cursor.match(QUOTED);
      if (value === null) return `expected the value of label ${label} in quotes`;
      labels.push([label, unquoted(value)]);
    } else if (quoted !== null && name === null && labels.length === 0) name = label;
    else return `expected = after label ${label}`;
    if (!cursor.skip(",") && cursor.peek() !== "}") return `expected , or } after label ${label}`;
  }
  return { labels, name };
}

/** As exporters write numbers; null for any other text. */
function numberOf(text: string): number | null {
  const lower = text.toLowerCase();
  if (lower === "nan") return Number.NaN;
  if (/^\+?inf(inity)?$/.test(lower)) return Number.POSITIVE_INFINITY;
  if (/^-inf(inity)?$/.test(lower)) return Number.NEGATIVE_INFINITY;
  return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/.test(lower) ? Number(lower) : null;
}
