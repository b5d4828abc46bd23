/**
 * Reads what a Prometheus exporter answers: the text format 0.0.4 and OpenMetrics 1.0.
 *
 *   # TYPE http_requests counter
 *   # UNIT request_seconds seconds
 *   http_requests_total{code="200",path="/"} 1027 1395066363.000 # {trace_id="…"} 0.3
 *
 * A line that cannot be read is left out and reported with its number; the lines after it are read. Time stamps and exemplars are read over: a
 * scrape is one row, with one time.
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
  /** What was left out: "line 7: …". */
  readonly problems: readonly string[];
}

const TYPES: Readonly<Record<string, FamilyType>> = {
  counter: "counter",
  gauge: "gauge",
  histogram: "histogram",
  gaugehistogram: "gaugehistogram",
  summary: "summary",
  info: "info",
  stateset: "stateset",
  unknown: "unknown",
  untyped: "unknown",
};

export function readExposition(text: string): Exposition {
  const samples: ExposedSample[] = [];
  const families = new Map<string, Family>();
  const problems: string[] = [];
  let number = 0;
  for (const line of text.split("\n")) {
    number++;
    const trimmed = line.trim();
    if (trimmed === "" || trimmed === "# EOF") continue;
    if (trimmed.startsWith("#")) {
      readComment(trimmed, families);
      continue;
    }
    const sample = readSample(trimmed);
    if (typeof sample === "string") problems.push(`line ${number}: ${sample}`);
    else samples.push(sample);
  }
  return { samples, families, problems };
}

function readComment(line: string, families: Map<string, Family>): void {
  const [, kind, name, text] = /^#\s+(TYPE|UNIT)\s+("(?:[^"\\]|\\.)*"|\S+)\s*(.*)$/.exec(line) ?? [];
  if (kind === undefined || name === undefined || text === undefined) return;
  const family = name.startsWith('"') ? unquoted(name) : name;
  const known = families.get(family) ?? { type: "unknown", unit: "" };
  if (kind === "TYPE") families.set(family, { ...known, type: TYPES[text.trim()] ?? "unknown" });
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
