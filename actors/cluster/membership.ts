/**
 * Membership: the live nodes as one node sees them, folded from their heartbeats. Time arrives as an argument.
 *
 *   heard(node, at) ─► alive until at + ttl ─┬─ heard again ─► alive longer
 *                                            ├─ left, or not heard in time ─► gone
 *                                            └─ heard of an older life of the same name ─► nothing changes
 *
 * M1  A node is a member from being heard until its time is over or it leaves.
 * M2  A late word of an earlier life of a node (it restarted since) does not bring that life back.
 * M3  Views of different nodes may differ for a while; nothing of safety rests on them.
 */

/** What a node says of itself. */
export interface Announced {
  readonly node: string;
  /** When this life of the node began, by its own clock, µs. */
  readonly sinceUs: number;
  /** What it owns, with the epochs of its take-overs. */
  readonly owns: readonly Owned[];
  /** What it does; absent: it may own partitions. */
  readonly roles?: readonly string[] | undefined;
  /** True while it reads the logs for the first time. */
  readonly catchingUp?: boolean | undefined;
  /** Partitions that it owns, or would take over, and that take no input. */
  readonly blocked?: readonly Blocked[] | undefined;
}

export interface Blocked {
  readonly partition: string;
  /** Why, and what to do. */
  readonly reason: string;
}

export interface Owned {
  readonly partition: string;
  readonly epoch: number;
  /** True while its core is being recovered. */
  readonly opening?: boolean | undefined;
}

export interface Member extends Announced {
  /** Counted out at this time unless heard again, µs. */
  readonly untilUs: number;
}

/** By node. */
export type Members = ReadonlyMap<string, Member>;

export const NO_MEMBERS: Members = new Map();

export function heard(members: Members, announced: Announced, nowUs: number, ttlUs: number): Members {
  const known = members.get(announced.node);
  if (known !== undefined && known.sinceUs > announced.sinceUs) return members;
  return new Map(members).set(announced.node, { ...announced, untilUs: nowUs + ttlUs });
}

export function left(members: Members, node: string): Members {
  if (!members.has(node)) return members;
  const others = new Map(members);
  others.delete(node);
  return others;
}

/** Without those whose time is over. */
export function expired(members: Members, nowUs: number): Members {
  const alive = new Map([...members].filter(([, { untilUs }]) => untilUs > nowUs));
  return alive.size === members.size ? members : alive;
}

/** Names of the members, in order. */
export function namesOf(members: Members): string[] {
  return [...members.keys()].sort();
}

/** The role of a node that may own partitions. */
export const CORE_ROLE = "core";

/** Whether the node may own partitions. */
export function isCore({ roles }: Announced): boolean {
  return roles?.includes(CORE_ROLE) ?? true;
}

/**
 * Names of the nodes to place a partition on: those that have read its log, its owner among them. While there is none, all: the one that is placed
 * reads it as it takes over.
 */
export function candidatesOf(cores: readonly Announced[], partition: string): string[] {
  const caughtUp = cores.filter(
    ({ catchingUp, owns }) => catchingUp !== true || owns.some((owned) => owned.partition === partition),
  );
  return (caughtUp.length > 0 ? caughtUp : cores).map(({ node }) => node);
}

/** Why the partition takes no input, by a member that owns it or would; null when none says so. */
export function announcedBlock(members: Members, partition: string): string | null {
  for (const node of namesOf(members)) {
    const found = members.get(node)!.blocked?.find((blocked) => blocked.partition === partition);
    if (found !== undefined) return found.reason;
  }
  return null;
}

/** The member that says it owns the partition under the highest epoch, or null. */
export function announcedOwner(members: Members, partition: string): (Owned & { node: string }) | null {
  let found: (Owned & { node: string }) | null = null;
  for (const node of namesOf(members)) {
    for (const owned of members.get(node)!.owns) {
      if (owned.partition !== partition || (found !== null && found.epoch >= owned.epoch)) continue;
      found = { ...owned, node };
    }
  }
  return found;
}
