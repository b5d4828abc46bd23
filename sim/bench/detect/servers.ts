/**
 * Suites `smd` and `asd`: servers with many metrics whose faults people labelled. How well the joint score of `anomaly` ranks labelled rows before
 * others, by VUS-PR (`vus.ts`); and what the incidents of the shipped core would have told the people on duty.
 *
 *   file ─┬─ scores of `detect --detector anomaly`, one pass ─► VUS-PR, window: the period of the first metric
 *         │                                                   └─► F1 of rows, its threshold chosen on the other machines
 *         └─ rows through the core ─► incidents: a day, labelled windows found, share inside or within NEAR_ROWS of a label
 *
 * The SMD is one-minute data (Su et al. 2019, KDD), the ASD five-minute data (Li et al. 2021, KDD). A file has the metrics and a column `label`.
 */
import { basename } from "node:path";
import { crossFitted } from "./cross-fit.ts";
import { filesIn } from "./data-folder.ts";
import { type Rows, readRows, scoresOf } from "./rows.ts";
import { alarmOf } from "./score.ts";
import {
  DAY_US,
  type DataNeed,
  decimals,
  type Figure,
  left,
  meanOf,
  right,
  type Suite,
  type SuiteJob,
  tableOf,
} from "./suite.ts";
import { framesOf, throughCore } from "./through-core.ts";
import { periodOf, runsOf, vusPr } from "./vus.ts";

/** An incident so close to a label is about it: labels begin when somebody saw the fault. */
const NEAR_ROWS = 30;

interface Job extends SuiteJob {
  readonly path: string;
}

interface Result {
  readonly rows: number;
  readonly columns: number;
  readonly vus: number;
  /** F1 of rows at each of THRESHOLDS. */
  readonly f1: readonly number[];
  readonly incidents: Incidents;
}

const THRESHOLDS = Float64Array.from({ length: 99 }, (_, k) => (k + 1) / 100);

interface Incidents {
  readonly days: number;
  readonly opened: number;
  /** Inside or near a label. */
  readonly near: number;
  readonly windows: number;
  readonly found: number;
}

interface Servers {
  readonly data: DataNeed;
  readonly everyUs: number;
  readonly target: number;
  readonly published: Readonly<Record<string, number>>;
}

export const smd = servers({
  data: {
    folder: "detection/smd",
    holds: [],
    source:
      "a .csv.gz file for each machine of https://github.com/NetManAIOps/OmniAnomaly, with a column label",
  },
  everyUs: 60e6,
  target: 0.45,
  published: { "TranAD (other machines)": 0.474, "PCA (other machines)": 0.462 },
});

export const asd = servers({
  data: {
    folder: "detection/asd",
    holds: [],
    source: "a .csv.gz file for each server of https://github.com/zhhlee/InterFusion, with a column label",
  },
  everyUs: 300e6,
  target: 0.3,
  published: {},
});

function servers({ data, everyUs, target, published }: Servers): Suite<Job, Result> {
  return {
    data,
    async jobs({ data }) {
      return (await filesIn(data, ".csv.gz")).map((path) => ({ name: basename(path, ".csv.gz"), path }));
    },
    async run({ path }) {
      const rows = await readRows(path, { everyUs, label: "label" });
      const scores = scoresOf("anomaly", rows, { everyUs });
      return {
        rows: rows.count,
        columns: rows.columns.length,
        vus: vusPr(scores, rows.labels, windowOf(rows))!,
        f1: Array.from(THRESHOLDS, (threshold) => f1Of(scores, rows.labels, threshold)),
        incidents: incidentsOf(rows, everyUs),
      };
    },
    report(scored) {
      const results = scored.map(({ result }) => result);
      const vus: Figure = {
        name: `VUS-PR, mean of ${results.length}`,
        value: meanOf(results.map((result) => result.vus)),
        decimals: 3,
        target: { atLeast: target },
        published,
      };
      const incidents = results.map((result) => result.incidents);
      return {
        tables: [
          tableOf("Servers", scored, COLUMNS, ({ job, result }) => ({
            name: job.name,
            ...result,
          })),
        ],
        figures: [vus, ...f1Figures(results), ...incidentFigures(incidents)],
      };
    },
  };
}

type Row = { readonly job: Job; readonly result: Result };

const COLUMNS = [
  left<Row>("server", ({ job }) => job.name),
  right<Row>("rows", ({ result }) => String(result.rows)),
  right<Row>("metrics", ({ result }) => String(result.columns)),
  right<Row>("VUS-PR", ({ result }) => decimals(result.vus, 3)),
  right<Row>("incidents", ({ result: { incidents } }) => String(incidents.opened)),
  right<Row>("a day", ({ result: { incidents } }) => decimals(incidents.opened / incidents.days, 1)),
  right<Row>("near a label", ({ result: { incidents } }) => String(incidents.near)),
  right<Row>("labels", ({ result: { incidents } }) => String(incidents.windows)),
  right<Row>("found", ({ result: { incidents } }) => String(incidents.found)),
];

function incidentFigures(all: readonly Incidents[]): Figure[] {
  const sum = (of: (incidents: Incidents) => number) =>
    all.reduce((total, incidents) => total + of(incidents), 0);
  const opened = sum((incidents) => incidents.opened);
  const share = (part: number, whole: number) => (whole === 0 ? null : part / whole);
  return [
    {
      name: "incidents",
      value: share(
        opened,
        sum(({ days }) => days),
      ),
      unit: "a day",
      target: { atMost: 5 },
    },
    {
      name: "labelled windows found",
      value: share(
        sum(({ found }) => found),
        sum(({ windows }) => windows),
      ),
      target: { atLeast: 0.6 },
    },
    {
      name: `incidents inside or within ${NEAR_ROWS} rows of a label`,
      value: share(
        sum(({ near }) => near),
        opened,
      ),
      target: { atLeast: 0.6 },
    },
  ];
}

/** 2 hits / (2 hits + false + missed) of rows whose score is at least the threshold. */
function f1Of(scores: Float64Array, labels: Uint8Array, threshold: number): number {
  let [hits, wrong] = [0, 0];
  for (let r = 0; r < scores.length; r++) {
    const is = scores[r]! >= threshold;
    if (is && labels[r] === 1) hits++;
    else if (is !== (labels[r] === 1)) wrong++;
  }
  return hits === 0 ? 0 : (2 * hits) / (2 * hits + wrong);
}

/** With the threshold that is best on the other machines, and with the best one of each machine, which nobody knows beforehand. */
function f1Figures(results: readonly Result[]): Figure[] {
  if (results.length < 2) return [];
  const worth = (among: readonly Result[], k: number) => among.reduce((sum, { f1 }) => sum + f1[k]!, 0);
  const fitted = crossFitted(results, {
    fit: (others) =>
      THRESHOLDS.reduce((best, _, k) => (worth(others, k) > worth(others, best) ? k : best), 0),
    measure: ({ f1 }, k) => f1[k]!,
  });
  return [
    { name: "F1 of rows, threshold cross-fitted", value: meanOf(fitted), decimals: 3 },
    {
      name: "F1 of rows, best threshold of each",
      value: meanOf(results.map(({ f1 }) => Math.max(...f1))),
      decimals: 3,
    },
  ];
}

/** One period of the first metric, as for published figures. */
function windowOf({ columns, count, values }: Rows): number {
  return periodOf(Float64Array.from({ length: count }, (_, r) => values[r * columns.length]!));
}

/** The rows through the shipped core with default settings, as one group. */
function incidentsOf(rows: Rows, everyUs: number): Incidents {
  const { columns, count, labels, timeUs } = rows;
  const openedUs: number[] = [];
  throughCore({
    seed: 1,
    source: "server",
    startUs: timeUs[0]!,
    declarations: [
      {
        group: "server",
        channels: columns.map((name) => ({ name, title: "", unit: "" })),
        sampling: "rows",
        everyUs,
        innovation: "difference",
      },
    ],
    inputs: framesOf(rows, "server", "server"),
    event(event) {
      const alarm = alarmOf(event);
      if (alarm?.detector === "incidents") openedUs.push(alarm.timeUs);
    },
  });
  const windows = runsOf(labels).map(({ first, last }) => ({
    fromUs: timeUs[first]! - NEAR_ROWS * everyUs,
    toUs: timeUs[last]! + NEAR_ROWS * everyUs,
  }));
  const isIn = (atUs: number, { fromUs, toUs }: { fromUs: number; toUs: number }) =>
    atUs >= fromUs && atUs <= toUs;
  return {
    days: (count * everyUs) / DAY_US,
    opened: openedUs.length,
    near: openedUs.filter((atUs) => windows.some((window) => isIn(atUs, window))).length,
    windows: windows.length,
    found: windows.filter((window) => openedUs.some((atUs) => isIn(atUs, window))).length,
  };
}
