/**
 * `eigenwatch whatif PATH --sweep path=from:to:step`: a table with a bar, and with --plot a plot.
 *
 *   collapse.falseAlarmsPerDay  alarms  alarms/day  recall  delay  false/day
 *                          0.1       2         0.8   1.000    40s          0  ███▍
 */

import { startProgress } from "../../../actors/command-line/progress.ts";
import { print, printJson } from "../../../actors/command-line/terminal.ts";
import { significant } from "../../../collab/charts/format.ts";
import { EigenwatchError } from "../../../protocol/errors.ts";
import { durationText } from "../../../protocol/text-values.ts";
import { openSweep, type SweepAsked } from "./open-sweep.ts";
import { checkPlot, type Panel, panelsSvg, writePlot } from "./plot.ts";
import { type GridPoint, gridOf, type SweepPoint, sweep } from "./sweep.ts";
import { bar, table } from "./table.ts";

export interface SweepOptions extends SweepAsked {
  sweep: (readonly [path: string, values: string])[];
  to?: string | undefined;
  plot?: string | undefined;
  json?: true | undefined;
}

export async function runSweep(recording: string, options: SweepOptions): Promise<number> {
  const points = gridOf(options.sweep);
  if (options.to !== undefined)
    throw new EigenwatchError({
      action: "sweep --to a folder",
      value: "a sweep writes no branch",
      expected: "--sweep without --to",
    });
  if (options.plot !== undefined) {
    checkPlottable(points);
    checkPlot(options.plot);
  }
  const of = await openSweep(recording, options);
  const progress = startProgress("sweep", points.length, "runs", options.json === true);
  try {
    const found = await sweep(of, points, {
      done: (count) => progress.update(count),
    });
    progress.stop();
    if (options.json) printJson(found);
    else print(...tableOf(found));
    if (options.plot !== undefined) await writePlot(options.plot, plotOf(found));
    return 0;
  } finally {
    progress.stop();
  }
}

function tableOf(points: readonly SweepPoint[]): string[] {
  const most = Math.max(...points.map(({ score }) => score.alarms), 1);
  const rows = points.map((point) => [...cells(point), bar(point.score.alarms / most)]);
  return table([[...headings(points[0]!), ""], ...rows]).split("\n");
}

function headings({ set, score }: SweepPoint): string[] {
  const truth = score.truth ? ["recall", "delay", "false", "false/day"] : [];
  return [...Object.keys(set), "alarms", "alarms/day", ...truth];
}

function cells({ set, score }: SweepPoint): string[] {
  const { alarms, alarmsPerDay, truth } = score;
  const known = truth
    ? [
        truth.recall === null ? "–" : truth.recall.toFixed(3),
        truth.delayUs === null ? "–" : durationText(truth.delayUs),
        String(truth.falseAlarms),
        significant(truth.falseAlarmsPerDay),
      ]
    : [];
  return [...Object.values(set), String(alarms), significant(alarmsPerDay), ...known];
}

function checkPlottable(points: readonly GridPoint[]): void {
  const paths = Object.keys(points[0]!);
  const values = points.flatMap((point) => Object.values(point));
  if (paths.length !== 1 || values.some((value) => !Number.isFinite(Number(value))))
    throw new EigenwatchError({
      action: `plot ${paths.join(" and ")}`,
      value: "a plot has one horizontal axis",
      expected: "one setting with numbers for values",
    });
}

function plotOf(points: readonly SweepPoint[]): string {
  const [first] = points;
  const [name] = Object.keys(first!.set);
  const panels: Panel[] = [
    panel("alarms/day", points, name!, ({ score }) => score.alarmsPerDay),
    ...(first!.score.truth
      ? [
          panel("recall", points, name!, ({ score }) => score.truth!.recall),
          panel("delay, s", points, name!, ({ score }) => delaySeconds(score.truth!.delayUs)),
          panel("false alarms/day", points, name!, ({ score }) => score.truth!.falseAlarmsPerDay),
        ]
      : []),
  ];
  return panelsSvg(name!, panels);
}

function panel(
  title: string,
  points: readonly SweepPoint[],
  path: string,
  value: (point: SweepPoint) => number | null,
): Panel {
  const dots = points.flatMap((point) => {
    const y = value(point);
    return y === null ? [] : [{ x: Number((point.set as GridPoint)[path]), y }];
  });
  return { title, points: dots.sort((a, b) => a.x - b.x) };
}

function delaySeconds(us: number | null): number | null {
  return us === null ? null : us / 1e6;
}
