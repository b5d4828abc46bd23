/**
 * The shared parts of a simulated world: the queue, the decisions, the trace and the checkers.
 *
 *   queue ──next──► entry acts ──► shipped code ──► ports of this world ──► queue
 *                                        └──taps──► observe ──► checkers ──► violation: the run ends
 *
 * W1  Everything that happens is a function of seed, scenario, minutes and the decisions that may be taken.
 */
import { RandomStream } from "../../actors/core/mod.ts";
import type { Checkers } from "./checkers/mod.ts";
import type { Observation, Violation } from "./checkers/observation.ts";
import { Decisions } from "./decisions.ts";
import type { WorldOptions } from "./options.ts";
import type { Process } from "./process.ts";
import { EventQueue } from "./queue.ts";
import type { RecordedInputs } from "./recorded/inputs.ts";
import { Trace } from "./trace.ts";

/** Start of every simulated world: 2026-01-01, µs since the epoch. */
export const START_US = 1_767_225_600_000_000;

export interface WorldSetup {
  readonly seed: number;
  readonly options: WorldOptions;
  /** What feeds and people send; null: simulated feeds. */
  readonly recorded: RecordedInputs | null;
  /** Decisions that may be taken; null: all. */
  readonly only: ReadonlySet<string> | null;
  readonly checkers: Checkers;
  /** Receives every step as a line. */
  readonly write: ((line: string) => void) | null;
}

export class SimulatedCluster {
  readonly startUs = START_US;
  readonly seed: number;
  readonly options: WorldOptions;
  readonly recorded: RecordedInputs | null;
  readonly queue = new EventQueue(START_US);
  readonly trace: Trace;
  readonly decisions: Decisions;
  /** The first broken rule. */
  violation: Violation | null = null;
  /** Last released event, by partition. */
  readonly released = new Map<string, number>();
  /** How often each branch was taken. */
  readonly branches = new Map<string, number>();
  readonly #checkers: Checkers;

  constructor({ seed, options, recorded, only, checkers, write }: WorldSetup) {
    this.seed = seed;
    this.options = options;
    this.recorded = recorded;
    this.#checkers = checkers;
    this.trace = new Trace(START_US, write);
    this.decisions = new Decisions(seed, only, (kind) => this.#count(kind));
  }

  get nowUs(): number {
    return this.queue.nowUs;
  }

  /** Random numbers for anything but faults: latencies, data, choices of clients. */
  random(component: string): RandomStream {
    return new RandomStream(this.seed, component);
  }

  after(delayMs: number, owner: Process | null, what: string, act: () => void): () => void {
    const entry = this.queue.after(delayMs * 1000, owner, this.trace.intern(what), act);
    return () => {
      entry.act = null;
    };
  }

  /** Calls `act` every `ms`, until it returns false or the owner ends. */
  every(ms: number, owner: Process | null, what: string, act: () => boolean | undefined): void {
    const code = this.trace.intern(what);
    const turn = (): void => {
      if (act() !== false) this.queue.after(ms * 1000, owner, code, turn);
    };
    this.queue.after(ms * 1000, owner, code, turn);
  }

  /** Records that a branch of the protocol (branches.ts) was taken. */
  sometimes(name: string): void {
    this.#count(name);
  }

  observe(observation: Observation): void {
    const violation = this.#checkers.observe(observation);
    if (violation !== null) this.violation ??= violation;
  }

  threw(where: string, error: unknown): void {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    this.observe({ kind: "threw", atUs: this.nowUs, where, error: text });
  }

  /** Records a broken rule that no checker knows. */
  fail(rule: string, what: string): void {
    this.violation ??= { rule, atUs: this.queue.nowUs, what };
  }

  // ---- processes ------------------------------------------------------------------------------------------------

  end(process: Process): void {
    process.state = "ended";
    process.held = [];
  }

  pause(process: Process): void {
    if (process.state === "running") process.state = "paused";
  }

  wake(process: Process): void {
    if (process.state !== "paused") return;
    process.state = "running";
    const held = process.held;
    process.held = [];
    this.queue.release(held);
  }

  #count(name: string): void {
    this.branches.set(name, (this.branches.get(name) ?? 0) + 1);
  }
}
