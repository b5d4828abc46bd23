/**
 * One run of a simulated world: faults, then calm, then the end, where everything must have come together.
 *
 *   build ─► faults ──heal──► calm: nothing fails, everything is up ──► finish: checkers judge what is there
 *               └──── a rule is broken ────┴─────────────────────────────► the run ends with it
 *
 * Reads no clock: the same request gives the same result, on every runtime.
 */
import process from "node:process";
import { Checkers } from "./checkers/mod.ts";
import { buildCluster } from "./cluster.ts";
import { drain, hop } from "./microtasks.ts";
import type { Violation } from "./observation.ts";
import { drawOptions, type WorldOptions } from "./options.ts";
import type { ScenarioName } from "./scenarios.ts";
import { buildSingle } from "./single.ts";
import { START_US, World } from "./world.ts";

export interface RunRequest {
  readonly seed: number;
  readonly scenario: ScenarioName;
  readonly minutes?: number;
  /** Ids of decisions that may be taken; absent: all. */
  readonly only?: ReadonlySet<string>;
  /** Laid over the drawn options: how shrinking makes a world smaller. */
  readonly override?: Partial<WorldOptions>;
  /** Hears every step as a line. */
  readonly write?: (line: string) => void;
  /** Reactions of promises run in turns of the event loop, as on a runtime without a checkpoint: slower, the same result. */
  readonly byTurns?: boolean;
}

export interface RunResult {
  readonly seed: number;
  readonly options: WorldOptions;
  readonly violation: Violation | null;
  /** Ids of the faults that happened, in order. */
  readonly decisions: readonly string[];
  /** How often each branch of branches.ts was taken. */
  readonly branches: ReadonlyMap<string, number>;
  /** Entries of the queue that acted. */
  readonly events: number;
  /** Until the end or the broken rule. */
  readonly simulatedUs: number;
  /** Of all steps: equal runs have equal hashes. */
  readonly traceHash: string;
  /** Derived events that clients were handed. */
  readonly delivered: number;
}

/** The sequencer lets live samples be a second ahead of its clock, and clocks may be wrong by so much (options.ts). */
const AHEAD_MAX_US = 1_000_000 + 15_000_000;

/** Events and frames that are younger may still be under way. */
const UNDER_WAY_US = 4_000_000;

/** An orderly end takes round trips and a snapshot. */
const STOPPING_US = 8_000_000;

/** Events between two looks at the event loop: rejections nobody handled are reported there. */
const EVENTS_A_TURN = 50_000;

export async function run(request: RunRequest): Promise<RunResult> {
  const { seed, scenario, minutes, only, override, write, byTurns = drain === null } = request;
  const options = { ...drawOptions(seed, scenario, minutes), ...override };
  const checkers = new Checkers({ aheadMaxUs: AHEAD_MAX_US });
  const world = new World({ seed, options, only: only ?? null, checkers, write: write ?? null });
  const onRejection = (error: unknown): void => {
    world.threw("a promise", error);
  };
  process.on("unhandledRejection", onRejection);
  try {
    const inhabitants = options.nodes === 0 ? buildSingle(world) : buildCluster(world);
    const endUs = START_US + options.minutes * 60e6;
    let events = await runUntil(world, byTurns, endUs - options.calmSeconds * 1e6);
    if (world.violation === null) {
      world.decisions.heal();
      world.observe({ kind: "healed", atUs: world.nowUs });
      inhabitants.heal();
      events += await runUntil(world, byTurns, endUs - UNDER_WAY_US);
    }
    const mustHold = new Map(world.released);
    if (world.violation === null) events += await runUntil(world, byTurns, endUs);
    if (world.violation === null) {
      const apart = inhabitants.apart();
      if (apart !== null) world.fail("after the faults have ended everything comes together", apart);
    }
    if (world.violation === null) {
      const clients = inhabitants.holds();
      inhabitants.stop();
      events += await runUntil(world, byTurns, endUs + STOPPING_US);
      const end = await inhabitants.end(clients);
      world.violation ??= checkers.finish({ ...end, mustHold });
    }
    return {
      seed,
      options,
      violation: world.violation,
      decisions: world.decisions.taken,
      branches: world.branches,
      events,
      simulatedUs: world.nowUs - START_US,
      traceHash: world.trace.hash(),
      delivered: inhabitants.delivered(),
    };
  } finally {
    process.off("unhandledRejection", onRejection);
  }
}

/** Lets the queue act until a time or a broken rule; returns how many entries acted. */
async function runUntil(world: World, byTurns: boolean, untilUs: number): Promise<number> {
  const events =
    byTurns || drain === null ? await actByTurns(world, untilUs) : await actAtOnce(world, untilUs, drain);
  // Rejections that nobody handled are told of at the end of a turn.
  await hop();
  return events;
}

/** Many events a turn of the event loop, with a checkpoint behind each. */
async function actAtOnce(world: World, untilUs: number, drainNow: () => void): Promise<number> {
  let events = 0;
  for (let more = true; more; ) {
    // From a macrotask, so that the checkpoint works.
    const acted = await new Promise<number>((resolve, reject) => {
      setImmediate(() => {
        try {
          resolve(actMany(world, untilUs, drainNow));
        } catch (error) {
          reject(error);
        }
      });
    });
    events += acted;
    more = acted === EVENTS_A_TURN;
  }
  return events;
}

function actMany(world: World, untilUs: number, drainNow: () => void): number {
  let events = 0;
  // What ran before the first event has reactions as well.
  drainNow();
  while (events < EVENTS_A_TURN && actNext(world, untilUs)) {
    events++;
    drainNow();
  }
  return events;
}

async function actByTurns(world: World, untilUs: number): Promise<number> {
  let events = 0;
  await hop();
  while (actNext(world, untilUs)) {
    events++;
    await hop();
  }
  return events;
}

/** False when nothing is left to do before `untilUs`, or a rule is broken. */
function actNext(world: World, untilUs: number): boolean {
  const { queue, trace } = world;
  if (world.violation !== null) return false;
  const entry = queue.next(untilUs);
  if (entry === null) return false;
  trace.step(entry.atUs, entry.what);
  const act = entry.act!;
  entry.act = null;
  try {
    act();
  } catch (error) {
    world.threw(trace.nameOf(entry.what), error);
  }
  return true;
}
