/**
 * A frame: a columnar batch of 1 to MAX_FRAME_SAMPLES samples of one channel group from one source.
 *
 * Sample k says: channel `channel[k]` of `group` had `value[k]` (and `size[k]`) at `time[k]`.
 */
export interface Frame {
  readonly type: "frame";
  /** Channel group, declared before by a `channels` input. */
  group: string;
  /** Who measured: the feed's id. Order and duplicates are judged per source. */
  source: string;
  /** Source sequence, 1, 2, …; 0 when the source numbers nothing (then nothing is a duplicate). */
  sequence: number;
  /** Samples in use; the columns may be longer. */
  count: number;
  /** Integer µs since the epoch. */
  time: Float64Array;
  /** Index into the group's channels. */
  channel: Uint16Array;
  value: Float64Array;
  /** Optional second value (traded size, weight). */
  size: Float64Array | null;
}
