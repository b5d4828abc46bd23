/**
 * A thread of this program that stays warm: it does jobs of several tasks, a batch at a time, on memory that it shares.
 *
 *   task 7: common ──► jobs 1 2 3 ──► answers 1 2 · 3 done ──► jobs of task 8 …
 *
 * For work of milliseconds on data that is in memory, such as scans: a process (pool.ts) would need a second to start, and a copy of the data.
 */
import process from "node:process";
import { pathToFileURL } from "node:url";
import { Worker } from "node:worker_threads";
import { CELL, type FromThread, NOT_BEGUN, type ToThread } from "./in-thread.ts";
import { actorArguments, ownEntry } from "./own-program.ts";
import { WORKER_COMMAND } from "./pool.ts";
import type { Answer } from "./work.ts";

export interface ThreadListener {
  /** Its work is loaded. */
  ready(): void;
  /** Answers to the jobs of the batch, in their order. `done`: the next batch may come. */
  answered(answers: readonly Answer[], done: boolean): void;
  /** A job said something. */
  said?(message: unknown): void;
  /** It ended of itself; `finished` jobs of its batch were done, of which not all may have been answered. */
  ended(reason: string, finished: number): void;
}

export class WorkThread {
  private readonly worker: Worker;
  private readonly cells = new Int32Array(new SharedArrayBuffer(2 * Int32Array.BYTES_PER_ELEMENT));
  private readonly listener: ThreadListener;
  /** Numbers of what the thread has, the one that was used last at the end. */
  private readonly shares = new Map<object, number>();
  private lastShare = 0;
  /** Messages with jobs that it has not answered to their end. */
  private given = 0;
  private over = false;

  /** `work`: its name in the table of works. */
  constructor(work: string, listener: ThreadListener) {
    this.listener = listener;
    const entry = ownEntry();
    const direct = isReadable(entry);
    this.worker = new Worker(direct ? entry : bootOf(entry), {
      eval: !direct,
      argv: [...actorArguments(), WORKER_COMMAND, work],
      workerData: { cells: this.cells },
    });
    this.worker.on("message", (message: FromThread) => {
      if (this.over) return;
      if ("ready" in message) listener.ready();
      else if ("said" in message) listener.said?.(message.said);
      else listener.answered(message.answers, message.done && --this.given === 0);
    });
    this.worker.on("error", (error: Error) => this.fail(error.message));
    this.worker.on("exit", (code: number) => this.fail(`it ended with ${code}`));
  }

  /** What all jobs of a task have in common; `shared`, its largest part, is its field `shared` there and is sent once. */
  begin(task: number, common: object, shared: object): void {
    this.send({ task, common, shared: this.share(shared) });
  }

  /** The thread forgets the task. */
  end(task: number): void {
    this.send({ task, ended: true });
  }

  run(task: number, jobs: readonly unknown[]): void {
    Atomics.store(this.cells, CELL.finished, NOT_BEGUN);
    this.cells[CELL.calledOff] = 0;
    this.add(task, jobs);
  }

  /** More jobs for the batch under way, also while its last one is: the thread does not wait between them. */
  add(task: number, jobs: readonly unknown[]): void {
    this.given++;
    this.send({ task, jobs });
  }

  /** To the job under way. `moved`: buffers in the message that the thread gets instead of a copy. */
  say(message: unknown, moved: ArrayBuffer[] = []): void {
    this.send({ said: message }, moved);
  }

  /** The batch ends with the job under way. */
  callOff(): void {
    Atomics.store(this.cells, CELL.calledOff, 1);
  }

  /** Jobs of the batch that are done: the next one is under way. −1: it has not begun the batch. */
  get finished(): number {
    return Atomics.load(this.cells, CELL.finished);
  }

  /** Ends it in the middle of its job; nothing more is heard of it. */
  terminate(): void {
    this.over = true;
    void this.worker.terminate();
  }

  /** Deno takes a second for ten megabytes, even where they are shared memory: they are sent once, and kept while they are in use. */
  private share(value: object): number {
    let id = this.shares.get(value);
    if (id === undefined) {
      id = ++this.lastShare;
      this.send({ share: id, value });
      const [oldest] = this.shares;
      if (oldest !== undefined && this.shares.size === MOST_SHARES) {
        this.shares.delete(oldest[0]);
        this.send({ unshare: oldest[1] });
      }
    }
    this.shares.delete(value);
    this.shares.set(value, id);
    return id;
  }

  private send(message: ToThread, moved: ArrayBuffer[] = []): void {
    this.worker.postMessage(message, moved);
  }

  private fail(reason: string): void {
    if (this.over) return;
    this.over = true;
    this.listener.ended(reason, this.finished);
  }
}

/** Shared values that a thread keeps: universes that people scan in turns. Tasks that use an older one still have it. */
const MOST_SHARES = 8;

/** Whether a thread of this runtime can read the file as it is. */
function isReadable(entry: string): boolean {
  return entry.endsWith(".mjs") || "Deno" in globalThis || "typescript" in process.features;
}

/** Starts the sources on a Node that reads TypeScript only through tsx, for a thread does not inherit `--import tsx`. */
function bootOf(entry: string): string {
  const [tsx, main] = [import.meta.resolve("tsx/esm/api"), pathToFileURL(entry).href].map((url) =>
    JSON.stringify(url),
  );
  // The program runs what it was started with (actors/command-line/run.ts).
  return `process.argv[1] = ${JSON.stringify(entry)};
    import(${tsx}).then(({ register }) => (register(), import(${main})));`;
}
