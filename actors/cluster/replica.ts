/**
 * A core that follows the log of a partition, whichever node owns it: the same state and the same outputs as at the owner, once they are durable.
 *
 *   newest snapshot, else the log's beginning ─► fold to the end ─► each further admitted block ─► listeners
 *                          ▲                                              └─ the stream went back
 *                          └──────────────── read again ──────────────────────────┘
 *
 * L1  Nothing but admitted blocks is applied, so whatever leaves is durable.
 * L2  Read again, it goes on where it was if the log still has the last block that was applied; else the core is another one, and listeners
 *     hear that it was `rewound`.
 */
import { decodeBlock } from "../../protocol/block.ts";
import { errorText } from "../../protocol/errors.ts";
import { subjectOf } from "../../protocol/subjects.ts";
import type { Core, CoreDefinitions } from "../core/core.ts";
import { type CoreSink, SILENT } from "../core/core-sink.ts";
import { coreAt, type SnapshottedLog } from "../log/core-at.ts";
import { type FoldObserver, foldJournal } from "../log/fold.ts";
import { decodeInput } from "../log/read.ts";
import { Slices } from "../log/slices.ts";
import type { Bus, StreamEntry } from "../ports/bus.ts";
import type { Clock } from "../ports/clock.ts";
import type { EditedDocument } from "../ports/detector.ts";
import type { BlockPosition } from "../ports/journal.ts";
import type { Verdict } from "./admission.ts";
import { AdmittedLog } from "./admitted-log.ts";
import { blockBytes, type StreamedEntry } from "./log-entry.ts";
import { logStarts, StreamSnapshots, snapshotsBucket } from "./stream-snapshots.ts";

/** Before a log that could not be read is read again. */
const RETRY_MS = 250;

export interface ReplicaOptions {
  readonly bus: Bus;
  readonly clock: Clock;
  readonly session: string;
  readonly partition: string;
  readonly definitions: CoreDefinitions;
  /** Closes the replica, also before its log is read. */
  readonly signal?: AbortSignal;
  log(message: string): void;
}

export interface ReplicaListener {
  /** The shared document was changed. */
  edited(change: EditedDocument): void;
  /** After each block. */
  flush(): void;
  /** A node took the partition over: what the owner before it had taken, and the log lacks, is lost. */
  ownerChanged(): void;
  /** The servers lost the end of the log: what was delivered after some place does not count any more. */
  rewound(): void;
}

type Arrived = readonly [entry: StreamedEntry, verdict: Verdict, stored: StreamEntry];

export class Replica {
  private readonly options: ReplicaOptions;
  private readonly listeners = new Set<ReplicaListener>();
  private readonly said = new Set<string>();
  /** All its blocks are applied to the core. */
  private log: AdmittedLog | null = null;
  private standing: Core | null = null;
  private isClosed = false;
  private readonly sink: CoreSink = {
    ...SILENT,
    edited: (change) => this.tell((listener) => listener.edited(change)),
  };

  /** Resolves when the log was read to its end, or the replica closed; tries again until the servers can be reached. */
  static async open(options: ReplicaOptions): Promise<Replica> {
    const replica = new Replica(options);
    options.signal?.addEventListener("abort", () => replica.close());
    await replica.read();
    return replica;
  }

  private constructor(options: ReplicaOptions) {
    this.options = options;
  }

  /** As the log has made it. It may be replaced when the log is read again. */
  get core(): Core {
    if (this.standing === null) throw new Error("L1 the replica was closed before its log was read");
    return this.standing;
  }

  /** Of the log as far as it is read. */
  get epoch(): number {
    return this.log?.state.epoch ?? 0;
  }

  /** The returned function ends it. */
  subscribe(listener: ReplicaListener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Ends the reading; nothing is delivered any more. */
  close(): void {
    this.isClosed = true;
    this.listeners.clear();
    this.log?.end();
  }

  private async read(): Promise<void> {
    const { partition, clock } = this.options;
    while (!this.isClosed) {
      try {
        await this.follow();
        return;
      } catch (error) {
        this.sayOnce(`log of ${partition} cannot be read yet: ${errorText(error)}`);
        await new Promise<void>((resolve) => void clock.after(RETRY_MS, resolve));
      }
    }
  }

  private async follow(): Promise<void> {
    const { bus, clock, session, partition, definitions, log: report } = this.options;
    const stream = bus.stream(subjectOf(session, partition, "log"));
    const store = bus.snapshots(snapshotsBucket(session));
    const starts = await logStarts(store, partition, report);
    const log = await AdmittedLog.open(stream, partition, null, starts, new Slices(clock));
    const arrived: Arrived[] = [];
    const state = { broken: null as Error | null };
    log.watch({
      entry: (...each) => void arrived.push(each),
      broken: (error) => {
        state.broken = error;
      },
    });
    try {
      const last = await this.lastIn(log);
      if (last !== null) await this.catchUp(log, last);
      else {
        const snapshots = readable(log, new StreamSnapshots(store, log, report));
        const { core } = await coreAt(snapshots, definitions, "latest", SILENT, {
          observer: this.inSlices(),
          log: report,
        });
        if (state.broken === null) this.begin(core);
      }
      if (state.broken !== null) throw state.broken;
    } catch (error) {
      log.end();
      throw error;
    }
    for (const each of arrived) this.take(...each);
    this.log = log;
    log.watch({
      entry: (...each) => this.take(...each),
      broken: (error) => this.broken(error),
    });
    if (this.isClosed) log.end();
  }

  /** The last block that was applied to the core, if the log that is read again still has it. */
  private async lastIn(log: AdmittedLog): Promise<BlockPosition | null> {
    const last = this.log?.last ?? null;
    if (last === null) return null;
    if (last.number < log.index.first) await log.complete();
    return log.index.holds(last) ? last : null;
  }

  private async catchUp(log: AdmittedLog, last: BlockPosition): Promise<void> {
    // If it fails in between, the core stands at no block that is known.
    this.log = null;
    await foldJournal(log.entries(last.number + 1), this.core, {
      ...this.inSlices(),
      applied: () => this.tell((listener) => listener.flush?.()),
    });
    // Who owned it meanwhile is not looked up: to ask once more costs little.
    this.tell((listener) => listener.ownerChanged());
  }

  /** A long log is folded without keeping heartbeats and sockets waiting. */
  private inSlices(): Pick<FoldObserver, "rest"> {
    const slices = new Slices(this.options.clock);
    return { rest: () => slices.next() };
  }

  private begin(core: Core): void {
    const isAnother = this.standing !== null;
    this.standing = core;
    core.sink = this.sink;
    if (!isAnother) return;
    this.options.log(`${this.options.partition} begins anew: the servers lost the end of its log`);
    this.tell((listener) => listener.rewound());
  }

  private take(entry: StreamedEntry, verdict: Verdict, stored: StreamEntry): void {
    if (this.isClosed) return;
    if (verdict === "takeover") this.tell((listener) => listener.ownerChanged());
    if (verdict !== "block" || entry.kind !== "block") return;
    const { core } = this;
    // What was read with all that is before it is applied.
    if (entry.lastSequence <= core.sequence) return;
    decodeBlock(blockBytes(entry, stored)).forEach((sequence, timeUs, message) => {
      core.apply(sequence, timeUs, decodeInput(message));
    });
    this.tell((listener) => listener.flush?.());
  }

  private broken(error: Error): void {
    this.options.log(`log of ${this.options.partition} is read again: ${error.message}`);
    void this.read();
  }

  private tell(hear: (listener: ReplicaListener) => void): void {
    for (const listener of this.listeners) hear(listener);
  }

  private sayOnce(message: string): void {
    if (this.said.has(message)) return;
    this.said.add(message);
    this.options.log(message);
  }
}

/** The log as recovery reads it. */
function readable(log: AdmittedLog, snapshots: StreamSnapshots): SnapshottedLog {
  return {
    get first() {
      return log.first;
    },
    get last() {
      return log.last;
    },
    read: (from = 1) => log.entries(Math.max(1, from)),
    loadSnapshot: (at) => snapshots.load(at),
  };
}
