/**
 * One partition's place at a node: carries out what the table of take-overs says (takeover.ts).
 *
 *   node ─ assigned, free, lease lost … ─► step ─► read · claim · open · hand over · drop ─► events of their outcome ─► step …
 *
 * Attempts are numbered: what an abandoned one still brings is released and not reported.
 */
import { errorText } from "../../protocol/errors.ts";
import { Fenced } from "../journal/errors.ts";
import type { Partition } from "../partition/partition.ts";
import type { Clock } from "../ports/clock.ts";
import type { AdmittedLog } from "./admitted-log.ts";
import { type Claim, ClaimLost, claim } from "./claim.ts";
import type { ClusterTiming } from "./cluster-timing.ts";
import type { StreamJournal } from "./stream-journal.ts";
import {
  restMs,
  STEADY_MS,
  step,
  type TakeoverAction,
  type TakeoverEvent,
  type TakeoverState,
} from "./takeover.ts";

export interface OwnershipOptions {
  readonly partition: string;
  /** This life of the node. */
  owner(): string;
  readonly clock: Clock;
  readonly timing: ClusterTiming;
  /** The partition's stream, and the core that runs on it. */
  readLog(): Promise<AdmittedLog>;
  openJournal(log: AdmittedLog, epoch: number): StreamJournal;
  /** The stream has no room for its take-over, and why; null: it has. */
  full(reason: string | null): void;
  openPartition(journal: StreamJournal, epoch: number): Promise<Partition>;
  /** Whether no other live node reports that it owns the partition. */
  isFree(): boolean;
  /** Whether the node that reports that it owns the partition is still recovering its core. */
  isOpening(): boolean;
  /** It now runs here. */
  opened(partition: Partition, epoch: number, journal: StreamJournal): void;
  /** Its journal, of epoch `epoch`, ended when the take-over of epoch `by` was read. */
  fenced(epoch: number, by: Fenced): void;
  /** It is no longer this node's to serve; what is durable of it is still delivered while it is closed. */
  left(epoch: number, reason: string): void;
  /** Whether it is open here, or how, is another than before. */
  changed(): void;
  log(message: string): void;
}

export class Ownership {
  private readonly options: OwnershipOptions;
  private current: TakeoverState = "idle";
  private trying = 0;
  private failures = 0;
  /** When it was opened last, until the next rest. */
  private openedMs: number | null = null;
  private cancelTimer: () => void = () => {};
  private log: AdmittedLog | null = null;
  private claiming: Claim | null = null;
  private epoch = 0;
  private journal: StreamJournal | null = null;
  private partition: Partition | null = null;
  private opening: Promise<unknown> = Promise.resolve();
  private releasing: Promise<void> | null = null;
  private reason = "";
  private readonly actions: Record<TakeoverAction, () => void> = {
    wait: () => this.wait(),
    rest: () => this.rest(),
    read: () => this.read(),
    claim: () => this.claim(),
    open: () => this.open(),
    handOver: () => this.release(),
    drop: () => this.drop(),
    abandon: () => this.abandon(),
  };

  constructor(options: OwnershipOptions) {
    this.options = options;
  }

  get state(): TakeoverState {
    return this.current;
  }

  /** The epoch under which this node holds the partition, until it is closed; null when it does not. */
  get heldEpoch(): number | null {
    return this.journal === null ? null : this.epoch;
  }

  /** Whether its core is being recovered. */
  get isOpening(): boolean {
    return this.current === "opening" || this.current === "passing";
  }

  /** `reason`: why, where the event ends an ownership. */
  dispatch(event: TakeoverEvent, reason = ""): void {
    const next = step(this.current, event);
    if (next === null) return;
    if (reason !== "") this.reason = reason;
    this.current = next.state;
    for (const action of next.actions) this.actions[action]();
  }

  /** Looks again whether the present owner has released the partition. */
  lookAround(): void {
    if (this.current === "waiting" && this.options.isFree()) this.dispatch("free");
  }

  /** Resolves when nothing of the partition is open here any more. */
  async whenReleased(): Promise<void> {
    if (this.current === "passing") await this.opening;
    await this.releasing;
  }

  private wait(): void {
    this.waitSince(this.options.clock.monotonicMs());
    this.lookAround();
  }

  private waitSince(sinceMs: number): void {
    const { clock, timing } = this.options;
    this.later(timing.patienceMs, () => {
      if (this.options.isOpening() && clock.monotonicMs() - sinceMs < timing.openingMs)
        this.waitSince(sinceMs);
      else this.dispatch("outOfPatience");
    });
  }

  private rest(): void {
    const { clock, timing } = this.options;
    if (this.openedMs !== null && clock.monotonicMs() - this.openedMs > STEADY_MS) this.failures = 0;
    this.openedMs = null;
    this.failures++;
    this.later(restMs(timing.retryMs, this.failures), () => this.dispatch("rested"));
  }

  private read(): void {
    this.cancelTimer();
    this.attempt(
      this.options.readLog(),
      (log) => log.end(),
      (log) => {
        this.log = log;
        return "read";
      },
    );
  }

  private claim(): void {
    const { clock, timing, log: report, full } = this.options;
    const owner = this.options.owner();
    this.claiming = claim({ log: this.log!, owner, clock, retryMs: timing.retryMs, report, full });
    this.attempt(
      this.claiming.settled,
      () => {},
      (epoch) => {
        this.epoch = epoch;
        return "claimed";
      },
    );
  }

  private open(): void {
    const { epoch, options } = this;
    this.claiming = null;
    const journal = options.openJournal(this.log!, epoch);
    this.journal = journal;
    this.reason = "";
    options.changed();
    void journal.whenEnded().then((error) => {
      if (this.journal !== journal) return;
      if (error instanceof Fenced) options.fenced(epoch, error);
      this.dispatch("ended", error.message);
    });
    this.opening = options.openPartition(journal, epoch).then(
      (partition) => this.take(partition, journal),
      (error: unknown) => this.dispatch("failed", `it cannot be opened: ${errorText(error)}`),
    );
  }

  /** A partition that was recovered, perhaps too late. */
  private take(partition: Partition, journal: StreamJournal): void {
    this.partition = partition;
    this.dispatch("opened");
    if (this.current !== "owning") return;
    this.openedMs = this.options.clock.monotonicMs();
    this.options.opened(partition, this.epoch, journal);
    void partition.whenHalted().then((reason) => this.journal === journal && this.dispatch("ended", reason));
  }

  /** Closes the open parts, once. It does not wait for an abandoned journal; it waits for a healthy one. */
  private release(): void {
    if (this.releasing !== null) return;
    this.options.left(this.epoch, this.reason);
    this.releasing = this.close().finally(() => {
      this.releasing = null;
      this.journal = null;
      this.partition = null;
      this.log = null;
      this.options.changed();
      this.dispatch("released");
    });
  }

  private async close(): Promise<void> {
    try {
      await this.opening;
      await this.partition?.close();
    } catch (error) {
      this.options.log(`partition ${this.options.partition} was not closed in order: ${errorText(error)}`);
    }
    await this.journal?.close();
  }

  private drop(): void {
    this.journal?.abandon(this.reason);
    this.release();
  }

  private abandon(): void {
    this.trying++;
    this.cancelTimer();
    this.claiming?.abandon();
    this.claiming = null;
    this.log?.end();
    this.log = null;
  }

  /** Waits for the outcome of a try; `discard` is given what came for one that was abandoned. */
  private attempt<T>(
    outcome: Promise<T>,
    discard: (value: T) => void,
    came: (value: T) => TakeoverEvent,
  ): void {
    const trying = this.trying;
    outcome.then(
      (value) => (trying === this.trying ? this.dispatch(came(value)) : discard(value)),
      (error: unknown) => {
        if (trying !== this.trying) return;
        this.options.log(errorText(error));
        this.dispatch(error instanceof ClaimLost ? "lost" : "failed");
      },
    );
  }

  private later(ms: number, act: () => void): void {
    this.cancelTimer();
    this.cancelTimer = this.options.clock.after(ms, act);
  }
}
