/**
 * Suite `risk`: whether the detector of risk keeps its promise on returns whose law does not change.
 *
 *   null process ─► less its mean ─► returns of prices, row by row ─► violated back-tests, falls and turbulence per promised announcement
 *
 * The processes are those of `arl`. Their rows are returns here, so one that remembers the row before makes each forecast wrong, and is to be announced:
 * it is no null. Laws with one side are independent, but their losses are not foretold by the size of the last ones.
 */
import exp from "@stdlib/math-base-special-exp";
import { StandaloneActor } from "../../../actors/core/standalone-actor.ts";
import { risk } from "../../../actors/detectors/risk/detector.ts";
import { parseSettings } from "../../../protocol/settings.ts";
import { Variates } from "../../worlds/model/variates.ts";
import { NULLS, type NullProcess } from "./arl-nulls.ts";
import { groupOfSeconds, oneRowBatch } from "./row-by-row.ts";
import { decimals, left, right, type Suite, type SuiteJob, tableOf } from "./suite.ts";

/** A, and the promised announcements of a run. */
const PROMISED_RETURNS = 2000;
const PROMISED = 25;
const ROWS = PROMISED_RETURNS * PROMISED;
/** Of a value of 1: prices stay numbers. */
const RETURN = 1e-3;
const ONE_SIDED = ["exponential", "lognormal", "Poisson"];

interface Job extends SuiteJob {
  readonly process: number;
}

interface Result {
  readonly violated: number;
  readonly fell: number;
  readonly turbulent: number;
}

export const riskNulls: Suite<Job, Result> = {
  jobs: () => NULLS.flatMap(({ name, promised }, process) => (promised ? [{ name, process }] : [])),
  run: ({ process }) => announcedOn(NULLS[process]!),
  report(scored) {
    const ratio = ({ violated, fell, turbulent }: Result) => (violated + fell + turbulent) / PROMISED;
    const isOneSided = ({ name }: Job) => ONE_SIDED.some((start) => name.startsWith(start));
    const largest = (oneSided: boolean) =>
      Math.max(
        ...scored.filter(({ job }) => isOneSided(job) === oneSided).map(({ result }) => ratio(result)),
      );
    return {
      tables: [
        tableOf(`Announcements on returns whose law stays, ${PROMISED} promised`, scored, [
          left("process", ({ job }) => job.name),
          right("back-tests", ({ result }) => String(result.violated)),
          right("falls", ({ result }) => String(result.fell)),
          right("turbulence", ({ result }) => String(result.turbulent)),
          right("per promised", ({ result }) => decimals(ratio(result), 2)),
        ]),
      ],
      figures: [
        {
          name: "announcements per promised one, largest, laws with two sides",
          value: largest(false),
          target: { atMost: 1 },
        },
        {
          name: "the same of laws with one side",
          value: largest(true),
          target: { atMost: 1 },
        },
      ],
    };
  },
};

function announcedOn({ n, start }: NullProcess): Result {
  const means = meansOf(n, start(new Variates(1, "risk")));
  const variates = new Variates(1, "risk");
  const next = start(variates);
  const settings = parseSettings({ risk: { falseAlarmSamples: PROMISED_RETURNS, horizonSeconds: 0 } });
  const group = { ...groupOfSeconds(n), innovation: "logReturn" as const };
  const actor = new StandaloneActor(risk, settings, group, () => variates.uniform());
  const counts = { violated: 0, fell: 0, turbulent: 0 };
  actor.signal = ({ type }) => {
    if (type === "violated" || type === "fell" || type === "turbulent") counts[type]++;
  };
  const batch = oneRowBatch(n);
  const x = batch.rowInnovation.subarray(0, n);
  const levels = new Float64Array(n);
  for (let t = 0; t < ROWS; t++) {
    next(x);
    for (let c = 0; c < n; c++) {
      x[c] = RETURN * (x[c]! - means[c]!);
      levels[c] = levels[c]! + x[c]!;
      batch.rowValue[c] = 100 * exp(levels[c]!);
    }
    actor.now += group.everyUs;
    batch.rowTime[0] = actor.now;
    actor.update(batch);
  }
  return counts;
}

function meansOf(n: number, next: (x: Float64Array) => void): Float64Array {
  const x = new Float64Array(n);
  const sums = new Float64Array(n);
  for (let t = 0; t < ROWS; t++) {
    next(x);
    for (let c = 0; c < n; c++) sums[c] = sums[c]! + x[c]!;
  }
  return sums.map((sum) => sum / ROWS);
}
