/**
 * Suite `prediction`: whether the bands of forecasts hold as often as they say, and whether skill is announced only where there is some.
 *
 *   scenarios ─► prediction alone, as many bands as there are values ─► share that held, against what was asked for
 *   null processes, as values and as steps of a walk ─► announcements of skill, against the promised ones
 *
 * Of a scenario everything happens that is in it: bands have to hold all the same. A process counts as a null where neither its rows nor their
 * sizes say what comes next.
 */
import { StandaloneActor } from "../../../actors/core/standalone-actor.ts";
import { type PredictionDetector, prediction } from "../../../actors/detectors/prediction/detector.ts";
import { RowAssembler } from "../../../actors/detectors/rows/row-assembler.ts";
import { parseSettings } from "../../../protocol/settings.ts";
import { Variates } from "../../worlds/model/variates.ts";
import { findScenario } from "../../worlds/scenarios.ts";
import { NULLS } from "./arl-nulls.ts";
import { groupOfSeconds, oneRowBatch } from "./row-by-row.ts";
import { decimals, left, right, type Suite, type SuiteJob, tableOf } from "./suite.ts";

const WORLDS = [
  "regime-switching",
  "flash-crash",
  "heston-jumps",
  "cointegrated-pairs",
  "venue-gap",
  "server-metrics",
  "hawkes-trades",
  "order-book",
  "drop-out",
  "wandering",
] as const;
const PERCENTS = [80, 90, 95] as const;
/** Bands may hold so much more or less often than they say, %. */
const TOLERANCE = 2;

/** A, and the promised announcements of a run. */
const PROMISED_STEPS = 2000;
const PROMISED = 10;
/** Processes whose values, or whose sums, nothing is known of. */
const SILENT_VALUES = ["Gaussian", "Student", "exponential", "lognormal", "Poisson", "GARCH", "Heston"];
const SILENT_STEPS = ["Gaussian", "Student", "GARCH", "stochastic volatility, common"];

interface Job extends SuiteJob {
  /** A scenario, or the number of a null process. */
  readonly world: string | number;
  readonly isWalk: boolean;
}

interface Result {
  /** Share of bands that held at each of PERCENTS, % of `bands`. */
  readonly held: readonly number[];
  readonly bands: number;
  readonly announced: number;
}

export const predictionSuite: Suite<Job, Result> = {
  jobs: () => [
    ...WORLDS.map((world) => ({ name: world, world, isWalk: false })),
    ...nullJobs(SILENT_VALUES, false),
    ...nullJobs(SILENT_STEPS, true),
  ],

  run: ({ world, isWalk }) =>
    typeof world === "string"
      ? coverageOf(world)
      : { held: [], bands: 0, announced: announcedOf(world, isWalk) },

  report(scored) {
    const worlds = scored.filter(({ job }) => typeof job.world === "string");
    const nulls = scored.filter(({ job }) => typeof job.world === "number");
    const off = worlds.flatMap(({ result }) => result.held.map((held, k) => Math.abs(held - PERCENTS[k]!)));
    return {
      tables: [
        tableOf("Share of values in their bands, %", worlds, [
          left("world", ({ job }) => job.name),
          right("bands", ({ result }) => String(result.bands)),
          ...PERCENTS.map((percent, k) =>
            right<(typeof worlds)[number]>(`of ${percent} %`, ({ result }) => decimals(result.held[k]!, 2)),
          ),
        ]),
        tableOf(`Announcements of skill where there is none, ${PROMISED} promised`, nulls, [
          left("process", ({ job }) => job.name),
          right("announced", ({ result }) => String(result.announced)),
          right("per promised", ({ result }) => decimals(result.announced / PROMISED, 2)),
        ]),
      ],
      figures: [
        {
          name: `bands: largest distance from what was asked for, ${worlds.length} worlds`,
          value: Math.max(...off),
          unit: "%",
          target: { atMost: TOLERANCE },
        },
        {
          name: "announcements of skill per promised one, largest",
          value: Math.max(...nulls.map(({ result }) => result.announced / PROMISED)),
          target: { atMost: 1 },
        },
      ],
    };
  },
};

function nullJobs(starts: readonly string[], isWalk: boolean): Job[] {
  return NULLS.flatMap(({ name }, world) =>
    starts.some((start) => name.startsWith(start))
      ? [{ name: isWalk ? `random walk, steps: ${name}` : name, world, isWalk }]
      : [],
  );
}

function coverageOf(world: string): Result {
  let bands = 0;
  const held = PERCENTS.map((coveragePercent) => {
    const counted = bandsIn(world, coveragePercent);
    bands = counted.judged;
    return (100 * counted.held) / counted.judged;
  });
  return { held, bands, announced: 0 };
}

/** Of all channels of all groups of a scenario, at its usual size. */
function bandsIn(world: string, coveragePercent: number): { judged: number; held: number } {
  const scenario = findScenario(world);
  const run = scenario.create({
    seed: 1,
    strength: 1,
    channels: scenario.channels.usual,
    rate: scenario.usualRate,
    durationUs: scenario.usualDurationUs,
    startUs: 1_700_000_000_000_000,
    group: "g",
  });
  const settings = parseSettings({ prediction: { coveragePercent } });
  const groups = run.declarations.map(({ group, channels, ...rest }) => {
    const own = { name: group, n: channels.length, channels, ...rest };
    const random = new Variates(1, "prediction");
    return {
      rows: new RowAssembler(own),
      actor: new StandaloneActor(prediction, settings, own, () => random.uniform()),
      n: own.n,
      group,
    };
  });
  for (let piece = run.next(); piece !== null; piece = run.next()) {
    if (piece.type !== "frame") continue;
    const of = groups.find(({ group }) => group === piece.group)!;
    of.actor.now = piece.time[piece.count - 1]!;
    of.actor.update(of.rows.consume(piece));
  }
  const total = { judged: 0, held: 0 };
  for (const { actor, n } of groups)
    for (let i = 0; i < n; i++) {
      const { judged, held } = actor.detector.channels.bands(i);
      total.judged += judged;
      total.held += held;
    }
  return total;
}

function announcedOf(process: number, isWalk: boolean): number {
  const { n, start } = NULLS[process]!;
  const variates = new Variates(1, "prediction");
  let announced = 0;
  const actor = new StandaloneActor<PredictionDetector>(
    prediction,
    parseSettings({ prediction: { falseAlarmSamples: PROMISED_STEPS } }),
    groupOfSeconds(n),
    () => variates.uniform(),
  );
  const { signal } = actor;
  actor.signal = (found) => {
    if (found.type === "gained") announced++;
    signal.call(actor, found);
  };
  const batch = oneRowBatch(n);
  const next = start(variates);
  const [row, before] = [new Float64Array(n), new Float64Array(n)];
  for (let t = 1; t <= PROMISED_STEPS * PROMISED; t++) {
    next(row);
    for (let c = 0; c < n; c++) {
      // A walk is rows of innovations; of values, the state is foretold of the values themselves.
      batch.rowInnovation[c] = row[c]!;
      batch.rowValue[c] = row[c]! + (isWalk ? before[c]! : 0);
      before[c] = batch.rowValue[c]!;
    }
    batch.rowTime[0] = t * 1e6;
    actor.now = t * 1e6;
    actor.update(batch);
  }
  return announced;
}
