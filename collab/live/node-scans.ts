/**
 * Scans of a cluster: gateways take them, nodes with the role `scan` evaluate them, and the owner of the first partition enters them into the log.
 *
 *   POST /scan/stream ─► gateway: coordinator ─► queue in NATS ─► node of role scan ─► answer ─► gateway ─► owner: scanResult ─► log
 *
 * Each of these nodes has the data: --universe NAME=PATH. One whose data are others than the gateway's leaves the job to the others. The latest rows of
 * live channels, whoever owns their partitions, are in each gateway alone: it evaluates scans of them itself.
 */
import { createHash } from "node:crypto";
import { availableParallelism } from "node:os";
import {
  type EndedRun,
  endInterrupted,
  type LiveSource,
  type NatsBus,
  type Partition,
  QueueEnd,
  type ScanLog,
  ScanService,
  type ScanThreadListener,
  scanLogOf,
  systemClock,
  WorkerEnd,
} from "../../actors/mod.ts";
import { NoAnswer, NobodyAsked } from "../../actors/ports/bus.ts";
import { WorkThread } from "../../actors/workers/mod.ts";
import { EigenwatchError } from "../../protocol/errors.ts";
import { isScanFact, type ScanFactName } from "../../protocol/scan-facts.ts";
import { subjectOf } from "../../protocol/subjects.ts";
import { partitionNames } from "./partition-names.ts";

/** Batches of all scans of a gateway that wait in the queue or are being done: enough for the threads of several nodes. */
const BATCHES_UNDER_WAY = 32;
/** An owner that is there answers within the time of a write; one that is not is succeeded within seconds. */
const LOG_MS = 5_000;
/** Between two looks for an owner where there is none. */
const OWNER_MS = 100;
/** The owner may come later than a gateway. */
const AGAIN_MS = 1_000;

export interface NodeScansOptions {
  readonly bus: NatsBus;
  readonly session: string;
  readonly node: string;
  readonly roles: readonly string[];
  readonly universes: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  log(message: string): void;
}

const OWN_THREADS = {
  workers: availableParallelism(),
  startThread: (listener: ScanThreadListener) => new WorkThread("scan", listener),
};

/** What a node asks the owner of the first partition. */
type Asked =
  | { readonly name: ScanFactName; readonly body: unknown; readonly by: string }
  /** Those of an earlier run of this node are over. */
  | { readonly interrupted: EndedRun };

export class NodeScans {
  private readonly options: NodeScansOptions;
  private readonly partition = partitionNames(1)[0]!;
  private readonly subject: string;
  /** Begin the ids of this node's scans: those of another node, and those of another run, differ. */
  private readonly ids: EndedRun;
  private readonly local: ScanService | undefined;
  private readonly worker: WorkerEnd | undefined;
  private service: ScanService | undefined;
  private queueEnd: QueueEnd | undefined;
  private stopEntering: () => void = () => {};

  constructor(options: NodeScansOptions) {
    this.options = options;
    const { session, node, roles, universes } = options;
    this.subject = subjectOf(session, this.partition, "scan");
    const ofNode = `${createHash("sha256").update(node).digest("hex").slice(0, 8)}.`;
    this.ids = { node: ofNode, present: `${ofNode}${Math.floor(systemClock.nowUs() / 1000).toString(36)}` };
    if (Object.keys(universes).length === 0 || !roles.includes("scan")) return;
    this.local = this.localScans();
    this.worker = this.startWorker(this.local);
  }

  /** The scans of a gateway: `sessions` are all partitions, as it reads them. */
  serve(sessions: readonly LiveSource[]): ScanService {
    this.queueEnd = this.openQueueEnd(() => this.service!);
    this.service = this.openService(this.queueEnd, sessions);
    void this.endInterrupted();
    return this.service;
  }

  /** The owner of the first partition enters what the gateways bring. */
  ownershipChanged({ partition, owned }: { partition: string; owned: Partition | null }): void {
    if (partition !== this.partition) return;
    this.stopEntering();
    this.stopEntering = () => {};
    if (owned === null) return;
    const log = scanLogOf(owned);
    this.stopEntering = this.options.bus.answer(this.subject, (_subject, bytes) => entered(log, bytes));
  }

  async close(): Promise<void> {
    await this.service?.close();
    this.queueEnd?.close();
    await this.worker?.stop();
    await this.local?.close();
    this.stopEntering();
  }

  private localScans(): ScanService {
    const { universes, log } = this.options;
    return new ScanService({
      clock: systemClock,
      universes,
      ...OWN_THREADS,
      run: "",
      log,
    });
  }

  private startWorker(local: ScanService): WorkerEnd {
    const { bus, log } = this.options;
    return new WorkerEnd({
      bus,
      queue: this.queue,
      clock: systemClock,
      coordinator: local.coordinator,
      // One more than there are threads: the next one is there when a thread is idle.
      jobs: availableParallelism() + 1,
      universe: (name, digest, rule) => local.universeOf(name, digest, rule),
      log,
    });
  }

  private openQueueEnd(service: () => ScanService): QueueEnd {
    const { bus, session, node } = this.options;
    const run = `${node}@${systemClock.nowUs()}`;
    return new QueueEnd({
      bus,
      queue: this.queue,
      clock: systemClock,
      answerTo: subjectOf(session, "any", "scan", "answers", run.slice(-96)),
      itemSeconds: ITEM_SECONDS,
      nameOf: (data) => service().dataNameOf(data),
    });
  }

  private openService(queueEnd: QueueEnd, live: readonly LiveSource[]): ScanService {
    const { universes, log } = this.options;
    return new ScanService({
      clock: systemClock,
      universes,
      loaded: this.local?.loaded,
      live,
      liveThreads: OWN_THREADS,
      workers: BATCHES_UNDER_WAY,
      startsWorkersLate: Object.keys(universes).length === 0,
      startThread: (listener) => queueEnd.startThread(listener),
      run: this.ids.present,
      log,
      scanLog: this.remoteLog(),
    });
  }

  private get queue() {
    const { bus, session } = this.options;
    return bus.queue(subjectOf(session, "any", "scan"));
  }

  // ---- the log, at its owner --------------------------------------------------------------------------------------

  private remoteLog(): ScanLog {
    return {
      enter: (name, body, by) => this.ask({ name, body, by }),
      // Scans of earlier runs are read from the log, by a replay.
      list: () => [],
    };
  }

  private async endInterrupted(): Promise<void> {
    const { signal } = this.options;
    while (!signal.aborted) {
      try {
        await this.ask({ interrupted: this.ids });
        return;
      } catch {
        await new Promise<void>((resolve) => void systemClock.after(AGAIN_MS, resolve));
      }
    }
  }

  private async ask(asked: Asked): Promise<void> {
    const bytes = new TextEncoder().encode(JSON.stringify(asked));
    const answer = await this.request(bytes);
    const { error } = JSON.parse(new TextDecoder().decode(answer)) as Answered;
    if (error !== undefined) throw new EigenwatchError(error);
  }

  /** Whoever owns the partition, or will in a moment. */
  private async request(bytes: Uint8Array): Promise<Uint8Array> {
    const untilMs = systemClock.monotonicMs() + LOG_MS;
    for (;;) {
      try {
        return await this.options.bus.request(this.subject, bytes, LOG_MS);
      } catch (cause) {
        if (!(cause instanceof NoAnswer)) throw cause;
        if (cause instanceof NobodyAsked && systemClock.monotonicMs() < untilMs) {
          await new Promise<void>((resolve) => void systemClock.after(OWNER_MS, resolve));
          continue;
        }
        const value = "nobody who owns the session's first partition answers";
        const expected = "a node with the role core";
        throw new EigenwatchError(
          { action: "enter a scan", value, expected, kind: "unavailable" },
          { cause },
        );
      }
    }
  }
}

interface Answered {
  readonly error?: ConstructorParameters<typeof EigenwatchError>[0];
}

/** Evaluation of one symbol, on whatever node. */
const ITEM_SECONDS = 10;

async function entered(log: ScanLog, bytes: Uint8Array): Promise<Uint8Array> {
  const answer = await carriedOut(log, bytes).then(
    (): Answered => ({}),
    (error: unknown): Answered => ({ error: shown(error) }),
  );
  return new TextEncoder().encode(JSON.stringify(answer));
}

async function carriedOut(log: ScanLog, bytes: Uint8Array): Promise<void> {
  const asked = JSON.parse(new TextDecoder().decode(bytes)) as Partial<Record<string, unknown>>;
  const { name, body, by, interrupted } = asked;
  if (interrupted !== undefined) return endInterrupted(log, readEndedRun(interrupted));
  if (typeof name !== "string" || !isScanFact(name) || typeof by !== "string")
    throw new EigenwatchError({
      action: "enter a scan",
      value: "a request of another shape",
      expected: "{name, body, by}",
    });
  // The partition checks the body, as it does of its own process.
  await log.enter(name, body as never, by);
}

function readEndedRun(value: unknown): EndedRun {
  const { node, present } = (value ?? {}) as Partial<EndedRun>;
  if (typeof node === "string" && node !== "" && typeof present === "string" && present !== "")
    return { node, present };
  throw new EigenwatchError({
    action: "end scans",
    value: "a request of another shape",
    expected: "{node, present}",
  });
}

function shown(error: unknown): ConstructorParameters<typeof EigenwatchError>[0] {
  if (!(error instanceof EigenwatchError))
    return { action: "enter a scan", value: String(error), expected: "", kind: "failed" };
  const { action, value, expected, kind } = error;
  return { action, value, expected, kind };
}
