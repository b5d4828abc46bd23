/**
 * A node of a cluster: announces itself, watches the others, and owns the partitions that placement gives it.
 *
 *   hints ─► membership ─► placement ─► an ownership per partition: take over ─► recover ─► own ─► hand over
 *                                            └────────── log of the partition (bus.stream) ──────────┘
 *
 * N1  A node acts for a partition only between reading its own take-over back and losing ownership, however it loses it.
 * N2  Everything it waits for is the clock's or the bus's: in a simulated world it is driven by these alone.
 * N3  A failure of one partition does not affect the others.
 */
import { EigenwatchError } from "../../protocol/errors.ts";
import { MAX_PARTITIONS } from "../../protocol/limits.ts";
import type { Settings } from "../../protocol/settings.ts";
import { escapeName, subjectOf } from "../../protocol/subjects.ts";
import type { CoreDefinitions } from "../core/core.ts";
import { BusFeed } from "../feeds/bus.ts";
import { OfferedFeed } from "../feeds/bus-offers.ts";
import { GroupHolders } from "../feeds/group-holders.ts";
import { IngestFeed } from "../feeds/ingest.ts";
import { Slices } from "../log/slices.ts";
import { Partition } from "../partition/partition.ts";
import type { Bus, SnapshotStore } from "../ports/bus.ts";
import type { Clock } from "../ports/clock.ts";
import type { PartitionTap } from "../ports/tap.ts";
import type { Tracer } from "../ports/trace.ts";
import { AdmittedLog } from "./admitted-log.ts";
import { CLUSTER_TIMING, type ClusterTiming } from "./cluster-timing.ts";
import { Presence } from "./heartbeat.ts";
import { candidatesOf, type Owned } from "./membership.ts";
import { Ownership } from "./ownership.ts";
import { ownerOf, placementOf } from "./placement.ts";
import { SessionServer } from "./session-server.ts";
import { StreamJournal } from "./stream-journal.ts";
import { logStarts, snapshotsBucket } from "./stream-snapshots.ts";

/** Leaves room for `@` and a time in a name of 128 bytes. */
const MAX_NODE_NAME_BYTES = 100;

/** Throws an EigenwatchError. Any characters are allowed. */
export function checkNodeName(name: string): void {
  const { length } = new TextEncoder().encode(name);
  if (length > 0 && length <= MAX_NODE_NAME_BYTES && !/\p{Cs}/u.test(name)) return;
  const expected = `1 to ${MAX_NODE_NAME_BYTES} bytes of text`;
  throw new EigenwatchError({ action: "name a node", value: JSON.stringify(name), expected });
}

export interface ClusterNodeOptions {
  /** Unique in the cluster, the same after a restart. */
  readonly name: string;
  readonly session: string;
  /** Default: it may own partitions. One that does not list `core` owns none. */
  readonly roles?: readonly string[];
  /** Every partition of the session, with any owner: the same on all nodes. */
  readonly partitions: readonly string[];
  /** Further ones, which hold the edits of shared documents: no feed and no group belongs to them. */
  readonly documents?: readonly string[];
  /** The partition of a group, the same on all nodes; default: by rule. */
  placement?(group: string): string;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly definitions: CoreDefinitions;
  /** Settings of a new session; an existing one keeps its own. */
  readonly settings: Settings;
  readonly versions: Record<string, string>;
  /** Default level: warning. */
  log(message: string, level?: "info" | "warning" | "error"): void;
  /** What the process holds, bytes; default: asked of the system. */
  memory?(): { rss: number; heapUsed: number };
  readonly tap?: PartitionTap;
  /** Of frames that come with a trace. Default: none is traced. */
  readonly tracer?: Tracer | undefined;
  /** Samples between snapshots of a partition; default: the partition's own. */
  readonly snapshotSamples?: number;
  readonly timing?: Partial<ClusterTiming>;
}

/** A partition came to this node, or left it. */
export interface OwnershipChange {
  readonly partition: string;
  readonly epoch: number;
  /** The running partition, or null when it was released. */
  readonly owned: Partition | null;
  /** Its journal. */
  readonly journal: StreamJournal | null;
  /** Why it was released: placement moved, fenced, lease lost, stopping …; "" when it came. */
  readonly reason: string;
}

/** Of a take-over: unlike that of every other life of the node. */
function ownerName(node: string, sinceUs: number): string {
  return `${node}@${sinceUs}`;
}

function lifeOf(owner: string): { node: string; sinceUs: number } {
  const at = owner.lastIndexOf("@");
  return { node: owner.slice(0, at), sinceUs: Number(owner.slice(at + 1)) };
}

export class ClusterNode {
  readonly name: string;
  /** Resolves when another process of this name has started since, and runs: this one owns nothing any more, and never will. */
  readonly succeeded: Promise<void>;
  private readonly options: ClusterNodeOptions;
  private readonly timing: ClusterTiming;
  private readonly partitions = new Map<string, Partition>();
  private readonly listeners = new Set<(change: OwnershipChange) => void>();
  private readonly ownerships = new Map<string, Ownership>();
  private readonly servers = new Map<string, SessionServer>();
  /** Why partitions that this node owns, or would take over, take no input. */
  private readonly blocked = new Map<string, string>();
  private readonly presence: Presence;
  private listening = true;
  private catchingUp = false;
  private stopping = false;
  private cancelListening: () => void = () => {};

  constructor(options: ClusterNodeOptions) {
    this.name = options.name;
    checkNodeName(options.name);
    if (options.partitions.length > MAX_PARTITIONS)
      throw new EigenwatchError({
        action: "share partitions",
        value: `${options.partitions.length} of them`,
        expected: `at most ${MAX_PARTITIONS}`,
      });
    this.options = options;
    this.timing = { ...CLUSTER_TIMING, ...options.timing };
    const { bus, clock, session, log, roles } = options;
    let beSucceeded = (): void => {};
    this.succeeded = new Promise((resolve) => {
      beSucceeded = resolve;
    });
    this.presence = new Presence({
      node: options.name,
      hints: bus.hints(`${escapeName(session)}-nodes`),
      clock,
      timing: this.timing,
      owns: () => this.held(),
      roles,
      catchingUp: () => this.catchingUp,
      blocked: () => [...this.blocked].map(([partition, reason]) => ({ partition, reason })),
      partitions: options.partitions.length,
      changed: () => this.place(),
      succeeded: beSucceeded,
      log,
    });
    for (const partition of [...options.partitions, ...this.documents])
      this.ownerships.set(partition, this.ownershipOf(partition));
  }

  /**
   * Joins the cluster; returns at once, partitions come as they are taken over. `caughtUp`: until it settles this node is given no partition that a
   * node which has read the logs can have; default: it has.
   */
  start(caughtUp?: Promise<unknown>): void {
    if (caughtUp !== undefined) {
      this.catchingUp = true;
      const end = () => {
        this.catchingUp = false;
        this.presence.announce();
        this.place();
      };
      caughtUp.then(end, end);
    }
    this.presence.start();
    this.cancelListening = this.options.clock.after(this.timing.listenMs, () => {
      this.listening = false;
      this.place();
    });
  }

  /** Lets everything go in order and leaves. Resolves when the last partition is closed. */
  async stop(): Promise<void> {
    this.stopping = true;
    this.cancelListening();
    this.place();
    await Promise.all([...this.ownerships.values()].map((ownership) => ownership.whenReleased()));
    await this.presence.stop();
  }

  private get documents(): readonly string[] {
    return this.options.documents ?? [];
  }

  /** Partitions that this node owns now, running, by name. */
  owned(): ReadonlyMap<string, Partition> {
    return this.partitions;
  }

  /** Live nodes as this one sees them, in order of name. */
  members(): readonly string[] {
    return this.presence.members();
  }

  /** The node that says it owns the partition, as far as this one knows; null when none does. */
  ownerOf(partition: string): string | null {
    return this.partitions.has(partition) ? this.name : this.presence.ownerOf(partition);
  }

  /** Why the partition takes no input, and what to do, as far as this node knows; null when nothing stands in its way. */
  blockOf(partition: string): string | null {
    return this.blocked.get(partition) ?? this.presence.blockOf(partition);
  }

  /** The epoch under which that node owns it, as far as this one knows; 0 when none does. */
  epochOf(partition: string): number {
    return this.ownerships.get(partition)?.heldEpoch ?? this.presence.epochOf(partition);
  }

  /** The returned function ends it. */
  onChange(listener: (change: OwnershipChange) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Sets for each ownership whether its partition is assigned to this node. */
  private place(): void {
    const { leased } = this.presence;
    const active = !this.stopping && leased;
    const cores = this.presence.cores();
    for (const [partition, ownership] of this.ownerships) {
      // Also what woke too late to have heard of it: others may have taken over, there is nothing to hand over in order.
      if (!leased) ownership.dispatch("leaseLost", "lease lost");
      // Before it has listened for other nodes, a node takes only what is handed over to it, not what seems to be free.
      const mayTake = !this.listening || ownership.state !== "idle" || !this.presence.isFree(partition);
      if (active && mayTake && ownerOf(partition, candidatesOf(cores, partition)) === this.name)
        ownership.dispatch("assigned");
      else ownership.dispatch("unassigned", this.stopping ? "stopping" : "placement moved");
      ownership.lookAround();
      // It is another node's now, which finds out by itself.
      if (ownership.state === "idle") this.blocked.delete(partition);
    }
  }

  private setBlocked(partition: string, reason: string | null): void {
    const known = this.blocked.get(partition) ?? null;
    if (reason === known) return;
    if (reason === null) this.blocked.delete(partition);
    else this.blocked.set(partition, reason);
    this.presence.announce();
    if (reason === null) this.options.log(`partition ${partition} takes input again`, "info");
    else this.options.log(`partition ${partition} takes no input: ${reason}`, "error");
  }

  private held(): Owned[] {
    return [...this.ownerships].flatMap(([partition, { heldEpoch, isOpening }]) =>
      heldEpoch === null ? [] : [{ partition, epoch: heldEpoch, ...(isOpening ? { opening: true } : {}) }],
    );
  }

  private ownershipOf(partition: string): Ownership {
    const { clock, log } = this.options;
    return new Ownership({
      partition,
      clock,
      log,
      timing: this.timing,
      owner: () => ownerName(this.name, this.presence.sinceUs),
      readLog: () => this.readLog(partition),
      openJournal: (admitted, epoch) => this.openJournal(admitted, epoch),
      openPartition: (journal, epoch) => this.openPartition(partition, journal, epoch),
      full: (reason) => this.setBlocked(partition, reason),
      isFree: () => this.presence.isFree(partition),
      isOpening: () => this.presence.isOpening(partition),
      opened: (running, epoch, journal) => this.opened(partition, running, epoch, journal),
      fenced: (epoch, by) => {
        this.options.tap?.fenced?.(partition, epoch, by.epoch);
        const life = lifeOf(by.owner);
        if (life.node === this.name) this.presence.hearLife(life.sinceUs);
      },
      left: (epoch, reason) => this.left(partition, epoch, reason),
      changed: () => this.presence.announce(),
    });
  }

  /** From the newest snapshot on: a take-over shall not take longer the longer the session has run. */
  private async readLog(partition: string): Promise<AdmittedLog> {
    const { bus, session, clock, log } = this.options;
    const stream = bus.stream(subjectOf(session, partition, "log"));
    const starts = await logStarts(this.snapshots(), partition, log);
    return AdmittedLog.open(stream, partition, null, starts, new Slices(clock));
  }

  private snapshots(): SnapshotStore {
    const { bus, session } = this.options;
    return bus.snapshots(snapshotsBucket(session));
  }

  private openJournal(log: AdmittedLog, epoch: number): StreamJournal {
    const { clock, log: report } = this.options;
    const { retryMs } = this.timing;
    const full = (reason: string | null): void => this.setBlocked(log.partition, reason);
    return new StreamJournal({ log, epoch, snapshots: this.snapshots(), clock, retryMs, report, full });
  }

  private openPartition(partition: string, journal: StreamJournal, epoch: number): Promise<Partition> {
    const { session, clock, settings, definitions, versions, log, memory, tap, snapshotSamples } =
      this.options;
    const isDocument = this.documents.includes(partition);
    return Partition.open({
      session,
      partition,
      partitions: isDocument ? 1 : this.options.partitions.length,
      journal,
      clock,
      settings,
      definitions,
      versions,
      epoch,
      log,
      recording: null,
      ...(memory === undefined ? {} : { memory }),
      ...(tap === undefined ? {} : { tap }),
      ...(snapshotSamples === undefined ? {} : { snapshotSamples }),
      of: isDocument ? "edits" : "feeds",
    });
  }

  private opened(partition: string, running: Partition, epoch: number, journal: StreamJournal): void {
    const { bus, clock, log } = this.options;
    const isDocument = this.documents.includes(partition);
    if (!isDocument) this.takeFeeds(partition, running);
    this.partitions.set(partition, running);
    this.presence.announce();
    if (!isDocument)
      this.servers.set(partition, new SessionServer({ bus, clock, session: running, epoch, log }));
    this.report({ partition, epoch, owned: running, journal, reason: "" });
  }

  private takeFeeds(partition: string, running: Partition): void {
    const { bus, session, clock, partitions, placement = placementOf(partitions) } = this.options;
    const place = { bus, session, partition, clock, tracer: this.options.tracer };
    const durable = () => running.whenTaken();
    const holders = new GroupHolders(clock);
    running.startFeeds([
      new BusFeed({
        ...place,
        holders,
        lastSequenceOf: (source) => running.core.lastSequenceOf(source),
      }),
      new OfferedFeed({ ...place, kind: "live", holders, durable }),
      new OfferedFeed({ ...place, kind: "recorded", durable }),
      new IngestFeed({
        ...place,
        takes: (group) => placement(group) === partition,
        declarationOf: (group) => running.core.declarationOf(group),
        declarations: () => running.core.declarations(),
        lastSequenceOf: (source) => running.core.lastSequenceOf(source),
      }),
    ]);
  }

  private left(partition: string, epoch: number, reason: string): void {
    this.servers.get(partition)?.stop();
    this.servers.delete(partition);
    if (this.partitions.delete(partition))
      this.report({ partition, epoch, owned: null, journal: null, reason });
  }

  private report(change: OwnershipChange): void {
    for (const listener of this.listeners) listener(change);
  }
}
