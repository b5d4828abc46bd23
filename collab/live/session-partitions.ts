/**
 * The partitions of a session that runs in this process, opened, fed and closed together.
 *
 *   feeds ─► division by group ─┬─► p0: sequencer, core, journal ─┐
 *                               └─► p1: sequencer, core, journal ─┴─► gateway
 *
 * A group stays where it was declared. A new one goes to the partition that the config file names, else to that of its name (placement.ts).
 */
import { placementOf } from "../../actors/cluster/mod.ts";
import { divideFeeds } from "../../actors/feeds/mod.ts";
import {
  createMemoryJournal,
  type Feed,
  openPartitionForWriting,
  Partition,
  partitionFolder,
  SYSTEM,
  systemClock,
  VERSIONS,
} from "../../actors/mod.ts";
import type { SessionListener } from "../../actors/ports/session.ts";
import { expectedAmong } from "../../protocol/closest-name.ts";
import { EigenwatchError } from "../../protocol/errors.ts";
import { type LivePartition, liveCommands, Shadow, type ShadowReport } from "../../sim/mod.ts";
import type { UpConfig } from "./config.ts";
import { comparedWithLog } from "./known-frames.ts";

export interface SessionOptions {
  readonly config: UpConfig;
  /** At least one; the first gets what belongs to no group. */
  readonly partitions: readonly string[];
  /** Gets every delivery of a partition. */
  listener(partition: string): SessionListener;
  log(message: string): void;
}

interface OpenPartition extends LivePartition {
  /** Another process that executes the log once more, or null. */
  readonly shadow: Shadow | null;
}

export class SessionPartitions {
  readonly all: readonly [OpenPartition, ...OpenPartition[]];
  private readonly config: UpConfig;

  /** Rejects when one of them cannot be opened; those before it are closed then. */
  static async open(options: SessionOptions): Promise<SessionPartitions> {
    checkAssignment(options.config.partitionByGroup, options.partitions);
    const opened: OpenPartition[] = [];
    try {
      for (const name of options.partitions) opened.push(await openPartition(name, options));
    } catch (error) {
      await Promise.all(opened.map(closed));
      throw error;
    }
    return new SessionPartitions(opened as [OpenPartition, ...OpenPartition[]], options.config);
  }

  private constructor(all: readonly [OpenPartition, ...OpenPartition[]], config: UpConfig) {
    this.all = all;
    this.config = config;
    for (const own of all) own.partition.commands.handle(liveCommands(own, all));
  }

  get sessions(): readonly Partition[] {
    return this.all.map(({ partition }) => partition);
  }

  get first(): Partition {
    return this.all[0].partition;
  }

  startFeeds(all: readonly Feed[]): void {
    const feeds = all.map((feed) => comparedWithLog(feed, this.all));
    if (this.all.length === 1) {
      this.first.startFeeds(feeds);
      return;
    }
    const names = this.sessions.map(({ partition }) => partition);
    const divided = divideFeeds(feeds, names, (name) => this.partitionOf(name, names));
    for (const partition of this.sessions) partition.startFeeds(divided.get(partition.partition)!);
  }

  private partitionOf(group: string, names: readonly string[]): string {
    const declaring = this.sessions.find((partition) => partition.core.declarationOf(group) !== undefined);
    return declaring?.partition ?? placementOf(names, this.config.partitionByGroup)(group);
  }

  /** Resolves when all feeds of one kind have ended and what they brought is durable. */
  async feedsEnded(kind: Feed["kind"]): Promise<void> {
    await Promise.all(this.sessions.map((partition) => partition.feedsEnded(kind)));
  }

  /** Resolves with the reason when one of them halts; never otherwise. */
  whenHalted(): Promise<string> {
    return Promise.race(this.sessions.map((partition) => partition.whenHalted()));
  }

  async shadowsCaughtUp(): Promise<void> {
    await Promise.all(this.all.map(({ shadow }) => shadow?.caughtUp()));
  }

  async close(): Promise<void> {
    await Promise.all(this.all.map(closed));
  }

  /** After `close`: what the shadows have compared, or null without any. */
  async finishShadows(): Promise<ShadowReport | null> {
    const reports = await Promise.all(
      this.all.flatMap(({ shadow }) => (shadow === null ? [] : [shadow.finish()])),
    );
    if (reports.length === 0) return null;
    const sum = (count: (report: ShadowReport) => number) =>
      reports.reduce((total, report) => total + count(report), 0);
    return {
      blocks: sum(({ blocks }) => blocks),
      hashes: sum(({ hashes }) => hashes),
      differences: sum(({ differences }) => differences),
      skippedBlocks: sum(({ skippedBlocks }) => skippedBlocks),
      complete: reports.every(({ complete }) => complete),
    };
  }
}

/** Throws an EigenwatchError for a group that is assigned to a partition which the session does not have. */
export function checkAssignment(
  partitionByGroup: Readonly<Record<string, string>>,
  partitions: readonly string[],
): void {
  for (const [group, partition] of Object.entries(partitionByGroup))
    if (!partitions.includes(partition))
      throw new EigenwatchError({
        action: `assign group ${group} to a partition`,
        value: partition,
        expected: expectedAmong(partition, partitions, partitions.join(", ")),
      });
}

async function openPartition(
  name: string,
  { config, listener, log }: SessionOptions,
): Promise<OpenPartition> {
  const recording = config.durability === "file" ? await partitionFolder(config.record!, name) : null;
  const journal = await openJournal(name, config, log);
  let shadow: Shadow | null = null;
  const partition = await Partition.open({
    session: config.session,
    partition: name,
    journal,
    clock: systemClock,
    settings: config.settings,
    requested: config.requested,
    definitions: SYSTEM,
    versions: VERSIONS,
    keepsPast: true,
    recording,
    listener: listener(name),
    log,
    gauges: () => shadow?.gauges() ?? {},
  }).catch(async (error: unknown) => {
    await journal.close();
    throw error;
  });
  if (config.shadow && "directory" in journal)
    shadow = new Shadow(journal, { announce: (notice) => void partition.operatorNotice(notice), log });
  return { partition, journal, recording, shadow };
}

/** Bounds of retention are those of each partition alone: it keeps what its own newest snapshot needs. */
async function openJournal(name: string, config: UpConfig, log: (message: string) => void) {
  if (config.durability === "memory") return createMemoryJournal({});
  return openPartitionForWriting(config.record!, name, {
    log,
    ...(config.retainBytes === undefined ? {} : { retainBytes: config.retainBytes }),
    ...(config.retainHours === undefined ? {} : { retainUs: config.retainHours * 3_600_000_000 }),
  });
}

async function closed({ partition, shadow }: OpenPartition): Promise<void> {
  shadow?.logCloses();
  await partition.close();
}
