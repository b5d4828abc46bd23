/**
 * What coordinators and workers of scans reach each other by in a world: a queue of jobs, and requests. Both are servers that do not fail; what fails is
 * on the way to them and back.
 *
 *   put, take, done ─► queue: a job that nobody speaks of for QUEUE_SILENT_MS is handed out again       faults: lost words, a job handed out twice
 *   request ─► the process that answers there                                                           faults: request or answer lost
 */
import { type Bus, NoAnswer, NobodyAsked, type RequestHandler } from "../../actors/ports/bus.ts";
import { QUEUE_SILENT_MS, type QueuedJob, type WorkQueue } from "../../actors/ports/work-queue.ts";
import { JOB_ATTEMPTS, readJob } from "../../actors/scan/mod.ts";
import type { Process } from "./process.ts";
import { hindered } from "./scan-universe.ts";
import type { SimulatedCluster } from "./simulated-cluster.ts";

const WAY_MS = 1;

interface Job {
  readonly id: string;
  readonly bytes: Uint8Array;
  attempt: number;
  isDone: boolean;
  cancel: () => void;
}

interface Taker {
  readonly process: Process;
  take(job: Job): void;
}

export class ScanServers {
  private readonly world: SimulatedCluster;
  private readonly ids = new Set<string>();
  private readonly waiting: Job[] = [];
  private takers: Taker[] = [];
  private readonly answerers = new Map<string, { process: Process; handle: RequestHandler }>();

  constructor(world: SimulatedCluster) {
    this.world = world;
  }

  /** The queue as a process has it. */
  queueOf(process: Process): WorkQueue {
    return {
      put: (id, bytes) =>
        this.way(process, "job put", (resolve, reject) => {
          const { lost } = this.world.options.scan;
          if (this.fault("job refused").happens(lost)) {
            reject(new Error("Cannot put a job: the servers do not take it"));
            return;
          }
          if (!this.ids.has(id)) {
            this.ids.add(id);
            this.offer({ id, bytes, attempt: 0, isDone: false, cancel: () => {} });
          }
          resolve(undefined);
        }),
      take: (waitMs) => this.take(process, waitMs),
    };
  }

  /** Requests and answers of a process. */
  busOf(process: Process): Pick<Bus, "request" | "answer"> {
    return {
      answer: (subject, handle) => {
        this.answerers.set(subject, { process, handle });
        return () => this.answerers.delete(subject);
      },
      request: (subject, bytes, timeoutMs) =>
        new Promise((resolve, reject) => {
          const { lost } = this.world.options.scan;
          const back = (act: () => void, ms = WAY_MS) =>
            this.world.after(ms, process, `${process.name} hears of its answer`, act);
          const answerer = this.answerers.get(subject);
          if (answerer === undefined || answerer.process.state === "ended") {
            back(() => reject(new NobodyAsked("nobody takes answers there")));
            return;
          }
          const cancel = back(() => reject(new NoAnswer("no answer in time")), timeoutMs);
          if (this.fault("answer lost").happens(lost)) return;
          this.world.after(WAY_MS, answerer.process, "an answer arrives", () => {
            void answerer.handle(subject, bytes).then((answer) => {
              if (answer === null || this.fault("word of an answer lost").happens(lost)) return;
              back(() => {
                cancel();
                resolve(answer);
              });
            });
          });
        }),
    };
  }

  private take(process: Process, waitMs: number): Promise<QueuedJob | null> {
    return new Promise((resolve) => {
      const taker: Taker = {
        process,
        take: (job) => {
          cancel();
          const attempt = ++job.attempt;
          if (attempt > JOB_ATTEMPTS) hindered(this.world, "lastTry", readJob(job.bytes)!.items);
          this.watch(job);
          this.world.after(WAY_MS, process, `${process.name} takes a job`, () =>
            resolve(this.handedOut(process, job, attempt)),
          );
        },
      };
      const cancel = this.world.after(waitMs, process, `${process.name} took no job`, () => {
        this.takers = this.takers.filter((each) => each !== taker);
        resolve(null);
      });
      this.takers.push(taker);
      this.handOut();
    });
  }

  private handedOut(process: Process, job: Job, attempt: number): QueuedJob {
    const { lost } = this.world.options.scan;
    const say = (act: () => void): void => {
      if (this.fault("word to the queue lost").happens(lost)) return;
      this.world.after(WAY_MS, null, `${process.name} speaks to the queue`, act);
    };
    return {
      bytes: job.bytes,
      attempt,
      done: () =>
        say(() => {
          job.isDone = true;
          job.cancel();
        }),
      working: () => say(() => job.attempt === attempt && this.watch(job)),
      giveBack: () => say(() => job.attempt === attempt && this.watch(job)),
    };
  }

  private watch(job: Job): void {
    job.cancel();
    job.cancel = this.world.after(QUEUE_SILENT_MS, null, "a job is handed out again", () => {
      this.world.sometimes("scan job handed out again");
      this.offer(job);
    });
  }

  private offer(job: Job): void {
    if (job.isDone) return;
    this.waiting.push(job);
    if (this.fault("job handed out twice").happens(this.world.options.scan.twice)) this.waiting.push(job);
    this.handOut();
  }

  private handOut(): void {
    this.takers = this.takers.filter(({ process }) => process.state !== "ended");
    while (this.waiting.length > 0 && this.takers.length > 0) {
      const job = this.waiting.shift()!;
      if (!job.isDone) this.takers.shift()!.take(job);
    }
  }

  private way<T>(
    process: Process,
    what: string,
    act: (resolve: (value: T) => void, reject: (error: Error) => void) => void,
  ): Promise<T> {
    return new Promise((resolve, reject) => {
      this.world.after(WAY_MS, null, what, () => {
        act(
          (value) => void this.world.after(WAY_MS, process, `${what}, acknowledged`, () => resolve(value)),
          (error) => void this.world.after(WAY_MS, process, `${what}, refused`, () => reject(error)),
        );
      });
    });
  }

  private fault(kind: string) {
    return this.world.decisions.of("scan servers", `scan ${kind}`);
  }
}
