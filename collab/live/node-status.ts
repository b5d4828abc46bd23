/**
 * What the nodes of a session say of themselves, and what an owner says of its partition.
 *
 *   heartbeats (hints) ─► nodes, owners, epochs
 *   ew.<session>.<partition>.status ──request, perhaps with a source──► owner ─► block, inputs, rates, since when it owns it, samples of the source
 */

import * as v from "valibot";
import type { ClusterNode } from "../../actors/cluster/mod.ts";
import { systemClock } from "../../actors/mod.ts";
import type { Bus, Hints } from "../../actors/ports/bus.ts";
import type { Clock } from "../../actors/ports/clock.ts";
import { decodeAs } from "../../protocol/codec.ts";
import { EigenwatchError } from "../../protocol/errors.ts";
import { ROOM_PARTITION } from "../../protocol/room-document.ts";
import { escapeName, subjectOf, unescapeName } from "../../protocol/subjects.ts";

/** Present values of a bucket arrive within a round trip. */
const GATHER_MS = 400;

/** One heartbeat as shipped, and its delay: a node that lives is heard again within it. */
const HEARD_AGAIN_MS = 1_500;

/** An owner answers within a round trip, or not at all. */
const ANSWER_MS = 1_000;

/** A partition that changes its owner has one again after this: a node that died is counted out after 3.5 s (docs/cluster.md). */
const TAKE_OVER_MS = 5_000;

/** Of a session without nodes, wherever it is asked for. */
export const NO_NODE_RUNS = "no node runs";

const ownerStatus = v.object({
  epoch: v.number(),
  owner: v.string(),
  /** When it took the partition over, µs. */
  sinceUs: v.number(),
  inputs: v.number(),
  events: v.number(),
  samples: v.number(),
  /** By which the last input lies back, ms; null where the data are not of now. */
  lagMs: v.nullable(v.number()),
  /** What time its data are of; null before the first. */
  data: v.nullable(v.object({ isLive: v.boolean(), fromUs: v.number(), toUs: v.number() })),
  /** Of the source that was asked for, since the owner has the partition. */
  samplesOfSource: v.number(),
  gauges: v.record(v.string(), v.number()),
});
export type OwnerStatus = v.InferOutput<typeof ownerStatus>;

export interface NodeStatus {
  readonly name: string;
  readonly roles: readonly string[];
  readonly sinceUs: number;
  readonly owns: readonly string[];
}

export interface PartitionStatus {
  readonly name: string;
  readonly owner: string;
  readonly epoch: number;
  /** Null where the data are not of now. This and what follows is null too when the owner does not answer. */
  readonly lagMs: number | null;
  readonly samplesPerSecond: number | null;
  readonly inputs: number | null;
  readonly events: number | null;
  readonly takenOverUs: number | null;
}

export interface ClusterStatus {
  readonly session: string;
  readonly nodes: readonly NodeStatus[];
  readonly partitions: readonly PartitionStatus[];
  /** Partitions that take no input, with the reason and what to do: also those that nobody can take over for it. */
  readonly blocked: readonly BlockedPartition[];
}

export interface BlockedPartition {
  readonly partition: string;
  readonly node: string;
  readonly reason: string;
}

export function nodesBucket(session: string): string {
  return `${escapeName(session)}-nodes`;
}

/** Where values live that processes of a session hold: its options, and the names of feeds (held-value.ts). */
export function heldBucket(session: string): string {
  return `${escapeName(session)}-held`;
}

/** Answers for the partitions that the node owns. The returned function ends it. */
export function answerStatus(bus: Bus, session: string, name: string, node: ClusterNode): () => void {
  const opened = new Map<string, { epoch: number; sinceUs: number }>();
  const forget = node.onChange(({ partition, epoch, owned }) => {
    if (owned === null) opened.delete(partition);
    else opened.set(partition, { epoch, sinceUs: systemClock.nowUs() });
  });
  const pattern = subjectOf(session, "x", "status").replace(/\.x\./, ".*.");
  const end = bus.answer(pattern, async (subject, source) => {
    const partition = unescapeName(subject.split(".")[2]!);
    const running = node.owned().get(partition);
    const place = opened.get(partition);
    if (running === undefined || place === undefined) return null;
    const { core } = running;
    const status: OwnerStatus = {
      ...place,
      owner: name,
      inputs: core.sequence,
      events: core.eventSequence,
      samples: core.samples,
      lagMs: running.lagMs(),
      data: running.dataTimes(),
      samplesOfSource: running.samplesOf(new TextDecoder().decode(source)),
      gauges: running.gauges(),
    };
    return new TextEncoder().encode(JSON.stringify(status));
  });
  return () => {
    forget();
    end();
  };
}

/** Asks everybody. */
export async function clusterStatus(bus: Bus, session: string): Promise<ClusterStatus> {
  const nodes = await gather(bus.hints(nodesBucket(session)));
  const owners = new Map<string, { owner: string; epoch: number }>();
  for (const { node, owns } of nodes.values())
    for (const { partition, epoch } of owns)
      if ((owners.get(partition)?.epoch ?? -1) < epoch) owners.set(partition, { owner: node, epoch });
  const partitions = [...owners].sort(([a], [b]) => (a < b ? -1 : 1));
  const blocked = [...nodes.values()].flatMap((each) =>
    (each.blocked ?? []).map(({ partition, reason }) => ({ partition, node: each.node, reason })),
  );
  return {
    session,
    blocked,
    nodes: [...nodes.values()]
      .map(({ node, sinceUs, owns, roles = ["core"] }) => ({
        name: node,
        roles,
        sinceUs,
        owns: owns.map(({ partition }) => partition).sort(),
      }))
      .sort((a, b) => (a.name < b.name ? -1 : 1)),
    partitions: await Promise.all(
      partitions.map(([partition, place]) => partitionStatus(bus, session, partition, place)),
    ),
  };
}

/**
 * Resolves when a node owns the partition. Rejects with an EigenwatchError when no node of the session runs, or when it has no such partition: what is
 * sent there would be lost, or wait for ever.
 */
export async function ownedPartition(bus: Bus, session: string, partition: string): Promise<void> {
  const untilMs = systemClock.monotonicMs() + TAKE_OVER_MS;
  for (;;) {
    const { nodes, partitions: all } = await clusterStatus(bus, session);
    const partitions = all.filter(({ name }) => name !== ROOM_PARTITION);
    if (partitions.some(({ name }) => name === partition)) return;
    if (nodes.length === 0)
      throw new EigenwatchError({
        action: `send to session ${session}`,
        value: NO_NODE_RUNS,
        expected: "one that runs: `eigenwatch node` starts it, --session names another",
        kind: "unavailable",
      });
    if (systemClock.monotonicMs() > untilMs)
      throw new EigenwatchError({
        action: `send to partition ${partition} of session ${session}`,
        value: "no node owns it",
        expected: partitions.map(({ name }) => name).join(", ") || "a node with the role core",
        kind: "unavailable",
      });
  }
}

/** What the owner of a partition says of it, and of one source. Rejects when none answers. */
export async function ownerStatusOf(
  bus: Bus,
  session: string,
  partition: string,
  source = "",
): Promise<OwnerStatus> {
  const question = new TextEncoder().encode(source);
  const answer = await bus.request(subjectOf(session, partition, "status"), question, ANSWER_MS);
  return v.parse(ownerStatus, JSON.parse(new TextDecoder().decode(answer)));
}

async function partitionStatus(
  bus: Bus,
  session: string,
  name: string,
  { owner, epoch }: { owner: string; epoch: number },
): Promise<PartitionStatus> {
  const known = { name, owner, epoch };
  try {
    const status = await ownerStatusOf(bus, session, name);
    return {
      name,
      owner: status.owner,
      epoch: status.epoch,
      lagMs: status.lagMs === null ? null : Math.round(status.lagMs),
      samplesPerSecond: status.gauges["samplesPerSecond"] ?? 0,
      inputs: status.inputs,
      events: status.events,
      takenOverUs: status.sinceUs,
    };
  } catch {
    const silent = { lagMs: null, samplesPerSecond: null, inputs: null, events: null, takenOverUs: null };
    return { ...known, ...silent };
  }
}

export type Heartbeat = ReturnType<typeof decodeAs<"heartbeat">>;

async function gather(hints: Hints): Promise<Map<string, Heartbeat>> {
  const nodes = new Map<string, Heartbeat>();
  const end = watchHeartbeats(hints, (key, heartbeat) => {
    if (heartbeat === null) nodes.delete(key);
    else nodes.set(key, heartbeat);
  });
  await pass(GATHER_MS);
  end();
  return nodes;
}

/** Null: it ended. What is no heartbeat, which anybody may put there, is passed over: nodes say so in their logs. */
function watchHeartbeats(hints: Hints, hear: (key: string, heartbeat: Heartbeat | null) => void): () => void {
  return hints.watch((key, value) => {
    let heartbeat: Heartbeat | null = null;
    try {
      if (value !== null) heartbeat = decodeAs("heartbeat", value);
    } catch {
      return;
    }
    hear(key, heartbeat);
  });
}

/** The nodes that run and that `concern` the caller. It waits only where there may be one: the last heartbeat of a node outlives it. */
export async function runningAmong(
  hints: Hints,
  concern: (heartbeat: Heartbeat) => boolean,
  clock: Clock = systemClock,
): Promise<Heartbeat[]> {
  const heard = new Map<string, { last: Heartbeat; times: number }>();
  const end = watchHeartbeats(hints, (key, last) => {
    if (last !== null && concern(last)) heard.set(key, { last, times: (heard.get(key)?.times ?? 0) + 1 });
  });
  await pass(GATHER_MS, clock);
  if (heard.size > 0) await pass(HEARD_AGAIN_MS, clock);
  end();
  return [...heard.values()].filter(({ times }) => times > 1).map(({ last }) => last);
}

function pass(ms: number, clock: Clock = systemClock): Promise<void> {
  return new Promise((resolve) => clock.after(ms, () => resolve()));
}
