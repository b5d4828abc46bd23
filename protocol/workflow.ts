/**
 * Workflows: a definition is a graph of steps, a run is what people and the program have made of one.
 *
 *   waiting ──running──► running ──done──► over            a step of people may go over without running
 *      ▲  └──────skipped────┴────skipped─► over
 *      └──waiting── failed ◄──failed── running             a failed step is tried again, or skipped
 *
 * W1  A step begins when all steps that it comes after are done or skipped. Any step may be skipped before.
 * W2  An automatic step is the program's: people only skip it, and try it again when it has failed.
 * W3  A step that runs is theirs who began it: others leave it alone, but for the role owner.
 */
import * as v from "valibot";
import { FORBIDDEN_KEYS } from "./fields.ts";
import { ROLES } from "./principal.ts";
import { body, label, timeUs } from "./room-fields.ts";

/** Steps of a workflow: with titles of a usual length a run of so many fits in one entry of the document. */
export const WORKFLOW_STEPS_MAX = 64;

/** Rows that a step may wait for: a year of rows a second. */
const ROWS_MAX = 31_536_000;
const TIMEOUT_SECONDS_MAX = 7 * 86_400;

/** Who performs automatic steps, in the log and in runs. Nobody signs in under this id: those of people are other words. */
export const WORKFLOW_AUTHOR = "workflow";

/** What an automatic step may wait for, and how that is said of a step. */
export const CONDITIONS = {
  connected: "every feed is connected",
  warm: "every group has learnt what is usual",
  calm: "no incident is open",
} as const;

export type Condition = keyof typeof CONDITIONS;

export const CONDITION_NAMES = Object.keys(CONDITIONS) as Condition[];

export const automatic = v.union([
  v.strictObject({ until: v.picklist(CONDITION_NAMES) }),
  v.strictObject({ rows: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(ROWS_MAX)) }),
]);

/** What the program does in a step. */
export type Automatic = v.InferOutput<typeof automatic>;

const STEP_ID = "1 to 64 letters, digits, - and _, the first a letter or digit";

/** The name of a step or of a definition. */
export const workflowId = v.pipe(
  v.string(),
  v.check((id) => /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/.test(id) && !FORBIDDEN_KEYS.has(id), STEP_ID),
);

const definedFields = {
  title: v.pipe(label, v.nonEmpty()),
  /** What people are to do. */
  instructions: v.optional(body),
  /** Steps that are over before it begins. */
  after: v.optional(v.pipe(v.array(workflowId), v.maxLength(WORKFLOW_STEPS_MAX))),
  /** The least role that may do it; absent: editor. */
  role: v.optional(v.picklist(ROLES)),
  /** Absent: people do it. */
  automatic: v.optional(automatic),
  /** An automatic step fails when it takes longer. */
  timeoutSeconds: v.optional(v.pipe(v.number(), v.minValue(0.001), v.maxValue(TIMEOUT_SECONDS_MAX))),
};

export const stepDefinition = v.strictObject(definedFields);
export type StepDefinition = v.InferOutput<typeof stepDefinition>;

export const STEP_STATES = ["waiting", "running", "done", "failed", "skipped"] as const;
export type StepState = (typeof STEP_STATES)[number];

/** A step of a run. `by`, `name`: who changed it last. */
export const runStep = v.looseObject({
  ...definedFields,
  title: label,
  state: v.picklist(STEP_STATES),
  by: v.optional(label),
  name: v.optional(label),
  /** When it changed last, and when it began to run. */
  atUs: v.optional(timeUs),
  startedAtUs: v.optional(timeUs),
  note: v.optional(body),
  /** Of an automatic step that runs: so much of so much. */
  progress: v.optional(v.looseObject({ done: v.number(), of: v.number() })),
});

export type RunStep = v.InferOutput<typeof runStep>;

export const run = v.looseObject({
  title: label,
  /** Name of the definition. */
  workflow: v.optional(label),
  /** Id of who started it, and the name. */
  startedBy: label,
  name: v.optional(label),
  startedAtUs: timeUs,
  steps: v.record(v.string(), runStep),
});

export type WorkflowRun = v.InferOutput<typeof run>;

/** Steps by id, as a definition or a start has them: a title alone is a step of people. */
const steps = v.pipe(
  v.record(workflowId, v.union([label, stepDefinition])),
  v.check((steps) => Object.keys(steps).length <= WORKFLOW_STEPS_MAX, `at most ${WORKFLOW_STEPS_MAX} steps`),
  v.check(
    (steps) => graphFault(steps) === null,
    "steps that come after others of this workflow, in no circle",
  ),
);

export type StepsByName = Readonly<Record<string, string | StepDefinition>>;

export const definition = v.looseObject({
  title: v.pipe(label, v.nonEmpty()),
  description: v.optional(body),
  steps,
});

export type WorkflowDefinition = v.InferOutput<typeof definition>;

export const workflowSteps = steps;

/** What keeps steps from being a graph that can be worked off. */
export interface GraphFault {
  readonly step: string;
  /** The step that it names. */
  readonly after: string;
  readonly problem: "unknown" | "circle";
}

export function graphFault(steps: StepsByName): GraphFault | null {
  for (const [step, defined] of Object.entries(steps))
    for (const after of afterOf(defined))
      if (!Object.hasOwn(steps, after)) return { step, after, problem: "unknown" };
  const over = new Set<string>();
  for (let left = Object.keys(steps); left.length > 0; ) {
    const stuck = left.filter((step) => !afterOf(steps[step]!).every((after) => over.has(after)));
    if (stuck.length === left.length) {
      const step = circleOf(steps, stuck, over);
      return { step, after: afterOf(steps[step]!).find((after) => !over.has(after))!, problem: "circle" };
    }
    for (const step of left) if (!stuck.includes(step)) over.add(step);
    left = stuck;
  }
  return null;
}

/** A step that comes after itself. Each of `stuck` comes after another of them. */
function circleOf(steps: StepsByName, stuck: readonly string[], over: ReadonlySet<string>): string {
  const seen = new Set<string>();
  let step = stuck[0]!;
  while (!seen.has(step)) {
    seen.add(step);
    step = afterOf(steps[step]!).find((after) => !over.has(after))!;
  }
  return step;
}

function afterOf(step: string | Pick<StepDefinition, "after">): readonly string[] {
  return typeof step === "string" ? [] : (step.after ?? []);
}

/** Done, or not to be done any more. */
export function isOver({ state }: Pick<RunStep, "state">): boolean {
  return state === "done" || state === "skipped";
}

/** Steps of a run that this one waits for: those it comes after that are not over. */
export function waitsFor({ steps }: Pick<WorkflowRun, "steps">, step: string): string[] {
  return afterOf(steps[step]!).filter((after) => {
    const before = steps[after];
    return before !== undefined && !isOver(before);
  });
}

/** "running": something can still be done; "failed": what is left waits for a step that failed; "done": every step is over. */
export function stateOfRun(run: Pick<WorkflowRun, "steps">): "running" | "failed" | "done" {
  const steps = Object.entries(run.steps);
  if (steps.every(([, step]) => isOver(step))) return "done";
  const canGoOn = steps.some(
    ([id, { state }]) => state === "running" || (state === "waiting" && waitsFor(run, id).length === 0),
  );
  return canGoOn ? "running" : "failed";
}

/** The time of a step: from when it could begin, or did, until it was over or failed. Null: it has not begun. */
export interface Phase {
  readonly step: string;
  readonly beganUs: number;
  /** Null: it is not over. */
  readonly endedUs: number | null;
}

/** The phases of a run, in the order of its steps. */
export function phasesOf(run: WorkflowRun): Phase[] {
  return Object.entries(run.steps).flatMap(([id, step]) => {
    const ended = isOver(step) || step.state === "failed" ? (step.atUs ?? null) : null;
    if (ended === null && waitsFor(run, id).length > 0) return [];
    const possible = afterOf(step).map((after) => run.steps[after]?.atUs ?? run.startedAtUs);
    const beganUs = step.startedAtUs ?? Math.max(run.startedAtUs, ...possible);
    return [{ step: id, beganUs: Math.min(beganUs, ended ?? beganUs), endedUs: ended }];
  });
}

/** A name for the next run of a definition, the same on every page: of two who start one at once, the first is accepted. */
export function nextRun(workflow: string, runs: Iterable<string>): string {
  let last = 0;
  for (const run of runs) {
    const number = run.startsWith(`${workflow}.`) ? Number(run.slice(workflow.length + 1)) : Number.NaN;
    if (Number.isSafeInteger(number)) last = Math.max(last, number);
  }
  return `${workflow}.${last + 1}`;
}

/** A title that stands in for a step is one. */
export function asDefined(step: string | StepDefinition): StepDefinition {
  return typeof step === "string" ? { title: step } : step;
}
