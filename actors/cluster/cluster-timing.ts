/**
 * The times by which nodes of a cluster act. None of them is needed for safety: that is the rule of admission (admission.ts).
 *
 *   announce ──► renewed every ANNOUNCE_MS ──► three lost ──► others count the node out after MEMBER_TTL_MS
 *                                                      └──► the node itself releases after LEASE_MS, a little before them
 */
import { HINT_TTL_MS } from "../ports/bus.ts";

export interface ClusterTiming {
  readonly listenMs: number;
  readonly heartbeatMs: number;
  readonly memberTtlMs: number;
  readonly leaseMs: number;
  readonly retryMs: number;
  readonly patienceMs: number;
  readonly openingMs: number;
}

export const CLUSTER_TIMING: ClusterTiming = {
  /** How often a node sends its heartbeat: some hundred bytes a second are cheap, and a failure is noticed within three. */
  heartbeatMs: 1_000,
  /** Three heartbeats lost in a row mean gone; one or two are a busy moment. */
  memberTtlMs: HINT_TTL_MS,
  /** A node that could not renew for so long stops before others may take over. This saves doubled work; safety does not need it. */
  leaseMs: 3_000,
  /** A starting node listens first, long enough to receive a heartbeat of every running node, so that it takes nothing from them. */
  listenMs: 300,
  /** Before a failed or unanswered append, read or claim is tried again: longer than a round trip, shorter than a person notices. */
  retryMs: 250,
  /** How long the next owner waits for the present one to release the partition: that takes one round trip and a snapshot. */
  patienceMs: 2_000,
  /** How long it waits for one that is still recovering its core: seconds of work on a long log, which a take-over meanwhile would throw away. */
  openingMs: 60_000,
};

/** By name, for `--failover`. */
export const FAILOVER: Readonly<Record<"standard" | "quick", ClusterTiming>> = {
  standard: CLUSTER_TIMING,
  /** Half of the times: a take-over begins within two seconds, and a node that is busy or paused for one may lose its partitions. */
  quick: { ...CLUSTER_TIMING, heartbeatMs: 400, memberTtlMs: 1_700, leaseMs: 1_400, patienceMs: 1_000 },
};
