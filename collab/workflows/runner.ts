/**
 * Performs the automatic steps of workflows, and offers the definitions that the session was given.
 *
 *   document of the room ─► automatic steps whose turn it is ─► looked at until they are met, fail, or take too long
 *             ▲                                                                     │
 *             └──────────── facts "workflow.performed" in the room's log ◄──────────┘
 *
 * X1  What a step comes to enters the log before anything else may know of it: a replay takes it from there, and performs nothing.
 * X2  The document alone says what is to be done. After a restart a step that was running is looked at again, from its beginning.
 * X3  A fact that people were faster than changes nothing: the room decides (actors/detectors/room/workflows.ts).
 * X4  While no automatic step runs, nothing is looked at.
 */
import type { Partition } from "../../actors/mod.ts";
import type { Clock } from "../../actors/ports/clock.ts";
import { EigenwatchError } from "../../protocol/errors.ts";
import type { PerformedStep, SessionFactName } from "../../protocol/session-facts.ts";
import {
  type Automatic,
  type StepState,
  WORKFLOW_AUTHOR,
  type WorkflowRun,
  waitsFor,
} from "../../protocol/workflow.ts";
import { type Standing, standingOf } from "./conditions.ts";
import type { Workflow } from "./definition.ts";
import type { Watch, WatchedSession } from "./watched-session.ts";

/** Between two looks at a step that runs: people see it as at once. */
const LOOK_MS = 50;

/** Least time between two entries in the log of how far a step has come, and the parts of the way that are told apart: twenty entries of a step at most. */
const PROGRESS_MS = 1_000;
const PROGRESS_PARTS = 20;

/** Names the program among the sources of commands. Its facts have no numbers. */
const SOURCE = "session";

export interface RunnerOptions {
  readonly room: Partition;
  readonly session: WatchedSession;
  /** What may be started. */
  readonly offered: readonly Workflow[];
  readonly clock: Clock;
  log(message: string): void;
}

/** From now on. Returns what ends it. */
export function runWorkflows(options: RunnerOptions): () => void {
  const runner = new Runner(options);
  return () => runner.stop();
}

/** A step that is under way. */
interface Task {
  readonly run: string;
  readonly step: string;
  readonly title: string;
  readonly automatic: Automatic;
  readonly timeoutMs: number;
  readonly beganMs: number;
  readonly watch: Watch;
  toldMs: number;
  toldPart: number;
}

class Runner {
  private readonly options: RunnerOptions;
  private readonly tasks = new Map<string, Task>();
  private readonly unsubscribe: () => void;
  private cancelLook: (() => void) | null = null;
  private isLooking = false;
  private isStopped = false;

  constructor(options: RunnerOptions) {
    this.options = options;
    this.unsubscribe = options.room.subscribe({
      flush: () => this.look(),
    });
    this.offer();
    this.look();
  }

  stop(): void {
    this.isStopped = true;
    this.unsubscribe();
    this.cancelLook?.();
    for (const { watch } of this.tasks.values()) watch.stop();
  }

  /** Makes the document show what is offered. */
  private offer(): void {
    const { room, offered } = this.options;
    const { document } = room.room();
    for (const { name, definition } of offered)
      if (JSON.stringify(document.entry("definitions", name)) !== JSON.stringify(definition))
        this.enter("workflow.offered", { name, definition });
    for (const name of document.keys("definitions"))
      if (!offered.some((each) => each.name === name))
        this.enter("workflow.offered", { name, definition: null });
  }

  private look(): void {
    // What is entered comes back as something new in the room.
    if (this.isLooking || this.isStopped || this.options.room.notReady() !== null) return;
    this.isLooking = true;
    this.cancelLook?.();
    this.cancelLook = null;
    try {
      // A step that is over may let others begin.
      do this.gather();
      while (this.perform());
    } finally {
      this.isLooking = false;
    }
    if (this.tasks.size > 0) this.cancelLook = this.options.clock.after(LOOK_MS, () => this.look());
  }

  /** Begins the steps whose turn it is, and forgets those that people have ended. */
  private gather(): void {
    const { document } = this.options.room.room();
    const due = new Set<string>();
    for (const run of document.keys("workflows")) {
      const entry = document.entry("workflows", run) as WorkflowRun;
      for (const [step, { automatic, state, title, timeoutSeconds }] of Object.entries(entry.steps)) {
        if (automatic === undefined) continue;
        if (state !== "running" && (state !== "waiting" || waitsFor(entry, step).length > 0)) continue;
        const key = `${run}\n${step}`;
        due.add(key);
        if (this.tasks.has(key)) continue;
        const timeoutMs = (timeoutSeconds ?? Number.POSITIVE_INFINITY) * 1_000;
        this.begin(key, { run, step, title, automatic, timeoutMs });
        if (state === "waiting") this.enter("workflow.performed", { run, step, state: "running" });
      }
    }
    for (const [key, { watch }] of this.tasks) {
      if (due.has(key)) continue;
      watch.stop();
      this.tasks.delete(key);
    }
  }

  private begin(key: string, task: Pick<Task, "run" | "step" | "title" | "automatic" | "timeoutMs">): void {
    const beganMs = this.options.clock.monotonicMs();
    const watch = this.options.session.watch();
    this.tasks.set(key, { ...task, beganMs, watch, toldMs: beganMs, toldPart: 0 });
  }

  /** Looks at every step that runs. Returns whether one of them is over. */
  private perform(): boolean {
    const nowMs = this.options.clock.monotonicMs();
    let isOneOver = false;
    for (const [key, task] of this.tasks) {
      const standing = this.standing(task, nowMs);
      const { run, step } = task;
      if (standing.state !== "running") {
        task.watch.stop();
        this.tasks.delete(key);
        this.enter("workflow.performed", { run, step, state: standing.state, note: standing.note });
        isOneOver ||= this.stateOf(run, step) !== "running";
      } else this.tell(task, standing, nowMs);
    }
    return isOneOver;
  }

  private stateOf(run: string, step: string): StepState | undefined {
    const entry = this.options.room.room().document.entry("workflows", run) as WorkflowRun | undefined;
    return entry?.steps[step]?.state;
  }

  private standing({ automatic, watch, beganMs, timeoutMs }: Task, nowMs: number): Standing {
    const standing = standingOf(automatic, watch.look());
    if (standing.state !== "running" || nowMs - beganMs < timeoutMs) return standing;
    return { state: "failed", note: `not within ${timeoutMs / 1_000} s: ${standing.note}` };
  }

  /** How far a step has come, now and then. */
  private tell(task: Task, { note, progress }: Standing, nowMs: number): void {
    if (progress === undefined || nowMs - task.toldMs < PROGRESS_MS) return;
    const part = Math.floor((PROGRESS_PARTS * progress.done) / progress.of);
    if (part === task.toldPart) return;
    task.toldMs = nowMs;
    task.toldPart = part;
    this.enter("workflow.performed", { run: task.run, step: task.step, state: "running", note, progress });
  }

  private enter(name: SessionFactName, body: PerformedStep | object): void {
    const { room, log } = this.options;
    room
      .command({ name, body, author: { id: WORKFLOW_AUTHOR }, source: SOURCE, sequence: 0 })
      .catch((error: unknown) => {
        // A room that closes or has halted: the next start looks again.
        if (!(error instanceof EigenwatchError && error.kind === "unavailable"))
          log(`workflows: ${String(error)}`);
      });
  }
}
