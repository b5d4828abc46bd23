/** The side of a thread that works: it answers the jobs of thread.ts in their order, until it is terminated. */
import { parentPort, workerData } from "node:worker_threads";
import { type Answer, answer, type Line, loadWork, type WorkTable } from "./work.ts";

/** To a thread. Jobs are one turn of work: the thread hears nothing else until they are done or called off. */
export type ToThread =
  | { readonly share: number; readonly value: unknown }
  | { readonly unshare: number }
  | { readonly task: number; readonly common: object; readonly shared: number }
  | { readonly task: number; readonly ended: true }
  | { readonly said: unknown }
  | { readonly task: number; readonly jobs: readonly unknown[] };

/** From a thread: first that it is ready, then answers in the order of the jobs. `done`: to the last of one message. `said`: by a job. */
export type FromThread =
  | { readonly ready: true }
  | { readonly said: unknown }
  | { readonly answers: readonly Answer[]; readonly done: boolean };

/** Cells of the memory that a thread shares with whoever started it. */
export const CELL = { finished: 0, calledOff: 1 } as const;

/** What `finished` says until the first job of a batch begins. */
export const NOT_BEGUN = -1;

/** Answers of quick jobs are sent together, at the latest after this: a message costs as much as a quick job. */
const SEND_EVERY_MS = 4;

export async function workInThread(works: WorkTable, name: string): Promise<number> {
  const port = parentPort!;
  const { cells } = workerData as { cells: Int32Array };
  const work = await loadWork(works, name);
  const commons = new Map<number, unknown>();
  const shares = new Map<number, unknown>();
  const line = new ThreadLine((said, moved) => port.postMessage({ said } satisfies FromThread, moved));
  let last: Promise<void> = Promise.resolve();
  const run = async (common: unknown, jobs: readonly unknown[]) => {
    let answers: Answer[] = [];
    let sentMs = performance.now();
    Atomics.compareExchange(cells, CELL.finished, NOT_BEGUN, 0);
    for (let k = 0; k < jobs.length && Atomics.load(cells, CELL.calledOff) === 0; k++) {
      answers.push(await answer(work, common, jobs[k], line));
      Atomics.add(cells, CELL.finished, 1);
      if (performance.now() - sentMs < SEND_EVERY_MS || k + 1 === jobs.length) continue;
      port.postMessage({ answers, done: false } satisfies FromThread);
      answers = [];
      sentMs = performance.now();
    }
    port.postMessage({ answers, done: true } satisfies FromThread);
  };
  port.on("message", (message: ToThread) => {
    if ("said" in message) line.heard(message.said);
    else if ("share" in message) shares.set(message.share, message.value);
    else if ("unshare" in message) shares.delete(message.unshare);
    else if ("common" in message)
      commons.set(message.task, { ...message.common, shared: shares.get(message.shared) });
    else if ("ended" in message) commons.delete(message.task);
    else {
      const { task, jobs } = message;
      last = last.then(() => run(commons.get(task), jobs));
    }
  });
  port.postMessage({ ready: true } satisfies FromThread);
  return new Promise(() => {});
}

class ThreadLine implements Line {
  readonly say: Line["say"];
  #listener: ((message: unknown) => void) | null = null;
  readonly #early: unknown[] = [];

  constructor(say: (message: unknown, moved: ArrayBuffer[]) => void) {
    this.say = (message, moved = []) => say(message, moved);
  }

  hear(listener: (message: unknown) => void): void {
    this.#listener = listener;
    for (const message of this.#early.splice(0)) listener(message);
  }

  heard(message: unknown): void {
    if (this.#listener === null) this.#early.push(message);
    else this.#listener(message);
  }
}
