/**
 * What a process does for another one of this program: it reads the common part, then jobs, and answers each.
 *
 *   stdin   COMMON \n JOB \n JOB \n …      stdout   ANSWER \n ANSWER \n …
 */
import process from "node:process";
import { createInterface } from "node:readline";
import { EigenwatchError, type ErrorParts, errorText } from "../../protocol/errors.ts";

/** Does one job; `common` is the same for all of them. `line`: to whoever started the job, where that is a thread; else null. */
export type Work<Common, Job, Result> = (common: Common, job: Job, line: Line | null) => Promise<Result>;

/** What a job in a thread and whoever started it say to each other while it is under way. Messages come in their order. */
export interface Line {
  /** `moved`: buffers in the message that the receiver gets instead of a copy. */
  say(message: unknown, moved?: ArrayBuffer[]): void;
  /** Those that came before are heard first. */
  hear(listener: (message: unknown) => void): void;
}

/** Every kind of work by name, loaded by the process that does it. */
export type WorkTable = Readonly<Record<string, () => Promise<Work<never, never, unknown>>>>;

/** An error on its way to another process or thread. */
export interface SentError {
  readonly message: string;
  readonly parts?: ErrorParts;
}

export type Answer = { result: unknown } | { error: SentError };

/** The work of a name, as the process or thread that does it loads it. */
export async function loadWork(works: WorkTable, name: string): Promise<Work<unknown, unknown, unknown>> {
  const load = Object.hasOwn(works, name) ? works[name] : undefined;
  if (load === undefined)
    throw new EigenwatchError({
      action: "start a worker",
      value: `no work is called ${name}`,
      expected: `one of ${Object.keys(works).join(", ")}`,
    });
  return (await load()) as Work<unknown, unknown, unknown>;
}

/** Works until stdin ends. */
export async function workOnInput(works: WorkTable, name: string): Promise<number> {
  const work = await loadWork(works, name);
  let common: { value: unknown } | null = null;
  for await (const line of createInterface({ input: process.stdin })) {
    const value: unknown = JSON.parse(line);
    if (common === null) common = { value };
    else process.stdout.write(`${JSON.stringify(await answer(work, common.value, value))}\n`);
  }
  return 0;
}

export async function answer(
  work: Work<unknown, unknown, unknown>,
  common: unknown,
  job: unknown,
  line: Line | null = null,
): Promise<Answer> {
  try {
    return { result: await work(common, job, line) };
  } catch (error) {
    return { error: sentError(error) };
  }
}

export function sentError(error: unknown): SentError {
  if (!(error instanceof EigenwatchError)) return { message: errorText(error) };
  const { message, action, value, expected, kind } = error;
  return { message, parts: { action, value, expected, kind } };
}

/** The error as it was there. */
export function receivedError({ message, parts }: SentError): Error {
  return parts === undefined ? new Error(message) : Object.assign(new EigenwatchError(parts), { message });
}
