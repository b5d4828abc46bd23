/**
 * A node's heartbeat: reports that it runs, receives the heartbeats of others, and knows how long the others count it as running.
 *
 *   announce every heartbeatMs ──put──► hints ──watch──► members (membership.ts)
 *        └─ answered: leased for leaseMs from when it was sent ─ not renewed in time ─► lease lost
 *   own name, started later ─► no lease for memberTtlMs ─ heard again ─► succeeded: it never has one again
 *
 * A process whose name another one has taken, as after a long pause, or when both began at the same moment, yields to the later one: others do
 * not listen to it either (membership.ts, M2), and the two would take each partition from each other. What was heard once may be of a life that
 * is over, by a clock that was ahead.
 *
 * A node that was busy or stopped hears first what had come meanwhile, and gets an answer to a new heartbeat, before it counts its lease as lost
 * or others as gone: either may only seem so. If another has taken over in that time, its own log says so.
 *
 * Hints may be stale or lost, and nodes may see different members: decisions based on them affect only effort, never correctness.
 */
import { decodeAs, encodeMessage } from "../../protocol/codec.ts";
import { MAX_BLOCKED } from "../../protocol/limits.ts";
import { escapeName, unescapeName } from "../../protocol/subjects.ts";
import type { Hints } from "../ports/bus.ts";
import { afterHearing, type Clock, isLate } from "../ports/clock.ts";
import { CountedLines } from "../ports/counted-lines.ts";
import type { ClusterTiming } from "./cluster-timing.ts";
import {
  type Announced,
  announcedBlock,
  announcedOwner,
  type Blocked,
  expired,
  heard,
  isCore,
  left,
  type Members,
  NO_MEMBERS,
  namesOf,
} from "./membership.ts";

export interface PresenceOptions {
  readonly node: string;
  readonly hints: Hints;
  readonly clock: Clock;
  readonly timing: ClusterTiming;
  owns(): Announced["owns"];
  /** Default: only that it may own partitions. */
  readonly roles?: readonly string[] | undefined;
  /** Default: it is not. */
  catchingUp?(): boolean;
  /** Default: none is. */
  blocked?(): readonly Blocked[];
  /** How many there are in the session. */
  readonly partitions: number;
  /** Members, what they own, or the lease may have changed. */
  changed(): void;
  /** Another process of this name has started since, and runs. Once. */
  succeeded?(): void;
  log(message: string): void;
}

/** The last heartbeat of a life that is over may be heard once. */
const HEARD_TO_RUN = 2;

export class Presence {
  /** When this life of the node began. */
  sinceUs = 0;
  private readonly options: PresenceOptions;
  private readonly key: string;
  private others: Members = NO_MEMBERS;
  private running = false;
  /** Monotonic, ms. */
  private leasedUntilMs = Number.NEGATIVE_INFINITY;
  private isLeased = false;
  /** How often a later life of this name was heard. */
  private laterLives = 0;
  /** Monotonic, ms: until then a later life of this name counts as running. */
  private yieldsUntilMs = Number.NEGATIVE_INFINITY;
  private readonly reported = new Set<string>();
  private readonly garbage: CountedLines;
  private unwatch: () => void = () => {};
  private cancelTick: () => void = () => {};
  private cancelLease: () => void = () => {};

  constructor(options: PresenceOptions) {
    this.options = options;
    this.garbage = new CountedLines(options.clock, (message) => options.log(message));
    this.key = escapeName(options.node);
  }

  start(): void {
    const { hints, clock } = this.options;
    this.sinceUs = clock.nowUs();
    this.running = true;
    this.unwatch = hints.watch((key, value) => this.hear(key, value));
    this.tick(clock.monotonicMs());
  }

  async stop(): Promise<void> {
    this.running = false;
    this.unwatch();
    this.cancelTick();
    this.cancelLease();
    // What stands there is the heartbeat of the one that runs.
    if (this.isSucceeded) return;
    await this.options.hints
      .remove(this.key)
      .catch((error: unknown) => this.reportOnce(`cannot sign off: ${error}`));
  }

  /** Whether the last heartbeat that was answered is young enough. */
  get leased(): boolean {
    return this.isLeased;
  }

  /** Names of the live nodes, this one among them, in order. */
  members(): string[] {
    return [...namesOf(this.others), this.options.node].sort();
  }

  /** Another live node that says it owns the partition, or null. */
  ownerOf(partition: string): string | null {
    return announcedOwner(this.others, partition)?.node ?? null;
  }

  /** The epoch under which that node owns it, 0 without one. */
  epochOf(partition: string): number {
    return announcedOwner(this.others, partition)?.epoch ?? 0;
  }

  /** Whether that node is still recovering its core. */
  isOpening(partition: string): boolean {
    return announcedOwner(this.others, partition)?.opening === true;
  }

  /** Why another live node says that the partition takes no input, or null. */
  blockOf(partition: string): string | null {
    return announcedBlock(this.others, partition);
  }

  /** The live nodes that may own partitions, this one perhaps among them. */
  cores(): Announced[] {
    return [...this.others.values(), this.own()].filter(isCore);
  }

  /** Whether no other live node says that it owns the partition. */
  isFree(partition: string): boolean {
    return this.ownerOf(partition) === null;
  }

  /** Another process may run under the same name: a life of the node that began then was heard, or met in a log. */
  hearLife(sinceUs: number): void {
    if (sinceUs <= this.sinceUs || this.isSucceeded) return;
    const { clock, timing, changed, succeeded } = this.options;
    this.laterLives++;
    this.yieldsUntilMs = clock.monotonicMs() + timing.memberTtlMs;
    this.cancelLease();
    this.leasedUntilMs = Number.NEGATIVE_INFINITY;
    this.isLeased = false;
    changed();
    if (this.isSucceeded) succeeded?.();
  }

  /** Reports now that the node runs and what it owns. */
  announce(): void {
    const { node, clock, timing } = this.options;
    const sentMs = clock.monotonicMs();
    if (!this.running || this.isSucceeded || sentMs < this.yieldsUntilMs) return;
    this.put(encodeMessage({ type: "heartbeat", ...this.own() })).then(
      () => this.renew(sentMs + timing.leaseMs),
      (error: unknown) => this.reportOnce(`cannot announce node ${node}: ${error}`),
    );
  }

  /** After a lease that has run out, another process may have begun under this name: its heartbeat is looked for before ours stands in its place. */
  private async put(heartbeat: Uint8Array): Promise<void> {
    const { hints, clock } = this.options;
    const ranOut = Number.isFinite(this.leasedUntilMs) && clock.monotonicMs() > this.leasedUntilMs;
    const living = ranOut ? await hints.agree(this.key, heartbeat) : null;
    if (!this.running) return;
    if (living !== null) this.hearOwnName(living);
    if (clock.monotonicMs() >= this.yieldsUntilMs) await hints.put(this.key, heartbeat);
  }

  private own() {
    const { node, roles, owns, catchingUp, blocked, partitions, timing } = this.options;
    const reasons = (blocked?.() ?? []).slice(0, MAX_BLOCKED);
    return {
      node,
      sinceUs: this.sinceUs,
      owns: [...owns()],
      partitions,
      memberTtlMs: timing.memberTtlMs,
      ...(roles === undefined ? {} : { roles: [...roles] }),
      ...(catchingUp?.() === true ? { catchingUp: true } : {}),
      ...(reasons.length === 0 ? {} : { blocked: reasons }),
    };
  }

  private tick(dueMs: number): void {
    const { clock, timing } = this.options;
    this.announce();
    // A late one leaves it to the next one: what others said meanwhile is not yet heard.
    if (!isLate(clock, dueMs)) this.others = expired(this.others, monotonicUs(clock));
    this.options.changed();
    const nextMs = clock.monotonicMs() + timing.heartbeatMs;
    this.cancelTick = clock.after(timing.heartbeatMs, () => this.tick(nextMs));
  }

  private renew(untilMs: number): void {
    const { clock, changed } = this.options;
    const restMs = untilMs - clock.monotonicMs();
    if (!this.running || untilMs <= this.leasedUntilMs || restMs <= 0) return;
    if (this.isSucceeded || clock.monotonicMs() < this.yieldsUntilMs) return;
    const wasLeased = this.isLeased;
    this.leasedUntilMs = untilMs;
    this.isLeased = true;
    this.cancelLease();
    this.cancelLease = afterHearing(clock, restMs, () => {
      this.isLeased = false;
      changed();
    });
    if (!wasLeased) changed();
  }

  private hear(key: string, value: Uint8Array | null): void {
    if (!this.running) return;
    if (key === this.key) {
      this.hearOwnName(value);
      return;
    }
    const { clock, timing } = this.options;
    try {
      if (value === null) this.others = left(this.others, unescapeName(key));
      else {
        const announced = decodeAs("heartbeat", value);
        this.others = heard(this.others, announced, monotonicUs(clock), timing.memberTtlMs * 1000);
      }
    } catch (error) {
      this.garbage.say("heartbeat", `what stands under ${key} is no heartbeat: ${error}`);
      return;
    }
    this.options.changed();
  }

  private get isSucceeded(): boolean {
    return this.laterLives >= HEARD_TO_RUN;
  }

  private hearOwnName(value: Uint8Array | null): void {
    try {
      if (value !== null) this.hearLife(decodeAs("heartbeat", value).sinceUs);
    } catch {
      // Whatever it is, it is not that of another process.
    }
  }

  private reportOnce(message: string): void {
    if (this.reported.has(message)) return;
    this.reported.add(message);
    this.options.log(message);
  }
}

/** Members are timed by the monotonic clock. */
function monotonicUs(clock: Clock): number {
  return clock.monotonicMs() * 1000;
}
