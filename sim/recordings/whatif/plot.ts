/** Small plots above each other over one axis, as an SVG file for reports in light and dark, and the file they are written to. */
import { accessSync, constants, statSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { significant, tickLabel } from "../../../collab/charts/format.ts";
import { followRange, type Range, tickStep, ticks, yOf } from "../../../collab/charts/scale.ts";
import { EigenwatchError, errorText } from "../../../protocol/errors.ts";

export interface Panel {
  title: string;
  /** By x, ascending; `low` and `high` bound y where they are known. */
  points: readonly { x: number; y: number; low?: number; high?: number }[];
  /** Shown in any case. */
  range?: Range;
}

const WIDTH = 720;
const LEFT = 80;
const RIGHT = 24;
const TOP = 36;
const PANEL_HEIGHT = 150;
const GAP = 44;
const Y_TICKS = 4;
const X_TICKS = 8;

export function panelsSvg(xTitle: string, panels: readonly Panel[]): string {
  const xs = panels.flatMap(({ points }) => points.map(({ x }) => x));
  const x = followRange(null, Math.min(...xs), Math.max(...xs));
  const height = TOP + panels.length * (PANEL_HEIGHT + GAP) + 20;
  const bodies = panels.map((panel, k) => panelSvg(panel, x, TOP + k * (PANEL_HEIGHT + GAP)));
  const bottom = TOP + panels.length * (PANEL_HEIGHT + GAP) - GAP;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="system-ui, sans-serif" font-size="12">
<style>
  svg { color: #1c2733; background: #fff } .grid { stroke: currentColor; opacity: .15 } .line { fill: none; stroke: #2563a8; stroke-width: 1.5 }
  .dot { fill: #2563a8 } .bound { stroke: #2563a8; opacity: .5 } .title { font-weight: 600 } text { fill: currentColor }
  @media (prefers-color-scheme: dark) { svg { color: #d8e0e8; background: #10161d } .line, .bound { stroke: #6fb1f0 } .dot { fill: #6fb1f0 } }
</style>
${bodies.join("\n")}
${xAxis(x, bottom)}
<text x="${(LEFT + WIDTH - RIGHT) / 2}" y="${bottom + 36}" text-anchor="middle">${escaped(xTitle)}</text>
</svg>
`;
}

function panelSvg({ title, points, range }: Panel, x: Range, top: number): string {
  const values = points.flatMap(({ y, low, high }) => [y, low ?? y, high ?? y]);
  const y = range ?? followRange(null, Math.min(...values), Math.max(...values));
  const at = (point: { x: number; y: number }) =>
    `${px(xOf(point.x, x))} ${px(yOf(point.y, y, top, PANEL_HEIGHT))}`;
  const step = tickStep(y.high - y.low, Y_TICKS);
  const grid = ticks(y, Y_TICKS).map((value) => {
    const line = px(yOf(value, y, top, PANEL_HEIGHT));
    return `<line class="grid" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${line}" y2="${line}"/><text x="${LEFT - 8}" y="${line}" dy=".35em" text-anchor="end">${tickLabel(value, step, "")}</text>`;
  });
  const bounds = points
    .filter(({ low, high }) => low !== undefined && high !== undefined)
    .map(
      (point) =>
        `<path class="bound" d="M ${at({ x: point.x, y: point.low! })} L ${at({ x: point.x, y: point.high! })}"/>`,
    );
  const dots = points.map((point) => {
    const [cx, cy] = at(point).split(" ");
    return `<circle class="dot" cx="${cx}" cy="${cy}" r="3"><title>${significant(point.x)}: ${significant(point.y)}</title></circle>`;
  });
  const line = points.length > 1 ? `<path class="line" d="M ${points.map(at).join(" L ")}"/>` : "";
  return [
    `<text class="title" x="${LEFT}" y="${top - 10}">${escaped(title)}</text>`,
    ...grid,
    ...bounds,
    line,
    ...dots,
  ].join("\n");
}

function xAxis(x: Range, bottom: number): string {
  const step = tickStep(x.high - x.low, X_TICKS);
  return ticks(x, X_TICKS)
    .map(
      (value) =>
        `<text x="${px(xOf(value, x))}" y="${bottom + 18}" text-anchor="middle">${tickLabel(value, step, "")}</text>`,
    )
    .join("\n");
}

function xOf(value: number, { low, high }: Range): number {
  return LEFT + ((WIDTH - LEFT - RIGHT) * (value - low)) / (high - low);
}

function px(value: number): string {
  return String(Math.round(value * 10) / 10);
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}

/** Throws when the file could not be written now: it is checked before the runs, which may take an hour. Writes nothing. */
export function checkPlot(path: string): void {
  try {
    accessSync(dirname(path), constants.W_OK);
    const there = statSync(path, { throwIfNoEntry: false });
    if (there?.isDirectory()) throw new Error("it is a folder");
    if (there !== undefined) accessSync(path, constants.W_OK);
  } catch (error) {
    throw cannotWrite(path, error);
  }
}

export async function writePlot(path: string, svg: string): Promise<void> {
  await writeFile(path, svg).catch((error: unknown) => {
    throw cannotWrite(path, error);
  });
}

function cannotWrite(path: string, error: unknown): EigenwatchError {
  const value = errorText(error);
  return new EigenwatchError({ action: `write the plot to ${path}`, value });
}
