/**
 * A node of a cluster: connected, checked, joined; it owns partitions, runs feeds and serves a gateway, as its roles say.
 *
 *   connect ─► clock and name checked ─► join ─► partitions come and go ─► signal ─► hand over, sign off, close
 *
 * Everything that happens is one line of the log. The process ends with 0 when it has handed over in time.
 */
import process from "node:process";
import { ClusterNode, checkNodeName, FAILOVER, RemoteSession } from "../../actors/cluster/mod.ts";
import { DELIVERY_MS } from "../../actors/feeds/mod.ts";
import {
  createFeeds,
  type Feed,
  type NatsBus,
  refusalAmong,
  SYSTEM,
  systemClock,
  VERSIONS,
} from "../../actors/mod.ts";
import { EigenwatchError } from "../../protocol/errors.ts";
import type { Settings } from "../../protocol/settings.ts";
import { subjectOf } from "../../protocol/subjects.ts";
import { liveCommands, synthWorlds } from "../../sim/mod.ts";
import { noRooms } from "../rooms/no-rooms.ts";
import { stopSignal } from "../stop-signal.ts";
import { connectBus, type NatsFlags } from "./nats-flags.ts";
import { type NodeLog, nodeLog } from "./node-log.ts";
import { answerStatus, nodesBucket, runningSince } from "./node-status.ts";
import { type GatewayPlan, openGateway } from "./open-gateway.ts";
import { partitionNames } from "./partition-names.ts";
import { publishDivided } from "./publish-divided.ts";
import { routeCommands } from "./route-commands.ts";
import { watchStorage } from "./watch-storage.ts";

export const NODE_ROLES = ["feed", "core", "gateway", "scan"] as const;
export type NodeRole = (typeof NODE_ROLES)[number];

export interface NodePlan extends NatsFlags, GatewayPlan {
  readonly session: string;
  readonly name: string;
  readonly roles: readonly NodeRole[];
  readonly failover: keyof typeof FAILOVER;
  /** How many partitions the session has: p0, p1 …; the same on all nodes. */
  readonly partitions: number;
  /** Specs of feeds that this node runs. */
  readonly feeds: readonly string[];
  readonly settings: Settings;
  readonly json: boolean;
}

/** A clock that is off by more lets the logical time of a session leap when the owner changes. */
const CLOCK_ERROR_MS_MAX = 5_000;

/** Handing over takes a snapshot and a round trip; a node that cannot in this time is taken over from. */
const HAND_OVER_MS = 15_000;

/** Runs until a signal comes. Returns the exit code. */
export async function runNode(plan: NodePlan): Promise<number> {
  checkNodeName(plan.name);
  const log = nodeLog(plan.json, () => systemClock.nowUs());
  const feeds = feedsOf(plan);
  const refusal = await refusalAmong(feeds);
  if (refusal !== null) throw refusal;
  const warn = (message: string): void => log.say("warning", "nats", { message });
  const bus = await connectBus(plan, plan.name, warn, plan.roles.includes("core"));
  try {
    await checkClock(bus);
    await checkName(bus, plan);
    return await join(plan, bus, feeds, log);
  } finally {
    await bus.close();
  }
}

async function join(plan: NodePlan, bus: NatsBus, feeds: readonly Feed[], log: NodeLog): Promise<number> {
  const { session, name, roles } = plan;
  const partitions = partitionNames(plan.partitions);
  const node = new ClusterNode({
    name,
    session,
    roles,
    partitions,
    bus,
    clock: systemClock,
    definitions: SYSTEM,
    settings: plan.settings,
    versions: VERSIONS,
    timing: FAILOVER[plan.failover],
    log: (message) => log.say("info", "cluster", { message }),
  });
  node.onChange(({ partition, epoch, owned, journal, reason }) => {
    if (owned !== null)
      owned.commands.handle(liveCommands({ partition: owned, journal: journal!, recording: null }));
    log.say("info", owned === null ? "released" : "owns", {
      partition,
      epoch,
      ...(reason ? { reason } : {}),
    });
  });
  const forget = bus.onConnection((connected) =>
    log.say(connected ? "info" : "warning", connected ? "connected" : "disconnected", {
      nats: bus.serverVersion,
    }),
  );
  const endWatch = watchStorage({
    bus,
    clock: systemClock,
    streams: partitions.map((partition) => subjectOf(session, partition, "log")),
    say: (message) => log.say("warning", "storage", { message }),
  });
  const endStatus = answerStatus(bus, session, name, node);
  const stopped = stopSignal();
  node.start();
  const sessions = roles.includes("gateway") ? await openSessions(plan, bus, node, log) : [];
  const warn = (message: string) => log.say("warning", "gateway", { message });
  routeCommands(sessions);
  const gateway =
    sessions.length > 0
      ? await openGateway(plan, sessions, warn, { server: noRooms(systemClock, warn), limits: {} })
      : null;
  log.say("info", "listening", {
    node: name,
    session,
    roles: roles.join(","),
    nats: bus.serverVersion,
    ...(gateway === null ? {} : { url: gateway.url, open: gateway.loginUrl }),
  });
  const giveUp = new AbortController();
  const { signal } = giveUp;
  const running = publishDivided(feeds, partitions, { bus, session, clock: systemClock, signal }).map(
    ({ source, ended }) =>
      ended.catch((error: unknown) => log.say("error", "feed", { source, message: String(error) })),
  );
  const why = await stopped;
  log.say("info", "stopping", { why });
  await Promise.all(feeds.map((feed) => feed.stop()));
  // What they have offered becomes durable before this node, perhaps the last owner, lets go.
  await endsWithin(DELIVERY_MS, Promise.all(running));
  giveUp.abort();
  const inTime = await endsWithin(HAND_OVER_MS, Promise.all([node.stop(), ...running]));
  endStatus();
  endWatch();
  forget();
  await gateway?.close();
  for (const each of sessions) each.close();
  log.say(inTime ? "info" : "error", "stopped", inTime ? {} : { message: "not everything was handed over" });
  return inTime ? 0 : 1;
}

function feedsOf({ name, feeds, roles, settings }: NodePlan): Feed[] {
  if (feeds.length === 0) return [];
  if (!roles.includes("feed"))
    throw new EigenwatchError({
      action: "run feeds on this node",
      value: `its roles are ${roles.join(", ")}`,
      expected: "the role feed, or no --feed",
    });
  const stdin = process.stdin as AsyncIterable<Uint8Array>;
  const { seed } = settings;
  return createFeeds(feeds, { worlds: synthWorlds(), clock: systemClock, seed, node: name, stdin });
}

/** Throws when the clock of this machine is another one than the server's: leases and times of several nodes would not fit. */
export async function checkClock(bus: Pick<NatsBus, "clockErrorMs">): Promise<void> {
  const errorMs = await bus.clockErrorMs();
  if (Math.abs(errorMs) <= CLOCK_ERROR_MS_MAX) return;
  const seconds = Math.round(Math.abs(errorMs) / 1000);
  throw new EigenwatchError({
    action: "join the cluster",
    value: `the clock of this machine is ${seconds} s ${errorMs > 0 ? "ahead of" : "behind"} that of the NATS server`,
    expected: `at most ${CLOCK_ERROR_MS_MAX / 1000} s: synchronize both clocks (NTP)`,
    kind: "unavailable",
  });
}

async function checkName(bus: NatsBus, { session, name }: NodePlan): Promise<void> {
  const since = await runningSince(bus.hints(nodesBucket(session)), name);
  if (since === null) return;
  throw new EigenwatchError({
    action: `join session ${session} as ${name}`,
    value: "a node of this name is running",
    expected: "another --name, or to stop that one first",
    kind: "conflict",
  });
}

/** The session's partitions, wherever they run. */
function openSessions(
  plan: NodePlan,
  bus: NatsBus,
  node: ClusterNode,
  log: NodeLog,
): Promise<RemoteSession[]> {
  const { session, name } = plan;
  const gateway = `${name}@${systemClock.nowUs()}`;
  return Promise.all(
    partitionNames(plan.partitions).map((partition) =>
      RemoteSession.open({
        bus,
        clock: systemClock,
        session,
        partition,
        gateway,
        owner: () => node.ownerOf(partition),
        log: (message) => log.say("info", "session", { message }),
      }),
    ),
  );
}

/** Whether `work` ends in time. */
function endsWithin(ms: number, work: Promise<unknown>): Promise<boolean> {
  return new Promise((resolve) => {
    const cancel = systemClock.after(ms, () => resolve(false));
    void work.finally(() => {
      cancel();
      resolve(true);
    });
  });
}
