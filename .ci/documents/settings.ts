/** docs/settings.md: every setting, from the schema. */
import * as v from "valibot";
import { settingsSchema } from "../../protocol/settings.ts";

const HEAD = `<!-- Made from protocol/settings.ts by \`npm run docs\`. Do not edit. -->
# Settings

Set one with \`--set PATH=VALUE\`, as often as needed, or several in the object \`settings\` of the YAML or JSON file given by \`--config\`. In a running
session, \`POST /api/settings\` changes one ([gateway.md](gateway.md)). Settings are part of the log: a replay uses the recorded settings, and
\`whatif --set\` branches a recording with other ones.
`;

/** The parts of a valibot schema that describe a setting. */
interface Described {
  readonly type: string;
  readonly entries?: Readonly<Record<string, Described>>;
  readonly wrapped?: Described;
  readonly default?: unknown;
  readonly options?: readonly unknown[];
  readonly pipe?: readonly Described[];
  readonly requirement?: unknown;
}

interface Row {
  readonly path: string;
  readonly type: string;
  readonly initial: string;
  readonly range: string;
  readonly description: string;
}

export async function settingsDocument(): Promise<string> {
  const rows = rowsOf(settingsSchema as unknown as Described, "");
  const groups = [...new Set(rows.map(({ path }) => groupOf(path)))];
  const sections = groups.map((group) => {
    const table = rows.filter(({ path }) => groupOf(path) === group).map(lineOf);
    const title = group === "" ? "Session" : `\`${group}\``;
    return [
      `## ${title}`,
      "",
      "| setting | type | default | range | what it does |",
      "|---|---|---|---|---|",
      ...table,
      "",
    ];
  });
  return [HEAD, ...sections.flat()].join("\n");
}

function rowsOf(schema: Described, path: string): Row[] {
  const inner = schema.wrapped ?? schema;
  if (inner.entries !== undefined)
    return Object.entries(inner.entries).flatMap(([key, entry]) =>
      rowsOf(entry, path === "" ? key : `${path}.${key}`),
    );
  const parts = partsOf(inner);
  const description = v.getDescription(inner as unknown as v.GenericSchema);
  if (description === undefined) throw new Error(`Setting ${path} has no description`);
  const initial = schema.default === "" ? '""' : String(schema.default);
  return [{ path, type: typeOf(parts), initial, range: rangeOf(parts), description }];
}

/** A schema and its actions; pipes contain pipes. */
function partsOf(schema: Described): Described[] {
  return schema.pipe === undefined
    ? [schema]
    : schema.pipe.flatMap((part) => (part === schema ? [part] : partsOf(part)));
}

function typeOf(parts: readonly Described[]): string {
  if (parts.some(({ type }) => type === "picklist")) return "choice";
  if (parts.some(({ type }) => type === "boolean")) return "`true` or `false`";
  if (parts.some(({ type }) => type === "string")) return "text";
  return parts.some(({ type }) => type === "safe_integer") ? "whole number" : "number";
}

function rangeOf(parts: readonly Described[]): string {
  const options = parts.find(({ type }) => type === "picklist")?.options;
  if (options !== undefined) return options.map((option) => `\`${option}\``).join(", ");
  const longest = bound(parts, "max_length", Math.min);
  if (longest !== undefined) return `at most ${longest} characters`;
  const least = bound(parts, "min_value", Math.max);
  const most = bound(parts, "max_value", Math.min);
  if (least === undefined) return "";
  const above = least === Number.MIN_VALUE ? "> 0" : `≥ ${least}`;
  return most === undefined ? above : `${above}, ≤ ${most}`;
}

function bound(parts: readonly Described[], type: string, tightest: (...values: number[]) => number) {
  const values = parts.filter((part) => part.type === type).map(({ requirement }) => Number(requirement));
  return values.length === 0 ? undefined : tightest(...values);
}

function groupOf(path: string): string {
  return path.includes(".") ? path.slice(0, path.indexOf(".")) : "";
}

function lineOf({ path, type, initial, range, description }: Row): string {
  return `| \`${path}\` | ${type} | \`${initial}\` | ${range} | ${description} |`;
}
