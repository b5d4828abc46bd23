/**
 * Many jobs of one kind of work, in as many processes of this program as there are cores.
 *
 *   jobs 1 … n ──each to the next free process──► `eigenwatch worker WORK`: JSON lines in and out ──► results 1 … n
 *
 * Results do not depend on the number of processes: a job contains everything that its run depends on.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { availableParallelism } from "node:os";
import { createInterface } from "node:readline";
import { ownProgram } from "./own-program.ts";
import { type Answer, receivedError, type Work } from "./work.ts";

/** The hidden command by which a process starts. */
export const WORKER_COMMAND = "worker";

export interface WorkersOptions {
  /** Default: one per core, at most one per job. 1 works in this process. */
  processes?: number;
  /** Even a single job runs in another process, so that this one stays responsive. */
  alwaysSpawn?: boolean;
  /** Ends the processes in the middle of their jobs. */
  signal?: AbortSignal;
  /** Called after each job with the number of finished ones. */
  done?(count: number): void;
}

/** `name`: of the work in the table of works, for other processes; `work`: the same, for this one. */
export async function inWorkers<Common, Job, Result>(
  name: string,
  work: Work<Common, Job, Result>,
  common: Common,
  jobs: readonly Job[],
  options: WorkersOptions = {},
): Promise<Result[]> {
  const { signal, done, alwaysSpawn = false } = options;
  const processes = Math.min(options.processes ?? availableParallelism(), jobs.length);
  const results = new Array<Result>(jobs.length);
  const queue = jobs.entries();
  let count = 0;
  const workOff = async (run: (job: Job) => Promise<Result>) => {
    // One iterator for all processes: each job is taken once.
    for (const [index, job] of queue) {
      signal?.throwIfAborted();
      results[index] = await run(job);
      done?.(++count);
    }
  };
  if (processes <= 1 && !alwaysSpawn) {
    await workOff((job) => work(common, job, null));
    return results;
  }
  signal?.throwIfAborted();
  const workers = Array.from({ length: processes }, () => new WorkerProcess(name, common));
  try {
    const all = Promise.all(workers.map((worker) => workOff((job) => worker.run(job) as Promise<Result>)));
    await untilAborted(all, signal);
    return results;
  } finally {
    for (const worker of workers) worker.end();
  }
}

async function untilAborted(work: Promise<unknown>, signal: AbortSignal | undefined): Promise<void> {
  const finished = new AbortController();
  const aborted = new Promise<never>((_, reject) => {
    signal?.addEventListener("abort", () => reject(signal.reason), { signal: finished.signal });
  });
  try {
    await Promise.race([work, aborted]);
  } finally {
    finished.abort();
  }
}

/** One process. It answers jobs in their order. */
class WorkerProcess {
  private readonly child: ChildProcess;
  /** The last job, for the error when the process ends. */
  private job = "";
  private waiting: { resolve(result: unknown): void; reject(error: Error): void } | null = null;

  constructor(work: string, common: unknown) {
    const [program, ...args] = ownProgram();
    this.child = spawn(program, [...args, WORKER_COMMAND, work], { stdio: ["pipe", "pipe", "inherit"] });
    this.child.on("error", (error) => this.fail(error));
    this.child.on("close", (code) => this.fail(new Error(`a worker ended with ${code}${this.job}`)));
    // A process that ended does not read; "close" reports its end.
    this.child.stdin!.on("error", () => {});
    this.send(common);
    createInterface({ input: this.child.stdout! }).on("line", (line) => this.receive(line));
  }

  run(job: unknown): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.waiting = { resolve, reject };
      this.job = `; its job was ${JSON.stringify(job)}`;
      this.send(job);
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

  private receive(line: string): void {
    const answer = JSON.parse(line) as Answer;
    const { waiting } = this;
    this.waiting = null;
    if ("error" in answer) waiting?.reject(receivedError(answer.error));
    else waiting?.resolve(answer.result);
  }

  private fail(error: Error): void {
    this.waiting?.reject(error);
    this.waiting = null;
  }
}
