/** A report of a suite as Markdown, for people and for docs/detection.md, or as JSON lines. */
import {
  decimals,
  type Figure,
  isMet,
  left,
  type Report,
  right,
  type Table,
  type Target,
  tableOf,
} from "./suite.ts";

/** Tables first, then the headline figures. */
export function reportText({ tables = [], figures = [] }: Report): string {
  const all = figures.length === 0 ? tables : [...tables, figureTable(figures)];
  return all.map((table) => `${all.length > 1 ? `**${table.title}**\n\n` : ""}${markdown(table)}`).join("\n");
}

/** One object for each row of each table, and for each figure. `common`: fields of all objects. */
export function reportLines({ tables = [], figures = [] }: Report, common: object): string {
  const rows = [...tables, ...(figures.length === 0 ? [] : [figureTable(figures)])].flatMap(
    ({ title, rows }) => rows.map(({ data }) => ({ ...common, table: title, ...data })),
  );
  return rows.map((row) => `${JSON.stringify(row)}\n`).join("");
}

function figureTable(figures: readonly Figure[]): Table {
  return tableOf(
    "Figures",
    figures,
    [
      left<Figure>("figure", ({ name }) => name),
      right<Figure>("value", (figure) => withUnit(figure.value, figure)),
      left<Figure>("target", targetText),
      left<Figure>("published", (figure) =>
        Object.entries(figure.published ?? {})
          .map(([name, value]) => `${name} ${withUnit(value, figure)}`)
          .join(", "),
      ),
    ],
    ({ name, value, unit, target, published }) => ({
      figure: name,
      value,
      ...(unit === undefined ? {} : { unit }),
      ...(target === undefined ? {} : { target, met: isMet(value, target) }),
      ...(published === undefined ? {} : { published }),
    }),
  );
}

function withUnit(value: number | null, { decimals: digits = 2, unit }: Figure): string {
  const text = decimals(value, digits);
  return unit === undefined || text === "–" ? text : `${text} ${unit}`;
}

function targetText(figure: Figure): string {
  const { value, target } = figure;
  if (target === undefined) return "";
  return `${boundText(target, figure)}${isMet(value, target) ? "" : ", missed"}`;
}

function boundText(target: Target, figure: Figure): string {
  return "atLeast" in target
    ? `≥ ${withUnit(target.atLeast, figure)}`
    : `≤ ${withUnit(target.atMost, figure)}`;
}

/** With aligned columns. */
function markdown({ columns, rows }: Table): string {
  const widths = columns.map(({ title }, c) =>
    Math.max(title.length, ...rows.map(({ cells }) => cells[c]!.length)),
  );
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, c) => (isLeft(c) ? cell.padEnd(widths[c]!) : cell.padStart(widths[c]!))).join(" | ")} |`;
  const isLeft = (c: number): boolean => columns[c]!.align === "left";
  const rule = widths.map((width, c) => (isLeft(c) ? "-".repeat(width) : `${"-".repeat(width - 1)}:`));
  const lines = [columns.map(({ title }) => title), rule, ...rows.map(({ cells }) => cells)];
  return `${lines.map(line).join("\n")}\n`;
}
