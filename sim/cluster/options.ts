/**
 * What a simulated world is made of and which faults it knows: drawn from the seed, printed, plain data.
 *
 * Each family of faults is off in a part of the seeds, so that rare faults also meet a calm world; and how likely a fault is differs
 * by two orders of magnitude between seeds.
 */
import { RandomStream } from "../../actors/core/random.ts";
import type { ScenarioName } from "./scenarios.ts";
import { SCENARIOS } from "./scenarios.ts";

export interface WorldOptions {
  readonly scenario: ScenarioName;
  /** All of it, and the end of it in which nothing fails. */
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
  /** A disk that acknowledges what it has not stored: the known bug that must be found. */
  readonly canary: boolean;
  readonly network: NetworkOptions;
  readonly bus: BusOptions;
  readonly disk: DiskOptions;
  readonly node: NodeOptions;
  readonly feed: FeedOptions;
  readonly client: ClientOptions;
}

/** Probabilities are of one message, or of one second where nothing else is said. */
export interface NetworkOptions {
  readonly latencyUs: number;
  readonly dropped: number;
  readonly duplicated: number;
  readonly slow: number;
  readonly tailMsMax: number;
  readonly partitioned: number;
  readonly oneWayPartitioned: number;
  readonly cloggedLinks: number;
  readonly partitionMsMax: number;
}

export interface BusOptions {
  /** Of two writers that expect the same last entry. */
  readonly bothAccepted: number;
  /** Of an append. */
  readonly ackLost: number;
  readonly dedupeWindowMs: number;
  /** Stored entries reach the platter so often. */
  readonly syncEveryMs: number;
  readonly crashed: number;
  /** Of a crash: what was not synced is gone. */
  readonly tailLost: number;
  readonly election: number;
  /** Of a request. */
  readonly refused: number;
}

export interface DiskOptions {
  readonly writeUs: number;
  readonly syncUs: number;
  /** Of a sync. */
  readonly slowSync: number;
  readonly syncFails: number;
  /** Of a second: full for some seconds. */
  readonly full: number;
  /** Of a restart: a bit of a snapshot or an index is wrong; the newest snapshot is gone. */
  readonly bitFlipped: number;
  readonly snapshotLost: number;
  /** Of a write or sync: the machine loses power in it. */
  readonly powerLost: number;
}

export interface NodeOptions {
  readonly crashed: number;
  /** Of a call to the bus: the node ends in it. */
  readonly crashedInCall: number;
  readonly stopped: number;
  readonly paused: number;
  readonly pauseMsMax: number;
  readonly restartMsMax: number;
  readonly skewMs: number;
  readonly drift: number;
  readonly clockStepped: number;
  readonly configured: number;
}

/** Of a frame. */
export interface FeedOptions {
  readonly gap: number;
  readonly duplicated: number;
  readonly late: number;
  readonly backward: number;
  readonly burst: number;
  readonly notANumber: number;
  readonly clockStepped: number;
  readonly silent: number;
  readonly restarted: number;
  readonly spike: number;
  /** A value at which the witness throws. */
  readonly poison: number;
}

/** Of a second. */
export interface ClientOptions {
  readonly stalled: number;
  readonly reconnected: number;
  readonly reloaded: number;
  readonly garbage: number;
}

export function drawOptions(seed: number, name: ScenarioName, minutes: number | undefined): WorldOptions {
  const scenario = SCENARIOS[name];
  const random = new RandomStream(seed, "options");
  const between = (from: number, to: number): number => round(from + (to - from) * random.next());
  const whole = (from: number, to: number): number => from + Math.floor(random.next() * (to - from + 1));
  /** Off in a share of seeds; else up to `most`, small values as likely as large ones. */
  const chance = (most: number, weight: number): number => {
    const on = random.next() < Math.min(1, 0.6 * weight);
    const [a, b] = [random.next(), random.next()];
    return on && weight > 0 ? round(most * a * b * Math.min(2, weight)) : 0;
  };
  const { network, bus, disk, node, feed, client } = scenario.weights;
  return {
    scenario: name,
    minutes: minutes ?? scenario.minutes,
    calmSeconds: 25,
    nodes: scenario.nodes,
    partitions: scenario.partitions,
    feedsOfPartition: 2,
    channels: whole(3, 4),
    framesPerSecond: whole(2, 5),
    clients: whole(2, 3),
    canary: scenario.canary,
    network: {
      latencyUs: whole(100, 2_000),
      dropped: chance(0.05, network),
      duplicated: chance(0.05, network),
      slow: chance(0.1, network),
      tailMsMax: whole(500, 8_000),
      partitioned: chance(0.08, network),
      oneWayPartitioned: chance(0.08, network),
      cloggedLinks: chance(0.2, network),
      partitionMsMax: whole(2_000, 12_000),
    },
    bus: {
      bothAccepted: chance(1, bus),
      ackLost: chance(0.05, bus),
      dedupeWindowMs: whole(200, 20_000),
      syncEveryMs: whole(50, 2_000),
      crashed: chance(0.05, bus),
      tailLost: 0,
      election: chance(0.06, bus),
      refused: chance(0.02, bus),
    },
    disk: {
      writeUs: whole(20, 200),
      syncUs: whole(100, 3_000),
      slowSync: chance(0.05, disk),
      syncFails: chance(0.002, disk),
      full: chance(0.03, disk),
      bitFlipped: chance(1, disk),
      snapshotLost: chance(1, disk),
      powerLost: chance(0.004, disk),
    },
    node: {
      crashed: chance(0.06, node),
      crashedInCall: chance(0.01, node),
      stopped: chance(0.03, node),
      paused: chance(0.08, node),
      pauseMsMax: whole(500, 12_000),
      restartMsMax: whole(300, 8_000),
      skewMs: between(0, 400),
      drift: between(0, 0.0005),
      clockStepped: chance(0.03, node),
      configured: chance(0.05, node),
    },
    feed: {
      gap: chance(0.02, feed),
      duplicated: chance(0.03, feed),
      late: chance(0.03, feed),
      backward: chance(0.03, feed),
      burst: chance(0.01, feed),
      notANumber: chance(0.02, feed),
      clockStepped: chance(0.004, feed),
      silent: chance(0.005, feed),
      restarted: chance(0.005, feed),
      spike: chance(0.04, feed),
      poison: chance(0.02, feed),
    },
    client: {
      stalled: chance(0.06, client),
      reconnected: chance(0.1, client),
      reloaded: chance(0.03, client),
      garbage: chance(0.1, client),
    },
  };
}

/** Four digits: enough, and readable. */
function round(value: number): number {
  return Math.round(value * 1e4) / 1e4;
}
