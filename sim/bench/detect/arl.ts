/**
 * Suite `arl`: whether the collapse detector keeps its promise, and how soon it finds a change. ARL: average run length, the mean rows between
 * false alarms.
 *
 *   null process × A ─► alarms per promised alarm          change × A ─► rows from the change to the alarm
 *
 * A promised alarm is A rows on which an alarm could have been raised: all after the first calibration. A change comes 300 rows after
 * calibration; runs with an alarm before it are left out, and delays end at 1,500 rows. Standard errors: of a Poisson count for alarms, of the
 * mean for delays. A null process is run for at least 50 promised alarms.
 */
import { StandaloneActor } from "../../../actors/core/standalone-actor.ts";
import { type CollapseDetector, collapse } from "../../../actors/detectors/collapse/detector.ts";
import type { Signal } from "../../../actors/ports/detector.ts";
import { parseSettings } from "../../../protocol/settings.ts";
import { Variates } from "../../worlds/model/variates.ts";
import { CHANGES, CHANNELS, TABLE_ROWS, usualRow } from "./arl-changes.ts";
import { NULLS } from "./arl-nulls.ts";
import { groupOfSeconds, oneRowBatch } from "./row-by-row.ts";
import {
  decimals,
  type Figure,
  left,
  meanOf,
  right,
  type Scored,
  type Suite,
  type SuiteJob,
  tableOf,
} from "./suite.ts";

/** A of the null processes. */
const PROMISES = [2000, 20_000] as const;
/** Runs of a null process: a share of the runs of a change, which are much shorter. */
const CHANGE_RUNS_PER_NULL_RUN = 25;
/** Rows of a run of a null process: this many promised alarms, but at least so many rows. */
const PROMISED_ALARMS = 25;
const LEAST_ROWS = 100_000;
const CALIBRATION_ROWS = 500;
const QUIET_ROWS = 300;
const MOST_ROWS = 1500;
/** A delay may exceed the expected one by this factor. */
const SLOWER = 1.1;

type Job = SuiteJob &
  (
    | { readonly of: "null"; readonly process: number; readonly promised: number; readonly seed: number }
    | { readonly of: "change"; readonly change: number; readonly promised: number; readonly seed: number }
  );

interface Result {
  readonly alarms: number;
  /** Rows on which an alarm could have been raised. */
  readonly watched: number;
  /** Watched rows until the guarantee was void; null if it held. */
  readonly voidAfter: number | null;
  /** Rows from the change to the alarm; null if there was no change or an alarm came before it. */
  readonly delay: number | null;
}

export const arl: Suite<Job, Result> = {
  options: ["seeds"],

  jobs({ seeds }) {
    const nullRuns = Math.ceil(seeds / CHANGE_RUNS_PER_NULL_RUN);
    const nulls = NULLS.flatMap((process, k) =>
      PROMISES.flatMap((promised) =>
        range(nullRuns).map(
          (seed): Job => ({
            name: `${process.name} A=${promised} seed ${seed}`,
            of: "null",
            process: k,
            promised,
            seed,
          }),
        ),
      ),
    );
    const changes = CHANGES.flatMap((change, k) =>
      TABLE_ROWS.flatMap((promised) =>
        range(seeds).map(
          (seed): Job => ({
            name: `${change.name} A=${promised} seed ${seed}`,
            of: "change",
            change: k,
            promised,
            seed,
          }),
        ),
      ),
    );
    return [...nulls, ...changes];
  },

  run: (job) =>
    job.of === "null"
      ? runNull(job.process, job.promised, job.seed)
      : runChange(job.change, job.promised, job.seed),

  report(scored) {
    const nulls = NULLS.flatMap((process, k) =>
      PROMISES.flatMap((promised) => {
        const runs = scored.filter(
          ({ job }) => job.of === "null" && job.process === k && job.promised === promised,
        );
        return runs.length === 0 ? [] : [nullRow(process, promised, runs)];
      }),
    );
    const delays = CHANGES.flatMap((change, k) =>
      TABLE_ROWS.flatMap((promised, a) => {
        const runs = scored.filter(
          ({ job }) => job.of === "change" && job.change === k && job.promised === promised,
        );
        return runs.length === 0 ? [] : [delayRow(change.name, promised, change.expected[a]!, runs)];
      }),
    );
    return {
      tables: [
        tableOf("Alarms per promised alarm", nulls, [
          left("process", ({ process }) => process),
          right("A", ({ promised }) => String(promised)),
          right("alarms", ({ alarms }) => String(alarms)),
          right("per promised", ({ ratio }) => decimals(ratio, 2)),
          right("±", ({ error }) => decimals(error, 2)),
          right("at most", ({ atMost }) => decimals(atMost, 1)),
          left("guarantee", ({ guarantee }) => guarantee),
        ]),
        tableOf("Rows from a change to its alarm", delays, [
          left("change", ({ change }) => change),
          right("A", ({ promised }) => String(promised)),
          right("mean", ({ mean }) => decimals(mean, 1)),
          right("±", ({ error }) => decimals(error, 1)),
          right("at most", ({ atMost }) => decimals(atMost, 1)),
          right("not found", ({ missed }) => String(missed)),
          right("false alarm before", ({ before }) => String(before)),
        ]),
      ],
      figures: figuresOf(nulls, delays),
    };
  },
};

/** 1 to `count`. */
function range(count: number): number[] {
  return Array.from({ length: count }, (_, k) => k + 1);
}

function nullRow(process: (typeof NULLS)[number], promised: number, runs: readonly Scored<Job, Result>[]) {
  const alarms = runs.reduce((sum, { result }) => sum + result.alarms, 0);
  const expected = runs.reduce((sum, { result }) => sum + result.watched, 0) / promised;
  const voids = runs.flatMap(({ result }) => (result.voidAfter === null ? [] : [result.voidAfter]));
  const guarantee =
    voids.length === 0
      ? "holds"
      : `void in ${voids.length} of ${runs.length}, at most after ${Math.max(...voids)} rows`;
  return {
    process: process.name,
    promised,
    alarms,
    ratio: alarms / expected,
    error: Math.sqrt(Math.max(1, alarms)) / expected,
    atMost: process.atMost,
    guarantee,
  };
}

function delayRow(change: string, promised: number, expected: number, runs: readonly Scored<Job, Result>[]) {
  const delays = runs.flatMap(({ result }) => (result.delay === null ? [] : [result.delay]));
  const mean = meanOf(delays);
  const variance = mean === null ? null : meanOf(delays.map((delay) => (delay - mean) ** 2));
  return {
    change,
    promised,
    mean,
    error: variance === null ? null : Math.sqrt(variance / delays.length),
    atMost: SLOWER * expected,
    missed: delays.filter((delay) => delay === MOST_ROWS).length,
    before: runs.length - delays.length,
  };
}

function figuresOf(
  nulls: readonly ReturnType<typeof nullRow>[],
  delays: readonly ReturnType<typeof delayRow>[],
): Figure[] {
  const worst = Math.max(...nulls.map(({ ratio, atMost }) => ratio / atMost));
  const slowest = Math.max(...delays.map(({ mean, atMost }) => (mean ?? MOST_ROWS) / atMost));
  return [
    ...(nulls.length === 0
      ? []
      : [{ name: "alarms per alarm that the target allows, largest", value: worst, target: { atMost: 1 } }]),
    ...(delays.length === 0
      ? []
      : [{ name: "delay per delay that the target allows, largest", value: slowest, target: { atMost: 1 } }]),
  ];
}

function runNull(process: number, promised: number, seed: number): Result {
  const { n, start } = NULLS[process]!;
  const run = new ArlRun(n, promised, seed);
  const next = start(run.variates);
  const rows = Math.max(LEAST_ROWS, PROMISED_ALARMS * promised);
  while (run.watched < rows) {
    next(run.x);
    run.row();
  }
  return { alarms: run.alarms, watched: run.watched, voidAfter: run.voidAfter, delay: null };
}

function runChange(change: number, promised: number, seed: number): Result {
  const run = new ArlRun(CHANNELS, promised, seed, CALIBRATION_ROWS);
  for (let k = 0; k < CALIBRATION_ROWS + QUIET_ROWS; k++) {
    usualRow(run.variates, run.x);
    run.row();
  }
  const { alarms: before, watched, voidAfter } = run;
  if (before > 0) return { alarms: before, watched, voidAfter, delay: null };
  let delay = 0;
  while (run.alarms === 0 && delay < MOST_ROWS) {
    CHANGES[change]!.row(run.variates, run.x);
    run.row();
    delay++;
  }
  return { alarms: 0, watched, voidAfter, delay };
}

/** A collapse detector that is given innovations row by row. */
class ArlRun extends StandaloneActor<CollapseDetector> {
  readonly variates: Variates;
  /** The innovations of the next row. */
  readonly x: Float64Array;
  alarms = 0;
  watched = 0;
  voidAfter: number | null = null;
  private readonly batch: ReturnType<typeof oneRowBatch>;

  constructor(n: number, falseAlarmSamples: number, seed: number, calibrationRows = 0) {
    const ties = new Variates(seed, "ties");
    const settings = parseSettings({ collapse: { falseAlarmSamples, calibrationRows } });
    super(collapse, settings, groupOfSeconds(n), () => ties.uniform());
    this.variates = new Variates(seed, "rows");
    this.batch = oneRowBatch(n);
    this.x = this.batch.rowInnovation.subarray(0, n);
  }

  row(): void {
    this.now += 1_000_000;
    this.batch.rowTime[0] = this.now;
    const { value } = this.machine;
    if (value !== "warming") this.watched++;
    // The values whose differences the innovations are.
    for (let c = 0; c < this.x.length; c++) this.batch.rowValue[c] = this.batch.rowValue[c]! + this.x[c]!;
    this.update(this.batch);
  }

  override signal(signal: Signal): void {
    super.signal(signal);
    if (signal.type === "declared") this.alarms++;
    if (signal.type === "dependent") this.voidAfter ??= this.watched;
  }
}
