/**
 * A node of a cluster: announces itself, watches the others, and owns the partitions that placement gives it.
 *
 *   hints ─► membership ─► placement ─► per partition: take over ─► recover ─► own ─► hand over
 *                                            └────────── log of the partition (bus.stream) ──────────┘
 *
 * N1  A node acts for a partition only between reading its own take-over back and losing ownership, however it loses it.
 * N2  Everything it waits for is the clock's or the bus's: in a simulated world it is driven by these alone.
 * N3  Whatever fails for one partition leaves the others alone.
 */
import type { Settings } from "../../protocol/settings.ts";
import type { CoreDefinitions } from "../core/core.ts";
import type { Partition } from "../partition/partition.ts";
import type { Bus } from "../ports/bus.ts";
import type { Clock } from "../ports/clock.ts";
import type { PartitionTap } from "../ports/tap.ts";
import { CLUSTER_TIMING, type ClusterTiming } from "./timing.ts";

export interface ClusterNodeOptions {
  /** Unique in the cluster, the same after a restart. */
  readonly name: string;
  readonly session: string;
  /** Every partition of the session, whoever owns it: the same on all nodes. */
  readonly partitions: readonly string[];
  readonly bus: Bus;
  readonly clock: Clock;
  readonly definitions: CoreDefinitions;
  /** Of a session that begins; one that is there keeps its own. */
  readonly settings: Settings;
  readonly versions: Record<string, string>;
  log(message: string): void;
  /** What the process holds, bytes; default: asked of the system. */
  memory?(): { rss: number; heapUsed: number };
  readonly tap?: PartitionTap;
  readonly timing?: Partial<ClusterTiming>;
}

/** A partition came to this node, or left it. */
export interface OwnershipChange {
  readonly partition: string;
  readonly epoch: number;
  /** The running partition, or null when it was let go. */
  readonly owned: Partition | null;
  /** Why it was let go: "placement moved", "fenced by n2@…", "lease lost", "stopping" …; "" when it came. */
  readonly reason: string;
}

export class ClusterNode {
  readonly name: string;
  private readonly options: ClusterNodeOptions;
  private readonly timing: ClusterTiming;
  private readonly partitions = new Map<string, Partition>();
  private readonly listeners = new Set<(change: OwnershipChange) => void>();

  constructor(options: ClusterNodeOptions) {
    this.name = options.name;
    this.options = options;
    this.timing = { ...CLUSTER_TIMING, ...options.timing };
  }

  /** Joins the cluster; returns at once, partitions come as they are taken over. */
  start(): void {
    this.options.log(`node ${this.name} announces itself every ${this.timing.announceMs} ms`);
  }

  /** Lets everything go in order and leaves. Resolves when the last partition is closed. */
  async stop(): Promise<void> {
    this.listeners.clear();
  }

  /** Partitions that this node owns now, running, by name. */
  owned(): ReadonlyMap<string, Partition> {
    return this.partitions;
  }

  /** Live nodes as this one sees them, in order of name. */
  members(): readonly string[] {
    return [this.name];
  }

  /** The returned function ends it. */
  onChange(listener: (change: OwnershipChange) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }
}
