/**
 * Suite `nulls`: whether the detector of anomalies keeps its promise where nothing happens, in the long run.
 *
 *   four independent channels of one law, a row a second ─► anomaly alone ─► announced anomalies per promised one, by the view that tells them
 *
 * With recorded markets the laws of their returns are judged too, each return or block of returns at a place of chance; and prices that take such steps.
 * One anomaly a day is promised of each channel, so a run of ROWS rows has eleven or twelve. Anomalies of all channels together count as well. The
 * standard error is that of the mean over the seeds.
 */
import exp from "@stdlib/math-base-special-exp";
import sin from "@stdlib/math-base-special-sin";
import { StandaloneActor } from "../../../actors/core/standalone-actor.ts";
import { anomaly } from "../../../actors/detectors/anomaly/detector.ts";
import type { AnomalySignal } from "../../../actors/detectors/anomaly/signals.ts";
import type { Signal } from "../../../actors/ports/detector.ts";
import { parseSettings } from "../../../protocol/settings.ts";
import { Variates } from "../../worlds/model/variates.ts";
import { poisson } from "./arl-nulls.ts";
import { inBlocks, RETURN_FILES, RETURNS_OF, type ReturnsOf, recordedReturns } from "./recorded-returns.ts";
import { groupOfSeconds, oneRowBatch } from "./row-by-row.ts";
import {
  brief,
  DAY_US,
  decimals,
  left,
  meanOf,
  right,
  type Scored,
  type Suite,
  type SuiteJob,
  tableOf,
} from "./suite.ts";

const CHANNELS = 4;
const ROWS = 250_000;
const ROW_US = 1_000_000;
const PROMISED = (CHANNELS * ROWS * ROW_US) / DAY_US;
const SEEDS = 8;
const FIRST_PRICE = 100;

/** The next value of one channel. */
type Next = () => number;
/** Starts channel c. */
type Law = (v: Variates, c: number) => Next;

/** Rows of a block: about an hour of minutes. */
const BLOCK = 64;

/** Laws of recorded returns, by their names. `prices`: the values are prices that take them as steps. */
const RECORDED: Readonly<Record<string, { of: ReturnsOf; rows: number; prices: boolean }>> =
  Object.fromEntries(
    RETURNS_OF.flatMap((of) => [
      [`returns of ${of}, shuffled`, { of, rows: 1, prices: false }],
      [`returns of ${of}, blocks of ${BLOCK}`, { of, rows: BLOCK, prices: false }],
      [`prices of ${of}, steps shuffled`, { of, rows: 1, prices: true }],
      [`prices of ${of}, steps in blocks of ${BLOCK}`, { of, rows: BLOCK, prices: true }],
    ]),
  );

/** By their names. Values that depend on those before come last. */
const LAWS: Readonly<Record<string, Law>> = {
  normal: (v) => () => v.normal(),
  "Student t5": (v) => () => student(v, 5),
  "Student t3": (v) => () => student(v, 3),
  exponential: (v) => () => v.exponential(),
  lognormal: (v) => () => exp(v.normal()),
  "Poisson .02": (v) => () => poisson(v, 0.02),
  "Poisson .2": (v) => () => poisson(v, 0.2),
  "AR(1) .3": (v) => autoregressive(v, 0.3),
  "AR(1) .9": (v) => autoregressive(v, 0.9),
  "GARCH(1,1) .1 .85": garch,
  "season of a day and noise": (v, c) => season(v, 86_400, c),
  "season of 1440 rows and noise": (v, c) => season(v, 1440, c),
};

interface Job extends SuiteJob {
  readonly law: string;
  readonly seed: number;
}

/** Announced anomalies by view. */
type Result = Readonly<Record<string, number>>;

interface Row {
  readonly law: string;
  readonly runs: number;
  readonly announced: number;
  readonly perPromised: number;
  /** Null with one run. */
  readonly error: number | null;
  readonly views: Readonly<Record<string, number>>;
}

export const nulls: Suite<Job, Result> = {
  options: ["seeds"],
  seeds: SEEDS,
  data: {
    folder: "market",
    holds: RETURN_FILES,
    source: "the recorded markets of MANIFEST.md",
    optional: true,
  },

  jobs: ({ seeds, data }) =>
    namesOf(data).flatMap((law) =>
      Array.from({ length: seeds }, (_, k) => ({ name: `${law} seed ${k + 1}`, law, seed: k + 1 })),
    ),

  async run({ law, seed }, { data }) {
    const recorded = RECORDED[law];
    if (recorded === undefined) return anomaliesIn(LAWS[law]!, seed, false);
    const { of, rows, prices } = recorded;
    const series = await recordedReturns(data, of);
    return anomaliesIn((v, c) => inBlocks(series, { rows, c, channels: CHANNELS }, v), seed, prices);
  },

  report(scored, { data }) {
    const rows = namesOf(data).flatMap((law) => rowOf(law, scored));
    return {
      tables: [
        tableOf(`Anomalies announced where nothing happens, ${brief(PROMISED)} promised a run`, rows, [
          left("law", ({ law }) => law),
          right("runs", ({ runs }) => String(runs)),
          right("announced", ({ announced }) => String(announced)),
          right("per promised", ({ perPromised }) => decimals(perPromised, 2)),
          right("±", ({ error }) => decimals(error, 2)),
          left("told by", ({ views }) => viewsText(views)),
        ]),
      ],
      figures: [
        {
          name: `anomalies per promised one, largest of ${rows.length} laws`,
          value: Math.max(...rows.map(({ perPromised }) => perPromised)),
          target: { atMost: 1 },
        },
        ...(data === ""
          ? [
              {
                name: "laws of recorded returns: left out, no folder with recorded markets is given",
                value: null,
              },
            ]
          : []),
      ],
    };
  },
};

/** Of the laws that can be drawn. */
function namesOf(data: string): string[] {
  return [...Object.keys(LAWS), ...(data === "" ? [] : Object.keys(RECORDED))];
}

function rowOf(law: string, scored: readonly Scored<Job, Result>[]): Row[] {
  const results = scored.filter(({ job }) => job.law === law).map(({ result }) => result);
  if (results.length === 0) return [];
  const ratios = results.map((views) => sumOf(views) / PROMISED);
  const views: Record<string, number> = {};
  for (const result of results)
    for (const [view, count] of Object.entries(result)) views[view] = (views[view] ?? 0) + count;
  return [
    {
      law,
      runs: results.length,
      announced: sumOf(views),
      perPromised: meanOf(ratios)!,
      error: errorOfMean(ratios),
      views,
    },
  ];
}

function sumOf(views: Result): number {
  return Object.values(views).reduce((sum, count) => sum + count, 0);
}

function viewsText(views: Result): string {
  return Object.entries(views)
    .sort(([a, most], [b, less]) => less - most || (a < b ? -1 : 1))
    .map(([view, count]) => `${view} ${count}`)
    .join(", ");
}

/** Null with one value. */
function errorOfMean(values: readonly number[]): number | null {
  const n = values.length;
  if (n < 2) return null;
  const mean = meanOf(values)!;
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (n * (n - 1)));
}

function anomaliesIn(law: Law, seed: number, prices: boolean): Result {
  const run = new Run(prices);
  const { batch, views } = run;
  const channels = Array.from({ length: CHANNELS }, (_, c) => law(new Variates(seed, `rows/${c}`), c));
  for (let row = 0; row < ROWS; row++) {
    run.now += ROW_US;
    batch.rowTime[0] = run.now;
    for (let c = 0; c < CHANNELS; c++) {
      const before = batch.rowValue[c]!;
      const value = channels[c]!();
      batch.rowValue[c] = prices ? (row === 0 ? FIRST_PRICE : before * exp(value)) : value;
      batch.rowInnovation[c] = row === 0 ? Number.NaN : prices ? value : value - before;
    }
    run.update(batch);
  }
  return views;
}

/** The detector alone. What it signals while it warms up is not announced. */
class Run extends StandaloneActor {
  readonly batch = oneRowBatch(CHANNELS);
  readonly views: Record<string, number> = {};

  constructor(prices: boolean) {
    const group = groupOfSeconds(CHANNELS);
    super(anomaly, parseSettings({}), prices ? { ...group, innovation: "logReturn" } : group, () => 0);
  }

  override signal(signal: Signal): void {
    const { type, view } = signal as unknown as AnomalySignal & { readonly view?: string };
    if (type === "opened" && this.machine.value !== "warming")
      this.views[view!] = (this.views[view!] ?? 0) + 1;
    super.signal(signal);
  }
}

function student(v: Variates, degrees: number): number {
  let chi2 = 0;
  for (let k = 0; k < degrees; k++) chi2 += v.normal() ** 2;
  return v.normal() / Math.sqrt(chi2 / degrees);
}

function autoregressive(v: Variates, phi: number): Next {
  let x = 0;
  return () => {
    x = phi * x + v.normal();
    return x;
  };
}

function garch(v: Variates): Next {
  let variance = 1;
  return () => {
    const x = Math.sqrt(variance) * v.normal();
    variance = 0.05 + 0.1 * x * x + 0.85 * variance;
    return x;
  };
}

/** Of amplitude 3, the noise of deviation 1; each channel at its own phase. */
function season(v: Variates, rows: number, c: number): Next {
  let row = 0;
  return () => 3 * sin((2 * Math.PI * row++) / rows + c) + v.normal();
}
