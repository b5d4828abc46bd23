/**
 * Runs of workflows: what a person or the program may make of a run, and the run that it then is. protocol/workflow.ts has the states of a step.
 *
 * L1  Of several who ask for the same, the first is accepted. The others are told who that was.
 * L2  Who asks, and when, is what the log says: the author as a gateway verified it, and the time of the input.
 */
import { includesRole, type Role } from "../../../protocol/principal.ts";
import type { Intent } from "../../../protocol/room-document.ts";
import {
  asDefined,
  isOver,
  type RunStep,
  stateOfRun,
  type WorkflowRun,
  waitsFor,
} from "../../../protocol/workflow.ts";
import { type Effect, type NoEffect, refused } from "./effects.ts";

/** Titles of steps in one sentence: it fits in an event. */
const MOST_NAMED = 3;

/** Who asks, and when. */
export interface Mover {
  readonly author: string;
  readonly name: string;
  /** Null: the program itself. */
  readonly role: Role | null;
  readonly atUs: number;
}

type Start = Extract<Intent, { type: "workflow.start" }>;
type Move = Omit<Extract<Intent, { type: "workflow.step" }>, "type"> & Pick<RunStep, "progress">;

export function startedRun(
  { run, workflow, title, steps }: Start,
  known: WorkflowRun | undefined,
  { author, name, atUs }: Mover,
): Effect | NoEffect {
  if (known !== undefined)
    return refused("a run that has not begun", `${run} was started by ${known.name ?? known.startedBy}`);
  const waiting = Object.entries(steps).map(([step, defined]) => [
    step,
    { ...asDefined(defined), state: "waiting" },
  ]);
  const value = {
    title,
    ...(workflow === undefined ? {} : { workflow }),
    startedBy: author,
    name,
    startedAtUs: atUs,
    steps: Object.fromEntries(waiting),
  };
  return { root: "workflows", id: run, value };
}

export function movedStep(move: Move, run: WorkflowRun | undefined, mover: Mover): Effect | NoEffect {
  const step = run !== undefined && Object.hasOwn(run.steps, move.step) ? run.steps[move.step] : undefined;
  if (step === undefined) return refused("a step of a run that has begun");
  const refusal = refusalOf(move, run!, step, mover);
  if (refusal !== null) return refusal;
  const steps = { ...run!.steps, [move.step]: after(step, move, mover) };
  return { root: "workflows", id: move.run, value: { ...run, steps } };
}

/** The run whose place a new one takes: of those with which nothing can be done any more, the one that began first; null when there is none. */
export function oldestFinished(runs: readonly (readonly [run: string, value: unknown])[]): string | null {
  let oldest: { run: string; startedAtUs: number } | null = null;
  for (const [run, value] of runs) {
    const { startedAtUs } = value as WorkflowRun;
    if (stateOfRun(value as WorkflowRun) === "running") continue;
    if (oldest === null || startedAtUs < oldest.startedAtUs) oldest = { run, startedAtUs };
  }
  return oldest?.run ?? null;
}

function refusalOf(
  { step: id, state: to }: Move,
  run: WorkflowRun,
  step: RunStep,
  { author, role }: Mover,
): NoEffect | null {
  const isProgram = role === null;
  const { state, automatic, role: needed = "editor" } = step;
  const found = `${step.title} is ${state}${step.name === undefined ? "" : `, by ${step.name}`}`;
  const isOthers = state === "running" && automatic === undefined && step.by !== author && role !== "owner";
  if (role !== null && !includesRole(role, needed)) return refused(`the role ${needed}`, `the role ${role}`);
  if (isOver(step)) return refused("a step that is not over", found);
  switch (to) {
    case "skipped":
      return isOthers ? refused("a step that nobody else has taken on", found) : null;
    case "waiting":
      if (state === "failed") return null;
      if (state !== "running" || automatic !== undefined) return refused("a step that has failed", found);
      return isOthers ? refused("a step that nobody else has taken on", found) : null;
    case "running":
    case "done":
    case "failed": {
      if (isProgram !== (automatic !== undefined))
        return refused("a step that people do: the program does this one", found);
      // The program says how far it has come.
      const goesOn = isProgram && to === "running";
      if (state === "failed" || (state === to && !goesOn))
        return refused(to === "running" ? "a step that waits" : "a step that waits or runs", found);
      if (isOthers) return refused("a step that nobody else has taken on", found);
      const missing = waitsFor(run, id);
      if (missing.length === 0) return null;
      const titles = missing.slice(0, MOST_NAMED).map((each) => run.steps[each]!.title);
      const more = missing.length > MOST_NAMED ? ` and ${missing.length - MOST_NAMED} more` : "";
      return refused("a step whose turn it is", `${step.title} waits for ${titles.join(", ")}${more}`);
    }
    default:
      return unreachable(to);
  }
}

/** The step as it is then. */
function after(step: RunStep, { state, note, progress }: Move, { author, name, atUs }: Mover): RunStep {
  const { startedAtUs: began, note: _note, progress: _progress, ...rest } = step;
  const startedAtUs = state === "waiting" ? undefined : state === "running" ? (began ?? atUs) : began;
  return {
    ...rest,
    state,
    by: author,
    name,
    atUs,
    ...(startedAtUs === undefined ? {} : { startedAtUs }),
    ...(note === undefined ? {} : { note }),
    ...(progress === undefined ? {} : { progress }),
  };
}

function unreachable(state: never): never {
  throw new Error(`unknown state ${String(state)}`);
}
