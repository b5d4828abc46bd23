/**
 * A node of a cluster: connected, checked, joined; it owns partitions, runs feeds and serves a gateway, as its roles say.
 *
 *   connect ─► clock, storage and other nodes checked ─► join ─► partitions come and go ─► signal ─► hand over, sign off, close
 *
 * Everything that happens is one line of the log. The process ends with 0 when it has handed over in time.
 */
import process from "node:process";
import {
  ClusterNode,
  checkNodeName,
  FAILOVER,
  placementOf,
  RemoteSession,
} from "../../actors/cluster/mod.ts";
import { stopSignal } from "../../actors/command-line/stop-signal.ts";
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
import type { Clock } from "../../actors/ports/clock.ts";
import { EigenwatchError } from "../../protocol/errors.ts";
import { ROOM_PARTITION } from "../../protocol/room-document.ts";
import type { Settings } from "../../protocol/settings.ts";
import { subjectOf } from "../../protocol/subjects.ts";
import { liveCommands, synthWorlds } from "../../sim/mod.ts";
import { checkAddress, type Gateway } from "../gateway/gateway.ts";
import type { GrantLog } from "../gateway/grants.ts";
import type { NotifyConfig } from "../notify/config.ts";
import type { Workflow } from "../workflows/definition.ts";
import { checkClock } from "./check-clock.ts";
import { grantsInStream, grantsStream } from "./grants-in-stream.ts";
import { connectBus, type NatsFlags } from "./nats-flags.ts";
import { type NodeLog, nodeLog } from "./node-log.ts";
import { NodeNotices } from "./node-notices.ts";
import { NodeRooms } from "./node-rooms.ts";
import { NodeScans } from "./node-scans.ts";
import { answerStatus, heldBucket, nodesBucket, runningAmong } from "./node-status.ts";
import { type GatewayPlan, openGateway } from "./open-gateway.ts";
import { OtlpTracer } from "./otlp-tracer.ts";
import { partitionNames } from "./partition-names.ts";
import { publishDivided } from "./publish-divided.ts";
import { pushCommands } from "./push-commands.ts";
import { routeCommands } from "./route-commands.ts";
import { checkAssignment } from "./session-partitions.ts";
import { shareOptions } from "./shared-options.ts";
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
  /** The partition of a group, where it shall be another than that of the rule; the same on all nodes. */
  readonly partitionByGroup: Readonly<Record<string, string>>;
  /** Specs of feeds that this node runs. */
  readonly feeds: readonly string[];
  readonly settings: Settings;
  /** Symbols that scans may go through: paths by name. */
  readonly universes: Readonly<Record<string, string>>;
  /** Workflows that people may start; the same on all nodes. */
  readonly workflows: readonly Workflow[];
  /** Whom the owners of partitions tell what these announce; the same on all nodes. Absent: nobody. */
  readonly notify?: NotifyConfig | undefined;
  /** Where traces go; absent, or without URL: nowhere, and nothing is traced. `share`: of the frames of its feeds. */
  readonly trace?: { readonly url: string | undefined; readonly share: number };
  readonly json: boolean;
}

/** Handing over takes a snapshot and a round trip; a node that cannot in this time is taken over from. */
const HAND_OVER_MS = 15_000;

/** Runs until a signal comes. Returns the exit code. */
export async function runNode(plan: NodePlan): Promise<number> {
  checkNodeName(plan.name);
  checkAssignment(plan.partitionByGroup, partitionNames(plan.partitions));
  const log = nodeLog(plan.json, () => systemClock.nowUs());
  const feeds = feedsOf(plan);
  const refusal = await refusalAmong(feeds);
  if (refusal !== null) throw refusal;
  const warn = (message: string): void => log.say("warning", "nats", { message });
  const bus = await connectBus(plan, plan.name, warn, plan.roles.includes("core"));
  try {
    await bus.checkRights(plan.session);
    await checkClock(bus, "join the cluster");
    await checkStorage(bus, plan);
    await checkOthers(bus, plan);
    // A node that joined and cannot serve would take partitions over from others, and end.
    if (plan.roles.includes("gateway")) await checkAddress(plan.host, plan.port);
    const shared = await shareOptions(bus, plan, {
      ...plan,
      clock: systemClock,
      say: (message) => log.say("error", "options", { message }),
    });
    try {
      return await join(plan, bus, feeds, log);
    } finally {
      // Others may hold them too: they end by themselves, a few seconds after the last node.
      await shared.end(false);
    }
  } finally {
    await bus.close();
  }
}

async function join(plan: NodePlan, bus: NatsBus, feeds: readonly Feed[], log: NodeLog): Promise<number> {
  const { session, name, roles } = plan;
  const partitions = partitionNames(plan.partitions);
  const tracer = tracerOf(plan, log);
  const node = new ClusterNode({
    tracer,
    name,
    session,
    roles,
    partitions,
    documents: [ROOM_PARTITION],
    placement: placementOf(partitions, plan.partitionByGroup),
    bus,
    clock: systemClock,
    definitions: SYSTEM,
    settings: plan.settings,
    versions: VERSIONS,
    timing: FAILOVER[plan.failover],
    log: (message, level = "warning") => log.say(level, "cluster", { message }),
  });
  const leaving = new AbortController();
  const rooms = new NodeRooms({
    ...{ bus, session, node: name, partitions, workflows: plan.workflows, signal: leaving.signal },
    epochOf: (partition) => node.epochOf(partition),
    log: (message) => log.say("warning", "room", { message }),
  });
  const scans = new NodeScans({
    ...{ bus, session, node: name, roles, universes: plan.universes, signal: leaving.signal },
    log: (message) => log.say("warning", "scan", { message }),
  });
  const notices = noticesOf(plan, bus, log);
  node.onChange((change) => {
    const { partition, epoch, owned, journal, reason } = change;
    notices?.ownershipChanged(change);
    rooms.ownershipChanged(change);
    scans.ownershipChanged(change);
    if (owned !== null && partition !== ROOM_PARTITION)
      owned.commands.handle({
        ...liveCommands({ partition: owned, journal: journal!, recording: null }),
        ...pushCommands(owned),
      });
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
    streams: logsOf(plan),
    say: (level, message) => log.say(level, "storage", { message }),
  });
  const endStatus = answerStatus(bus, session, name, node);
  const stopped = Promise.race([stopSignal(), node.succeeded.then(() => SUCCEEDED)]);
  const opening = roles.includes("gateway")
    ? openServed(plan, bus, node, log, tracer, leaving.signal)
    : NOTHING_SERVED;
  // Its event loop is busy with reading the logs: an owner that handed over to it now would leave a pause.
  node.start(opening);
  // Servers that do not let it read must not keep it from ending.
  const opened = await Promise.race([opening, stopped.then(() => null)]);
  const giveUp = new AbortController();
  const serving =
    opened === null
      ? Promise.resolve({ gateway: null, running: [] })
      : serve(plan, bus, opened, rooms, scans, feeds, log, tracer, giveUp.signal);
  const { gateway, running } = await serving.catch(async (error: unknown) => {
    await endsWithin(HAND_OVER_MS, node.stop());
    throw error;
  });
  const why = await stopped;
  const isSucceeded = why === SUCCEEDED;
  log.say(isSucceeded ? "error" : "info", "stopping", { why });
  // Their ends enter the log before this node, perhaps its owner, lets go.
  await endsWithin(DELIVERY_MS, scans.close());
  await Promise.all(feeds.map((feed) => feed.stop()));
  // What they have offered becomes durable before this node, perhaps the last owner, lets go.
  await endsWithin(DELIVERY_MS, Promise.all(running));
  giveUp.abort();
  const handedOver = Promise.all([node.stop(), ...running]).then(() => notices?.close());
  const inTime = await endsWithin(HAND_OVER_MS, handedOver);
  endStatus();
  endWatch();
  forget();
  await gateway?.close();
  await tracer?.close();
  leaving.abort();
  log.say(inTime ? "info" : "error", "stopped", inTime ? {} : { message: "not everything was handed over" });
  return inTime && !isSucceeded ? 0 : 1;
}

/** Why a node ends by itself. */
const SUCCEEDED = "another node of this name has started since: give each node a --name of its own";

/** Null when nobody is told. Throws for what cannot be told. */
function noticesOf({ notify, session, roles }: NodePlan, bus: NatsBus, log: NodeLog): NodeNotices | null {
  if (notify === undefined || !roles.includes("core")) return null;
  const warn = (message: string): void => log.say("warning", "notices", { message });
  return new NodeNotices({ bus, clock: systemClock, session, notify, log: warn });
}

function tracerOf({ trace, name }: NodePlan, log: NodeLog): OtlpTracer | undefined {
  const { url, share = 0 } = trace ?? {};
  if (url === undefined) return undefined;
  const warn = (message: string): void => log.say("warning", "trace", { message });
  return new OtlpTracer({ url, share, instance: name, clock: systemClock, log: warn });
}

/** What a gateway serves. */
interface Served {
  readonly sessions: readonly RemoteSession[];
  readonly grants: GrantLog;
}

/** Of a node without a gateway. */
const NOTHING_SERVED = Promise.resolve(undefined);

async function openServed(
  plan: NodePlan,
  bus: NatsBus,
  node: ClusterNode,
  log: NodeLog,
  tracer: OtlpTracer | undefined,
  signal: AbortSignal,
): Promise<Served> {
  const warn = (message: string): void => log.say("warning", "invitations", { message });
  const [sessions, grants] = await Promise.all([
    openSessions(plan, bus, node, log, tracer, signal),
    grantsInStream({ bus, clock: systemClock, session: plan.session, signal, log: warn }),
  ]);
  return { sessions, grants };
}

/** Opens the gateway, if there is something to serve, and runs the feeds, until `signal` gives up what they could not deliver. */
async function serve(
  plan: NodePlan,
  bus: NatsBus,
  served: Served | undefined,
  rooms: NodeRooms,
  scans: NodeScans,
  feeds: readonly Feed[],
  log: NodeLog,
  tracer: OtlpTracer | undefined,
  signal: AbortSignal,
) {
  const { session, name, roles } = plan;
  const warn = (message: string) => log.say("warning", "gateway", { message });
  const partitions = partitionNames(plan.partitions);
  const placement = placementOf(partitions, plan.partitionByGroup);
  let gateway: Gateway | null = null;
  if (served !== undefined) {
    const { sessions, grants } = served;
    routeCommands(sessions, placement);
    const connections = { server: rooms.connections(), limits: {} };
    gateway = await openGateway(plan, sessions, warn, connections, grants, scans.serve(sessions));
  }
  log.say("info", "listening", {
    node: name,
    session,
    roles: roles.join(","),
    nats: bus.serverVersion,
    ...(gateway === null ? {} : { url: gateway.url, open: gateway.loginUrl }),
  });
  const place = { bus, session, clock: systemClock, tracer, signal };
  const running = publishDivided(feeds, partitions, place, placement).map(({ source, ended }) =>
    ended.catch((error: unknown) => log.say("error", "feed", { source, message: String(error) })),
  );
  return { gateway, running };
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

/** Throws when a node that runs has the same name, or other options than all nodes must share. */
export async function checkOthers(
  bus: Pick<NatsBus, "hints">,
  { session, name, partitions, failover }: Pick<NodePlan, "session" | "name" | "partitions" | "failover">,
  clock: Clock = systemClock,
): Promise<void> {
  const { memberTtlMs } = FAILOVER[failover];
  const conflicts = await runningAmong(
    bus.hints(nodesBucket(session)),
    (other) =>
      other.node === name ||
      (other.partitions ?? partitions) !== partitions ||
      (other.memberTtlMs ?? memberTtlMs) !== memberTtlMs,
    clock,
  );
  const [other] = conflicts;
  if (other === undefined) return;
  const action = `join session ${session} as ${name}`;
  const refuse = (value: string, expected: string) =>
    new EigenwatchError({ action, value, expected, kind: "conflict" });
  if (conflicts.some(({ node }) => node === name))
    throw refuse("a node of this name is running", "another --name, or to stop that one first");
  if (other.partitions !== undefined && other.partitions !== partitions)
    throw refuse(
      `--partitions is ${partitions} here and ${other.partitions} on node ${other.node}`,
      "the same number on all nodes of a session",
    );
  const kinds = Object.entries(FAILOVER);
  const theirs = kinds.find(([, timing]) => timing.memberTtlMs === other.memberTtlMs)?.[0];
  throw refuse(
    `--failover is ${failover} here and ${theirs ?? `${other.memberTtlMs} ms`} on node ${other.node}`,
    "the same on all nodes of a session",
  );
}

/** Throws when the servers will never keep what this session needs as it is asked for. */
async function checkStorage(bus: NatsBus, plan: NodePlan): Promise<void> {
  const { session } = plan;
  await bus.prepare({ streams: logsOf(plan), hints: [nodesBucket(session), heldBucket(session)] });
}

/** Of all partitions and the shared document, and of invitations. */
function logsOf({ session, partitions }: NodePlan): string[] {
  const names = [...partitionNames(partitions), ROOM_PARTITION];
  return [...names.map((partition) => subjectOf(session, partition, "log")), grantsStream(session)];
}

/** The session's partitions, wherever they run. */
function openSessions(
  plan: NodePlan,
  bus: NatsBus,
  node: ClusterNode,
  log: NodeLog,
  tracer: OtlpTracer | undefined,
  signal: AbortSignal,
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
        blocked: () => node.blockOf(partition),
        tracer,
        signal,
        log: (message) => log.say("warning", "session", { message }),
      }),
    ),
  );
}

/** Whether `work` ends in time. */
function endsWithin(ms: number, work: Promise<unknown>): Promise<boolean> {
  return new Promise((resolve) => {
    const cancel = systemClock.after(ms, () => resolve(false));
    void work
      .catch(() => {})
      .finally(() => {
        cancel();
        resolve(true);
      });
  });
}
