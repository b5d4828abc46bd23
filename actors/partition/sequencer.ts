/**
 * The sequencer: takes what feeds offer, refuses what must not enter the log, gives the rest its logical time, and admits it.
 *
 *   offer ─► refuse? (refusal.ts) ─► injections ─► stamp (logical-time.ts) ─► encode ─► InputLog.admit
 *               └─► shed, duplicate: counted, and the log says so
 *
 * P1  The order of the log is the order of offers; logical time never goes back.
 * P2  offered = admitted + shed + duplicates, and the log holds these counts.
 * P3  A live source of which many frames are duplicates is named: `feed.duplicates`; one whose samples are of another time: `feed.other-time`.
 */
import { decodeMessage, encodeFrameView, encodeMessage } from "../../protocol/codec.ts";
import { EigenwatchError } from "../../protocol/errors.ts";
import type { Frame } from "../../protocol/frame.ts";
import { MAX_GROUPS } from "../../protocol/limits.ts";
import type { Channels, CommandInput, FeedStatus, Input, QuantumInput } from "../../protocol/messages.ts";
import { timeText } from "../../protocol/text-values.ts";
import type { Core } from "../core/core.ts";
import type { Clock } from "../ports/clock.ts";
import type { Feed, FeedSink } from "../ports/feed.ts";
import type { Span } from "../ports/trace.ts";
import { Injections } from "./injections.ts";
import type { InputLog } from "./input-log.ts";
import { LogicalTime } from "./logical-time.ts";
import type { Meter } from "./meter.ts";
import { isFrameOf, isQuantumInputOf, lastTimeUs, type Refusal } from "./refusal.ts";

/** Bytes taken in one turn of the event loop before a feed that can wait is asked to: sockets get their turn. */
const TURN_BYTES_MAX = 1 << 20;

/**
 * Bytes that wait to be stored before a command, which is answered when it is stored: 10 to 25 ms of what a stream of NATS takes on a busy machine. Where an
 * entry of the log takes 20 ms, still 400,000 samples a second.
 */
const LATE_BYTES = 128 << 10;

/**
 * Duplicates of a live source that are said, and then each time there are twice as many. The bus may bring a message again, but not so many: most
 * likely two feeds send under one name, and the readings of the one that is behind are left out.
 */
const DUPLICATES_SAID = 16;

/** Sources of which it is said that their samples are of another time. */
const OTHER_TIMES_SAID = 256;

/** Sources in other processes whose samples are counted: beyond it their publishers learn nothing. */
const SOURCES_COUNTED = 4_096;

/** What was offered and what became of it. */
interface Counts {
  offered: number;
  admitted: number;
  shed: number;
  duplicates: number;
}

/** A feed as the sequencer sees it. A live source counts from 1 again after a restart: `offset` continues from what it sent before. */
interface Source {
  readonly isLive: boolean;
  /** It brings what feeds in other processes send. */
  readonly relays: boolean;
  /** Its data is shed while too much waits for the disk. */
  readonly mayBeShed: boolean;
  readonly offset: number;
}

export class Sequencer {
  readonly time: LogicalTime;
  readonly injections: Injections;
  private readonly core: Core;
  private readonly clock: Clock;
  private readonly inputLog: InputLog;
  private readonly meter: Meter;
  /** Since the last `takeShed`. */
  private readonly counts: Counts = { offered: 0, admitted: 0, shed: 0, duplicates: 0 };
  private lastShedReason: Refusal = "malformed";
  /** Of the last frame or state that was offered. */
  private lastRefusal: Refusal | null = null;
  /** Duplicates of live sources. */
  private readonly duplicatesOf = new Map<string, number>();
  /** Sources of which it was said that their samples are of another time. */
  private readonly otherTimesOf = new Set<string>();
  /** Samples in the log since this life of the session began, by source in another process. */
  private readonly samplesBySource = new Map<string, number>();
  /** The same by group, of all sources. */
  private readonly samplesByGroup = new Map<string, number>();
  private isClosed = false;
  private turnBytes = 0;
  private turnEnding: Promise<void> | null = null;

  constructor(core: Core, clock: Clock, inputLog: InputLog, meter: Meter) {
    this.core = core;
    this.clock = clock;
    this.inputLog = inputLog;
    this.meter = meter;
    this.time = new LogicalTime(core, clock, meter);
    this.injections = new Injections(core, (notice) => this.enter({ type: "notice", ...notice }));
  }

  /** The sink of a feed. `status` gets its reports, which enter the log as well. */
  sinkFor(feed: Feed, status: (report: FeedStatus) => void): FeedSink {
    const isLive = feed.kind === "live";
    // A recorded feed is read again after a restart: what it sent before is a duplicate.
    const source = {
      isLive,
      relays: feed.relays === true,
      mayBeShed: isLive && feed.waits !== true,
      offset: isLive ? this.core.lastSequenceOf(feed.source) : 0,
    };
    return {
      channels: (declaration) => {
        this.time.isLive ||= isLive && !this.time.isOfOther(true, 0);
        this.declareChannels(declaration);
      },
      frame: (frame, span) => this.offerFrame(frame, source, span),
      quantum: (input) => this.offerQuantum(input, source),
      status,
      shed: (frames) => this.countShed(frames, "owner behind"),
      refused: () => this.lastRefusal,
      drained: () => this.drained(),
      isLate: () => this.inputLog.heldBytes >= LATE_BYTES,
    };
  }

  /** Enters an input of the runtime or a person: never refused while the journal takes inputs. */
  enter(input: Exclude<Input, Frame>): void {
    if (this.inputLog.halted !== null) return;
    this.countOffered();
    const bytes = encodeMessage(input);
    // The core gets the decoded bytes of the log, not the original object: a replay has nothing else.
    this.admit(this.time.ofRuntime(), decodeMessage(bytes) as Exclude<Input, Frame>, bytes);
  }

  /** Enters a command of a person; returns false, and counts a duplicate, when its source has sent this number before. */
  enterCommand(command: CommandInput): boolean {
    const { source, sequence } = command;
    if (sequence === 0 || sequence > this.core.lastCommandOf(source)) {
      this.enter(command);
      return true;
    }
    this.countOffered();
    this.refuse("duplicate");
    return false;
  }

  /** Samples of a source in another process that are in the log, of this life of the session. */
  samplesOf(source: string): number {
    return this.samplesBySource.get(source) ?? 0;
  }

  /** Samples of a group that are in the log, of this life of the session. */
  samplesOfGroup(group: string): number {
    return this.samplesByGroup.get(group) ?? 0;
  }

  /** All later data is refused. */
  close(): void {
    this.isClosed = true;
  }

  /** Enters what was shed or sent twice since the last report, if anything was. */
  reportShed(): void {
    const { counts } = this;
    if (counts.shed === 0 && counts.duplicates === 0) return;
    this.enter({ type: "shed", ...counts, reason: counts.shed === 0 ? "duplicate" : this.lastShedReason });
    Object.assign(counts, { offered: 0, admitted: 0, shed: 0, duplicates: 0 });
  }

  private declareChannels(declaration: Channels): void {
    const groups = this.core.declarations();
    const known = groups.find(({ group }) => group === declaration.group);
    // A table that is read again after a restart begins with the channels it began with; the group has met more since.
    if (known && isExtensionOf(known, declaration)) return;
    if (groups.length >= MAX_GROUPS && !known)
      throw new EigenwatchError({
        action: `declare group ${declaration.group}`,
        value: `there are ${groups.length}`,
        expected: `at most MAX_GROUPS (${MAX_GROUPS})`,
        kind: "limit",
      });
    this.enter(declaration);
  }

  /** False asks a feed that can wait to await `drained`. */
  private offerFrame(frame: Frame, source: Source, span?: Span): boolean {
    this.countOffered();
    const refusal = this.refusal(frame, source);
    if (refusal !== null) return this.refuseData(refusal, frame, source);
    if (!isFrameOf(this.core.channelsOf(frame.group), frame)) return this.refuse("malformed");
    const disturbed = this.injections.applyTo(frame);
    if (disturbed === null) return this.refuse("silenced by an injection");
    this.time.isLive ||= source.isLive;
    const firstUs = disturbed.time[0]!;
    const bytes = this.admitFrame(disturbed, source, span);
    if (bytes > 0) this.time.took(source.isLive, firstUs, disturbed.time[disturbed.count - 1]!);
    return bytes === 0 ? this.refuse("malformed") : this.taken(frame, disturbed.count, bytes, source);
  }

  /** As `offerFrame`. Injections do not touch states: they would have to stay states. */
  private offerQuantum(input: QuantumInput, source: Source): boolean {
    this.countOffered();
    const refusal = this.refusal(input, source);
    if (refusal !== null) return this.refuseData(refusal, input, source);
    const sequence = input.sequence > 0 ? input.sequence + source.offset : 0;
    const lastUs = lastTimeUs(input);
    this.time.isLive ||= source.isLive;
    const latestUs = source.isLive ? this.time.latestLiveUs() : lastUs;
    const timeUs = input.timeUs - Math.max(0, lastUs - latestUs);
    const bytes = encodedOrNull(() => encodeMessage({ ...input, sequence, timeUs }));
    if (bytes === null) return this.refuse("malformed");
    const logged = decodeMessage(bytes) as QuantumInput;
    if (!isQuantumInputOf(this.core.declarationOf(logged.group), logged)) return this.refuse("malformed");
    this.admit(this.time.ofData(lastTimeUs(logged)), logged, bytes);
    this.time.took(source.isLive, logged.timeUs, lastTimeUs(logged));
    const samples = logged.type === "measurementRecord" ? logged.current.length / 8 : logged.n;
    return this.taken(input, samples, bytes.length, source);
  }

  /** Stamps, encodes and admits a frame; returns its encoded length, 0 when its times cannot be encoded. */
  private admitFrame(frame: Frame, { isLive, offset }: Source, span: Span | undefined): number {
    const sourceSequence = frame.sequence;
    if (sourceSequence > 0) frame.sequence = sourceSequence + offset;
    if (isLive) this.time.limitFuture(frame);
    // Times that are not whole, or too far apart, are rare: the encoder finds them, so frames are not searched for them here.
    const bytes = encodedOrNull(() => encodeFrameView(frame));
    if (bytes !== null) this.admit(this.time.ofData(frame.time[frame.count - 1]!), frame, bytes, span);
    frame.sequence = sourceSequence;
    return bytes?.length ?? 0;
  }

  private admit(timeUs: number, input: Input, bytes: Uint8Array, span?: Span): void {
    this.meter.admitted++;
    this.counts.admitted++;
    this.inputLog.admit(timeUs, input, bytes, span);
  }

  private refusal(data: Frame | QuantumInput, { isLive, mayBeShed, offset }: Source): Refusal | null {
    const { sequence, source } = data;
    if (this.isClosed || this.inputLog.halted !== null) return "closed";
    if (mayBeShed && this.inputLog.isBehind) return "journal behind";
    if (sequence > 0 && sequence + offset <= this.core.lastSequenceOf(source)) return "duplicate";
    return this.time.isOfOther(isLive, endOf(data)) ? "of another time" : null;
  }

  private countOffered(frames = 1): void {
    this.meter.offered += frames;
    this.counts.offered += frames;
  }

  private countShed(frames: number, reason: Refusal): void {
    this.countOffered(frames);
    this.meter.shed += frames;
    this.counts.shed += frames;
    this.lastShedReason = reason;
  }

  /** Counts it. A duplicate is no loss, so the feed need not wait; all else is shed. */
  private refuse(refusal: Refusal): boolean {
    this.lastRefusal = refusal;
    if (refusal === "duplicate") {
      this.meter.duplicates++;
      this.counts.duplicates++;
      return true;
    }
    this.meter.shed++;
    this.counts.shed++;
    this.lastShedReason = refusal;
    return false;
  }

  private refuseData(refusal: Refusal, data: Frame | QuantumInput, { mayBeShed }: Source): boolean {
    const takesMore = this.refuse(refusal);
    // What may not be shed is sent again on purpose: after a restart, or when its answer was lost.
    if (refusal === "duplicate" && mayBeShed) this.noteDuplicate(data);
    if (refusal === "of another time") this.noteOtherTime(data);
    return takesMore;
  }

  private noteOtherTime(data: Frame | QuantumInput): void {
    const { source, group } = data;
    const session = this.time.data();
    if (session === null || this.otherTimesOf.has(source) || this.otherTimesOf.size >= OTHER_TIMES_SAID)
      return;
    this.otherTimesOf.add(source);
    const fromUs = data.type === "frame" ? data.time[0]! : data.timeUs;
    const { isLive, toUs } = session;
    const ofSession = isLive
      ? `of now, ${timeText(toUs)}`
      : `from ${timeText(session.fromUs)} to ${timeText(toUs)}, of a recorded feed`;
    this.enter({
      type: "notice",
      kind: "feed.other-time",
      severity: "warning",
      group,
      channels: [],
      title:
        `Samples of ${source} begin at ${timeText(fromUs)} and are left out: those of this session are ${ofSession}; ` +
        `expected a session of their own`,
      detail: { source, fromUs, sessionFromUs: session.fromUs, sessionToUs: toUs },
      author: "system",
    });
  }

  private noteDuplicate({ source, group }: Frame | QuantumInput): void {
    const frames = (this.duplicatesOf.get(source) ?? 0) + 1;
    this.duplicatesOf.set(source, frames);
    if (frames < DUPLICATES_SAID || !Number.isInteger(Math.log2(frames / DUPLICATES_SAID))) return;
    this.enter({
      type: "notice",
      kind: "feed.duplicates",
      severity: "warning",
      group,
      channels: [],
      title:
        `${frames} frames of ${source} were left out, for the log has their numbers: ` +
        `expected one feed of this name in the session`,
      detail: { source, frames },
      author: "system",
    });
  }

  private taken(
    { source, group }: Frame | QuantumInput,
    samples: number,
    bytes: number,
    { relays }: Source,
  ): boolean {
    this.lastRefusal = null;
    this.meter.countSamples(samples);
    this.samplesByGroup.set(group, this.samplesOfGroup(group) + samples);
    const known = this.samplesBySource.get(source);
    if (relays && (known !== undefined || this.samplesBySource.size < SOURCES_COUNTED))
      this.samplesBySource.set(source, (known ?? 0) + samples);
    this.turnBytes += bytes;
    return this.turnBytes < TURN_BYTES_MAX && !this.inputLog.isBehind;
  }

  /** Resolves at the end of this turn of the event loop, and when the disk has caught up. */
  private async drained(): Promise<void> {
    this.turnEnding ??= new Promise((resolve) => {
      this.clock.soon(() => {
        this.turnEnding = null;
        this.turnBytes = 0;
        resolve();
      });
    });
    await this.turnEnding;
    while (this.inputLog.isBehind && this.inputLog.halted === null) {
      await new Promise<void>((resolve) => {
        this.clock.after(1, resolve);
      });
    }
  }
}

/** Time of the last sample; 0 of a frame without any. */
function endOf(data: Frame | QuantumInput): number {
  return data.type === "frame" ? (data.time[data.count - 1] ?? 0) : lastTimeUs(data);
}

/** Whether `known` is the declared group with channels added at its end. */
function isExtensionOf(known: Channels, declared: Channels): boolean {
  return (
    known.channels.length > declared.channels.length &&
    known.sampling === declared.sampling &&
    known.everyUs === declared.everyUs &&
    known.innovation === declared.innovation &&
    declared.channels.every(({ name }, i) => name === known.channels[i]!.name)
  );
}

/** Null when the encoder refuses it: lengths, names, numbers. */
function encodedOrNull(encode: () => Uint8Array): Uint8Array | null {
  try {
    return encode();
  } catch {
    return null;
  }
}
