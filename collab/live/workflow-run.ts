/** Starts a run of a workflow in a session and follows it: progress as lines, the steps of people signed off where that was asked for, the phases at its end. */
import { print, printJson, report } from "../../actors/command-line/terminal.ts";
import { EigenwatchError } from "../../protocol/errors.ts";
import {
  type RunStep,
  type WorkflowDefinition,
  type WorkflowRun,
  waitsFor,
} from "../../protocol/workflow.ts";
import { findWorkflow } from "../workflows/find.ts";
import { WorkflowClient, type WorkflowFlags } from "./workflow-client.ts";
import { runLines, runReport, stepLine } from "./workflow-report.ts";

export interface StartFlags extends WorkflowFlags {
  /** Answers the steps of people under this name. */
  signOff?: string | undefined;
  yes?: true | undefined;
  json?: true | undefined;
  /** False: it ends when the run has begun. */
  wait?: boolean;
}

/** Returns the exit code: 0 when every step is over. */
export async function startWorkflow(nameOrFile: string, flags: StartFlags): Promise<number> {
  const client = await WorkflowClient.join(flags);
  try {
    const { name, definition } = await chosen(client, nameOrFile);
    const run = await client.start(name, definition);
    if (flags.json) printJson({ what: "started", run });
    else print(`${run} is started`);
    return flags.wait === false ? 0 : await followed(client, run, flags);
  } finally {
    client.leave();
  }
}

/** One that the session offers, a packaged one, or a file. */
async function chosen(
  client: WorkflowClient,
  nameOrFile: string,
): Promise<{ name: string; definition: WorkflowDefinition }> {
  const offered = client.definitions();
  const definition = Object.hasOwn(offered, nameOrFile) ? offered[nameOrFile] : undefined;
  return definition === undefined ? findWorkflow(nameOrFile) : { name: nameOrFile, definition };
}

async function followed(client: WorkflowClient, run: string, flags: StartFlags): Promise<number> {
  const signed = new Set<string>();
  const end = await client.follow(run, ({ step, is }, now) => {
    tell(run, step, is, now, flags);
    if (mayAnswer(flags) && isTurnOfPeople(now, step, is) && !signed.has(step)) {
      signed.add(step);
      client.move(run, step, "done", answerNote(flags)).catch((error: unknown) => {
        // Somebody was faster, or the role is too little: people do it.
        report(String((error as Error).message));
      });
    }
  });
  if (flags.json) printJson({ what: "finished", ...runReport(run, end) });
  else print("", ...runLines(run, end));
  return runReport(run, end).state === "done" ? 0 : 1;
}

function tell(
  run: string,
  step: string,
  is: RunStep,
  now: WorkflowRun,
  { json, ...flags }: StartFlags,
): void {
  if (json) printJson({ what: "step", run, step, ...is });
  else if (is.state !== "waiting") print(stepLine(is.title, is));
  else if (isTurnOfPeople(now, step, is) && !mayAnswer(flags)) {
    const role = is.role === undefined ? "" : ` with the role ${is.role}`;
    print(
      `${is.title}: waits for somebody${role}${is.instructions === undefined ? "" : `: ${is.instructions}`}`,
    );
  }
}

function isTurnOfPeople(run: WorkflowRun, step: string, { state, automatic }: RunStep): boolean {
  return state === "waiting" && automatic === undefined && waitsFor(run, step).length === 0;
}

function mayAnswer({ signOff, yes }: StartFlags): boolean {
  return signOff !== undefined || yes === true;
}

function answerNote({ signOff }: StartFlags): string {
  return signOff === undefined ? "answered by --yes" : `signed off by ${signOff} with --sign-off`;
}

/** The run of this name, or the newest; throws when there is none. */
export function chosenRun(
  runs: Readonly<Record<string, WorkflowRun>>,
  name: string | undefined,
): { name: string; run: WorkflowRun } {
  const newestFirst = Object.entries(runs).sort(([, a], [, b]) => b.startedAtUs - a.startedAtUs);
  const found = name === undefined ? newestFirst[0] : newestFirst.find(([each]) => each === name);
  if (found !== undefined) return { name: found[0], run: found[1] };
  throw new EigenwatchError({
    action: `show ${name ?? "a run"}`,
    value: newestFirst.length === 0 ? "no workflow was started" : "there is no such run",
    expected:
      newestFirst.length === 0
        ? "eigenwatch workflow start NAME"
        : newestFirst.map(([each]) => each).join(", "),
    kind: "notFound",
  });
}
