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
import type { SeekPlace } from "../place.ts";
import { readTruths } from "./alarm-score.ts";
import { type BranchOptions, requestOf } from "./branch-options.ts";
import { placesOfBranch } from "./branch-partition.ts";
import { checkPlot, type Panel, panelsSvg, writePlot } from "./plot.ts";
import { type GridPoint, gridOf, type SweepPoint, sweep } from "./sweep.ts";
import { bar, table } from "./table.ts";

/** Time after its end in which a truth still counts as found: a detector of a group may say it some rows late. */
const GRACE_US = 60_000_000;

export interface SweepOptions extends BranchOptions {
  sweep: (readonly [path: string, values: string])[];
  at?: SeekPlace | undefined;
  to?: string | undefined;
  truth?: string | undefined;
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
  const places = await placesOfBranch(recording, options, options.at ?? null);
  const branches = places.map(({ directory, at, fromUs }) => ({
    recording: directory,
    request: requestOf(options, at),
    fromUs,
  }));
  const truths = options.truth === undefined ? null : await readTruths(options.truth);
  const progress = startProgress("sweep", points.length, "runs", options.json === true);
  const graceUs = options.tolerance ?? GRACE_US;
  try {
    const found = await sweep({ branches, truths, graceUs }, points, {
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
