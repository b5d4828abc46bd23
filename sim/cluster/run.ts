/**
 * One run of a simulated world: faults, then calm, then the end, at which everything must have converged.
 *
 *   build ─► faults ──heal──► calm: no faults, everything is up ──► shutdown ──► checkers examine the end
 *               └──── a rule is broken ────┴─────────────────────────► the run ends at once
 *
 * Reads no clock: the same request gives the same result on every runtime.
 */
import process from "node:process";
import { Checkers } from "./checkers/mod.ts";
import type { Violation } from "./checkers/observation.ts";
import { clusterFixture } from "./cluster-fixture.ts";
import { nextTurn, runMicrotasks } from "./event-loop.ts";
import { drawOptions, type WorldOptions } from "./options.ts";
import type { RecordedInputs } from "./recorded/inputs.ts";
import type { ScenarioName } from "./scenarios.ts";
import { SimulatedCluster, START_US } from "./simulated-cluster.ts";
import { singleFixture } from "./single-fixture.ts";

export interface RunRequest {
  readonly seed: number;
  readonly scenario: ScenarioName;
  readonly minutes?: number;
  /** Ids of the faults (decisions.ts) that may happen; absent: all. */
  readonly only?: ReadonlySet<string>;
  /** Replaces drawn options: shrinking makes a world smaller with it. */
  readonly override?: Partial<WorldOptions>;
  /** Feeds and people send what it holds; absent: simulated feeds. The scenario must have a bus. */
  readonly recorded?: RecordedInputs;
  /** Receives every step as a line. */
  readonly write?: (line: string) => void;
  /** Runs promise reactions by one turn of the event loop after each event, as on a runtime without `runMicrotasks` (event-loop.ts): slower, same result. */
  readonly byTurns?: boolean;
}

export interface RunResult {
  readonly seed: number;
  readonly options: WorldOptions;
  readonly violation: Violation | null;
  /** Ids of the faults that happened, in order. */
  readonly decisions: readonly string[];
  /** How often each branch (branches.ts) was taken. */
  readonly branches: ReadonlyMap<string, number>;
  /** Number of queue entries that acted. */
  readonly events: number;
  /** Simulated time until the end or the broken rule. */
  readonly simulatedUs: number;
  /** Hash of all steps: equal runs have equal hashes. */
  readonly traceHash: string;
  /** Derived events that clients received. */
  readonly delivered: number;
  /** Of a recording: steps that became durable, by partition. */
  readonly sent: ReadonlyMap<string, number>;
}

/** How far an input may lie ahead of the true time: one second that the sequencer allows, and 15 s between clocks (CLOCK_ERROR_US in node.ts). */
const AHEAD_MAX_US = 1_000_000 + 15_000_000;

/** Clients need not hold events that were released later than this before the end. */
const IN_FLIGHT_US = 4_000_000;

/** An orderly shutdown takes round trips and a snapshot. */
const STOPPING_US = 8_000_000;

/** Events in one turn of the event loop. Unhandled rejections are reported at the end of a turn: a run must not be one turn. */
const EVENTS_A_TURN = 50_000;

export async function run(request: RunRequest): Promise<RunResult> {
  const { seed, recorded = null, only, write, byTurns = runMicrotasks === null } = request;
  const options = optionsOf(request);
  const checkers = new Checkers(
    recorded === null
      ? { aheadMaxUs: AHEAD_MAX_US }
      : { aheadMaxUs: Number.POSITIVE_INFINITY, recorded: { inputs: recorded, startUs: START_US } },
  );
  const world = new SimulatedCluster({
    seed,
    options,
    recorded,
    only: only ?? null,
    checkers,
    write: write ?? null,
  });
  const onRejection = (error: unknown): void => {
    world.threw("a promise", error);
  };
  process.on("unhandledRejection", onRejection);
  try {
    // No nodes: one process without a bus.
    const fixture = options.nodes === 0 ? singleFixture(world) : clusterFixture(world);
    const endUs = START_US + options.minutes * 60e6;
    let events = await runUntil(world, byTurns, endUs - options.calmSeconds * 1e6);
    if (world.violation === null) {
      world.decisions.heal();
      world.observe({ kind: "healed", atUs: world.nowUs });
      fixture.heal();
      events += await runUntil(world, byTurns, endUs - IN_FLIGHT_US);
    }
    // The last event of each partition that every client must hold at the end.
    const mustHold = new Map(world.released);
    if (world.violation === null) events += await runUntil(world, byTurns, endUs);
    if (world.violation === null) {
      const trouble = fixture.notConverged();
      if (trouble !== null) world.fail("after the faults everything converges", trouble);
    }
    if (world.violation === null) {
      const clients = fixture.lastEvents();
      const documents = fixture.documents?.() ?? new Map<string, string>();
      const heldUs = world.nowUs;
      fixture.stop();
      events += await runUntil(world, byTurns, endUs + STOPPING_US);
      const end = await fixture.end(clients);
      world.violation ??= checkers.finish({ ...end, mustHold, documents, heldUs });
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
      delivered: fixture.delivered(),
      sent: fixture.sent?.() ?? new Map(),
    };
  } finally {
    process.off("unhandledRejection", onRejection);
  }
}

/** A recorded session has its own feeds, and gateways that pass its commands on; its settings change as people changed them. */
function optionsOf({ seed, scenario, minutes, recorded, override }: RunRequest): WorldOptions {
  const drawn = drawOptions(seed, scenario, minutes);
  if (recorded === undefined) return { ...drawn, ...override };
  const { length: partitions } = recorded.partitions;
  const node = { ...drawn.node, configured: 0 };
  const own = { partitions, feedsOfPartition: 0, remote: true, node };
  return { ...drawn, ...own, ...override };
}

/** Lets the queue act until a time or a broken rule; returns how many entries acted. */
async function runUntil(world: SimulatedCluster, byTurns: boolean, untilUs: number): Promise<number> {
  const events =
    byTurns || runMicrotasks === null
      ? await actByTurns(world, untilUs)
      : await actInBatches(world, untilUs, runMicrotasks);
  await nextTurn();
  return events;
}

/** Many events in each turn of the event loop, with a microtask checkpoint after each. */
async function actInBatches(
  world: SimulatedCluster,
  untilUs: number,
  drainMicrotasks: () => void,
): Promise<number> {
  let events = 0;
  for (let more = true; more; ) {
    // From a macrotask: within a microtask runMicrotasks does nothing.
    const acted = await new Promise<number>((resolve, reject) => {
      setImmediate(() => {
        try {
          resolve(actBatch(world, untilUs, drainMicrotasks));
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

function actBatch(world: SimulatedCluster, untilUs: number, drainMicrotasks: () => void): number {
  let events = 0;
  // Reactions left by the set-up.
  drainMicrotasks();
  while (events < EVENTS_A_TURN && actNext(world, untilUs)) {
    events++;
    drainMicrotasks();
  }
  return events;
}

async function actByTurns(world: SimulatedCluster, untilUs: number): Promise<number> {
  let events = 0;
  await nextTurn();
  while (actNext(world, untilUs)) {
    events++;
    await nextTurn();
  }
  return events;
}

/** False when no entry is left before `untilUs`, or a rule is broken. */
function actNext(world: SimulatedCluster, untilUs: number): boolean {
  const { queue, trace } = world;
  if (world.violation !== null) return false;
  const entry = queue.next(untilUs);
  if (entry === null) return false;
  trace.step(entry.atUs, entry.what);
  const act = entry.act!;
  // Cleared before it runs: an entry acts once.
  entry.act = null;
  try {
    act();
  } catch (error) {
    world.threw(trace.nameOf(entry.what), error);
  }
  return true;
}
