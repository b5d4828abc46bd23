/**
 * A running partition: feeds offer, the sequencer orders, the core derives, the journal keeps, the gate releases.
 *
 *   offer ─► check, dedupe, shed ─► stamp ─► encode into the open block ─► core.apply
 *                                                   │ closes when nothing more is at hand (file: when the last fdatasync returned)
 *                                                   ▼
 *                                         journal.append ──durable──► gate ─► listeners
 *
 * P1  The order of the log is the order of `admit`; logical time never goes back.
 * P2  offered = admitted + shed + duplicates, and the log says so.
 * P3  After a restart the core is what the durable log says, and goes on from there.
 * P4  When the journal halts nothing more is admitted, nothing unacknowledged leaves, and `notReady` says why.
 */
import process from "node:process";
import {
  BlockBuilder,
  type BlockStart,
  encodeCheckpoint,
  encodeDerived,
  GENESIS_HASH,
} from "../../protocol/block.ts";
import { decodeMessage, encodeFrameView, encodeMessage } from "../../protocol/codec.ts";
import type { Command, CommandAnswer, CommandName } from "../../protocol/commands.ts";
import { EigenwatchError } from "../../protocol/errors.ts";
import type { Frame } from "../../protocol/frame.ts";
import { CHECKPOINT_BLOCKS, MAX_BLOCK_AGE_MS, MAX_FRAME_SAMPLES, MAX_GROUPS } from "../../protocol/limits.ts";
import type {
  Channels,
  ConfigChanged,
  EventMessage,
  FeedStatus,
  Input,
  MetricsMessage,
  OperatorNotice,
  QuantumInput,
  StateMessage,
} from "../../protocol/messages.ts";
import { applySetting, type Settings } from "../../protocol/settings.ts";
import type { Core, CoreDefinitions, CoreSink } from "../core/core.ts";
import { hex } from "../core/hash.ts";
import type { Feed, FeedSink } from "../feeds/feed.ts";
import { sha256 } from "../log/chain.ts";
import type { Clock } from "../ports/clock.ts";
import { type CommandHandlers, carryOut, commandNames } from "../ports/commands.ts";
import type { Journal, JournalNote } from "../ports/journal.ts";
import type { FrameOverlay } from "../ports/overlay.ts";
import type { DeliveredFrame, LiveSession, SessionDescription, SessionListener } from "../ports/session.ts";
import type { PartitionTap } from "../ports/tap.ts";
import { type BlockBytes, LoggedFrame } from "./delivered-frame.ts";
import { Injections } from "./injections.ts";
import { Meter } from "./meter.ts";
import { Outbox } from "./outbox.ts";
import { type ClosedBlock, type Delivery, OutputGate } from "./output-gate.ts";
import { isQuantumInputOf, lastTimeUs } from "./quantum-check.ts";
import { recover } from "./recovery.ts";

/** Closed blocks waiting for the disk, in bytes, above which live frames are shed and recorded feeds wait: half of what the journal takes. */
const HELD_BYTES_MAX = 8 << 20;

/** Bytes taken in one turn of the event loop before a feed that can wait is asked to: sockets get their turn. */
const TURN_BYTES_MAX = 1 << 20;

/** Samples between snapshots: what recovery or a seek must replay at most, a tenth of a second of work. */
const SNAPSHOT_SAMPLES = 131_072;

/** How often the runtime's measurements enter the log. */
const MEASURE_EVERY_MS = 1_000;

/** A live sample may be this far ahead of our clock (clock skew); beyond, it would drag logical time with it. */
const AHEAD_MAX_US = 1_000_000;

export interface PartitionOptions {
  session: string;
  partition: string;
  journal: Journal;
  clock: Clock;
  settings: Settings;
  definitions: CoreDefinitions;
  versions: Record<string, string>;
  /** The owner's, counting take-overs; 0 where there is one owner only. */
  epoch?: number;
  /** Whether a session that is there goes on with the settings it has, so that a change of owner changes nothing else. */
  keepSettings?: boolean;
  /** Told of every step, for checks from outside. */
  tap?: PartitionTap;
  /** What the process holds, bytes; default: asked of the system. */
  memory?(): { rss: number; heapUsed: number };
  /** Further gauges of the runtime, for its measurements. */
  gauges?(): Readonly<Record<string, number>>;
  /** Samples between snapshots; default SNAPSHOT_SAMPLES. */
  snapshotSamples?: number;
  /** Where the journal is kept, for people; null in memory. */
  recording: string | null;
  log(message: string): void;
}

export class Partition implements LiveSession, CoreSink {
  readonly session: string;
  readonly partition: string;
  readonly ownedThrough?: () => number;
  readonly core: Core;
  readonly meter: Meter;
  private readonly options: PartitionOptions;
  private readonly journal: Journal;
  private readonly clock: Clock;
  private readonly tap: PartitionTap | undefined;
  private readonly gate: OutputGate;
  private readonly outbox: Outbox;
  private readonly feeds: { feed: Feed; running: Promise<void> }[] = [];
  private readonly overlays: Injections;
  private handlers: CommandHandlers = {};
  /** Last report of each source; a merged feed reports for the sources it is made of. */
  private readonly statuses = new Map<string, FeedStatus>();

  private readonly builder: BlockBuilder;
  private blockNumber: number;
  private lastAppend: Promise<void> = Promise.resolve();
  private deliveries: Delivery[] = [];
  private openBytes: BlockBytes = { bytes: NO_BYTES, inputsAt: 0 };
  private newMetricsUs: number | null = null;
  private blockEvents: EventMessage[] = [];
  private firstArrivalMs = 0;
  private lastArrivalMs = 0;
  private appendsUnderWay = 0;
  private closeScheduled = false;
  private maintenanceScheduled = false;
  private checkpointDue = false;
  private snapshotDue = false;
  private samplesAtSnapshot = 0;
  private turnBytes = 0;
  private turnEnding: Promise<void> | null = null;
  private releasedThrough = 0;
  private liveTime = false;
  private halted: string | null = null;
  /** Callers that wait until an input is durable and released, by sequence. */
  private awaited: { sequence: number; resolve(): void; halted(reason: string): void }[] = [];
  private readonly halting = withResolver<string>();
  private closing = false;
  private stopMeasuring: () => void = () => {};
  /** Why the last one was shed. */
  private shedReason = "";
  private readonly shedTotals = { offered: 0, admitted: 0, shed: 0, duplicates: 0 };

  /** Opens the journal's end: recovers the core from snapshot and tail, then enters `sessionOpened`. */
  static async open(options: PartitionOptions): Promise<Partition> {
    const recovered = await recover(options.journal, options.definitions, options.log);
    const partition = new Partition(options, recovered.core, recovered.events);
    recovered.core.sink = partition;
    partition.tap?.opened?.(partition.partition, {
      epoch: options.epoch ?? 0,
      block: options.journal.last?.number ?? 0,
      sequence: partition.core.sequence,
      stateHash: partition.stateHash(),
    });
    const keep = options.keepSettings === true && partition.core.session !== null;
    const settings = keep ? partition.core.settings : options.settings;
    partition.admitInput({
      type: "sessionOpened",
      session: options.session,
      partition: options.partition,
      seed: settings.seed,
      settings: settings as unknown as Record<string, unknown>,
      versions: options.versions,
    });
    partition.measureLater();
    return partition;
  }

  private constructor(options: PartitionOptions, core: Core, events: EventMessage[]) {
    this.options = options;
    this.session = options.session;
    this.partition = options.partition;
    this.journal = options.journal;
    this.clock = options.clock;
    this.tap = options.tap;
    if (options.journal.durability === "stream") this.ownedThrough = () => this.releasedThrough;
    this.core = core;
    this.overlays = new Injections(core, (notice) => this.admitInput({ type: "notice", ...notice }));
    this.meter = new Meter(options.clock);
    const { journal, log } = options;
    this.outbox = new Outbox({
      journal,
      place: { input: core.sequence, event: core.eventSequence },
      events,
      log,
    });
    this.gate = new OutputGate((block) => this.release(block));
    this.samplesAtSnapshot = core.samples;
    this.blockNumber = options.journal.last?.number ?? 0;
    this.builder = new BlockBuilder(this.blockStart(options.journal.last?.hash ?? GENESIS_HASH));
  }

  // ---- feeds --------------------------------------------------------------------------------------------------

  /** Starts feeds; logical time follows the clock as soon as one of them is live, else it follows the data. */
  startFeeds(feeds: readonly Feed[]): void {
    this.liveTime ||= feeds.some((feed) => feed.kind === "live");
    for (const feed of feeds) {
      const running = feed.run(this.sinkFor(feed)).catch((error: unknown) => {
        const detail = error instanceof Error ? error.message : String(error);
        this.feedStatus({ type: "feedStatus", source: feed.source, status: "failed", detail, counts: {} });
      });
      this.feeds.push({ feed, running });
    }
  }

  // ---- what people and the runtime enter ------------------------------------------------------------------------
  //
  // Each resolves when its input is durable and its block was released, and rejects with kind "unavailable" when the journal halts before
  // that. A caller that does not wait may drop the promise.

  /** Enters a message of the runtime or a person into the log: it becomes an event. */
  operatorNotice(notice: Omit<OperatorNotice, "type">): Promise<void> {
    return this.entered("enter a notice", () => this.admitInput({ type: "notice", ...notice }));
  }

  /** Changes a setting for all inputs after it. Rejects with what `applySetting` throws. */
  configure(path: string, value: ConfigChanged["value"], author: string): Promise<void> {
    return this.entered(`set ${path}`, () => {
      applySetting(this.core.settings, path, value);
      this.admitInput({ type: "configChanged", path, value, author });
    });
  }

  /** Lays a disturbance over the frames that come after it, and marks its begin and end in the log. */
  inject(overlay: FrameOverlay): Promise<void> {
    return this.entered(`inject ${overlay.name}`, () => this.overlays.begin(overlay));
  }

  private entered(action: string, enter: () => void): Promise<void> {
    const entered = new Promise<void>((resolve, reject) => {
      const reason = this.notReady();
      if (reason !== null) throw unavailable(action, reason);
      enter();
      const sequence = this.core.sequence;
      this.awaited.push({ sequence, resolve, halted: (halted) => reject(unavailable(action, halted)) });
    });
    // Whoever drops the promise has no part in a halt: that is reported by `whenHalted`.
    entered.catch(() => {});
    return entered;
  }

  /** What the log said of the injections that are under way when they began. */
  injections(): Omit<OperatorNotice, "type">[] {
    return this.overlays.underWay();
  }

  // ---- ends -----------------------------------------------------------------------------------------------------

  /** Resolves when all feeds, or all of one kind, have ended and what they brought is durable. */
  async feedsEnded(kind?: Feed["kind"]): Promise<void> {
    const awaited = this.feeds.filter(({ feed }) => kind === undefined || feed.kind === kind);
    await Promise.all(awaited.map(({ running }) => running));
    await this.settle();
  }

  /** Resolves with the reason when the partition halts; never otherwise. */
  whenHalted(): Promise<string> {
    return this.halting.promise;
  }

  get haltReason(): string | null {
    return this.halted;
  }

  /** Hash of the state as it stands, hex. */
  stateHash(): string {
    return hex(this.core.hash().hash);
  }

  async close(): Promise<void> {
    if (this.closing) return;
    this.closing = true;
    this.stopMeasuring();
    await Promise.all(this.feeds.map(({ feed, running }) => feed.stop().then(() => running)));
    this.overlays.endAll();
    await this.settle();
    if (!this.halted) {
      this.checkpoint();
      await this.saveSnapshot();
      await this.journal.flush().catch((error: unknown) => {
        this.halt(error);
        throw error;
      });
      this.tellCounts();
      this.tap?.closed?.(this.partition, this.options.epoch ?? 0, "");
    }
    await this.journal.close();
  }

  private sinkFor(feed: Feed): FeedSink {
    // A live source begins to count anew after a restart; a recorded one is read again, and what is known is a duplicate.
    const offset = feed.kind === "live" ? this.core.lastSequenceOf(feed.source) : 0;
    const live = feed.kind === "live";
    return {
      channels: (declaration) => this.declareChannels(declaration),
      frame: (frame) => this.offerFrame(frame, live, offset),
      quantum: (input) => this.offerQuantum(input, live, offset),
      status: (status) => this.feedStatus(status),
      drained: () => this.drained(),
    };
  }

  private declareChannels(declaration: Channels): void {
    const groups = this.core.declarations();
    const known = groups.find(({ group }) => group === declaration.group);
    // A table that is read again after a restart begins with the channels it began with; the group has met more since.
    if (known && beginsWith(known, declaration)) return;
    if (groups.length >= MAX_GROUPS && !known) {
      throw new Error(
        `Cannot declare group ${declaration.group}: there are ${groups.length}; expected at most ${MAX_GROUPS}`,
      );
    }
    this.admitInput(declaration);
  }

  private feedStatus(status: FeedStatus): void {
    this.statuses.set(status.source, status);
    this.admitInput(status);
  }

  /** False asks a feed that can wait to await `drained`. */
  private offerFrame(frame: Frame, live: boolean, sequenceOffset: number): boolean {
    const refusal = this.refusal(frame, live, sequenceOffset) ?? this.malformed(frame);
    this.countOffered();
    if (refusal !== null) return this.refuse(refusal);
    const disturbed = this.overlays.applyTo(frame);
    if (disturbed === null) return this.shed("silenced by an injection");
    const bytes = this.admitFrame(disturbed, live, sequenceOffset);
    if (bytes === 0) return this.shed("malformed");
    return this.taken(disturbed.count, bytes);
  }

  /** As `offerFrame`. Injections do not touch states: they would have to stay states. */
  private offerQuantum(input: QuantumInput, live: boolean, sequenceOffset: number): boolean {
    const refusal = this.refusal(input, live, sequenceOffset);
    this.countOffered();
    if (refusal !== null) return this.refuse(refusal);
    const sequence = input.sequence > 0 ? input.sequence + sequenceOffset : 0;
    const lastUs = lastTimeUs(input);
    const latestUs = live ? Math.max(this.clock.nowUs() + AHEAD_MAX_US, this.core.now) : lastUs;
    const bytes = encodedQuantum({
      ...input,
      sequence,
      timeUs: input.timeUs - Math.max(0, lastUs - latestUs),
    });
    if (bytes === null) return this.shed("malformed");
    const logged = decodeMessage(bytes) as QuantumInput;
    if (!isQuantumInputOf(this.core.declarationOf(logged.group), logged)) return this.shed("malformed");
    this.admit(this.logicalTime(lastTimeUs(logged)), logged, bytes);
    return this.taken(
      logged.type === "measurementRecord" ? logged.current.length / 8 : logged.n,
      bytes.length,
    );
  }

  private countOffered(): void {
    this.meter.offered++;
    this.shedTotals.offered++;
  }

  /** A duplicate is what the feed may well send; all else is lost and said so. */
  private refuse(refusal: string): boolean {
    if (refusal !== "duplicate") return this.shed(refusal);
    this.meter.duplicates++;
    this.shedTotals.duplicates++;
    return true;
  }

  private taken(samples: number, bytes: number): boolean {
    this.meter.countSamples(samples);
    this.turnBytes += bytes;
    return this.turnBytes < TURN_BYTES_MAX && this.gate.heldBytes < HELD_BYTES_MAX;
  }

  /** Stamps, encodes and admits a frame; returns its encoded length, 0 when its times cannot be encoded. */
  private admitFrame(frame: Frame, live: boolean, sequenceOffset: number): number {
    const sourceSequence = frame.sequence;
    if (sourceSequence > 0) frame.sequence = sourceSequence + sequenceOffset;
    if (live) this.holdBackFuture(frame);
    const bytes = encoded(frame);
    if (bytes !== null) this.admit(this.logicalTime(frame.time[frame.count - 1]!), frame, bytes);
    frame.sequence = sourceSequence;
    return bytes?.length ?? 0;
  }

  private shed(reason: string): false {
    this.meter.shed++;
    this.shedTotals.shed++;
    this.shedReason = reason;
    return false;
  }

  private refusal(
    { sequence, source }: Frame | QuantumInput,
    live: boolean,
    sequenceOffset: number,
  ): string | null {
    if (this.halted || this.closing) return "closed";
    if (live && this.gate.heldBytes >= HELD_BYTES_MAX) return "journal behind";
    return sequence > 0 && sequence + sequenceOffset <= this.core.lastSequenceOf(source) ? "duplicate" : null;
  }

  private malformed(frame: Frame): string | null {
    const channels = this.core.channelsOf(frame.group);
    if (frame.count < 1 || frame.count > MAX_FRAME_SAMPLES || channels === 0) return "malformed";
    for (let k = 0; k < frame.count; k++) {
      if (frame.channel[k]! >= channels || !Number.isFinite(frame.value[k]!)) return "malformed";
    }
    return null;
  }

  /** Of an input whose last sample is of `stamped`. */
  private logicalTime(stamped: number): number {
    const { now } = this.core;
    if (stamped >= now) return stamped;
    this.meter.late++;
    return now;
  }

  /** A live sample from the future is taken as one of now, at most AHEAD_MAX_US on: detectors would wait for that time to come. */
  private holdBackFuture(frame: Frame): void {
    const limit = Math.max(this.clock.nowUs() + AHEAD_MAX_US, this.core.now);
    for (let k = 0; k < frame.count; k++) if (frame.time[k]! > limit) frame.time[k] = limit;
  }

  /** Waits for the end of this turn of the event loop, and for the disk when it is behind. */
  private async drained(): Promise<void> {
    this.turnEnding ??= new Promise((resolve) => {
      this.clock.soon(() => {
        this.turnEnding = null;
        this.turnBytes = 0;
        resolve();
      });
    });
    await this.turnEnding;
    while (this.gate.heldBytes >= HELD_BYTES_MAX && !this.halted) {
      await new Promise<void>((resolve) => {
        this.clock.after(1, resolve);
      });
    }
  }

  // ---- the log ------------------------------------------------------------------------------------------------

  private admitInput(input: Exclude<Input, Frame>): void {
    if (this.halted) return;
    this.meter.offered++;
    this.shedTotals.offered++;
    const stamped = this.liveTime ? this.clock.nowUs() : this.core.now;
    const bytes = encodeMessage(input);
    // The core is given what the log says, not what was meant: a replay has nothing else.
    this.admit(Math.max(stamped, this.core.now), decodeMessage(bytes) as Exclude<Input, Frame>, bytes);
  }

  private admit(timeUs: number, input: Input, bytes: Uint8Array): void {
    this.maintain();
    if (!this.builder.fits(bytes.length)) this.closeBlock();
    const nowMs = this.clock.monotonicMs();
    if (this.builder.inputs === 0) this.firstArrivalMs = nowMs;
    this.lastArrivalMs = nowMs;
    const offset = this.builder.add(timeUs, bytes);
    this.meter.admitted++;
    this.shedTotals.admitted++;
    // Before what is derived from it, and in its own block.
    if (input.type === "frame") {
      this.deliveries.push(new LoggedFrame(this.core.sequence + 1, this.openBytes, offset, bytes.length));
    } else if (input.type === "channels") this.deliveries.push(input);
    this.core.probe = this.meter.probeNow() ? this.meter : null;
    this.core.apply(this.core.sequence + 1, timeUs, input);
    if (this.tap !== undefined) this.tellApplied(this.tap, timeUs, input);
    if (!this.builder.fits(0) || nowMs - this.firstArrivalMs >= MAX_BLOCK_AGE_MS) this.closeBlock();
    else if (!this.closeScheduled) {
      this.closeScheduled = true;
      queueMicrotask(() => this.closeWhenIdle());
    }
  }

  private tellApplied(tap: PartitionTap, timeUs: number, input: Input): void {
    const { source, sequence } =
      "sequence" in input && "source" in input ? input : { source: "", sequence: 0 };
    tap.applied?.(this.partition, this.core.sequence, timeUs, source, sequence);
  }

  /** Runs when the caller has nothing more at hand: closes the block unless the disk is busy with the one before. */
  private closeWhenIdle(): void {
    this.closeScheduled = false;
    if (this.builder.inputs > 0 && this.appendsUnderWay === 0) this.closeBlock();
  }

  private closeBlock(): void {
    const { builder, journal } = this;
    const number = this.blockNumber;
    const { inputs } = builder;
    const firstSequence = this.core.sequence - inputs + 1;
    const { bytes, inputsAt, lastSequence, timeUs } = builder.close();
    this.openBytes.bytes = bytes;
    this.openBytes.inputsAt = inputsAt;
    this.openBytes = { bytes: NO_BYTES, inputsAt: 0 };
    const hash = sha256(bytes);
    const block: ClosedBlock = {
      number,
      deliveries: this.deliveries,
      metrics: this.takeMetrics(),
      firstArrivalMs: this.firstArrivalMs,
      lastArrivalMs: this.lastArrivalMs,
      inputs,
      lastSequence,
      bytes,
    };
    const events = this.blockEvents;
    this.deliveries = [];
    this.blockEvents = [];
    this.appendsUnderWay++;
    const durable = journal.append({ number, firstSequence, lastSequence, timeUs, hash, bytes });
    this.lastAppend = durable;
    if (this.tap !== undefined) this.tellClosed(this.tap, { number, hash, lastSequence }, durable);
    builder.start(this.blockStart(hash));
    this.gate
      .hold(block, durable)
      .catch((error: unknown) => this.halt(error))
      .finally(() => {
        this.appendsUnderWay--;
        this.closeWhenIdle();
      });
    if (events.length > 0) this.note("derived", number, () => encodeDerived(number, events));
    if (number % CHECKPOINT_BLOCKS === 0) this.checkpointDue = true;
    if (this.core.samples - this.samplesAtSnapshot >= (this.options.snapshotSamples ?? SNAPSHOT_SAMPLES))
      this.snapshotDue = this.checkpointDue = true;
    if ((this.checkpointDue || this.snapshotDue) && !this.maintenanceScheduled) {
      this.maintenanceScheduled = true;
      this.clock.soon(() => this.maintain());
    }
  }

  private tellClosed(
    tap: PartitionTap,
    { number: block, hash, lastSequence }: { number: number; hash: Uint8Array; lastSequence: number },
    durable: Promise<void>,
  ): void {
    const epoch = this.options.epoch ?? 0;
    tap.blockClosed?.(this.partition, { epoch, block, hash, stateHash: () => this.stateHash() });
    durable.then(
      () => tap.acknowledged?.(this.partition, { epoch, block, hash, lastSequence }),
      () => {},
    );
  }

  /**
   * Hash and snapshot of the state after the last closed block: taken before the next input or when the loop is idle, whichever comes
   * first, so that they do not delay what the block has to say.
   */
  private maintain(): void {
    this.maintenanceScheduled = false;
    if (this.builder.inputs > 0 || this.halted) return;
    if (this.checkpointDue) this.checkpoint();
    if (this.snapshotDue) void this.saveSnapshot();
  }

  private checkpoint(): void {
    this.checkpointDue = false;
    const { core } = this;
    const block = this.blockNumber - 1;
    const { hash, parts } = core.hash();
    this.note("checkpoint", block, () =>
      encodeCheckpoint({ block, sequence: core.sequence, timeUs: core.now, hash, parts }),
    );
  }

  /** A log without a note could not be verified: the partition halts, with the block's own reason if that was not taken either. */
  private note(kind: JournalNote["kind"], block: number, encode: () => Uint8Array): void {
    try {
      this.journal.note({ kind, block, bytes: encode() });
    } catch (error) {
      this.lastAppend.then(
        () => this.halt(error),
        () => {},
      );
    }
  }

  private async saveSnapshot(): Promise<void> {
    this.snapshotDue = false;
    this.samplesAtSnapshot = this.core.samples;
    const { now, sequence } = this.core;
    const block = this.blockNumber - 1;
    const bytes = this.core.snapshot();
    try {
      // A snapshot of a block that a crash swallows would belong to a past that never was.
      await this.lastAppend;
      this.tap?.snapshot?.(this.partition, block, bytes);
      await this.journal.saveSnapshot(block, now, sequence, bytes);
    } catch (error) {
      // Not fatal: without it the next start replays more.
      this.options.log(`snapshot was not saved: ${String(error)}`);
    }
  }

  /** Numbers the next block and chains it to the one before. */
  private blockStart(previousHash: Uint8Array): BlockStart {
    return {
      partition: this.options.partition,
      epoch: this.options.epoch ?? 0,
      number: ++this.blockNumber,
      previousHash,
      firstSequence: this.core.sequence + 1,
    };
  }

  private halt(error: unknown): void {
    if (this.halted) return;
    this.halted = error instanceof Error ? error.message : String(error);
    this.options.log(`partition ${this.partition} halted: ${this.halted}`);
    this.tap?.closed?.(this.partition, this.options.epoch ?? 0, this.halted);
    this.halting.resolve(this.halted);
    for (const { halted } of this.awaited.splice(0)) halted(this.notReady()!);
  }

  /** Closes what is open and waits until it is durable. */
  private async settle(): Promise<void> {
    for (;;) {
      if (this.builder.inputs > 0 && !this.halted) this.closeBlock();
      if (this.appendsUnderWay === 0) return;
      await this.journal.flush().catch((error: unknown) => this.halt(error));
      await new Promise<void>((resolve) => this.clock.soon(resolve));
    }
  }

  private measureLater(): void {
    this.stopMeasuring = this.clock.after(MEASURE_EVERY_MS, () => {
      this.measure();
      this.measureLater();
    });
  }

  private tellCounts(): void {
    const { offered, admitted, shed, duplicates } = this.meter;
    const { heldBytes } = this.gate;
    const queueDepth = this.builder.inputs;
    this.tap?.counts?.(this.partition, { offered, admitted, shed, duplicates, heldBytes, queueDepth });
  }

  /** Enters what the runtime measured, and what had to be shed, into the log. */
  measure(): void {
    if (this.tap !== undefined) this.tellCounts();
    const { shed, duplicates } = this.shedTotals;
    if (shed > 0 || duplicates > 0) {
      this.admitInput({
        type: "shed",
        ...this.shedTotals,
        reason: shed === 0 ? "duplicate" : this.shedReason,
      });
      Object.assign(this.shedTotals, { offered: 0, admitted: 0, shed: 0, duplicates: 0 });
    }
    const memory = this.options.memory?.() ?? process.memoryUsage();
    const gauges = this.meter.take({
      queueDepth: this.builder.inputs,
      heldBytes: this.gate.heldBytes,
      bufferBytes: this.gate.heldBytes + this.outbox.keptBytes + this.builder.byteLength,
      residentBytes: memory.rss,
      heapBytes: memory.heapUsed,
      ...this.options.gauges?.(),
    });
    this.admitInput({ type: "measurement", gauges });
  }

  // ---- outputs of the core (CoreSink) -------------------------------------------------------------------------

  event(event: EventMessage): void {
    this.blockEvents.push(event);
    this.deliveries.push(event);
    this.tap?.announced?.(this.partition, this.blockNumber, event);
  }

  state(state: StateMessage): void {
    this.deliveries.push(state);
  }

  metrics(timeUs: number): void {
    this.newMetricsUs = timeUs;
  }

  private takeMetrics(): MetricsMessage | null {
    if (this.newMetricsUs === null) return null;
    const timeUs = this.newMetricsUs;
    this.newMetricsUs = null;
    const { core } = this;
    // Gathered when somebody reads it: most blocks have no reader of metrics.
    return {
      type: "metrics",
      timeUs,
      get gauges() {
        return core.gauges();
      },
    };
  }

  private release(block: ClosedBlock): void {
    const { outbox } = this;
    outbox.block(block.lastSequence, block.bytes);
    for (const delivery of block.deliveries) {
      if ("inputSequence" in delivery) outbox.frame(delivery);
      else if (delivery.type === "state") outbox.state(delivery);
      else if (delivery.type === "channels") outbox.channels(delivery);
      else {
        outbox.event(delivery);
        this.tap?.released?.(this.partition, block.number, delivery);
      }
    }
    if (block.metrics) outbox.metrics(block.metrics);
    outbox.flush();
    this.meter.released(block);
    this.releasedThrough = block.lastSequence;
    while (this.awaited[0] !== undefined && this.awaited[0].sequence <= block.lastSequence)
      this.awaited.shift()!.resolve();
  }

  // ---- LiveSession --------------------------------------------------------------------------------------------

  describe(): SessionDescription {
    return {
      session: this.session,
      partition: this.partition,
      durability: this.journal.durability,
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

  lastStates(): readonly StateMessage[] {
    return this.outbox.lastStates();
  }

  gauges(): Readonly<Record<string, number>> {
    return this.core.gauges();
  }

  notReady(): string | null {
    if (this.halted) return `the journal halted: ${this.halted}`;
    return this.closing ? "the session is closing" : null;
  }

  subscribe(listener: SessionListener): () => void {
    return this.outbox.subscribe(listener);
  }

  /** Hands in what carries out the commands of this session. */
  handle(handlers: CommandHandlers): void {
    this.handlers = handlers;
  }

  commands(): readonly CommandName[] {
    return commandNames(this.handlers);
  }

  command<Name extends CommandName>(
    command: Command<Name>,
    author: string,
    signal: AbortSignal,
  ): Promise<CommandAnswer<Name>> {
    return carryOut(this.session, this.handlers, command, author, signal);
  }
}

const NO_BYTES = new Uint8Array(0);

function unavailable(action: string, reason: string): EigenwatchError {
  return new EigenwatchError({ action, value: reason, kind: "unavailable" });
}

/** Whether `known` is the declared group with channels added at its end. */
function beginsWith(known: Channels, declared: Channels): boolean {
  return (
    known.channels.length > declared.channels.length &&
    known.sampling === declared.sampling &&
    known.everyUs === declared.everyUs &&
    known.innovation === declared.innovation &&
    declared.channels.every(({ name }, i) => name === known.channels[i]!.name)
  );
}

/** Null when its times are not whole or too far apart: rare, so not looked for in every frame. */
function encoded(frame: Frame): Uint8Array | null {
  try {
    return encodeFrameView(frame);
  } catch {
    return null;
  }
}

/** Null when its schema refuses it: lengths, names, numbers. */
function encodedQuantum(input: QuantumInput): Uint8Array | null {
  try {
    return encodeMessage(input);
  } catch {
    return null;
  }
}

function withResolver<T>(): { promise: Promise<T>; resolve(value: T): void } {
  let resolve!: (value: T) => void;
  const promise = new Promise<T>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
