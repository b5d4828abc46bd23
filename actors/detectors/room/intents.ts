/**
 * What intents do: changes of which only the first may count, so that the room decides them. An effect is the new value of one entry.
 *
 *   waiting ──running──► running ──done, failed, skipped──► over         a step of a workflow; it may also go over without running
 */
import {
  type Intent,
  isDrawnLevel,
  type RootName,
  type WorkflowStep,
} from "../../../protocol/room-document.ts";

export interface Effect {
  readonly root: RootName;
  readonly id: string;
  readonly value: unknown;
}

/** Why an intent has no effect. */
export interface NoEffect {
  readonly field: null;
  readonly expected: string;
}

/** Whose intent it is, and when. Alerts have the name, as those of actors do. */
export interface IntentAuthor {
  readonly author: string;
  readonly name: string;
  readonly atUs: number;
}

interface Workflow {
  readonly startedAtUs: number;
  readonly steps: Readonly<Record<string, WorkflowStep>>;
}

const OVER: ReadonlySet<WorkflowStep["state"]> = new Set(["done", "failed", "skipped"]);

/** The effect of an intent on the entries as they are. */
export function carryOut(
  intent: Intent,
  entry: (root: RootName, id: string) => unknown,
  { author, name, atUs }: IntentAuthor,
): Effect | NoEffect {
  if ("alert" in intent) {
    const threshold = entry("thresholds", intent.alert);
    if (threshold === undefined || isDrawnLevel(threshold)) return refused("the alert of a threshold");
  }
  switch (intent.type) {
    case "alert.acknowledge": {
      const alert = (entry("alerts", intent.alert) ?? {}) as { readonly acknowledgedBy?: string };
      if (alert.acknowledgedBy !== undefined) return refused("an alert that nobody has acknowledged");
      const { note = "" } = intent;
      return onAlert(intent.alert, { ...alert, acknowledgedBy: name, acknowledgedAtUs: atUs, note });
    }
    case "alert.assign":
      return onAlert(intent.alert, {
        ...(entry("alerts", intent.alert) as object | undefined),
        assignedTo: intent.to,
        assignedBy: name,
      });
    case "alert.snooze":
      return onAlert(intent.alert, {
        ...(entry("alerts", intent.alert) as object | undefined),
        snoozedUntilUs: atUs + Math.round(intent.seconds * 1e6),
        snoozedBy: name,
      });
    case "workflow.start": {
      if (entry("workflows", intent.run) !== undefined) return refused("a run that has not begun");
      const steps = Object.fromEntries(
        Object.entries(intent.steps).map(([step, title]) => [step, { title, state: "waiting" }]),
      );
      const value = { title: intent.title, startedBy: author, startedAtUs: atUs, steps };
      return { root: "workflows", id: intent.run, value };
    }
    case "workflow.step": {
      const run = entry("workflows", intent.run) as Workflow | undefined;
      const step =
        run !== undefined && Object.hasOwn(run.steps, intent.step) ? run.steps[intent.step] : undefined;
      if (step === undefined) return refused("a step of a run that has begun");
      if (OVER.has(step.state) || step.state === intent.state) return refused("a step that is not over");
      const note = intent.note === undefined ? {} : { note: intent.note };
      const after = { ...step, state: intent.state, by: author, atUs, ...note };
      return {
        root: "workflows",
        id: intent.run,
        value: { ...run, steps: { ...run!.steps, [intent.step]: after } },
      };
    }
    default:
      return unreachable(intent);
  }
}

/** The run whose place a new one takes: of those whose steps are all over, the one that began first; null when all are under way. */
export function oldestFinished(runs: readonly (readonly [run: string, value: unknown])[]): string | null {
  let oldest: { run: string; startedAtUs: number } | null = null;
  for (const [run, value] of runs) {
    const { steps, startedAtUs } = value as Workflow;
    if (Object.values(steps).some(({ state }) => !OVER.has(state))) continue;
    if (oldest === null || startedAtUs < oldest.startedAtUs) oldest = { run, startedAtUs };
  }
  return oldest?.run ?? null;
}

function onAlert(id: string, value: unknown): Effect {
  return { root: "alerts", id, value };
}

function refused(expected: string): NoEffect {
  return { field: null, expected };
}

function unreachable(intent: never): never {
  throw new Error(`unknown intent ${JSON.stringify(intent)}`);
}
