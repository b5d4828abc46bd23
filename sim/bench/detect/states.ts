/**
 * Suite `states`: whole states of the quantum worlds foretold by their motion, beside "as the last one" and averages of the states before.
 *
 *   world, in states ─► trajectory alone, with forecasts ─► mean losses of the last targets, skill, announcements
 *
 * Losses are ‖forecast − state‖², means of the last `prediction.memorySteps` targets and of the seeds. The measurement of the monitored qubit is kept weak,
 * so that it oscillates; of the other worlds jumps come by chance, and of those that do nothing but jump there is nothing to foretell.
 */
import { StandaloneActor } from "../../../actors/core/standalone-actor.ts";
import { HORIZONS } from "../../../actors/detectors/prediction/forecast-judge.ts";
import { PERSISTENCE } from "../../../actors/detectors/prediction/state-forecast.ts";
import { type TrajectoryDetector, trajectory } from "../../../actors/detectors/trajectory/detector.ts";
import { parseSettings } from "../../../protocol/settings.ts";
import { Variates } from "../../worlds/model/variates.ts";
import { findScenario } from "../../worlds/scenarios.ts";
import { decimals, left, meanOf, right, type Scored, type Suite, type SuiteJob, tableOf } from "./suite.ts";

interface World {
  readonly scenario: string;
  readonly strength: number;
  /** Nothing but jumps, which come by chance. */
  readonly isSilent: boolean;
}

const WORLDS: readonly World[] = [
  { scenario: "quantum-zeno", strength: 0, isSilent: false },
  { scenario: "quantum-telegraph", strength: 1, isSilent: true },
  { scenario: "quantum-ladder", strength: 1, isSilent: true },
  { scenario: "quantum-shelving", strength: 1, isSilent: false },
];
const FORMS = ["density", "vector"] as const;
const SEEDS = 6;

interface Job extends SuiteJob {
  readonly world: number;
  readonly form: (typeof FORMS)[number];
  readonly seed: number;
}

/** At one horizon. */
interface Ahead {
  readonly steps: number;
  readonly last: number;
  readonly bestAverage: number;
  readonly forecast: number;
  readonly gained: number;
  readonly lost: number;
}

export const states: Suite<Job, readonly Ahead[]> = {
  options: ["seeds"],
  seeds: SEEDS,

  jobs: ({ seeds }) =>
    WORLDS.flatMap(({ scenario }, world) =>
      FORMS.flatMap((form) =>
        Array.from({ length: seeds }, (_, k) => ({
          name: `${scenario} (${form}) seed ${k + 1}`,
          world,
          form,
          seed: k + 1,
        })),
      ),
    ),

  run: ({ world, form, seed }) => forecastsOf(WORLDS[world]!, form, seed),

  report(scored) {
    const rows = WORLDS.flatMap((world, w) =>
      FORMS.flatMap((form) =>
        HORIZONS.flatMap((_, h) =>
          rowsOf(
            world,
            form,
            scored.filter(({ job }) => job.world === w && job.form === form),
            h,
          ),
        ),
      ),
    );
    const announcedOfSilent = rows.filter(({ world }) => world.isSilent).map(({ gained }) => gained);
    const oneStep = rows.filter(({ world, h }) => !world.isSilent && h === 0);
    return {
      tables: [
        tableOf("States foretold by their motion, loss ‖forecast − state‖²", rows, [
          left("world", ({ world, form }) => `${world.scenario} (${form})`),
          right("runs", ({ runs }) => String(runs)),
          right("steps ahead", ({ steps }) => String(steps)),
          right("as the last one", ({ last }) => decimals(last, 5)),
          right("best average", ({ bestAverage }) => decimals(bestAverage, 5)),
          right("by its motion", ({ forecast }) => decimals(forecast, 5)),
          right("skill", ({ skill }) => decimals(skill, 2)),
          right("announced", ({ gained }) => decimals(gained, 2)),
          right("lost again", ({ lost }) => decimals(lost, 2)),
        ]),
      ],
      figures: [
        ...(announcedOfSilent.length === 0
          ? []
          : [
              {
                name: "share of runs in which skill is announced where states only jump, largest",
                value: Math.max(...announcedOfSilent),
                target: { atMost: 0 },
              },
            ]),
        ...(oneStep.length === 0
          ? []
          : [
              {
                name: "skill one step ahead where they move, over the better of the last one and any average, least",
                value: Math.min(...oneStep.map(({ skill }) => skill)),
                target: { atLeast: 0.1 },
              },
            ]),
      ],
    };
  },
};

interface Row extends Ahead {
  readonly world: World;
  readonly form: string;
  readonly h: number;
  readonly runs: number;
  readonly skill: number;
}

/** One row, none without runs. `gained`, `lost`: shares of the runs. */
function rowsOf(
  world: World,
  form: string,
  scored: readonly Scored<Job, readonly Ahead[]>[],
  h: number,
): Row[] {
  const all = scored.map(({ result }) => result[h]!);
  if (all.length === 0) return [];
  const mean = (of: (ahead: Ahead) => number) => meanOf(all.map(of))!;
  const [last, bestAverage, forecast] = [
    mean((ahead) => ahead.last),
    mean((ahead) => ahead.bestAverage),
    mean((ahead) => ahead.forecast),
  ];
  return [
    {
      world,
      form,
      h,
      runs: all.length,
      steps: all[0]!.steps,
      last,
      bestAverage,
      forecast,
      skill: 1 - forecast / Math.min(last, bestAverage),
      gained: mean(({ gained }) => Math.min(1, gained)),
      lost: mean(({ lost }) => Math.min(1, lost)),
    },
  ];
}

function forecastsOf({ scenario, strength }: World, form: Job["form"], seed: number): Ahead[] {
  const { channels, usualRate, usualDurationUs, create } = findScenario(scenario);
  const run = create({
    seed,
    strength,
    form,
    channels: channels.usual,
    rate: usualRate,
    durationUs: usualDurationUs,
    startUs: 1_700_000_000_000_000,
    group: "g",
  });
  const { group, channels: named, ...rest } = run.declarations[0]!;
  const random = new Variates(seed, "states");
  const actor = new StandaloneActor<TrajectoryDetector>(
    trajectory,
    parseSettings({ prediction: { enabled: true } }),
    { name: group, n: named.length, channels: named, ...rest },
    () => random.uniform(),
  );
  const counts = HORIZONS.map(() => ({ gained: 0, lost: 0 }));
  const { signal } = actor;
  actor.signal = (found) => {
    const { type } = found;
    // Which of the two it is stands in its title alone.
    const h = String(found["title"]).endsWith(" one step ahead") ? 0 : 1;
    if (type === "gained" || type === "lost") counts[h]![type]++;
    signal.call(actor, found);
  };
  for (let piece = run.next(); piece !== null; piece = run.next()) {
    if (piece.type === "frame") continue;
    actor.now = piece.timeUs;
    actor.sequence++;
    actor.input(piece);
  }
  const { forecasts } = actor.detector;
  return HORIZONS.map((name, h) => {
    const { steps, comparison, bestAtom } = forecasts![name];
    const [last, bestAverage, forecast] = [
      comparison.lossOf(PERSISTENCE),
      comparison.lossOf(bestAtom),
      comparison.loss,
    ];
    return { steps, last, bestAverage, forecast, ...counts[h]! };
  });
}
