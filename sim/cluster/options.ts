/**
 * The options of a simulated world: its parts, and the probability of each fault. Plain data, drawn from the seed and printed.
 *
 * Each family of faults is off in some of the seeds, so that rare faults also occur alone. Probabilities differ between seeds by two
 * orders of magnitude.
 */
import { RandomStream } from "../../actors/core/mod.ts";
import { SCENARIOS, type ScenarioName, type ScenarioShape } from "./scenarios.ts";

export interface WorldOptions {
  readonly scenario: ScenarioName;
  /** Length of the run, and of the calm period at its end. */
  readonly minutes: number;
  readonly calmSeconds: number;
  /** 0: one node on its own disk, without a bus. */
  readonly nodes: number;
  readonly partitions: number;
  readonly feedsOfPartition: number;
  readonly channels: number;
  /** Frames a second of each feed. */
  readonly framesPerSecond: number;
  readonly clients: number;
  /** People who edit the shared document, and one who only looks; 0: there is none. */
  readonly authors: number;
  /** Nodes run all shipped detectors; else the cheap ones alone (definitions.ts). */
  readonly allDetectors: boolean;
  /** The disk acknowledges what it has not stored: a known bug that must be found. */
  readonly canary: boolean;
  /** Every node serves every partition. */
  readonly remote: boolean;
  readonly network: NetworkOptions;
  readonly bus: BusOptions;
  readonly disk: DiskOptions;
  readonly node: NodeOptions;
  readonly feed: FeedOptions;
  readonly client: ClientOptions;
  readonly author: AuthorOptions;
  readonly scan: ScanOptions;
}

/** Probabilities are for each message or, for cuts and clogs, for each second. */
export interface NetworkOptions {
  readonly latencyUs: number;
  readonly dropped: number;
  readonly slow: number;
  readonly tailMsMax: number;
  readonly partitioned: number;
  readonly oneWayPartitioned: number;
  readonly cloggedLinks: number;
  readonly partitionMsMax: number;
}

export interface BusOptions {
  /** For each append that expects an older last entry. */
  readonly bothAccepted: number;
  /** Of an append. */
  readonly ackLost: number;
  readonly dedupeWindowMs: number;
  /** Interval at which stored entries reach the disk. */
  readonly syncEveryMs: number;
  readonly crashed: number;
  /** For each crash: unsynced entries are lost. */
  readonly tailLost: number;
  readonly election: number;
  /** Of an append. */
  readonly refused: number;
  /** For each second and stream. */
  readonly stranger: number;
  /** For each second and watcher of hints. */
  readonly hintsNotHeard: number;
}

export interface DiskOptions {
  readonly writeUs: number;
  readonly syncUs: number;
  /** For each sync. */
  readonly slowSync: number;
  readonly syncFails: number;
  /** For each second: the disk is full for some seconds. */
  readonly full: number;
  /** For each restart: a bit of a snapshot or an index is wrong; the newest snapshot is lost. */
  readonly bitFlipped: number;
  readonly snapshotLost: number;
  /** For each write or sync: the machine loses power during it. */
  readonly powerLost: number;
}

export interface NodeOptions {
  readonly crashed: number;
  /** For each request to the bus: the node ends before sending it. */
  readonly crashedInCall: number;
  /** For each command of a gateway: its owner ends when the command is carried out and not yet answered. */
  readonly crashedInAnswer: number;
  readonly stopped: number;
  /** For each turn of the event loop that its code waits for: it hands over before that. */
  readonly stoppedInTurn: number;
  /** The same where it waits with a request of another process. */
  readonly stoppedInRequest: number;
  readonly paused: number;
  readonly pauseMsMax: number;
  readonly restartMsMax: number;
  readonly skewMs: number;
  readonly drift: number;
  /** Its code takes so long up to each reading of the clock, µs. */
  readonly codeUs: number;
  readonly clockStepped: number;
  readonly configured: number;
}

/** For each frame. */
export interface FeedOptions {
  readonly gap: number;
  readonly duplicated: number;
  readonly late: number;
  readonly backward: number;
  readonly burst: number;
  /** Full frames, as of a feed that was held up. */
  readonly backlog: number;
  readonly notANumber: number;
  readonly clockStepped: number;
  readonly silent: number;
  readonly restarted: number;
  readonly spike: number;
  /** A value that makes the witness throw. */
  readonly poison: number;
  /** A sample of a channel that the group does not have. */
  readonly foreignChannel: number;
}

/** For each second. */
export interface ClientOptions {
  readonly stalled: number;
  readonly reconnected: number;
  readonly reloaded: number;
  /** For each reload: with the cursor of another recording. */
  readonly foreignCursor: number;
  readonly garbage: number;
}

/** For each second of an author's page, or, where it says so, for each message that it sends. */
export interface AuthorOptions {
  readonly disconnected: number;
  readonly reloaded: number;
  /** Edits that wait for seconds without a connection. */
  readonly offline: number;
  /** For each edit that is due while an earlier one is not saved: nothing more is written before that is. No later edit shows what is missing. */
  readonly waits: number;
  /** For each message: it is sent twice; the next one overtakes it. */
  readonly sentTwice: number;
  readonly overtaken: number;
  /** It writes under the id of somebody else. */
  readonly forged: number;
  /** Who may only look writes. */
  readonly viewerWrites: number;
  /** A page of an earlier epoch of the document connects again with what it has. */
  readonly stale: number;
  /** The document is made anew. */
  readonly renewed: number;
}

export interface ScanOptions {
  /** Processes that evaluate scans; 0: nobody scans. */
  readonly workers: number;
  /** For each second of a worker. */
  readonly died: number;
  readonly stalled: number;
  /** For each item: its thread ends, or never comes to an end with it. */
  readonly threadDied: number;
  readonly stuck: number;
  /** For each word on the way between workers, queue and coordinator. */
  readonly lost: number;
  /** For each job: it is handed out twice. */
  readonly twice: number;
}

/** Share of worlds with all detectors: their state, and what snapshots restore of it, is tested there; faults are the same in all worlds. */
const ALL_DETECTORS = 0.25;

export function drawOptions(seed: number, name: ScenarioName, minutes: number | undefined): WorldOptions {
  const scenario: ScenarioShape = SCENARIOS[name];
  const { between, whole, chance, isOn } = draws(seed);
  const { network, bus, tail, disk, node, feed, client } = scenario.weights;
  return {
    scenario: name,
    minutes: minutes ?? scenario.minutes,
    calmSeconds: 25,
    nodes: scenario.nodes,
    partitions: scenario.partitions,
    feedsOfPartition: 2,
    channels: whole("channels", 3, 4),
    framesPerSecond: whole("framesPerSecond", 1, 3),
    clients: whole("clients", 2, 3),
    authors: scenario.document === true ? whole("authors", 3, 4) : 0,
    allDetectors: isOn("allDetectors", ALL_DETECTORS),
    canary: scenario.canary,
    remote: scenario.remote ?? false,
    network: {
      latencyUs: whole("network.latencyUs", 100, 2_000),
      dropped: chance("network.dropped", 0.05, network),
      slow: chance("network.slow", 0.1, network),
      tailMsMax: whole("network.tailMsMax", 500, 8_000),
      partitioned: chance("network.partitioned", 0.08, network),
      oneWayPartitioned: chance("network.oneWayPartitioned", 0.08, network),
      cloggedLinks: chance("network.cloggedLinks", 0.2, network),
      partitionMsMax: whole("network.partitionMsMax", 2_000, 12_000),
    },
    bus: {
      bothAccepted: chance("bus.bothAccepted", 1, bus),
      ackLost: chance("bus.ackLost", 0.05, bus),
      dedupeWindowMs: whole("bus.dedupeWindowMs", 200, 20_000),
      syncEveryMs: whole("bus.syncEveryMs", 50, 2_000),
      crashed: chance("bus.crashed", 0.05, bus),
      tailLost: chance("bus.tailLost", 1, tail),
      election: chance("bus.election", 0.06, bus),
      refused: chance("bus.refused", 0.02, bus),
      stranger: chance("bus.stranger", 0.1, bus),
      hintsNotHeard: chance("bus.hintsNotHeard", 0.1, bus),
    },
    disk: {
      writeUs: whole("disk.writeUs", 20, 200),
      syncUs: whole("disk.syncUs", 100, 3_000),
      slowSync: chance("disk.slowSync", 0.05, disk),
      syncFails: chance("disk.syncFails", 0.002, disk),
      full: chance("disk.full", 0.03, disk),
      bitFlipped: chance("disk.bitFlipped", 1, disk),
      snapshotLost: chance("disk.snapshotLost", 1, disk),
      powerLost: chance("disk.powerLost", 0.004, disk),
    },
    node: {
      crashed: chance("node.crashed", 0.06, node),
      crashedInCall: chance("node.crashedInCall", 0.003, node),
      crashedInAnswer: chance("node.crashedInAnswer", 0.5, node),
      stopped: chance("node.stopped", 0.03, node),
      // A world of two minutes has about a thousand such turns; nodes that are stopped all the time do nothing that could go wrong.
      stoppedInTurn: chance("node.stoppedInTurn", 0.02, node),
      // One has about ten of them.
      stoppedInRequest: chance("node.stoppedInRequest", 0.5, node),
      paused: chance("node.paused", 0.08, node),
      pauseMsMax: whole("node.pauseMsMax", 500, 12_000),
      restartMsMax: whole("node.restartMsMax", 300, 8_000),
      skewMs: between("node.skewMs", 0, 400),
      drift: between("node.drift", 0, 0.0005),
      codeUs: chance("node.codeUs", 1_000, node),
      clockStepped: chance("node.clockStepped", 0.03, node),
      configured: chance("node.configured", 0.05, node),
    },
    feed: {
      gap: chance("feed.gap", 0.02, feed),
      duplicated: chance("feed.duplicated", 0.03, feed),
      late: chance("feed.late", 0.03, feed),
      backward: chance("feed.backward", 0.03, feed),
      burst: chance("feed.burst", 0.01, feed),
      backlog: chance("feed.backlog", 0.01, feed),
      notANumber: chance("feed.notANumber", 0.02, feed),
      clockStepped: chance("feed.clockStepped", 0.004, feed),
      silent: chance("feed.silent", 0.005, feed),
      restarted: chance("feed.restarted", 0.005, feed),
      spike: chance("feed.spike", 0.04, feed),
      // Up to some failures a minute: an actor may fail three times in a minute, and is stopped at the fourth.
      poison: chance("feed.poison", 0.04, feed),
      foreignChannel: chance("feed.foreignChannel", 0.1, feed),
    },
    client: {
      stalled: chance("client.stalled", 0.06, client),
      reconnected: chance("client.reconnected", 0.1, client),
      reloaded: chance("client.reloaded", 0.05, client),
      foreignCursor: chance("client.foreignCursor", 1, client),
      garbage: chance("client.garbage", 0.1, client),
    },
    author: {
      disconnected: chance("author.disconnected", 0.1, client),
      reloaded: chance("author.reloaded", 0.06, client),
      offline: chance("author.offline", 0.06, client),
      waits: chance("author.waits", 1, client),
      sentTwice: chance("author.sentTwice", 0.2, client),
      overtaken: chance("author.overtaken", 0.2, client),
      forged: chance("author.forged", 0.05, client),
      viewerWrites: chance("author.viewerWrites", 0.05, client),
      stale: chance("author.stale", 1, client),
      renewed: chance("author.renewed", 0.03, client),
    },
    scan: {
      workers: scenario.scans === true ? whole("scan.workers", 2, 3) : 0,
      died: chance("scan.died", 0.2, node),
      stalled: chance("scan.stalled", 0.2, node),
      threadDied: chance("scan.threadDied", 0.1, node),
      stuck: chance("scan.stuck", 0.02, node),
      lost: chance("scan.lost", 0.2, network),
      twice: chance("scan.twice", 0.5, network),
    },
  };
}

/** Each option has a random stream of its own: adding an option changes no other, so a seed keeps meaning the same world. */
function draws(seed: number) {
  const stream = (name: string): RandomStream => new RandomStream(seed, `option ${name}`);
  return {
    between: (name: string, from: number, to: number): number =>
      round(from + (to - from) * stream(name).next()),
    whole: (name: string, from: number, to: number): number =>
      from + Math.floor(stream(name).next() * (to - from + 1)),
    isOn: (name: string, share: number): boolean => stream(name).next() < share,
    /** 0 in a share of the seeds, else up to `most`, with small values more likely. */
    chance(name: string, most: number, weight: number): number {
      const random = stream(name);
      const happens = random.next() < Math.min(1, 0.6 * weight);
      const size = random.next() * random.next();
      return happens && weight > 0 ? round(most * size * Math.min(2, weight)) : 0;
    },
  };
}

/** Four decimal places keep printed options short. */
function round(value: number): number {
  return Math.round(value * 1e4) / 1e4;
}
