/** A partition of the session that runs in this thread: journal, partition, shadow, and the commands it carries out. */
import {
  createMemoryJournal,
  type Feed,
  openPartitionForWriting,
  Partition,
  partitionFolder,
  type ScanLog,
  SYSTEM,
  scanLogOf,
  standingOf,
  systemClock,
  VERSIONS,
} from "../../actors/mod.ts";
import type { Journal } from "../../actors/ports/journal.ts";
import type { SessionStanding } from "../../protocol/controls.ts";
import type { OperatorNotice } from "../../protocol/messages.ts";
import type { Settings } from "../../protocol/settings.ts";
import { liveCommands, Shadow } from "../../sim/mod.ts";
import { commandTarget } from "../rooms/command-target.ts";
import type { CommandTarget } from "../rooms/forwarder.ts";
import { type AlertsSource, alertsOf } from "../rooms/in-force.ts";
import { comparedWithLog } from "./known-frames.ts";
import { pushCommands } from "./push-commands.ts";
import type { PartitionEnd, PartitionOpening, PartitionPlan, SessionPartition } from "./session-partition.ts";

export class OwnPartition implements SessionPartition {
  readonly session: Partition;
  readonly recording: string | null;
  readonly target: CommandTarget;
  readonly alerts: AlertsSource;
  readonly scanLog: ScanLog;
  private readonly journal: Journal;
  /** Another process that executes the log once more, or null. */
  private readonly shadow: Shadow | null;

  static async open({ name, plan, listener, log }: PartitionOpening): Promise<OwnPartition> {
    const recording = plan.durability === "file" ? await partitionFolder(plan.record!, name) : null;
    const journal = await openJournal(name, plan, log);
    let shadow: Shadow | null = null;
    const partition = await Partition.open({
      session: plan.session,
      partition: name,
      partitions: plan.partitions,
      journal,
      clock: systemClock,
      settings: plan.settings,
      requested: plan.requested,
      definitions: SYSTEM,
      versions: VERSIONS,
      keepsPast: true,
      recording,
      listener,
      log,
      gauges: () => ({ ...shadow?.gauges(), ...("directory" in journal ? keptGauges(journal) : {}) }),
    }).catch(async (error: unknown) => {
      await journal.close();
      throw error;
    });
    if (plan.shadow && "directory" in journal)
      shadow = new Shadow(journal, { announce: (notice) => void partition.operatorNotice(notice), log });
    return new OwnPartition(partition, { journal, recording, shadow, log });
  }

  private constructor(
    partition: Partition,
    parts: {
      readonly journal: Journal;
      readonly recording: string | null;
      readonly shadow: Shadow | null;
      log(message: string): void;
    },
  ) {
    const { journal, recording, shadow, log } = parts;
    this.session = partition;
    this.journal = journal;
    this.recording = recording;
    this.shadow = shadow;
    this.target = commandTarget(partition, log);
    this.alerts = alertsOf(partition);
    this.scanLog = scanLogOf(partition);
    partition.commands.handle({
      ...liveCommands({ partition, journal, recording }),
      ...pushCommands(partition),
    });
  }

  get settings(): Settings {
    return this.session.core.settings;
  }

  async standing(): Promise<SessionStanding> {
    return standingOf([this.session]);
  }

  startFeeds(feeds: readonly Feed[]): void {
    const own = { partition: this.session, journal: this.journal };
    this.session.startFeeds(feeds.map((feed) => comparedWithLog(feed, own)));
  }

  feedsEnded(kind: Feed["kind"]): Promise<void> {
    return this.session.feedsEnded(kind);
  }

  operatorNotice(notice: Omit<OperatorNotice, "type">): Promise<void> {
    return this.session.operatorNotice(notice);
  }

  whenHalted(): Promise<string> {
    return this.session.whenHalted();
  }

  get haltReason(): string | null {
    return this.session.haltReason;
  }

  async shadowCaughtUp(): Promise<void> {
    await this.shadow?.caughtUp();
  }

  async close(): Promise<void> {
    this.shadow?.logCloses();
    await this.session.close();
  }

  async end(): Promise<PartitionEnd> {
    const shadow = (await this.shadow?.finish()) ?? null;
    const { core, haltReason } = this.session;
    const inputs = this.journal.last?.lastSequence ?? 0;
    // After a halt the core has had inputs that are not in the log, and its sums are those of no log.
    if (haltReason !== null) return { inputs, lost: core.sequence - inputs, shadow };
    const hash = this.session.stateHash();
    return { inputs, samples: core.samples, events: core.eventSequence, hash, shadow };
  }
}

/** Bounds of retention are those of each partition alone: it keeps what its own newest snapshot needs. */
async function openJournal(
  name: string,
  { durability, record, retainBytes, retainHours }: PartitionPlan,
  log: (message: string) => void,
) {
  if (durability === "memory") return createMemoryJournal({});
  return openPartitionForWriting(record!, name, {
    log,
    ...(retainBytes === undefined ? {} : { retainBytes }),
    ...(retainHours === undefined ? {} : { retainUs: retainHours * 3_600_000_000 }),
  });
}

/** How much the recording holds, and for how long; its bounds where it has any. */
function keptGauges({ keeps: { bytes, spanUs, limits } }: Kept): Record<string, number> {
  return {
    recordingBytes: bytes,
    recordingSpanUs: spanUs,
    ...(Number.isFinite(limits.retainBytes) ? { recordingBytesMax: limits.retainBytes } : {}),
    ...(Number.isFinite(limits.retainUs) ? { recordingSpanUsMax: limits.retainUs } : {}),
  };
}

type Kept = Pick<Awaited<ReturnType<typeof openPartitionForWriting>>, "keeps">;
