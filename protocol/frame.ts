/**
 * A frame: a columnar batch of 1 to MAX_FRAME_SAMPLES samples of one channel group from one source.
 *
 * Sample k: channel `channel[k]` of `group` had `value[k]` (and `size[k]`) at `time[k]`. Times of a frame need not be in order.
 * frame-encode.ts and frame-body.ts write the bytes. Feeds gather samples with FrameBuilder.
 */
import { MAX_FRAME_SAMPLES, MAX_FRAME_SPAN_US, MAX_GROUP_CHANNELS } from "./limits.ts";

export interface Frame {
  readonly type: "frame";
  /** Channel group, declared earlier by a `channels` input. */
  group: string;
  /** Name of the feed. Order and duplicates are determined per source. */
  source: string;
  /** Sequence within the source, 1, 2, …; 0 if the source does not number its frames (then none is a duplicate). */
  sequence: number;
  /** Number of samples; the columns may be longer. */
  count: number;
  /** Integer µs since the epoch. */
  time: Float64Array;
  /** Index into the group's channels. */
  channel: Uint16Array;
  value: Float64Array;
  /** Optional second value (traded size, weight). */
  size: Float64Array | null;
}

/** A frame whose columns are reused; it keeps its size column while `size` is null. */
export interface ScratchFrame extends Frame {
  readonly sizeColumn: Float64Array;
}

/** An empty frame of one source and group with its own columns, to be filled again and again. */
export function createFrame(source: string, group: string, capacity: number, withSize = false): Frame {
  return {
    type: "frame",
    group,
    source,
    sequence: 0,
    count: 0,
    time: new Float64Array(capacity),
    channel: new Uint16Array(capacity),
    value: new Float64Array(capacity),
    size: withSize ? new Float64Array(capacity) : null,
  };
}

export function createScratchFrame(source = "", group = "", capacity = MAX_FRAME_SAMPLES): ScratchFrame {
  return { ...createFrame(source, group, capacity), sizeColumn: new Float64Array(capacity) };
}

/** A frame with its own columns, exactly as long as the samples in use. */
export function copyFrame(frame: Frame): Frame {
  const { count } = frame;
  return {
    type: "frame",
    group: frame.group,
    source: frame.source,
    sequence: frame.sequence,
    count,
    time: frame.time.slice(0, count),
    channel: frame.channel.slice(0, count),
    value: frame.value.slice(0, count),
    size: frame.size === null ? null : frame.size.slice(0, count),
  };
}

/**
 * Why a frame cannot be encoded, as [value, expected], or null: count, whole times within MAX_FRAME_SPAN_US, channel indices, finite
 * values. O(count), allocates nothing for a valid frame.
 */
export function frameFault(frame: Frame): [value: string, expected: string] | null {
  const { count, time, channel, value, size } = frame;
  if (!Number.isInteger(count) || count < 1 || count > MAX_FRAME_SAMPLES) {
    return [`${count} samples`, `1 to MAX_FRAME_SAMPLES (${MAX_FRAME_SAMPLES})`];
  }
  if (!Number.isSafeInteger(frame.sequence) || frame.sequence < 0)
    return [`sequence ${frame.sequence}`, "a whole number ≥ 0"];
  let first = Number.POSITIVE_INFINITY;
  let last = Number.NEGATIVE_INFINITY;
  for (let k = 0; k < count; k++) {
    const at = time[k]!;
    if (!Number.isSafeInteger(at)) return [`time[${k}] is ${at}`, "integer µs"];
    if (at < first) first = at;
    if (at > last) last = at;
  }
  if (last - first > MAX_FRAME_SPAN_US)
    return [`times over ${last - first} µs`, `at most MAX_FRAME_SPAN_US (${MAX_FRAME_SPAN_US})`];
  for (let k = 0; k < count; k++) {
    if (channel[k]! >= MAX_GROUP_CHANNELS)
      return [`channel[${k}] is ${channel[k]}`, `under MAX_GROUP_CHANNELS (${MAX_GROUP_CHANNELS})`];
  }
  return columnFault("value", value, count) ?? (size === null ? null : columnFault("size", size, count));
}

function columnFault(
  name: string,
  column: Float64Array,
  count: number,
): [value: string, expected: string] | null {
  for (let k = 0; k < count; k++) {
    if (!Number.isFinite(column[k])) return [`${name}[${k}] is ${column[k]}`, "a finite number"];
  }
  return null;
}

/**
 * Gathers samples into frames without an object per sample.
 *
 *     builder.add(timeUs, channel, value);
 *     while (builder.full) sink.frame(builder.take(++sequence));
 *
 * A sample whose time is too far from the others (MAX_FRAME_SPAN_US) begins a new frame; `full` is then true because the one before is
 * complete. A taken frame is valid until the next `add`, which reuses its columns.
 */
export class FrameBuilder {
  readonly capacity: number;
  #current: ScratchFrame;
  #other: ScratchFrame;
  /** The complete frame, after a sample began a new one. */
  #ready: ScratchFrame | null = null;
  #first = 0;
  #last = 0;

  constructor(group: string, source: string, capacity: number = MAX_FRAME_SAMPLES) {
    if (!Number.isInteger(capacity) || capacity < 1 || capacity > MAX_FRAME_SAMPLES) {
      throw new RangeError(
        `Cannot build frames of ${capacity} samples; expected 1 to MAX_FRAME_SAMPLES (${MAX_FRAME_SAMPLES})`,
      );
    }
    this.capacity = capacity;
    this.#current = createScratchFrame(source, group, capacity);
    this.#other = createScratchFrame(source, group, capacity);
  }

  /** Number of samples that wait to be taken. */
  get count(): number {
    return this.#current.count + (this.#ready === null ? 0 : this.#ready.count);
  }

  /** Whether a frame must be taken before the next `add`. */
  get full(): boolean {
    return this.#ready !== null || this.#current.count === this.capacity;
  }

  /** `size` is the second value. If only some samples of a frame have one, it is 0 for the others. */
  add(timeUs: number, channel: number, value: number, size?: number): void {
    if (this.full) throw new RangeError("Cannot add a sample: the frame is full; expected take() first");
    if (this.#current.count > 0 && !this.#spans(timeUs)) this.#setAside();
    const frame = this.#current;
    const k = frame.count++;
    if (k === 0) {
      this.#first = timeUs;
      this.#last = timeUs;
    } else if (timeUs < this.#first) {
      this.#first = timeUs;
    } else if (timeUs > this.#last) {
      this.#last = timeUs;
    }
    frame.time[k] = timeUs;
    frame.channel[k] = channel;
    frame.value[k] = value;
    frame.sizeColumn[k] = size ?? 0;
    if (size !== undefined) frame.size = frame.sizeColumn;
  }

  /** The oldest frame, numbered `sequence` (0: not numbered). Its `count` is 0 if no sample waits. Valid until the next `add`. */
  take(sequence = 0): Frame {
    const frame = this.#ready ?? this.#current;
    if (this.#ready === null) this.#swap();
    this.#ready = null;
    frame.sequence = sequence;
    return frame;
  }

  #spans(timeUs: number): boolean {
    return timeUs - this.#first <= MAX_FRAME_SPAN_US && this.#last - timeUs <= MAX_FRAME_SPAN_US;
  }

  #setAside(): void {
    this.#ready = this.#current;
    this.#swap();
  }

  #swap(): void {
    const next = this.#other;
    this.#other = this.#current;
    this.#current = next;
    next.count = 0;
    next.size = null;
  }
}
