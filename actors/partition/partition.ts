/**
 * A running partition: its life, its feeds, and what people and the runtime enter.
 *
 *   feeds ─► Sequencer ─► InputLog ─► journal, core ─► gate ─► Outbox ─► listeners
 *            refuse, stamp   blocks                  durable     history, recent frames, states
 *
 * P3  After a restart the core has the state that the durable log gives, and continues from there.
 * P4  When the journal halts nothing more is admitted, nothing unacknowledged leaves, and `notReady` says why.
 *
 * P1 and P2 are the sequencer's (sequencer.ts).
 */
import process from "node:process";
import { CLOSE_CODES } from "../../protocol/close-codes.ts";
import { loggedBody } from "../../protocol/commands.ts";
import { EigenwatchError, errorText } from "../../protocol/errors.ts";
import type {
  Channels,
  CommandInput,
  ConfigChanged,
  Edit,
  EventMessage,
  FeedStatus,
  OperatorNotice,
  StateMessage,
} from "../../protocol/messages.ts";
import type { Authored } from "../../protocol/principal.ts";
import { applySetting, type Settings } from "../../protocol/settings.ts";
import { actorVersions } from "../core/actor-versions.ts";
import type { Core, CoreDefinitions } from "../core/core.ts";
import { hex } from "../core/hash.ts";
import type { RoomDetector } from "../detectors/room/detector.ts";
import type { Judgement } from "../detectors/room/gate.ts";
import { SNAPSHOT_EDITS } from "../log/snapshot-policy.ts";
import type { Clock } from "../ports/clock.ts";
import { SessionCommands } from "../ports/commands.ts";
import type { Feed } from "../ports/feed.ts";
import type { Journal } from "../ports/journal.ts";
import type { FrameOverlay } from "../ports/overlay.ts";
import type {
  DeliveredFrame,
  GroupUsual,
  LiveSession,
  PastRange,
  SessionDescription,
  SessionListener,
  SessionPast,
} from "../ports/session.ts";
import type { PartitionTap } from "../ports/tap.ts";
import { HeldStatuses } from "./held-statuses.ts";
import { InputLog } from "./input-log.ts";
import type { LogicalTime } from "./logical-time.ts";
import { Meter } from "./meter.ts";
import { keptSettings, openingInputs, type RequestedSetting } from "./opening.ts";
import { KEPT_OF_EDITS, Outbox } from "./outbox.ts";
import type { ClosedBlock } from "./output-gate.ts";
import { Past } from "./past.ts";
import { type Recovered, recover } from "./recovery.ts";
import { ROOM_STOPPED, roomIn, roomOf } from "./room-of.ts";
import { Sequencer } from "./sequencer.ts";

/** How often the runtime's measurements enter the log. */
const MEASURE_EVERY_MS = 1_000;

export interface PartitionOptions {
  session: string;
  partition: string;
  /** How many share the session; default: it is the only one. */
  partitions?: number;
  journal: Journal;
  clock: Clock;
  /** Those of a new log. A log that goes on keeps its own. */
  settings: Settings;
  /** Settings asked for by name at this start: in a log that goes on, those that differ are changed. */
  requested?: readonly RequestedSetting[];
  definitions: CoreDefinitions;
  /** Those of the program and its libraries; the actors' are added. */
  versions: Record<string, string>;
  /** The owner's, counting take-overs; 0 where there is one owner only. */
  epoch?: number;
  /** Gets every delivery, those of the opening as well. */
  listener?: SessionListener;
  /** Hears of every step, for checks from outside. */
  tap?: PartitionTap;
  /** What the process holds, bytes; default: asked of the system. */
  memory?(): { rss: number; heapUsed: number };
  /** Further gauges of the runtime, for its measurements. */
  gauges?(): Readonly<Record<string, number>>;
  /**
   * What is in this log: "feeds" (default) or "edits". Time follows the clock from the start where people edit, and nothing is measured: a
   * log of edits holds nothing else.
   */
  of?: "feeds" | "edits";
  /** Samples between snapshots; default SNAPSHOT_SAMPLES, where people edit SNAPSHOT_EDITS. */
  snapshotSamples?: number;
  /** Keeps the past for pages (past.ts). Default: not, and `past` knows nothing. */
  keepsPast?: boolean;
  /** Where the journal is kept, for people; null in memory. */
  recording: string | null;
  log(message: string): void;
}

export class Partition implements LiveSession {
  readonly session: string;
  readonly partition: string;
  readonly commands: SessionCommands;
  readonly certainThrough?: () => number;
  readonly core: Core;
  readonly meter: Meter;
  private readonly options: PartitionOptions;
  private readonly epoch: number;
  private readonly inputLog: InputLog;
  private readonly sequencer: Sequencer;
  private readonly outbox: Outbox;
  private readonly kept: Past | null;
  private readonly feeds: { feed: Feed; running: Promise<void> }[] = [];
  /** Last report of each source; a merged feed reports for the sources it is made of. */
  private readonly statuses = new Map<string, FeedStatus>();
  private readonly heldStatuses = new HeldStatuses();
  private isClosing = false;
  private stopMeasuring: () => void = () => {};

  /**
   * Opens the journal's end: recovers the core from snapshot and tail, then enters what opening.ts says. Resolves when that is durable; rejects
   * with kind "unavailable" when the journal halts before.
   */
  static async open(options: PartitionOptions): Promise<Partition> {
    const partition = new Partition(
      options,
      await recover(options.journal, options.definitions, options.clock, options.log),
    );
    const { core, epoch } = partition;
    options.tap?.opened?.(partition.partition, {
      epoch,
      block: options.journal.last?.number ?? 0,
      sequence: core.sequence,
      stateHash: partition.stateHash(),
    });
    const versions = { ...options.versions, ...actorVersions(options.definitions) };
    for (const input of openingInputs(core, { ...options, versions })) partition.sequencer.enter(input);
    const kept = keptSettings(core.settings, options.settings);
    if (kept.length > 0) options.log(`settings of the log stay in force: ${kept.join(", ")}`);
    await partition.inputLog.whenReleased(`open session ${options.session}`);
    if (options.of !== "edits") partition.measureLater();
    return partition;
  }

  private constructor(options: PartitionOptions, { core, events, samplesAtSnapshot }: Recovered) {
    const { session, partition, epoch = 0, journal, clock, tap, log } = options;
    const { snapshotSamples = options.of === "edits" ? SNAPSHOT_EDITS : undefined } = options;
    this.options = options;
    this.session = session;
    this.partition = partition;
    this.commands = new SessionCommands(session);
    this.epoch = epoch;
    this.core = core;
    this.meter = new Meter(clock);
    this.kept = this.keepPast();
    this.outbox = new Outbox({
      journal,
      place: { input: core.sequence, event: core.eventSequence },
      events,
      ...(this.kept === null ? {} : { past: this.kept }),
      ...(options.of === "edits" ? KEPT_OF_EDITS : {}),
      log,
    });
    if (options.listener !== undefined) this.outbox.subscribe(options.listener);
    const { meter } = this;
    const release = (block: ClosedBlock): void => this.release(block);
    this.inputLog = new InputLog({
      partition,
      epoch,
      journal,
      clock,
      core,
      samplesAtSnapshot,
      meter,
      tap,
      snapshotSamples,
      release,
      log,
    });
    this.sequencer = new Sequencer(core, clock, this.inputLog, meter);
    if (options.of === "edits") this.sequencer.time.isLive = true;
    else if (core.samples > 0 && (journal.lastStoredUs ?? null) !== null)
      this.sequencer.time.continues(journal.lastStoredUs!);
    if (journal.durability === "stream") this.certainThrough = () => this.inputLog.releasedThrough;
  }

  // ---- feeds --------------------------------------------------------------------------------------------------

  /** Starts feeds; logical time follows the clock as soon as one of them is live, else it follows the data. */
  startFeeds(feeds: readonly Feed[]): void {
    const { time } = this.sequencer;
    time.isLive ||= feeds.some(
      ({ kind, relays }) => kind === "live" && (relays !== true || time.isNearClock),
    );
    for (const feed of feeds) {
      const sink = this.sequencer.sinkFor(feed, (status) => this.feedStatus(status));
      const running = feed.run(sink).catch((error: unknown) => {
        const detail = errorText(error);
        this.feedStatus({ type: "feedStatus", source: feed.source, status: "failed", detail, counts: {} });
      });
      this.feeds.push({ feed, running });
    }
  }

  /** Resolves when all feeds, or all of one kind, have ended and what they brought is durable. */
  async feedsEnded(kind?: Feed["kind"]): Promise<void> {
    const awaited = this.feeds.filter(({ feed }) => kind === undefined || feed.kind === kind);
    await Promise.all(awaited.map(({ running }) => running));
    await this.inputLog.settle();
  }

  private feedStatus(status: FeedStatus): void {
    this.statuses.set(status.source, status);
    this.heldStatuses.add(status);
    if (!this.isBlocked) this.enterStatuses();
  }

  private enterStatuses(): void {
    for (const status of this.heldStatuses.take()) this.sequencer.enter(status);
  }

  /** Nothing becomes durable until somebody has made room: that may take days, and what can wait must not fill the memory meanwhile. */
  private get isBlocked(): boolean {
    return (this.options.journal.blocked ?? null) !== null;
  }

  // ---- what people and the runtime enter ------------------------------------------------------------------------
  //
  // Each resolves when its input is durable and its block was released, and rejects with kind "unavailable" when the journal halts before
  // that. A caller that does not wait may drop the promise.

  /** Enters a message of the runtime or a person into the log: it becomes an event. */
  operatorNotice(notice: Omit<OperatorNotice, "type">): Promise<void> {
    return this.entered("enter a notice", () => this.sequencer.enter({ type: "notice", ...notice }));
  }

  /** Changes a setting for all inputs after it. `command`: id of the command that asked. Rejects with what `applySetting` throws. */
  configure(path: string, value: ConfigChanged["value"], author: Authored, command?: string): Promise<void> {
    return this.entered(`set ${path}`, () => {
      applySetting(this.core.settings, path, value);
      this.sequencer.enter({ type: "configChanged", path, value, ...author, ...idOf(command) });
    });
  }

  /**
   * Enters a command of a person, or a fact of the session, for the actors that listen for its name. A body that does not fit its row is
   * refused. A command whose source has sent its number before changes nothing. Resolves with the sequence of its input, null for such a duplicate, when that
   * is durable.
   */
  command(command: Omit<CommandInput, "type">): Promise<number | null> {
    let input: number | null = null;
    const enter = (): void => {
      const body = loggedBody(command.name, command.body);
      if (this.sequencer.enterCommand({ ...command, type: "command", body })) input = this.core.sequence;
    };
    const entered = this.entered(`enter ${command.name}`, enter).then(() => input);
    entered.catch(() => {});
    return entered;
  }

  /** Lays a disturbance over the frames that come after it, and marks its begin and end in the log. `command`: as in `configure`. */
  inject(overlay: FrameOverlay, command?: string): Promise<void> {
    return this.entered(`inject ${overlay.name}`, () =>
      this.sequencer.injections.begin(overlay, idOf(command)),
    );
  }

  /**
   * Enters an edit of the shared document, if the room's gate admits it. What it changes leaves, as `edited`, when it is durable. Its update
   * must not change afterwards. `newWritersMax`: how many writers that the document does not know it may bring.
   */
  edit(edit: Omit<Edit, "type">, newWritersMax?: number): Judgement {
    const reason = this.notReady();
    if (reason !== null) return { kind: "refused", code: CLOSE_CODES.unavailable, reason };
    const input: Edit = { type: "edit", ...edit };
    const room = roomIn(this.core);
    if (room === null) return { kind: "refused", code: CLOSE_CODES.unavailable, reason: ROOM_STOPPED };
    const judgement = room.judge(input, newWritersMax);
    if (judgement.kind === "admitted") this.sequencer.enter(input);
    return judgement;
  }

  /** The actor that keeps the shared document. It is ahead of what is durable. */
  room(): RoomDetector {
    return roomOf(this.core);
  }

  /** The begin marks of the injections that are under way. */
  injections(): Omit<OperatorNotice, "type">[] {
    return this.sequencer.injections.underWay();
  }

  /** `isOffer`: what was taken while nothing becomes durable waits. What a person asks for is refused then, with the reason. */
  private entered(action: string, enter: () => void, isOffer = false): Promise<void> {
    const entered = new Promise<void>((resolve) => {
      const reason = isOffer ? this.ended() : this.notReady();
      if (reason !== null) throw new EigenwatchError({ action, value: reason, kind: "unavailable" });
      enter();
      resolve(this.inputLog.whenReleased(action));
    });
    // Whoever drops the promise has no part in a halt: that is reported by `whenHalted`.
    entered.catch(() => {});
    return entered;
  }

  /**
   * Resolves when everything that feeds have offered so far is durable and released. Rejects with kind "unavailable" when the journal halts before,
   * or when some of it may have been refused because the session is closing.
   */
  whenTaken(): Promise<void> {
    return this.entered("take what a feed offers", () => {}, true);
  }

  // ---- life -----------------------------------------------------------------------------------------------------

  /** Resolves with the reason when the partition halts; never otherwise. */
  whenHalted(): Promise<string> {
    return this.inputLog.whenHalted();
  }

  get haltReason(): string | null {
    return this.inputLog.halted;
  }

  /** Hash of the present state, hex. */
  stateHash(): string {
    return hex(this.core.hash().hash);
  }

  async close(): Promise<void> {
    if (this.isClosing) return;
    this.isClosing = true;
    this.sequencer.close();
    this.stopMeasuring();
    await Promise.all(this.feeds.map(({ feed, running }) => feed.stop().then(() => running)));
    this.sequencer.injections.endAll();
    await this.inputLog.settle();
    if (this.inputLog.halted === null) {
      await this.inputLog.finish();
      this.reportCounts();
      this.options.tap?.closed?.(this.partition, this.epoch, "");
    }
    await this.options.journal.close();
  }

  private measureLater(): void {
    this.stopMeasuring = this.options.clock.after(MEASURE_EVERY_MS, () => {
      if (!this.isBlocked) {
        this.enterStatuses();
        this.measure();
      }
      this.measureLater();
    });
  }

  /** By which the last input lies behind the clock, ms; null where the data are not of now: of recorded feeds, of edits, or before the first input. */
  lagMs(): number | null {
    const { time } = this.sequencer;
    // People who write nothing are not late.
    if (this.options.of === "edits") return null;
    if (this.core.now === 0 || !(time.isLive || time.isNearClock)) return null;
    return Math.max(0, (this.options.clock.nowUs() - this.core.now) / 1000);
  }

  /** What time its data are of: of now where live feeds run, else of the recorded data that came in this life of the session, or before the take-over; null where none did. */
  dataTimes(): ReturnType<LogicalTime["data"]> {
    return this.sequencer.time.data();
  }

  /** Samples of a feed in another process that were admitted in this life of the session. */
  samplesOf(source: string): number {
    return this.sequencer.samplesOf(source);
  }

  /** Samples of a group that were admitted in this life of the session. */
  samplesOfGroup(group: string): number {
    return this.sequencer.samplesOfGroup(group);
  }

  /** Enters what the runtime measured, and what had to be shed, into the log. */
  measure(): void {
    const { inputLog, outbox } = this;
    this.reportCounts();
    this.sequencer.reportShed();
    const memory = this.options.memory?.() ?? process.memoryUsage();
    const gauges = this.meter.take({
      queueDepth: inputLog.openInputs,
      heldBytes: inputLog.heldBytes,
      bufferBytes: inputLog.heldBytes + outbox.keptBytes + inputLog.openBlockBytes,
      residentBytes: memory.rss,
      heapBytes: memory.heapUsed,
      ...this.options.gauges?.(),
    });
    this.sequencer.enter({ type: "measurement", gauges });
  }

  /** What was in the log before is read while the session runs. */
  private keepPast(): Past | null {
    const { keepsPast = false, journal, clock, log } = this.options;
    if (!keepsPast) return null;
    const rest = (): Promise<void> => new Promise((resolve) => clock.soon(resolve));
    const channels = this.core.declarations().reduce((sum, each) => sum + each.channels.length, 0);
    const at = { timeUs: this.core.now, channels };
    const past = new Past({ log: journal, input: this.core.sequence, at, rest });
    past
      .readBefore(() => this.isClosing)
      .catch((error: unknown) => {
        if (!this.isClosing) log(`pages do not know what was before this start: ${String(error)}`);
      });
    return past;
  }

  private reportCounts(): void {
    const { offered, admitted, shed, duplicates } = this.meter;
    const { heldBytes, openInputs: queueDepth } = this.inputLog;
    const counts = { offered, admitted, shed, duplicates, heldBytes, queueDepth };
    this.options.tap?.counts?.(this.partition, counts);
  }

  private release(block: ClosedBlock): void {
    const { outbox } = this;
    outbox.block(block.lastSequence, block.bytes);
    for (const delivery of block.deliveries) {
      if ("frame" in delivery) outbox.frame(delivery);
      else if (delivery.type === "edited") outbox.edited(delivery);
      else if (delivery.type === "state") outbox.state(delivery);
      else if (delivery.type === "channels") outbox.channels(delivery);
      else {
        outbox.event(delivery);
        this.options.tap?.released?.(this.partition, block.number, delivery);
      }
    }
    if (block.metrics) outbox.metrics(block.metrics);
    outbox.flush();
  }

  // ---- LiveSession --------------------------------------------------------------------------------------------

  describe(): SessionDescription {
    return {
      session: this.session,
      partition: this.partition,
      durability: this.options.journal.durability,
      timeUs: this.core.now,
      lastInputSequence: this.core.sequence,
      lastEventSequence: this.outbox.lastEvent,
      recording: this.options.recording,
      feeds: Array.from(this.statuses.values(), ({ source, status, detail }) => ({ source, status, detail })),
    };
  }

  groups(): readonly Channels[] {
    return this.core.declarations();
  }

  events(after: number, limit: number): Promise<EventMessage[]> {
    return this.outbox.events(after, limit);
  }

  recentFrames(after: number, limit?: number): { complete: boolean; frames: DeliveredFrame[] } {
    return this.outbox.recentFrames(after, limit);
  }

  lastStates(): ReturnType<Outbox["lastStates"]> {
    return this.outbox.lastStates();
  }

  past(range: PastRange, gone?: AbortSignal): Promise<SessionPast> {
    return this.outbox.past(range, gone);
  }

  usual(): readonly GroupUsual[] {
    return this.core.usual();
  }

  stateBefore(group: string, timeUs: number): StateMessage | null {
    return this.outbox.stateBefore(group, timeUs);
  }

  gauges(): Readonly<Record<string, number>> {
    return this.core.gauges();
  }

  notReady(): string | null {
    return this.ended() ?? this.options.journal.blocked ?? null;
  }

  /** Why it takes nothing any more, or null. */
  private ended(): string | null {
    const { halted } = this.inputLog;
    if (halted !== null) return `the journal halted: ${halted}`;
    return this.isClosing ? "the session is closing" : null;
  }

  subscribe(listener: SessionListener): () => void {
    return this.outbox.subscribe(listener);
  }
}

/** The field of an input that names the command it follows from, where there is one. */
function idOf(command: string | undefined): { command?: string } {
  return command === undefined ? {} : { command };
}
