/**
 * A frame as a plain map, as it is on the wire: the slow, obvious implementation.
 *
 *   { group, source, sequence, t0, dt, channel, value, size? }
 *
 * `t0` is the smallest time, `dt` the µs since then as uint32, `channel` uint16, `value` and `size` float64, all little-endian binary.
 * The fast writer and reader (frame-encode.ts, frame-decode.ts) must agree with this one and leave to it what they do not recognise.
 */
import * as v from "valibot";
import { checked } from "./check-body.ts";
import {
  float64Bytes,
  float64Column,
  uint16Bytes,
  uint16Column,
  uint32Bytes,
  uint32Column,
} from "./columns.ts";
import { LimitExceeded, MalformedMessage, show } from "./errors.ts";
import * as s from "./fields.ts";
import { copyFrame, createScratchFrame, type Frame, frameFault, type ScratchFrame } from "./frame.ts";
import { MAX_FRAME_SAMPLES } from "./limits.ts";

export const frameBody = v.object({
  group: s.name,
  source: s.name,
  sequence: s.count,
  t0: s.timeUs,
  dt: s.uint32s,
  channel: s.uint16s,
  value: s.float64s,
  size: v.optional(s.float64s),
});

export type FrameBody = v.InferOutput<typeof frameBody>;

/** The map of a frame. Throws for a frame with a fault (frameFault). */
export function frameToBody(frame: Frame): FrameBody {
  const fault = frameFault(frame);
  if (fault !== null) throw new MalformedMessage("encode frame", fault[0], fault[1]);
  for (const name of [frame.group, frame.source]) {
    if (!v.is(s.name, name))
      throw new MalformedMessage("encode frame", `name ${show(name)}`, "1 to MAX_NAME_BYTES bytes");
  }
  const { count } = frame;
  let t0 = frame.time[0]!;
  for (let k = 1; k < count; k++) t0 = Math.min(t0, frame.time[k]!);
  const body: FrameBody = {
    group: frame.group,
    source: frame.source,
    sequence: frame.sequence,
    t0,
    dt: uint32Bytes(Array.from(frame.time.subarray(0, count), (time) => time - t0)),
    channel: uint16Bytes(frame.channel, count),
    value: float64Bytes(frame.value, count),
  };
  if (frame.size !== null) body.size = float64Bytes(frame.size, count);
  return body;
}

/** Fills `frame` from a decoded map and checks every field. */
export function bodyToFrame(body: unknown, frame: ScratchFrame): Frame {
  const { group, source, sequence, t0, dt, channel, value, size } = checked("decode frame", frameBody, body);
  const count = value.length / 8;
  if (count < 1 || count > MAX_FRAME_SAMPLES) {
    throw new LimitExceeded(
      "decode frame",
      `${count} samples`,
      `1 to MAX_FRAME_SAMPLES (${MAX_FRAME_SAMPLES})`,
    );
  }
  if (
    dt.length !== 4 * count ||
    channel.length !== 2 * count ||
    (size !== undefined && size.length !== 8 * count)
  ) {
    throw new MalformedMessage(
      "decode frame",
      `columns of ${dt.length / 4} times, ${channel.length / 2} channels, ${count} values, ${size === undefined ? "no" : size.length / 8} sizes`,
      "equal counts",
    );
  }
  frame.group = group;
  frame.source = source;
  frame.sequence = sequence;
  frame.count = count;
  frame.size = size === undefined ? null : frame.sizeColumn;
  const offset = uint32Column(dt);
  for (let k = 0; k < count; k++) frame.time[k] = t0 + offset[k]!;
  frame.channel.set(uint16Column(channel));
  frame.value.set(float64Column(value));
  if (size !== undefined) frame.sizeColumn.set(float64Column(size));
  const fault = frameFault(frame);
  if (fault !== null) throw new MalformedMessage("decode frame", fault[0], fault[1]);
  return frame;
}

/** One decoding at a time fills it; the result is a copy. */
const scratch = createScratchFrame();

export function bodyToFreshFrame(body: unknown): Frame {
  return copyFrame(bodyToFrame(body, scratch));
}
