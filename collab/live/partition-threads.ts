/**
 * Starts threads of this program for the partitions of a session, and opens these in them.
 *
 *   p0 p1 p2 p3, two processors ─► thread 1: p0 p2      thread 2: p1 p3      this thread: feeds, gateway
 *
 * As many threads as processors: more would take turns, and each has a copy of the program in memory. Partitions of one thread take turns.
 */
import { availableParallelism } from "node:os";
import type { SessionListener } from "../../actors/ports/session.ts";
import { receivedError, WorkThread } from "../../actors/workers/mod.ts";
import { EigenwatchError } from "../../protocol/errors.ts";
import type { PartitionPlan } from "./session-partition.ts";
import type { FromPartition, PartitionsJob } from "./thread-messages.ts";
import { ThreadPartition } from "./thread-partition.ts";

export interface PartitionThreadsOptions {
  readonly plan: PartitionPlan;
  readonly partitions: readonly string[];
  /** Gets every delivery of a partition. */
  listener(partition: string): SessionListener;
  log(message: string): void;
}

/** One partition has nothing to divide, and one processor none to divide it among: then they run in this thread. */
export function usesThreads(partitions: number): boolean {
  return partitions > 1 && availableParallelism() > 1;
}

/** In the order of their names. Rejects when one of them cannot be opened; the others are closed then. */
export async function openInThreads(options: PartitionThreadsOptions): Promise<ThreadPartition[]> {
  const { partitions } = options;
  const count = Math.min(partitions.length, availableParallelism());
  const threads = Array.from({ length: count }, (_, k) => {
    const own = partitions.filter((_, at) => at % count === k);
    return new PartitionsThread(own, options);
  });
  const opened = await Promise.allSettled(threads.map((thread) => thread.opened));
  const failed = opened.find((each) => each.status === "rejected");
  if (failed !== undefined) {
    await Promise.all(threads.map((thread) => thread.abandon()));
    throw failed.reason;
  }
  return partitions.map((_, at) => threads[at % count]!.partitions[Math.floor(at / count)]!);
}

class PartitionsThread {
  /** Of those that are open. */
  readonly partitions: ThreadPartition[] = [];
  /** Resolves when all are open. */
  readonly opened: Promise<void>;
  readonly #names: readonly string[];
  readonly #options: PartitionThreadsOptions;
  readonly #thread: WorkThread;
  #resolve: () => void = () => {};
  #reject: (error: Error) => void = () => {};

  constructor(names: readonly string[], options: PartitionThreadsOptions) {
    this.#names = names;
    this.#options = options;
    this.opened = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    const { plan } = options;
    this.#thread = new WorkThread("partitions", {
      ready: () => this.#thread.run(0, [{ plan, partitions: names } satisfies PartitionsJob]),
      said: (message) => this.#hear(message as FromPartition),
      answered: ([answer]) => {
        // Its job is done: each partition has ended, or one could not be opened.
        this.#thread.terminate();
        if (answer !== undefined && "error" in answer) this.#fail(receivedError(answer.error));
      },
      ended: (reason) => {
        const value = `its thread has ended: ${reason}`;
        const action = `run partition ${names.join(", ")}`;
        this.#fail(new EigenwatchError({ action, value, kind: "failed" }), reason);
      },
    });
  }

  /** After a failure of others: closes what is open here. */
  async abandon(): Promise<void> {
    await Promise.all(this.partitions.map((partition) => partition.close().then(() => partition.end())));
    this.#thread.terminate();
  }

  #hear(message: FromPartition): void {
    if ("opened" in message) {
      const { plan, listener, log } = this.#options;
      const partition = this.#names[message.at]!;
      this.partitions[message.at] = new ThreadPartition({
        session: plan.session,
        partition,
        at: message.at,
        opened: message.opened,
        listener: listener(partition),
        say: (said, moved) => this.#thread.say(said, moved),
        log,
      });
      if (this.partitions.length === this.#names.length) this.#resolve();
    } else if (this.partitions[message.at] !== undefined) this.partitions[message.at]!.hear(message);
    else if ("log" in message) this.#options.log(message.log);
  }

  #fail(error: Error, reason = error.message): void {
    this.#reject(error);
    for (const partition of this.partitions) partition.ended(reason);
    this.partitions.length = 0;
  }
}
