/**
 * Suite `pairs`: what `entanglement` and `interference` announce of pairs that do not change, and how soon they find one that does.
 *
 *   quiet world ─► announcements per promised one          changing world ─► found, and steps from the change to the announcement
 *
 * A step is a row for `entanglement`, and a sample of phases, two periods of eight rows, for `interference`. Every announcement of a quiet world is
 * false; those that say that their promise is void are counted apart. A change is found when its pair is announced as what happened to it, within
 * MOST_STEPS.
 */
import { StandaloneActor } from "../../../actors/core/standalone-actor.ts";
import { entanglement } from "../../../actors/detectors/entanglement/detector.ts";
import { interference } from "../../../actors/detectors/interference/detector.ts";
import type { ActorDefinition, Signal } from "../../../actors/ports/detector.ts";
import { parseSettings } from "../../../protocol/settings.ts";
import { Variates } from "../../worlds/model/variates.ts";
import { CHANNELS, type ChangingWorld, MOVING, OSCILLATING, QUIET } from "./pair-worlds.ts";
import { groupOfSeconds, oneRowBatch } from "./row-by-row.ts";
import {
  decimals,
  left,
  meanOf,
  medianOf,
  right,
  type Scored,
  type Suite,
  type SuiteJob,
  type Table,
  tableOf,
} from "./suite.ts";

const ACTORS = ["entanglement", "interference"] as const;
type ActorName = (typeof ACTORS)[number];

interface Watching {
  readonly definition: ActorDefinition;
  readonly rowsPerStep: number;
  /** A of quiet worlds, in steps: the smallest one that settings allow to days of rows. */
  readonly promisedSteps: number;
  /** A of changing ones, and the steps before the change: more than are learnt. */
  readonly patience: number;
  readonly quietSteps: number;
  readonly changes: readonly ChangingWorld[];
}

const WATCHING: Readonly<Record<ActorName, Watching>> = {
  entanglement: {
    definition: entanglement,
    rowsPerStep: 1,
    promisedSteps: 2000,
    patience: 20_000,
    quietSteps: 3000,
    changes: MOVING,
  },
  interference: {
    definition: interference,
    rowsPerStep: 16,
    promisedSteps: 200,
    patience: 2000,
    quietSteps: 600,
    changes: OSCILLATING,
  },
};
/** Promised announcements of a run of a quiet world. */
const PROMISED = 10;
const MOST_STEPS = 1000;
const SEEDS = 20;

interface Job extends SuiteJob {
  readonly actor: ActorName;
  readonly of: "quiet" | "change";
  readonly world: number;
  readonly seed: number;
}

interface Result {
  /** Announcements, of a changing world those before the change; and those of them that say that their promise is void. */
  readonly announced: number;
  readonly withoutPromise: number;
  /** Steps from the change to its announcement; null: not found. */
  readonly delay: number | null;
}

type Run = Scored<Job, Result>;

export const pairs: Suite<Job, Result> = {
  options: ["seeds"],
  seeds: SEEDS,

  jobs: ({ seeds }) =>
    ACTORS.flatMap((actor) => [
      ...QUIET.flatMap(({ name }, world) => jobsOf(actor, "quiet", name, world, seeds)),
      ...WATCHING[actor].changes.flatMap(({ name }, world) => jobsOf(actor, "change", name, world, seeds)),
    ]),

  run: (job) => (job.of === "quiet" ? runQuiet(job) : runChange(job)),

  report(scored) {
    const quiet = ACTORS.map((actor) => quietRows(actor, scored));
    const changes = ACTORS.map((actor) => changeRows(actor, scored));
    return {
      tables: ACTORS.flatMap((actor, k) => [
        ...tableOfQuiet(actor, quiet[k]!),
        ...tableOfChanges(actor, changes[k]!),
      ]),
      figures: ACTORS.flatMap((actor, k) =>
        quiet[k]!.length === 0
          ? []
          : [
              {
                name: `${actor}: false announcements per promised one, largest of ${quiet[k]!.length} worlds`,
                value: Math.max(...quiet[k]!.map(({ ratio }) => ratio)),
                target: { atMost: 1 },
              },
            ],
      ),
    };
  },
};

function jobsOf(actor: ActorName, of: Job["of"], name: string, world: number, seeds: number): Job[] {
  return Array.from({ length: seeds }, (_, k) => ({
    name: `${actor} ${name} seed ${k + 1}`,
    actor,
    of,
    world,
    seed: k + 1,
  }));
}

function runsOf(scored: readonly Run[], actor: ActorName, of: Job["of"], world: number): readonly Run[] {
  return scored.filter(({ job }) => job.actor === actor && job.of === of && job.world === world);
}

function quietRows(actor: ActorName, scored: readonly Run[]) {
  return QUIET.flatMap(({ name }, world) => {
    const runs = runsOf(scored, actor, "quiet", world);
    if (runs.length === 0) return [];
    const promised = runs.length * PROMISED;
    const withoutPromise = sumOf(runs, ({ withoutPromise }) => withoutPromise);
    const held = sumOf(runs, ({ announced }) => announced) - withoutPromise;
    const error = Math.sqrt(Math.max(1, held)) / promised;
    return [{ world: name, promised, held, withoutPromise, ratio: held / promised, error }];
  });
}

function changeRows(actor: ActorName, scored: readonly Run[]) {
  return WATCHING[actor].changes.flatMap(({ name }, world) => {
    const runs = runsOf(scored, actor, "change", world);
    if (runs.length === 0) return [];
    const delays = runs.flatMap(({ result }) => (result.delay === null ? [] : [result.delay]));
    const found = meanOf(runs.map(({ result }) => Number(result.delay !== null)));
    const before = sumOf(runs, ({ announced }) => announced);
    return [
      { world: name, runs: runs.length, found, median: medianOf(delays), mean: meanOf(delays), before },
    ];
  });
}

function tableOfQuiet(actor: ActorName, rows: ReturnType<typeof quietRows>): Table[] {
  if (rows.length === 0) return [];
  return [
    tableOf(`${actor}: announcements where nothing changes, A = ${WATCHING[actor].promisedSteps}`, rows, [
      left("world", ({ world }) => world),
      right("promised", ({ promised }) => String(promised)),
      right("announced", ({ held }) => String(held)),
      right("per promised", ({ ratio }) => decimals(ratio, 3)),
      right("±", ({ error }) => decimals(error, 3)),
      right("with a void promise", ({ withoutPromise }) => String(withoutPromise)),
    ]),
  ];
}

function tableOfChanges(actor: ActorName, rows: ReturnType<typeof changeRows>): Table[] {
  if (rows.length === 0) return [];
  const { patience, rowsPerStep } = WATCHING[actor];
  const step = rowsPerStep === 1 ? "rows" : `samples of ${rowsPerStep} rows`;
  return [
    tableOf(`${actor}: a pair of 28 changes, A = ${patience}; delays in ${step}`, rows, [
      left("change", ({ world }) => world),
      right("found", ({ found }) => decimals(found, 2)),
      right("median delay", ({ median }) => decimals(median, 0)),
      right("mean", ({ mean }) => decimals(mean, 0)),
      right("announced before", ({ before }) => String(before)),
    ]),
  ];
}

function sumOf(runs: readonly Run[], count: (result: Result) => number): number {
  return runs.reduce((sum, { result }) => sum + count(result), 0);
}

function runQuiet({ actor, world, seed }: Job): Result {
  const { n, start } = QUIET[world]!;
  const { promisedSteps, rowsPerStep } = WATCHING[actor];
  const run = new PairRun(actor, n, promisedSteps);
  const next = start(new Variates(seed, "rows"));
  for (let row = 0; row < PROMISED * promisedSteps * rowsPerStep; row++) {
    next(run.x);
    run.row();
  }
  return { announced: run.announced, withoutPromise: run.withoutPromise, delay: null };
}

function runChange({ actor, world, seed }: Job): Result {
  const { patience, quietSteps, rowsPerStep, changes } = WATCHING[actor];
  const run = new PairRun(actor, CHANNELS, patience);
  const next = changes[world]!.start(new Variates(seed, "rows"));
  for (let row = 0; row < quietSteps * rowsPerStep; row++) {
    next(run.x, false);
    run.row();
  }
  const { announced, withoutPromise } = run;
  run.sought = changes[world]!.signal;
  let rows = 0;
  while (!run.isFound && rows < MOST_STEPS * rowsPerStep) {
    next(run.x, true);
    run.row();
    rows++;
  }
  return { announced, withoutPromise, delay: run.isFound ? rows / rowsPerStep : null };
}

/** A detector that is given innovations row by row. */
class PairRun extends StandaloneActor {
  /** The innovations of the next row; NaN: the channel did not report. */
  readonly x: Float64Array;
  announced = 0;
  withoutPromise = 0;
  /** What is to be announced of the first two channels, and whether it was. */
  sought = "";
  isFound = false;
  private readonly batch: ReturnType<typeof oneRowBatch>;

  constructor(actor: ActorName, n: number, falseAlarmSamples: number) {
    super(
      WATCHING[actor].definition,
      parseSettings({ [actor]: { falseAlarmSamples } }),
      groupOfSeconds(n),
      () => 0,
    );
    this.batch = oneRowBatch(n);
    this.x = new Float64Array(n);
  }

  row(): void {
    const { batch, x } = this;
    this.now += 1_000_000;
    batch.rowTime[0] = this.now;
    for (let c = 0; c < x.length; c++) {
      const isFresh = !Number.isNaN(x[c]!);
      batch.rowFresh[c] = isFresh ? 1 : 0;
      batch.rowInnovation[c] = isFresh ? x[c]! : 0;
    }
    this.update(batch);
  }

  override signal(signal: Signal): void {
    super.signal(signal);
    const { type, first, second, guarantee } = signal;
    if (type === "known") return;
    this.announced++;
    if (guarantee === "void") this.withoutPromise++;
    if (type === this.sought && [first, second].sort().join() === "c0,c1") this.isFound = true;
  }
}
