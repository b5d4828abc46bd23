/**
 * The partitions of a session of `up`, opened, fed and closed together.
 *
 *   feeds ─► division by group ─┬─► p0: sequencer, core, journal ─┐
 *                               └─► p1: sequencer, core, journal ─┴─► gateway
 *
 * One runs in this thread. Several run in threads of their own, as many as there are processors (partition-threads.ts); feeds and gateway stay here.
 *
 * A group stays where it was declared. A new one goes to the partition that the config file names, else to that of its name (placement.ts).
 */
import { placementOf } from "../../actors/cluster/mod.ts";
import { divideFeeds } from "../../actors/feeds/mod.ts";
import type { Feed } from "../../actors/mod.ts";
import type { SessionListener } from "../../actors/ports/session.ts";
import { expectedAmong } from "../../protocol/closest-name.ts";
import { EigenwatchError } from "../../protocol/errors.ts";
import type { ShadowReport } from "../../sim/mod.ts";
import type { UpConfig } from "./config.ts";
import { OwnPartition } from "./own-partition.ts";
import { openInThreads, usesThreads } from "./partition-threads.ts";
import { routeCommands } from "./route-commands.ts";
import type { PartitionEnd, PartitionPlan, SessionPartition } from "./session-partition.ts";

export interface SessionOptions {
  readonly config: UpConfig;
  /** At least one; the first gets what belongs to no group. */
  readonly partitions: readonly string[];
  /** Gets every delivery of a partition. */
  listener(partition: string): SessionListener;
  log(message: string): void;
}

/** What the logs of a session hold at their end. */
export type SessionEnd = readonly (PartitionEnd & { readonly partition: string })[];

export class SessionPartitions {
  readonly all: readonly [SessionPartition, ...SessionPartition[]];
  private readonly config: UpConfig;

  /** Rejects when one of them cannot be opened; the others are closed then. */
  static async open(options: SessionOptions): Promise<SessionPartitions> {
    const { config, partitions, log } = options;
    checkAssignment(config.partitionByGroup, partitions);
    const plan = planOf(config, partitions.length);
    const listener = (name: string) => options.listener(name);
    const opened = usesThreads(partitions.length)
      ? await openInThreads({ plan, partitions, listener, log })
      : await openHere({ plan, partitions, listener, log });
    return new SessionPartitions(opened as unknown as [SessionPartition, ...SessionPartition[]], config);
  }

  private constructor(all: readonly [SessionPartition, ...SessionPartition[]], config: UpConfig) {
    this.all = all;
    this.config = config;
    routeCommands(this.sessions, (group) => this.partitionOf(group));
  }

  get sessions(): readonly SessionPartition["session"][] {
    return this.all.map(({ session }) => session);
  }

  get first(): SessionPartition {
    return this.all[0];
  }

  startFeeds(feeds: readonly Feed[]): void {
    if (this.all.length === 1) {
      this.first.startFeeds(feeds);
      return;
    }
    const divided = divideFeeds(feeds, this.names, (name) => this.partitionOf(name));
    for (const each of this.all) each.startFeeds(divided.get(each.session.partition)!);
  }

  private partitionOf(group: string): string {
    const declaring = this.sessions.find((session) => session.groups().some((each) => each.group === group));
    return declaring?.partition ?? placementOf(this.names, this.config.partitionByGroup)(group);
  }

  private get names(): readonly string[] {
    return this.sessions.map(({ partition }) => partition);
  }

  /** Resolves when all feeds of one kind have ended and what they brought is durable. */
  async feedsEnded(kind: Feed["kind"]): Promise<void> {
    await Promise.all(this.all.map((partition) => partition.feedsEnded(kind)));
  }

  /** Resolves with the reason when one of them halts; never otherwise. */
  whenHalted(): Promise<string> {
    return Promise.race(this.all.map((partition) => partition.whenHalted()));
  }

  async shadowsCaughtUp(): Promise<void> {
    await Promise.all(this.all.map((partition) => partition.shadowCaughtUp()));
  }

  async close(): Promise<void> {
    await Promise.all(this.all.map((partition) => partition.close()));
  }

  /** After `close`, and after whoever asks for what is there. */
  async end(): Promise<SessionEnd> {
    return Promise.all(
      this.all.map(async (each) => ({ partition: each.session.partition, ...(await each.end()) })),
    );
  }
}

/** What the shadows have compared, or null without any. */
export function shadowsOf(end: SessionEnd): ShadowReport | null {
  const reports = end.flatMap(({ shadow }) => shadow ?? []);
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

/** One after the other. */
async function openHere({
  plan,
  partitions,
  listener,
  log,
}: Omit<SessionOptions, "config"> & { readonly plan: PartitionPlan }): Promise<OwnPartition[]> {
  const opened: OwnPartition[] = [];
  try {
    for (const name of partitions)
      opened.push(await OwnPartition.open({ name, plan, listener: listener(name), log }));
  } catch (error) {
    await Promise.all(opened.map((partition) => partition.close()));
    throw error;
  }
  return opened;
}

/** Without what another thread cannot be sent. */
function planOf(config: UpConfig, partitions: number): PartitionPlan {
  const { session, record, durability, settings, requested, shadow, retainBytes, retainHours } = config;
  return { session, partitions, record, durability, settings, requested, shadow, retainBytes, retainHours };
}
