/**
 * Logical time: the time that the log gives an input, and the only time that the core knows.
 *
 *   data           the time of its last sample; a late one gets the time of the input before it
 *   all else       the clock's time while a live feed runs, else the time of the input before it
 *
 * T1  Logical time never goes back.
 * T2  A live sample is at most AHEAD_MAX_US ahead of the clock: detectors would wait for that time to come.
 * T3  Live and recorded data whose times are far apart do not meet in one session: logical time would leap, and what was under way would last for years.
 */
import type { Frame } from "../../protocol/frame.ts";
import type { Core } from "../core/core.ts";
import type { Clock } from "../ports/clock.ts";

/** Clocks of sources differ by less than this; a sample further ahead would take logical time with it. */
const AHEAD_MAX_US = 1_000_000;

/** A session whose last input is so near the clock was live a moment ago: a take-over takes seconds. */
const NEAR_CLOCK_US = 60_000_000;

/** Live and recorded data may differ by a day: a file of this morning goes with what is read now. */
const APART_MAX_US = 86_400_000_000;

export function areApart(aUs: number, bUs: number): boolean {
  return Math.abs(aUs - bUs) > APART_MAX_US;
}

/** Of samples. */
export interface TimeRange {
  readonly fromUs: number;
  readonly toUs: number;
}

export class LogicalTime {
  /** Whether a live feed runs: time then advances between samples. */
  isLive = false;
  /** Of the recorded data in this life of the session, and of what it took over; null before the first. */
  private recorded: TimeRange | null = null;
  private readonly core: Pick<Core, "now">;
  private readonly clock: Pick<Clock, "nowUs">;
  private readonly meter: { late: number };

  /** `meter` counts late data. */
  constructor(core: Pick<Core, "now">, clock: Pick<Clock, "nowUs">, meter: { late: number }) {
    this.core = core;
    this.clock = clock;
    this.meter = meter;
  }

  /** Whether the last input has about the time of the clock. */
  get isNearClock(): boolean {
    return Math.abs(this.clock.nowUs() - this.core.now) < NEAR_CLOCK_US;
  }

  /** What the session has the data of; null where nothing is known yet. */
  data(): (TimeRange & { readonly isLive: boolean }) | null {
    const nowUs = this.clock.nowUs();
    if (this.isLive) return { isLive: true, fromUs: nowUs, toUs: nowUs };
    return this.recorded === null ? null : { isLive: false, ...this.recorded };
  }

  /** Whether data of a live or a recorded feed, up to this time, is of another time than that of the other kind, which was here first (T3). */
  isOfOther(isLive: boolean, lastUs: number): boolean {
    const nowUs = this.clock.nowUs();
    if (isLive) return !this.isLive && this.recorded !== null && areApart(this.recorded.toUs, nowUs);
    return this.isLive && areApart(lastUs, nowUs);
  }

  /**
   * The log that goes on here ended, when its last block was stored, with data of another time than that: they are of a recorded feed, whoever owned the
   * partition then.
   */
  continues(storedUs: number): void {
    const { now } = this.core;
    if (areApart(now, storedUs)) this.took(false, now, now);
  }

  /** Data that was admitted. */
  took(isLive: boolean, fromUs: number, toUs: number): void {
    if (isLive) return;
    const { recorded } = this;
    this.recorded =
      recorded === null
        ? { fromUs, toUs }
        : { fromUs: Math.min(recorded.fromUs, fromUs), toUs: Math.max(recorded.toUs, toUs) };
  }

  /** Of data whose last sample has this time. */
  ofData(sampleUs: number): number {
    const { now } = this.core;
    if (sampleUs >= now) return sampleUs;
    this.meter.late++;
    return now;
  }

  /** Of an input of the runtime or a person. */
  ofRuntime(): number {
    return this.isLive ? Math.max(this.clock.nowUs(), this.core.now) : this.core.now;
  }

  /** The latest time that a live sample may have. */
  latestLiveUs(): number {
    return Math.max(this.clock.nowUs() + AHEAD_MAX_US, this.core.now);
  }

  /** Samples of a live frame from further in the future get the latest time allowed. */
  limitFuture(frame: Frame): void {
    const latest = this.latestLiveUs();
    for (let k = 0; k < frame.count; k++) if (frame.time[k]! > latest) frame.time[k] = latest;
  }
}
