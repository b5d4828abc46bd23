/** A stretch of a frame's samples as a frame of its own, in columns that are reused. */

import { createFrame, type Frame } from "../../protocol/frame.ts";

export class FrameSlice {
  #slice: Frame | null = null;

  /** Samples `from` to `to` (excluded) of the frame: the frame itself when that is all of it, else valid until the next call. */
  of(frame: Frame, from: number, to: number): Frame {
    if (from === 0 && to === frame.count) return frame;
    const slice = this.#withRoom(frame, to - from);
    slice.source = frame.source;
    slice.group = frame.group;
    slice.count = to - from;
    slice.time.set(frame.time.subarray(from, to));
    slice.channel.set(frame.channel.subarray(from, to));
    slice.value.set(frame.value.subarray(from, to));
    if (frame.size !== null) slice.size!.set(frame.size.subarray(from, to));
    return slice;
  }

  #withRoom(frame: Frame, count: number): Frame {
    const known = this.#slice;
    const fits =
      known !== null && known.value.length >= count && (known.size === null) === (frame.size === null);
    this.#slice = fits
      ? known
      : createFrame(frame.source, frame.group, frame.value.length, frame.size !== null);
    return this.#slice;
  }
}
