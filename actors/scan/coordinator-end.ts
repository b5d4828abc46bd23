/**
 * The workers of a coordinator that are on other nodes: each stands for one batch at a time that waits in the queue, or is being done somewhere.
 *
 *   run ─► job in the queue ─► a worker (worker-end.ts) of any node ─► answer ─► the batch is over
 *    ▲                                                                  │
 *    └── PUT_AGAIN_MS without an answer: put again, under another id    └─ one that comes again belongs to no batch
 *
 * E1  The first answer to a batch counts, whoever gives it.
 * E2  A batch is put again until it is answered: a queue that was lost costs time alone.
 */
import type { Bus } from "../ports/bus.ts";
import type { Clock } from "../ports/clock.ts";
import type { WorkQueue } from "../ports/work-queue.ts";
import type { ScanThread, ScanThreadListener } from "./coordinator.ts";
import { type BatchAnswer, readAnswer, written } from "./queue-messages.ts";
import type { UniverseData } from "./universe/universe.ts";
import type { ScanTask } from "./work.ts";

/** Longer than all tries of a job whose workers are killed one after another; a queue that is lost holds a scan up for so long. */
const PUT_AGAIN_MS = 30_000;
/** Servers that do not take a job are asked again so soon. */
const REFUSED_MS = 500;

export interface QueueEndOptions {
  readonly bus: Pick<Bus, "request" | "answer">;
  readonly queue: WorkQueue;
  readonly clock: Clock;
  /** The subject at which this coordinator takes answers; no other has it. */
  readonly answerTo: string;
  readonly itemSeconds: number;
  /** Name and digest of a universe that this process has loaded. */
  nameOf(data: object): { readonly name: string; readonly digest: string };
}

export class QueueEnd {
  readonly options: QueueEndOptions;
  private readonly threads = new Map<string, QueueThread>();
  private readonly stopAnswers: () => void;
  private batches = 0;

  constructor(options: QueueEndOptions) {
    this.options = options;
    this.stopAnswers = options.bus.answer(options.answerTo, async (_subject, bytes) => this.take(bytes));
  }

  /** As many as there may be batches under way. */
  startThread(listener: ScanThreadListener): ScanThread {
    return new QueueThread(this, listener);
  }

  /** A name that no batch has had. */
  enter(thread: QueueThread): string {
    const batch = `${this.options.answerTo}/${++this.batches}`;
    this.threads.set(batch, thread);
    return batch;
  }

  leave(batch: string): void {
    this.threads.delete(batch);
  }

  close(): void {
    this.stopAnswers();
    this.threads.clear();
  }

  /** [E1] Whoever answers is told that it was taken, also when somebody else was faster. */
  private take(bytes: Uint8Array): Uint8Array {
    const answer = readAnswer(bytes);
    if (answer !== undefined) this.threads.get(answer.batch)?.take(answer);
    return new Uint8Array();
  }
}

interface Task extends ScanTask {
  readonly data: UniverseData;
}

class QueueThread implements ScanThread {
  /** Where the batch stands is known to its worker alone, which also sees to items that take too long. */
  readonly finished = -1;
  itemMs = 0;
  private readonly end_: QueueEnd;
  private readonly listener: ScanThreadListener;
  private readonly tasks = new Map<number, Task>();
  private batch = "";
  private items = 0;
  private cancel: () => void = () => {};

  constructor(end: QueueEnd, listener: ScanThreadListener) {
    this.end_ = end;
    this.listener = listener;
    end.options.clock.soon(() => listener.ready());
  }

  begin(task: number, common: object, shared: object): void {
    this.tasks.set(task, { ...(common as ScanTask), data: shared as UniverseData });
  }

  end(task: number): void {
    this.tasks.delete(task);
  }

  run(task: number, jobs: readonly unknown[]): void {
    const { options } = this.end_;
    const { rule, parameters, data } = this.tasks.get(task)!;
    const { name: universe, digest } = options.nameOf(data);
    const batch = this.end_.enter(this);
    this.batch = batch;
    this.items = jobs.length;
    const bytes = written({
      ...{ batch, answerTo: options.answerTo, universe, digest, rule, parameters },
      ...{ items: [...(jobs as number[])], itemSeconds: options.itemSeconds },
    });
    this.put(batch, bytes, 1);
  }

  /** [E2] */
  private put(batch: string, bytes: Uint8Array, round: number): void {
    const { queue, clock } = this.end_.options;
    const again = (ms: number, next: number): void => {
      if (this.batch === batch) this.cancel = clock.after(ms, () => this.put(batch, bytes, next));
    };
    queue.put(`${batch}/${round}`, bytes).then(
      () => again(PUT_AGAIN_MS, round + 1),
      () => again(REFUSED_MS, round),
    );
  }

  take({ answers }: BatchAnswer): void {
    // One of another length is no answer to this batch: it is put again.
    if (answers.length !== this.items) return;
    this.itemMs = meanMs(answers);
    this.leave();
    this.listener.answered(answers, true);
  }

  callOff(): void {
    if (this.batch === "") return;
    this.leave();
    this.end_.options.clock.soon(() => this.listener.answered([], true));
  }

  terminate(): void {
    this.leave();
  }

  private leave(): void {
    this.cancel();
    this.end_.leave(this.batch);
    this.batch = "";
  }
}

/** What waiting in the queue takes is no work. */
function meanMs(answers: BatchAnswer["answers"]): number {
  const ms = answers.reduce(
    (sum, answer) => ("result" in answer ? sum + answer.result.featuresMs + answer.result.evaluateMs : sum),
    0,
  );
  return ms / answers.length;
}
