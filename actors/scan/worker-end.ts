/**
 * Does batches of scans that coordinators of any node have put into the queue.
 *
 *   take ─► evaluate here, with the threads of this process ─► answer to the coordinator ─┬─ taken ─► done
 *     ▲                                                                                    ├─ nobody is there any more ─► done
 *     └────────────── silent (killed, cut off): another one takes it ◄─────────────────────┴─ no answer ─► given back
 *
 * F1  A job is done when its coordinator has the answer, or has ended: what a killed worker had is done by another.
 * F2  A job whose workers ended JOB_ATTEMPTS times is answered with that reason: it may be what ended them.
 */
import { errorText } from "../../protocol/errors.ts";
import { type Bus, NobodyAsked } from "../ports/bus.ts";
import type { Clock } from "../ports/clock.ts";
import { QUEUE_SILENT_MS, type QueuedJob, type WorkQueue } from "../ports/work-queue.ts";
import type { ScanCoordinator } from "./coordinator.ts";
import { type BatchAnswer, type BatchJob, readJob, written } from "./queue-messages.ts";
import { parseRule } from "./rules/rule.ts";
import type { Universe } from "./universe/universe.ts";

/** One job is waited for so long, then asked for anew. */
const TAKE_MS = 2_000;
/** After an error of the servers. */
const AGAIN_MS = 500;
/** A coordinator that is there takes an answer in milliseconds. */
const ANSWER_MS = 2_000;
export const JOB_ATTEMPTS = 5;

export interface WorkerEndOptions {
  readonly bus: Pick<Bus, "request" | "answer">;
  readonly queue: WorkQueue;
  readonly clock: Clock;
  /** With the threads of this process. */
  readonly coordinator: ScanCoordinator;
  /** Jobs at the same time: enough that no thread waits for the next one. */
  readonly jobs: number;
  /** The universe of this name with this digest, prepared for a rule. Rejects when there is none. */
  universe(name: string, digest: string, rule: ReturnType<typeof parseRule>): Promise<Universe>;
  log(message: string): void;
}

type Answers = BatchAnswer["answers"];

export class WorkerEnd {
  private readonly options: WorkerEndOptions;
  private readonly running: Promise<unknown>;
  private isStopped = false;

  constructor(options: WorkerEndOptions) {
    this.options = options;
    this.running = Promise.all(Array.from({ length: options.jobs }, () => this.work()));
  }

  /** Resolves when the jobs under way are done. */
  async stop(): Promise<void> {
    this.isStopped = true;
    await this.running;
  }

  private async work(): Promise<void> {
    const { queue, clock } = this.options;
    while (!this.isStopped) {
      try {
        const job = await queue.take(TAKE_MS);
        if (job !== null) await this.doJob(job);
      } catch {
        // The servers are away for the moment, and say so elsewhere.
        await new Promise<void>((resolve) => void clock.after(AGAIN_MS, resolve));
      }
    }
  }

  private async doJob(job: QueuedJob): Promise<void> {
    const asked = readJob(job.bytes);
    if (asked === undefined) {
      this.options.log("a job that cannot be read is passed over");
      job.done();
      return;
    }
    const stopSaying = this.saysThatItWorks(job);
    try {
      const answers = await this.answersTo(asked, job.attempt);
      await this.tell(job, asked, answers);
    } finally {
      stopSaying();
    }
  }

  private async answersTo(asked: BatchJob, attempt: number): Promise<Answers | null> {
    if (attempt > JOB_ATTEMPTS) return refusedAll(asked, `its workers ended ${JOB_ATTEMPTS} times`);
    try {
      return await this.evaluate(asked);
    } catch (error) {
      // Another node may have what this one lacks.
      if (attempt < JOB_ATTEMPTS) return null;
      return refusedAll(asked, errorText(error));
    }
  }

  /** [F1] */
  private async tell(job: QueuedJob, { batch, answerTo }: BatchJob, answers: Answers | null): Promise<void> {
    if (answers === null) {
      job.giveBack();
      return;
    }
    try {
      await this.options.bus.request(answerTo, written({ batch, answers }), ANSWER_MS);
      job.done();
    } catch (error) {
      if (error instanceof NobodyAsked) job.done();
      else job.giveBack();
    }
  }

  private saysThatItWorks(job: QueuedJob): () => void {
    let cancel = (): void => {};
    const say = (): void => {
      cancel = this.options.clock.after(QUEUE_SILENT_MS / 3, () => {
        job.working();
        say();
      });
    };
    say();
    return () => cancel();
  }

  private async evaluate({
    universe: name,
    digest,
    rule: text,
    parameters,
    items,
    itemSeconds,
  }: BatchJob): Promise<Answers> {
    const rule = parseRule(text, parameters);
    const universe = await this.options.universe(name, digest, rule);
    const answers = new Map<number, Answers[number]>();
    return new Promise((resolve) => {
      const scan = this.options.coordinator.start({
        ...{ universe, rule, parameters, items, itemSeconds },
        termination: {},
        outcome(item, answer) {
          answers.set(item, answer as Answers[number]);
        },
      });
      const settle = () =>
        resolve(items.map((item) => answers.get(item) ?? { error: { message: "its worker ended" } }));
      scan.follow(({ type }) => type === "complete" && settle());
    });
  }
}

function refusedAll({ items }: BatchJob, message: string): Answers {
  return items.map(() => ({ error: { message: message.slice(0, 1_024) } }));
}
