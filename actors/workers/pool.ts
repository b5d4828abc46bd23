/**
 * Many runs of one kind, in as many processes of this program as there are cores.
 *
 *   jobs 1 … n ──contiguous chunks, the next to whoever is done──► worker: JSON lines in, JSON lines out ──► results 1 … n
 *
 * Results do not depend on how many workers there are: a job says all there is to say about its run.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { availableParallelism } from "node:os";
import process from "node:process";
import { createInterface } from "node:readline";
import { EigenwatchError, type ErrorParts } from "../../protocol/errors.ts";
import { ownProgram } from "./own-program.ts";

export const WORKER_COMMAND = "whatif-worker";

/** Does one job; `common` is the same for all of them. */
export type Work<Common, Job, Result> = (common: Common, job: Job) => Promise<Result>;

export interface WorkersOptions {
  /** Default: one each core, no more than jobs. 1 works in this process, unless it is to be kept free. */
  processes?: number;
  /** Another process even for one. */
  apart?: boolean;
  /** Ends the workers, whatever they are at. */
  signal?: AbortSignal;
  /** The hidden sub-command by which a worker starts; default: WORKER_COMMAND. */
  command?: string;
  /** Called when one more is done. */
  done?(count: number): void;
}

/** `kind` names the work for the worker (worker.ts). */
export async function inWorkers<Common, Job, Result>(
  kind: string,
  work: Work<Common, Job, Result>,
  common: Common,
  jobs: readonly Job[],
  options: WorkersOptions = {},
): Promise<Result[]> {
  const processes = Math.min(options.processes ?? availableParallelism(), jobs.length);
  const results = new Array<Result>(jobs.length);
  let next = 0;
  let count = 0;
  const take = () => (next < jobs.length ? next++ : -1);
  const finished = (index: number, result: Result) => {
    results[index] = result;
    options.done?.(++count);
  };
  if (processes <= 1 && !options.apart) {
    for (let index = take(); index >= 0; index = take()) {
      options.signal?.throwIfAborted();
      finished(index, await work(common, jobs[index]!));
    }
    return results;
  }
  const lanes = Array.from(
    { length: processes },
    () => new Worker(options.command ?? WORKER_COMMAND, { kind, common }),
  );
  try {
    const work = lanes.map(async (worker) => {
      for (let index = take(); index >= 0; index = take())
        finished(index, (await worker.run(jobs[index])) as Result);
    });
    await untilAborted(Promise.all(work), options.signal);
    return results;
  } finally {
    for (const worker of lanes) worker.end();
  }
}

async function untilAborted(work: Promise<unknown>, signal: AbortSignal | undefined): Promise<void> {
  signal?.throwIfAborted();
  const leave = new AbortController();
  const aborted = new Promise<never>((_, reject) => {
    signal?.addEventListener("abort", () => reject(signal.reason), { signal: leave.signal });
  });
  try {
    await Promise.race([work, aborted]);
  } finally {
    leave.abort();
  }
}

/** One process. What it answers to the jobs comes in their order. */
class Worker {
  private readonly child: ChildProcess;
  /** What it was asked last, for the message of its end. */
  private job = "";
  private waiting: { resolve(result: unknown): void; reject(error: Error): void } | null = null;

  constructor(command: string, setting: { kind: string; common: unknown }) {
    const [program, ...args] = ownProgram();
    this.child = spawn(program, [...args, command], { stdio: ["pipe", "pipe", "inherit"] });
    this.child.on("error", (error) => this.fail(error));
    this.child.on("close", (code) => this.fail(new Error(`a worker ended with ${code}${this.job}`)));
    // A worker that ended already does not read: its end is what is told.
    this.child.stdin!.on("error", () => {});
    this.send(setting);
    createInterface({ input: this.child.stdout! }).on("line", (line) => this.answer(line));
  }

  run(job: unknown): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.waiting = { resolve, reject };
      this.job = `, asked for ${JSON.stringify(job)}`;
      this.send({ job });
    });
  }

  end(): void {
    this.waiting = null;
    this.child.stdin!.end();
    this.child.kill();
  }

  private send(line: unknown): void {
    this.child.stdin!.write(`${JSON.stringify(line)}\n`);
  }

  private answer(line: string): void {
    const { result, error } = JSON.parse(line) as { result?: unknown; error?: WorkerError };
    const { waiting } = this;
    this.waiting = null;
    if (error) waiting?.reject(received(error));
    else waiting?.resolve(result);
  }

  private fail(error: Error): void {
    this.waiting?.reject(error);
    this.waiting = null;
  }
}

interface WorkerError {
  message: string;
  /** Of an EigenwatchError. */
  parts?: ErrorParts;
}

function received({ message, parts }: WorkerError): Error {
  return parts === undefined ? new Error(message) : Object.assign(new EigenwatchError(parts), { message });
}

/** The other side: works until its input ends. */
export async function workOnInput(kinds: Record<string, Work<never, never, unknown>>): Promise<number> {
  let work: ((job: unknown) => Promise<unknown>) | null = null;
  for await (const line of createInterface({ input: process.stdin })) {
    const said = JSON.parse(line) as { kind: string; common: unknown } | { job: unknown };
    if ("kind" in said) {
      const of = kinds[said.kind] as Work<unknown, unknown, unknown> | undefined;
      if (of === undefined)
        throw new EigenwatchError({
          action: "start a worker",
          value: `no work is called ${said.kind}`,
          expected: `one of ${Object.keys(kinds).join(", ")}`,
        });
      work = (job) => of(said.common, job);
    } else process.stdout.write(`${JSON.stringify(await answerOf(work!, said.job))}\n`);
  }
  return 0;
}

async function answerOf(
  work: (job: unknown) => Promise<unknown>,
  job: unknown,
): Promise<{ result: unknown } | { error: WorkerError }> {
  try {
    return { result: await work(job) };
  } catch (error) {
    if (!(error instanceof EigenwatchError))
      return { error: { message: error instanceof Error ? error.message : String(error) } };
    const { message, action, value, expected, kind } = error;
    return { error: { message, parts: { action, value, expected, kind } } };
  }
}
