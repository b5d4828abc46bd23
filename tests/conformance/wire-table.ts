/**
 * The wire as a table of texts: the code of each message, its limit, and the type of each of its fields. A later program must read what an
 * earlier one wrote, so rows and fields of an earlier table stay as they are; new messages and new optional fields may join.
 */
import type * as v from "valibot";
import { MESSAGES, type MessageName } from "../../protocol/messages.ts";

export interface WireRow {
  readonly code: number;
  readonly maxBytes: number;
  /** Field → type, "?" at its end when it may be absent. Null for frames: golden bytes hold them. */
  readonly fields: Readonly<Record<string, string>> | null;
}

export type WireTable = Readonly<Record<string, WireRow>>;

export function wireTable(): WireTable {
  const names = Object.keys(MESSAGES) as MessageName[];
  return Object.fromEntries(
    names.map((name) => {
      const { code, maxBytes, schema } = MESSAGES[name];
      const entries = schema === null ? null : Object.entries(schema.entries as v.ObjectEntries);
      const fields = entries && Object.fromEntries(entries.map(([field, type]) => [field, typeText(type)]));
      return [name, { code, maxBytes, fields }];
    }),
  );
}

/** What is kept of the wire: the table and the version of its program. */
export interface KeptWire {
  readonly version: number;
  readonly messages: WireTable;
}

/** What no longer holds of what is kept although the version was not stepped, a line each. Tests refuse it, and so does wire.write.ts. */
export function unsteppedBreaks(kept: KeptWire, now: KeptWire): string[] {
  if (now.version < kept.version) return [`the version is ${now.version}, was ${kept.version}`];
  return now.version > kept.version ? [] : wireBreaks(kept.messages, now.messages);
}

/** What of the earlier table a program with the later one no longer reads, a line each. */
export function wireBreaks(earlier: WireTable, later: WireTable): string[] {
  const breaks: string[] = [];
  for (const [name, row] of Object.entries(earlier)) {
    const now = later[name];
    if (now === undefined) breaks.push(`${name} is gone`);
    else {
      if (now.code !== row.code) breaks.push(`${name} has code ${now.code}, was ${row.code}`);
      if (now.maxBytes < row.maxBytes) breaks.push(`${name} is at most ${now.maxBytes}, was ${row.maxBytes}`);
      breaks.push(...fieldBreaks(name, row.fields ?? {}, now.fields ?? {}));
    }
  }
  return breaks;
}

function fieldBreaks(
  name: string,
  earlier: Readonly<Record<string, string>>,
  later: Readonly<Record<string, string>>,
): string[] {
  const changed = Object.entries(earlier)
    // A field that may be absent now is still read where it is there.
    .filter(([field, type]) => later[field] !== type && later[field] !== `${type}?`)
    .map(([field, type]) => `${name}.${field} is ${later[field] ?? "gone"}, was ${type}`);
  const required = Object.entries(later)
    .filter(([field, type]) => !Object.hasOwn(earlier, field) && !type.endsWith("?"))
    .map(([field, type]) => `${name}.${field} is new and must be there: ${type}`);
  return [...changed, ...required];
}

/** The parts of a schema that decide what it takes. */
interface SchemaParts {
  readonly kind: string;
  readonly type: string;
  readonly requirement?: unknown;
  readonly pipe?: readonly SchemaParts[];
  readonly entries?: Readonly<Record<string, SchemaParts>>;
  readonly item?: SchemaParts;
  readonly key?: SchemaParts;
  readonly value?: SchemaParts;
  readonly wrapped?: SchemaParts;
  readonly options?: readonly unknown[];
  readonly literal?: unknown;
  readonly message?: unknown;
}

function typeText(schema: v.GenericSchema): string {
  return partsText(schema as unknown as SchemaParts);
}

function partsText(schema: SchemaParts): string {
  const { type, pipe, entries, item, value, wrapped, options, literal, message } = schema;
  if (pipe !== undefined && pipe.length > 1) {
    const [first, ...checks] = pipe;
    return [
      partsText(first!),
      ...checks.map((each) => (each.kind === "schema" ? partsText(each) : checkText(each))),
    ].join(" ");
  }
  if (type === "optional") return `${partsText(wrapped!)}?`;
  if (type === "array") return `array of (${partsText(item!)})`;
  if (type === "record") return `map of (${partsText(value!)})`;
  if (type === "literal") return JSON.stringify(literal);
  if (type === "custom") return typeof message === "string" ? `(${message})` : type;
  if (entries !== undefined)
    return `{${Object.entries(entries).map(([field, each]) => `${field}: ${partsText(each)}`)}}`;
  if (options !== undefined)
    return options.map((each) => (isParts(each) ? partsText(each) : JSON.stringify(each))).join("|");
  return type;
}

/** Checks by functions have a message that says what they check. */
function checkText({ type, requirement, message }: SchemaParts): string {
  if (typeof requirement === "number") return `${type} ${requirement}`;
  return typeof message === "string" ? `(${message})` : type;
}

function isParts(value: unknown): value is SchemaParts {
  return typeof value === "object" && value !== null && "type" in value;
}
