/** Runs of workflows in words: a step in a line, and the time that each phase took. */
import { timeText } from "../../protocol/text-values.ts";
import { phasesOf, type RunStep, stateOfRun, type WorkflowRun, waitsFor } from "../../protocol/workflow.ts";

/** A phase of a run, as `--json` prints it. */
export interface PhaseReport {
  readonly step: string;
  readonly title: string;
  readonly state: RunStep["state"];
  readonly by: string | null;
  /** From the begin of the run, and how long it took; null: it has not begun, or is not over. */
  readonly beganSeconds: number | null;
  readonly seconds: number | null;
  readonly note: string | null;
}

export interface RunReport {
  readonly run: string;
  readonly title: string;
  readonly state: ReturnType<typeof stateOfRun>;
  readonly startedBy: string;
  readonly startedAt: string;
  /** Until its last step was over; null while something can be done. */
  readonly seconds: number | null;
  readonly phases: readonly PhaseReport[];
}

export function runReport(id: string, run: WorkflowRun): RunReport {
  const state = stateOfRun(run);
  const phases = new Map(phasesOf(run).map((phase) => [phase.step, phase]));
  const since = (timeUs: number): number => (timeUs - run.startedAtUs) / 1e6;
  const ends = [...phases.values()].map(({ endedUs }) => endedUs ?? run.startedAtUs);
  return {
    run: id,
    title: run.title,
    state,
    startedBy: run.name ?? run.startedBy,
    startedAt: timeText(run.startedAtUs),
    seconds: state === "running" ? null : since(Math.max(run.startedAtUs, ...ends)),
    phases: Object.entries(run.steps).map(([step, { title, state: is, name, by, note }]) => {
      const phase = phases.get(step);
      return {
        step,
        title,
        state: is,
        by: name ?? by ?? null,
        beganSeconds: phase === undefined ? null : since(phase.beganUs),
        seconds: phase === undefined || phase.endedUs === null ? null : (phase.endedUs - phase.beganUs) / 1e6,
        note: note ?? null,
      };
    }),
  };
}

/** The table of a run's phases, and how it stands. */
export function runLines(id: string, run: WorkflowRun): string[] {
  const { phases, state, seconds, startedBy, startedAt } = runReport(id, run);
  const rows = [
    ["phase", "state", "by", "began", "took", ""],
    ...phases.map(({ step, title, state: is, by, beganSeconds, seconds: took, note }) => [
      title,
      is,
      by ?? "",
      beganSeconds === null ? "" : `+${secondsText(beganSeconds)}`,
      took === null ? "" : secondsText(took),
      note ?? waitingNote(run, step, is),
    ]),
  ];
  const widths = [0, 1, 2, 3, 4].map((k) => Math.max(...rows.map((row) => row[k]!.length)));
  const table = rows.map((row) =>
    row
      .map((cell, k) => (k === 3 || k === 4 ? cell.padStart(widths[k]!) : cell.padEnd(widths[k] ?? 0)))
      .join("  ")
      .trimEnd(),
  );
  const over = phases.filter(({ state: is }) => is === "done" || is === "skipped").length;
  const so = state === "running" ? `${over} of ${phases.length} steps are over` : state;
  const within = seconds === null ? "" : ` after ${secondsText(seconds)}`;
  return [...table, `${id}: ${so}${within}; started by ${startedBy} at ${startedAt}`];
}

/** "Warm up: running, by workflow: still learning: bars" */
export function stepLine(title: string, { state, name, note }: RunStep): string {
  return `${title}: ${state}${name === undefined ? "" : `, by ${name}`}${note === undefined ? "" : `: ${note}`}`;
}

function waitingNote(run: WorkflowRun, step: string, state: RunStep["state"]): string {
  if (state !== "waiting") return "";
  const titles = waitsFor(run, step).map((each) => run.steps[each]!.title);
  return titles.length === 0 ? "its turn" : `waits for ${titles.join(", ")}`;
}

function secondsText(seconds: number): string {
  return `${seconds.toFixed(2)} s`;
}
