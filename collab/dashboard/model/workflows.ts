/**
 * Runs of workflows on the page: the newest run, what may be started, and what the person asks for.
 *
 *   press ─► intent ─► the room's answer ─► nothing to say, or `failure`: who was first
 */
import { computed, signal } from "@preact/signals";
import type { Intent } from "../../../protocol/room-document.ts";
import {
  isOver,
  nextRun,
  type Phase,
  phasesOf,
  type RunStep,
  type StepState,
  stateOfRun,
  type WorkflowDefinition,
  type WorkflowRun,
  waitsFor,
} from "../../../protocol/workflow.ts";
import type { Controls } from "./controls.ts";
import type { Room } from "./room.ts";

/** A run as it is shown. */
export interface ShownRun {
  readonly id: string;
  readonly title: string;
  readonly state: ReturnType<typeof stateOfRun>;
  readonly startedBy: string;
  readonly startedAtUs: number;
  readonly over: number;
  readonly steps: readonly ShownStep[];
}

export interface ShownStep {
  readonly id: string;
  readonly step: RunStep;
  /** Titles of the steps that it waits for. */
  readonly waitsFor: readonly string[];
  readonly phase: Phase | undefined;
  /** What the person may make of it now; the room decides. */
  readonly choices: readonly Choice[];
}

export interface Choice {
  readonly to: StepState;
  readonly words: string;
}

export interface OfferedWorkflow {
  readonly name: string;
  readonly definition: WorkflowDefinition;
}

export class Workflows {
  /** Why the last request was refused, "" when it was not. */
  readonly failure = signal("");
  /** The run that is shown; null: the newest. */
  readonly chosen = signal<string | null>(null);
  readonly offered = computed<readonly OfferedWorkflow[]>(() =>
    Object.entries(this.#room.entries("definitions"))
      .map(([name, definition]) => ({ name, definition: definition as WorkflowDefinition }))
      .sort((a, b) => (a.name < b.name ? -1 : 1)),
  );
  /** Names of runs, the newest first. */
  readonly runs = computed<readonly string[]>(() =>
    Object.entries(this.#runs())
      .sort(([, a], [, b]) => b.startedAtUs - a.startedAtUs)
      .map(([id]) => id),
  );
  readonly shown = computed<ShownRun | null>(() => {
    const runs = this.#runs();
    const chosen = this.chosen.value;
    const id = chosen !== null && Object.hasOwn(runs, chosen) ? chosen : this.runs.value[0];
    return id === undefined ? null : shownRun(id, runs[id]!, this.#controls.me.value);
  });
  readonly #room: Room;
  readonly #controls: Controls;

  constructor(room: Room, controls: Controls) {
    this.#room = room;
    this.#controls = controls;
  }

  /** Why the person may not act, "" when they may. Reads signals. */
  whyNot(): string {
    return this.#room.whyNot();
  }

  /** The runs of a recording are only shown. Reads signals. */
  get isLive(): boolean {
    return this.#room.isJoined.value;
  }

  async start({ name, definition }: OfferedWorkflow): Promise<void> {
    const run = nextRun(name, this.runs.peek());
    const { title, steps } = definition;
    await this.#ask({ type: "workflow.start", run, workflow: name, title, steps });
    this.chosen.value = null;
  }

  async move(run: string, step: string, state: StepState, note: string): Promise<void> {
    await this.#ask({ type: "workflow.step", run, step, state, ...(note === "" ? {} : { note }) });
  }

  async #ask(intent: Intent): Promise<void> {
    const isDone = await this.#room.intend(intent);
    this.failure.value = isDone ? "" : this.#room.failure.peek();
    // It is said where the person pressed.
    if (!isDone) this.#room.failure.value = "";
  }

  #runs(): Readonly<Record<string, WorkflowRun>> {
    return this.#room.entries("workflows") as Readonly<Record<string, WorkflowRun>>;
  }
}

/** Who looks: their own steps have other choices. */
type Person = { readonly id: string; readonly role: string } | null;

export function shownRun(id: string, run: WorkflowRun, me: Person): ShownRun {
  const phases = new Map(phasesOf(run).map((phase) => [phase.step, phase]));
  const steps = Object.entries(run.steps);
  return {
    id,
    title: run.title,
    state: stateOfRun(run),
    startedBy: run.name ?? run.startedBy,
    startedAtUs: run.startedAtUs,
    over: steps.filter(([, step]) => isOver(step)).length,
    steps: steps.map(([each, step]) => {
      const missing = waitsFor(run, each);
      return {
        id: each,
        step,
        waitsFor: missing.map((before) => run.steps[before]!.title),
        phase: phases.get(each),
        choices: choicesOf(step, missing.length === 0, me),
      };
    }),
  };
}

const TAKE: Choice = { to: "running", words: "Take" };
const DONE: Choice = { to: "done", words: "Done" };
const FAILED: Choice = { to: "failed", words: "Failed" };
const SKIP: Choice = { to: "skipped", words: "Skip" };
const GIVE_BACK: Choice = { to: "waiting", words: "Give back" };
const AGAIN: Choice = { to: "waiting", words: "Try again" };

function choicesOf(step: RunStep, isItsTurn: boolean, me: Person): readonly Choice[] {
  if (step.role === "owner" && me?.role !== "owner") return [];
  if (isOver(step)) return [];
  if (step.state === "failed") return [AGAIN, SKIP];
  if (step.automatic !== undefined) return [SKIP];
  if (step.state === "waiting") return isItsTurn ? [TAKE, DONE, SKIP] : [SKIP];
  return step.by === me?.id || me?.role === "owner" ? [DONE, FAILED, SKIP, GIVE_BACK] : [];
}
