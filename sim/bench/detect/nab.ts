/**
 * Suite `nab`: the Numenta Anomaly Benchmark. One series a file, one pass, one configuration; scores of `detect --detector anomaly`.
 *
 *   file ─► scores ─► weighed by its windows ─┬─ cross-fitted: the threshold is chosen on the other files
 *                                             └─ by the rule of the benchmark: one threshold, chosen on all files
 *
 * Published figures are by the rule of the benchmark, on all 58 files. Ours by that rule know the labels as much as theirs do.
 */
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { EigenwatchError } from "../../../protocol/errors.ts";
import { crossFitted } from "./cross-fit.ts";
import {
  bestThreshold,
  normalised,
  PROFILES,
  type ProfileName,
  pointsAt,
  type WeighedFile,
  type Window,
  weigh,
} from "./nab-score.ts";
import { type Rows, readRows, scoresOf } from "./rows.ts";
import { decimals, type Figure, left, right, type Suite, type SuiteJob, tableOf } from "./suite.ts";

/** Files of the whole benchmark; a part of them has targets of its own. */
const ALL_FILES = 58;

const TARGETS: Readonly<
  Record<ProfileName, { part: number; all: number; published: Readonly<Record<string, number>> }>
> = {
  standard: { part: 78, all: 75, published: { ARTime: 74.9, HTM: 70.1 } },
  "few false positives": { part: 70, all: 67, published: { ARTime: 65.1 } },
  "few false negatives": { part: 83, all: 80, published: { ARTime: 80.4 } },
};

interface Job extends SuiteJob {
  readonly path: string;
  /** As the labels write them, without a zone: UTC, as the times of the file. */
  readonly windows: readonly (readonly [start: string, end: string])[];
}

export const nab: Suite<Job, WeighedFile> = {
  data: {
    folder: "detection/nab",
    holds: ["data"],
    source: "https://github.com/numenta/NAB: data, and labels/combined_windows.json there or beside it",
  },

  async jobs({ data }) {
    const labels = JSON.parse(await readFile(labelsIn(data), "utf8")) as Record<string, Job["windows"]>;
    return Object.entries(labels)
      .map(([name, windows]) => ({ name, path: join(data, "data", name), windows }))
      .filter(({ path }) => existsSync(path));
  },

  async run({ path, windows }) {
    const rows = await readRows(path);
    return weigh(scoresOf("anomaly", rows), windowsOf(rows, windows, path));
  },

  report(scored) {
    const files = scored.map(({ result }) => result);
    const names = Object.keys(PROFILES) as ProfileName[];
    const perProfile = names.map((name) => ({ name, ...measured(files, name) }));
    const table = tableOf(
      "Points by file, thresholds cross-fitted",
      scored.map(({ job }, k) => ({
        name: job.name,
        windows: job.windows.length,
        points: perProfile.map(({ points }) => points[k]!),
      })),
      [
        left("file", ({ name }) => name),
        right("windows", ({ windows }) => String(windows)),
        ...names.map((name, p) => right<{ points: number[] }>(name, ({ points }) => decimals(points[p]!, 2))),
      ],
    );
    return { tables: [table], figures: perProfile.flatMap((profile) => figuresOf(profile, files.length)) };
  },
};

interface MeasuredProfile {
  readonly points: readonly number[];
  readonly fitted: number | null;
  readonly byTheRule: number | null;
}

function measured(files: readonly WeighedFile[], name: ProfileName): MeasuredProfile {
  const profile = PROFILES[name];
  const measure = (file: WeighedFile, threshold: number) => pointsAt(file, profile, threshold);
  const threshold = bestThreshold(files, profile);
  const fit = (others: readonly WeighedFile[]) => bestThreshold(others, profile);
  const points =
    files.length < 2 ? files.map((file) => measure(file, threshold)) : crossFitted(files, { fit, measure });
  return {
    points,
    fitted: normalised(files, points, profile),
    byTheRule: normalised(
      files,
      files.map((file) => measure(file, threshold)),
      profile,
    ),
  };
}

function figuresOf(
  { name, fitted, byTheRule }: MeasuredProfile & { name: ProfileName },
  files: number,
): Figure[] {
  const { part, all, published } = TARGETS[name];
  const target = { atLeast: files < ALL_FILES ? part : all };
  return [
    { name: `${name}, ${files} files, cross-fitted`, value: fitted, decimals: 1, target },
    {
      name: `${name}, ${files} files, by the rule of the benchmark`,
      value: byTheRule,
      decimals: 1,
      published,
    },
  ];
}

function labelsIn(folder: string): string {
  const places = [join(folder, "combined_windows.json"), join(folder, "labels", "combined_windows.json")];
  const found = places.find((path) => existsSync(path));
  if (found !== undefined) return found;
  throw new EigenwatchError({
    action: "bench detect --suite nab",
    value: `${folder} has no combined_windows.json`,
    expected: places.join(" or "),
    kind: "notFound",
  });
}

/** Windows begin and end at times of rows; where a time occurs twice, at the first. */
function windowsOf({ timeUs }: Rows, windows: Job["windows"], path: string): Window[] {
  const rowAt = (text: string): number => {
    const row = timeUs.indexOf(Date.parse(`${text.slice(0, 19).replace(" ", "T")}Z`) * 1000);
    if (row >= 0) return row;
    throw new EigenwatchError({
      action: `score ${path}`,
      value: `no row is at ${text}`,
      expected: "a label at a row",
      kind: "input",
    });
  };
  return windows.map(([start, end]): Window => [rowAt(start), rowAt(end)]).sort(([a], [b]) => a - b);
}
