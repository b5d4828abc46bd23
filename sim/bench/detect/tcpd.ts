/**
 * Suite `tcpd`: the Turing Change Point Dataset. Changes that `detect --detector changes` declares in one pass, never revised, with one configuration
 * for all series.
 *
 *   series ─► rows one apart ─► changed_at of each declaration ─► F1 and cover against several people (`tcpd-score.ts`)
 *
 * Cross-fitted: the promised rate and the rows before a change is declared are chosen on the other series.
 *
 * Beside it stands the answer "never a change" on the same series, which is hard to beat: most series are short, and people differ.
 */

import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { ChangesDetector, changes } from "../../../actors/detectors/changes/detector.ts";
import { RowReader } from "../../../actors/filters/row-reader.ts";
import type { Group } from "../../../actors/ports/detector.ts";
import { EigenwatchError } from "../../../protocol/errors.ts";
import { parseSettings, type Settings } from "../../../protocol/settings.ts";
import { crossFitted } from "./cross-fit.ts";
import { groupOfSeconds } from "./row-by-row.ts";
import { changesOf, type Rows } from "./rows.ts";
import { decimals, type Figure, left, meanOf, right, type Suite, type SuiteJob, tableOf } from "./suite.ts";
import { type Annotations, type ChangeScore, scoreChanges } from "./tcpd-score.ts";

interface Job extends SuiteJob {
  readonly path: string;
  readonly annotations: Annotations;
}

/** What is chosen: rows between two false changes, and rows before a change is declared. */
interface Choice {
  readonly promised: number;
  readonly settledRows: number;
}

const CHOICES: readonly Choice[] = [10_000, 30_000, 100_000, 300_000, 1_000_000].flatMap((promised) =>
  [12, 16, 20, 24].map((settledRows) => ({ promised, settledRows })),
);

interface Result extends ChangeScore {
  /** With each choice. */
  readonly chosen: readonly ChangeScore[];
  readonly rows: number;
  readonly changes: readonly number[];
  readonly never: ChangeScore;
}

export const tcpd: Suite<Job, Result> = {
  data: {
    folder: "detection/tcpd",
    holds: ["annotations.json", "datasets"],
    source: "https://github.com/alan-turing-institute/TCPD, with its data built",
  },

  async jobs({ data }) {
    const all = JSON.parse(await readFile(join(data, "annotations.json"), "utf8")) as Record<
      string,
      Annotations
    >;
    return Object.entries(all)
      .map(([name, annotations]) => ({
        name,
        annotations,
        path: join(data, "datasets", name, `${name}.json`),
      }))
      .filter(({ path }) => existsSync(path))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  },

  async run({ path, annotations }) {
    const rows = await readSeries(path);
    const found = changesOf("changes", rows);
    return {
      rows: rows.count,
      changes: found,
      ...scoreChanges(annotations, found, rows.count),
      never: scoreChanges(annotations, [], rows.count),
      chosen: CHOICES.map((choice) => scoreChanges(annotations, changesWith(rows, choice), rows.count)),
    };
  },

  report(scored) {
    const mean = (of: (result: Result) => number) => meanOf(scored.map(({ result }) => of(result)));
    const figure = (name: string, of: (score: ChangeScore) => number, rest: Partial<Figure>): Figure => ({
      name: `${name}, mean of ${scored.length} series`,
      value: mean(of),
      decimals: 3,
      ...rest,
    });
    const never = "never a change (same series)";
    return {
      tables: [
        tableOf(
          "Changes by series",
          scored.map(({ job, result }) => ({ name: job.name, ...result })),
          [
            left("series", ({ name }) => name),
            right("rows", ({ rows }) => String(rows)),
            left("changes", ({ changes }) => changes.join(", ")),
            right("F1", ({ f1 }) => decimals(f1, 3)),
            right("cover", ({ cover }) => decimals(cover, 3)),
            right("never: F1", ({ never }) => decimals(never.f1, 3)),
            right("cover", ({ never }) => decimals(never.cover, 3)),
          ],
        ),
      ],
      figures: [
        ...crossFittedFigures(scored.map(({ result }) => result)),
        figure("F1", ({ f1 }) => f1, {
          target: { atLeast: 0.72 },
          published: { [never]: mean(({ never }) => never.f1)!, "BOCPD (all)": 0.656, "BINSEG (all)": 0.69 },
        }),
        figure("cover", ({ cover }) => cover, {
          target: { atLeast: 0.67 },
          published: {
            [never]: mean(({ never }) => never.cover)!,
            "BOCPD (all)": 0.591,
            "BINSEG (all)": 0.655,
          },
        }),
      ],
    };
  },
};

/** Sums that differ by less are those of the same changes. */
const SAME = 1e-9;

/**
 * F1 and cover with what is best on the other series, by their sum. Of choices that find the same on all of those, as 12 and 16 rows do on nine series,
 * they prefer none: their mean is measured.
 */
function crossFittedFigures(results: readonly Result[]): Figure[] {
  if (results.length < 2) return [];
  const worth = (among: readonly Result[], k: number) =>
    among.reduce((sum, { chosen }) => sum + chosen[k]!.f1 + chosen[k]!.cover, 0);
  const scores = crossFitted(results, {
    fit(others) {
      const worths = CHOICES.map((_, k) => worth(others, k));
      const most = Math.max(...worths) - SAME;
      return worths.flatMap((each, k) => (each >= most ? [k] : []));
    },
    measure: ({ chosen }, best) => ({
      f1: meanOf(best.map((k) => chosen[k]!.f1))!,
      cover: meanOf(best.map((k) => chosen[k]!.cover))!,
    }),
  });
  const name = (of: string) => `${of}, mean of ${results.length} series, cross-fitted`;
  return [
    { name: name("F1"), value: meanOf(scores.map(({ f1 }) => f1)), decimals: 3, target: { atLeast: 0.72 } },
    {
      name: name("cover"),
      value: meanOf(scores.map(({ cover }) => cover)),
      decimals: 3,
      target: { atLeast: 0.67 },
    },
  ];
}

/** Rows at which changes began. */
function changesWith({ columns, count, timeUs, values }: Rows, { promised, settledRows }: Choice): number[] {
  const n = columns.length;
  const definition = {
    ...changes,
    createDetector: (settings: Settings, group: Group) => new ChangesDetector(settings, group, settledRows),
  };
  const settings = parseSettings({ changes: { averageUs: 0, raiseNats: 0, falseAlarmSamples: promised } });
  const reader = new RowReader<ChangesDetector>(definition, settings, { ...groupOfSeconds(n), everyUs: 0 });
  const found: number[] = [];
  let declaredUs = Number.NaN;
  for (let r = 0; r < count; r++) {
    if (!reader.push(timeUs[r]!, values.subarray(r * n, (r + 1) * n))) continue;
    const { detector } = reader;
    if (Object.is(detector.declaredUs, declaredUs)) continue;
    declaredUs = detector.declaredUs;
    found.push(timeUs.findLastIndex((time) => time <= detector.changedUs));
  }
  return found;
}

/** Values may be null. Rows are a second apart: their dates differ from series to series, and some have none. */
async function readSeries(path: string): Promise<Rows> {
  const file = JSON.parse(await readFile(path, "utf8")) as {
    n_obs: number;
    series: { label: string; raw: (number | null)[] }[];
  };
  const { n_obs: count, series } = file;
  if (!Array.isArray(series) || series.some(({ raw }) => raw.length !== count))
    throw new EigenwatchError({
      action: `read ${path}`,
      value: "its series differ in length from n_obs",
      kind: "input",
    });
  const values = Array.from({ length: count }, (_, row) => series.map(({ raw }) => raw[row] ?? Number.NaN));
  return {
    columns: series.map(({ label }, c) => label || `series ${c}`),
    count,
    timeUs: Float64Array.from({ length: count }, (_, row) => (row + 1) * 1e6),
    values: Float64Array.from(values.flat()),
    labels: new Uint8Array(0),
  };
}
