/**
 * The past of a partition as pages show it: samples and measures of states in intervals, and states of former moments.
 *
 *   deliveries ──► Past ──rows of a range, the state of a moment──► whoever asks
 *                   └── what was before them, or is finer ◄── the log: a range within a budget; as far back as intervals reach once, in the background
 *
 * Z1  An answer has every sample delivered up to the input that it names, and none after it: what is delivered later joins without a gap or an
 *     overlap.
 * Z2  What is read from the log and what is in memory agree: pyramid.ts counts both.
 * Z3  After `rewind` nothing that was delivered after the place is left.
 *
 * All of it can be derived from the log again, and nothing in the log depends on it.
 */
import { decodeFrameInto, isFrame } from "../../protocol/codec.ts";
import { createScratchFrame } from "../../protocol/frame.ts";
import { IntervalRows } from "../../protocol/interval-rows.ts";
import type { StateMessage } from "../../protocol/messages.ts";
import { BEGINNING, type Place } from "../log/place.ts";
import { inputs, type ReadableLog } from "../log/read.ts";
import type { Journal } from "../ports/journal.ts";
import type { DeliveredFrame, GroupPast, PastRange, SessionPast, SessionPlace } from "../ports/session.ts";
import { FINEST_US, highestOf, PastGroups, reachUs } from "./past-groups.ts";
import { PastStates } from "./past-states.ts";
import { Pyramid } from "./pyramid.ts";

/** Bytes of all states of former moments: 1,400 of thirty channels. */
const STATE_BYTES = 16 << 20;

/** Samples that are read from the log for one answer: a fifth of a second of work, in pieces. */
const READ_SAMPLES_MAX = 1_000_000;

/** Inputs read between two turns of the event loop: a millisecond of work. */
const REST_AFTER_INPUTS = 256;

export type PastLog = ReadableLog & Pick<Journal, "first">;

export interface PastOptions {
  /** Where samples are read that are not in memory; without it there is only what was delivered. */
  readonly log?: PastLog;
  /** The last input before the first delivery. */
  readonly input: number;
  /** Logical time of that input, and the channels of all groups then: for how far back reading is of use. Default: it always is. */
  readonly at?: { readonly timeUs: number; readonly channels: number };
  /** Samples that are read from the log for one answer; default READ_SAMPLES_MAX. */
  readonly readSamplesMax?: number;
  /** Lets others run while a log is read. */
  rest?(): Promise<void>;
}

export class Past {
  private readonly options: PastOptions;
  private readonly groups = new PastGroups();
  private readonly states = new PastStates(STATE_BYTES);
  private readonly scratch = createScratchFrame();
  /** Deliveries up to this input, and this time, are in. */
  private input: number;
  private nowUs = 0;
  /** The log is read up to here, where the deliveries up to there are still to come. */
  private ahead: NonNullable<SessionPlace["through"]> | null = null;
  /** From this time on memory has all samples; NaN before the first. */
  private sinceUs: number;
  /** All of a log that is not delivered from its beginning (`readRecording`, `recordedState`). */
  private recording: PastGroups | null = null;
  private readonly recordedStates = new PastStates(STATE_BYTES);
  /** Whether these are all of it: half of them would hide newer ones that were delivered. */
  private hasRecordedStates = false;
  private isReadingBefore = false;
  /** One answer at a time reads the log. */
  private reading: Promise<unknown> = Promise.resolve();

  constructor(options: PastOptions) {
    this.options = options;
    this.input = options.input;
    this.sinceUs = options.input === 0 ? Number.NEGATIVE_INFINITY : Number.NaN;
  }

  /** The input of the last delivery. */
  get through(): number {
    return this.input;
  }

  get bytes(): number {
    const recorded = this.recordedStates.bytes + (this.recording?.bytes ?? 0);
    return this.states.bytes + this.groups.bytes + recorded;
  }

  frame({ bytes, inputSequence }: Pick<DeliveredFrame, "bytes" | "inputSequence">): void {
    const frame = decodeFrameInto(bytes, this.scratch);
    this.input = inputSequence;
    this.nowUs = frame.time[frame.count - 1]!;
    if (Number.isNaN(this.sinceUs)) this.sinceUs = this.nowUs;
    this.groups.frame(frame);
  }

  state(state: StateMessage): void {
    this.groups.state(state);
    this.states.add(state);
  }

  /** Deliveries go on after the place. */
  rewind({ timeUs, input, through }: Pick<SessionPlace, "timeUs" | "input" | "through">): void {
    // Where it goes forward, what lies between is not delivered.
    if (input > this.input) this.groups.takeSamples(new PastGroups());
    if (input > this.input || !(this.sinceUs <= timeUs)) this.sinceUs = Number.NaN;
    this.groups.rewind(timeUs);
    this.states.rewind(timeUs);
    this.input = input;
    this.nowUs = timeUs;
    this.ahead = through ?? null;
  }

  /** Where the session is. */
  private get at(): { readonly timeUs: number; readonly input: number } {
    const { ahead, nowUs: timeUs, input } = this;
    return ahead !== null && ahead.input > input ? ahead : { timeUs, input };
  }

  /** Whether everything since this time was delivered, up to where the session is. */
  private reachesFrom(fromUs: number): boolean {
    return this.sinceUs <= fromUs && this.at.input === this.input;
  }

  /** The last state of a group at or before this time that is known; null: none is. */
  stateBefore(group: string, timeUs: number): StateMessage | null {
    const delivered = this.states.before(group, timeUs);
    if (!this.hasRecordedStates) return delivered;
    const recorded = this.recordedStates.before(group, Math.min(timeUs, this.at.timeUs));
    return recorded !== null && (delivered?.timeUs ?? 0) < recorded.timeUs ? recorded : delivered;
  }

  /** What there is of a range, in memory alone once `gone` says so. Rejects when the log cannot be read. */
  async range(range: PastRange, gone?: AbortSignal): Promise<SessionPast> {
    if (this.isInMemory(range)) return this.remembered(range);
    const read = this.reading.then(() =>
      this.recording?.isAsFine(range) ? this.recordedRange(range, gone) : this.readRange(range, gone),
    );
    this.reading = read.catch(() => {});
    return (await read) ?? this.remembered(range);
  }

  /**
   * Reads what was in the log before the first delivery, as far back as the longest intervals reach. Resolves when that is in memory too, or `stopped`
   * says so.
   */
  async readBefore(stopped: () => boolean): Promise<void> {
    this.isReadingBefore = true;
    try {
      await this.readAllBefore(stopped);
    } finally {
      this.isReadingBefore = false;
    }
  }

  private async readAllBefore(stopped: () => boolean): Promise<void> {
    const { at } = this.options;
    const fromUs = at === undefined ? 0 : at.timeUs - reachUs(at.channels);
    const before = new PastGroups();
    let from: Place = fromUs > 0 ? { timeUs: fromUs } : BEGINNING;
    for (let next = 1; next <= this.input; from = { sequence: next }) {
      const read = await this.readInto(before, from, () => this.input, stopped);
      if (read === null) return;
      next = read;
    }
    this.groups.takeSamples(before);
    this.sinceUs = fromUs > 0 ? fromUs : Number.NEGATIVE_INFINITY;
  }

  /**
   * Reads a whole recording of this length, of which parts are delivered. Resolves when its samples are in memory, or `stopped` says so. `rest` lets
   * others run, those too who wait for a range.
   */
  async readRecording(lengthUs: number, stopped: () => boolean, rest = this.options.rest): Promise<void> {
    const recording = new PastGroups(lengthUs);
    if ((await this.readInto(recording, BEGINNING, () => Number.POSITIVE_INFINITY, stopped, rest)) !== null)
      this.recording = recording;
  }

  /** A published state of that recording, in order, after its samples were read: also those of parts that are not delivered. */
  recordedState(state: StateMessage): void {
    this.recording?.state(state);
    this.recordedStates.add(state);
  }

  /** There are no more. */
  recordedStatesEnd(): void {
    this.hasRecordedStates = true;
  }

  /** Returns the input after the last one read; null when it was stopped, or there was none. */
  private async readInto(
    groups: PastGroups,
    from: Place,
    through: () => number,
    stopped: () => boolean,
    rest = this.options.rest,
  ): Promise<number | null> {
    const scratch = createScratchFrame();
    let next: number | null = null;
    for await (const { sequence, bytes } of inputs(this.log, from)) {
      if (sequence > through()) break;
      next = sequence + 1;
      if (isFrame(bytes)) groups.frame(decodeFrameInto(bytes, scratch));
      if (next % REST_AFTER_INPUTS === 0) await rest?.();
      if (stopped()) return null;
    }
    return next;
  }

  private get log(): PastLog {
    return this.options.log ?? NO_LOG;
  }

  private remembered(range: PastRange): SessionPast {
    const { recording } = this;
    const { input } = this.at;
    const delivered = this.groups.range(range);
    const reaches = this.reachesFrom(range.fromUs);
    const groups = recording === null || reaches ? delivered : this.withRecorded(delivered, range);
    return answer(input, groups, 0, reaches || !this.isReadingBefore);
  }

  /** The recording's samples up to now; of the measures, those of which more are known. */
  private withRecorded(delivered: readonly GroupPast[], range: PastRange): readonly GroupPast[] {
    if (this.recording === null) return delivered;
    const toUs = Math.min(range.toUs, this.at.timeUs);
    return this.recording.range({ ...range, toUs, isOpen: false }).map((recorded) => {
      const { measures = NO_MEASURES } = delivered.find(({ group }) => group === recorded.group) ?? {};
      const isFuller = this.hasRecordedStates && measures.rows.length < recorded.measures.rows.length;
      return isFuller ? recorded : { ...recorded, measures };
    });
  }

  /** Whether memory has the range, about as fine as it is asked for. Measures are nowhere else. */
  private isInMemory(range: PastRange): boolean {
    const { fromUs, toUs, columns, onlyMeasures = false } = range;
    if (this.options.log === undefined || onlyMeasures) return true;
    if (!this.reachesFrom(fromUs)) return false;
    const { first } = this.log;
    const isGone = first === null || (first.number > 1 && first.timeUs > fromUs);
    return isGone || 2 * (toUs - fromUs) >= columns * FINEST_US;
  }

  /**
   * The range from a recording's memory, up to what was delivered: the interval in which that ends comes from the log, for memory has what is to come
   * in it too. Null when that interval has more samples than may be read.
   */
  private async recordedRange(range: PastRange, gone?: AbortSignal): Promise<SessionPast | null> {
    const { timeUs: nowUs, input: through } = this.at;
    const toUs = range.isOpen ? nowUs : Math.min(range.toUs, nowUs);
    const groups = this.withRecorded(this.groups.range(range), range);
    const everyUs = new Map(groups.map(({ group, samples }) => [group, samples.everyUs]));
    const beginOf = (group: string) => {
      const every = everyUs.get(group) ?? 1;
      return { everyUs: every, fromUs: Math.floor(nowUs / every) * every };
    };
    const fromUs = Math.min(...groups.map(({ group }) => beginOf(group).fromUs));
    if (toUs < fromUs) return answer(through, groups, 0);
    const read = await this.readSamples({ fromUs, toUs, through }, 1, beginOf, gone);
    if (read === null) return null;
    for (const { group, samples } of groups) {
      const end = { ...range, fromUs: beginOf(group).fromUs, toUs, columns: 1 };
      samples.dropFrom(end.fromUs / samples.everyUs);
      const rows = read.byGroup.get(group)?.rows(end);
      if (rows !== undefined) samples.append(rows);
    }
    return answer(through, groups, read.samples);
  }

  /** The range as the log has it, up to what was delivered; null when it has more samples than may be read. */
  private async readRange(range: PastRange, gone?: AbortSignal): Promise<SessionPast | null> {
    const { columns } = range;
    const toUs = range.isOpen ? Number.POSITIVE_INFINITY : range.toUs;
    const through = this.at.input;
    const everyUs = Math.max(1, Math.ceil((range.toUs - range.fromUs) / columns));
    const fromUs = Math.floor(range.fromUs / everyUs) * everyUs;
    const read = await this.readSamples(
      { fromUs, toUs, through },
      columns,
      () => ({ everyUs, fromUs }),
      gone,
    );
    if (read === null) return null;
    const onlyMeasures = { ...range, onlyMeasures: true };
    const known = new Map(
      this.withRecorded(this.groups.range(onlyMeasures), onlyMeasures).map((each) => [
        each.group,
        each.measures,
      ]),
    );
    const names = new Set([...known.keys(), ...read.byGroup.keys()]);
    const groups = Array.from(names, (group) => ({
      group,
      samples: read.byGroup.get(group)?.rows(range) ?? new IntervalRows(everyUs),
      measures: known.get(group) ?? NO_MEASURES,
    }));
    return answer(through, groups, read.samples);
  }

  /** In intervals of their group, about so many; `beginOf` is asked from when on. Null when there are more samples than may be read, or `gone`. */
  private async readSamples(
    { fromUs, toUs, through }: { fromUs: number; toUs: number; through: number },
    columns: number,
    beginOf: (group: string) => { readonly everyUs: number; readonly fromUs: number },
    gone?: AbortSignal,
  ): Promise<{ byGroup: Map<string, Pyramid>; samples: number } | null> {
    const { rest, readSamplesMax = READ_SAMPLES_MAX } = this.options;
    const byGroup = new Map<string, Pyramid>();
    let samples = 0;
    let count = 0;
    if (gone?.aborted) return null;
    for await (const { sequence, timeUs, bytes } of inputs(this.log, { timeUs: fromUs })) {
      if (sequence > through || timeUs > toUs) break;
      if (++count % REST_AFTER_INPUTS === 0) await rest?.();
      if (gone?.aborted) return null;
      if (!isFrame(bytes)) continue;
      const frame = decodeFrameInto(bytes, this.scratch);
      samples += frame.count;
      if (samples > readSamplesMax) return null;
      const begin = beginOf(frame.group);
      let pyramid = byGroup.get(frame.group);
      if (pyramid === undefined) {
        pyramid = new Pyramid(begin.everyUs, [2 * columns + 2]);
        byGroup.set(frame.group, pyramid);
      }
      pyramid.widen(highestOf(frame) + 1);
      for (let k = 0; k < frame.count; k++) {
        const at = frame.time[k]!;
        if (at >= begin.fromUs && at <= toUs)
          pyramid.add(at, frame.channel[k]!, frame.value[k]!, frame.size?.[k]);
      }
    }
    return { byGroup, samples };
  }
}

function answer(
  input: number,
  groups: readonly GroupPast[],
  samplesRead: number,
  complete = true,
): SessionPast {
  const rows = groups.reduce((sum, { samples, measures }) => sum + samples.length + measures.rows.length, 0);
  return { input, complete, groups, work: samplesRead + rows };
}

const NO_MEASURES = { names: [], rows: new IntervalRows(1) };

const NO_LOG: PastLog = { first: null, locate: async () => null, read: async function* () {} };
