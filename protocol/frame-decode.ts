/**
 * Decodes a frame without the msgpack library, if it has the form that frame-encode.ts writes, as nearly all frames do.
 *
 * It never throws. For anything else (another order of keys, a negative t0, names that are not ASCII, invalid values) it returns false or
 * null, and frame-body.ts decodes the frame or reports what is wrong.
 */
import { viewOf } from "./columns.ts";
import type { Frame, ScratchFrame } from "./frame.ts";
import { CHANNEL, DT, GROUP, MAP, MAP_WITH_SIZE, SEQUENCE, SIZE, SOURCE, T0, VALUE } from "./frame-keys.ts";
import { MAX_FRAME_BYTES, MAX_FRAME_SAMPLES, MAX_FRAME_SPAN_US, MAX_GROUP_CHANNELS } from "./limits.ts";
import { MsgpackReader } from "./msgpack-reader.ts";

/** Fills `frame` and returns true, or returns false: the contents of `frame` are then undefined. `bodyAt` is where the body of the envelope begins. */
export function decodeFrameFastInto(bytes: Uint8Array, bodyAt: number, frame: ScratchFrame): boolean {
  const layout = readLayout(bytes, bodyAt);
  if (layout === null) return false;
  frame.group = layout.group;
  frame.source = layout.source;
  frame.sequence = layout.sequence;
  frame.count = layout.count;
  frame.size = layout.isSized ? frame.sizeColumn : null;
  return readColumns(bytes, layout, frame);
}

/** A new frame with its own aligned columns, or null. */
export function decodeFrameFast(bytes: Uint8Array, bodyAt: number): Frame | null {
  const layout = readLayout(bytes, bodyAt);
  if (layout === null) return null;
  const { group, source, sequence, count, isSized } = layout;
  // One buffer for all columns, because allocating one takes up to 1 µs on Deno; the channels, of two bytes, come last.
  const floats = isSized ? 3 : 2;
  const buffer = new ArrayBuffer((8 * floats + 2) * count);
  const frame: Frame = {
    type: "frame",
    group,
    source,
    sequence,
    count,
    time: new Float64Array(buffer, 0, count),
    value: new Float64Array(buffer, 8 * count, count),
    size: isSized ? new Float64Array(buffer, 16 * count, count) : null,
    channel: new Uint16Array(buffer, 8 * floats * count, count),
  };
  return readColumns(bytes, layout, frame) ? frame : null;
}

/** What stands before and between the columns of a frame, and where in the bytes each column begins. */
interface Layout {
  readonly group: string;
  readonly source: string;
  readonly sequence: number;
  readonly count: number;
  readonly isSized: boolean;
  readonly t0: number;
  readonly dtAt: number;
  readonly channelAt: number;
  readonly valueAt: number;
  readonly sizeAt: number;
}

const reader = new MsgpackReader();

function readLayout(bytes: Uint8Array, bodyAt: number): Layout | null {
  if (bytes.length > MAX_FRAME_BYTES) return null;
  const isSized = bytes[bodyAt] === MAP_WITH_SIZE[0];
  reader.begin(bytes, bodyAt);
  reader.key(isSized ? MAP_WITH_SIZE : MAP);
  reader.key(GROUP);
  const group = reader.name();
  reader.key(SOURCE);
  const source = reader.name();
  reader.key(SEQUENCE);
  const sequence = reader.unsigned();
  reader.key(T0);
  const t0 = reader.unsigned();
  reader.key(DT);
  const dtAt = reader.binary();
  const dtEnd = reader.position;
  reader.key(CHANNEL);
  const channelAt = reader.binary();
  const channelEnd = reader.position;
  reader.key(VALUE);
  const valueAt = reader.binary();
  const valueEnd = reader.position;
  if (isSized) reader.key(SIZE);
  const sizeAt = isSized ? reader.binary() : valueAt;
  const sizeEnd = reader.position;
  const count = (valueEnd - valueAt) / 8;
  const isSound =
    reader.isAtEnd &&
    Number.isInteger(count) &&
    count >= 1 &&
    count <= MAX_FRAME_SAMPLES &&
    dtEnd - dtAt === 4 * count &&
    channelEnd - channelAt === 2 * count &&
    sizeEnd - sizeAt === 8 * count &&
    t0 <= Number.MAX_SAFE_INTEGER - MAX_FRAME_SPAN_US;
  return isSound ? { group, source, sequence, count, isSized, t0, dtAt, channelAt, valueAt, sizeAt } : null;
}

/** False if a channel index or a value is out of range. */
function readColumns(bytes: Uint8Array, layout: Layout, { time, channel, value, size }: Frame): boolean {
  const data = viewOf(bytes);
  const { count, t0, dtAt, channelAt, valueAt, sizeAt } = layout;
  for (let k = 0; k < count; k++) time[k] = t0 + data.getUint32(dtAt + 4 * k, true);
  let highest = 0;
  for (let k = 0; k < count; k++) {
    const index = data.getUint16(channelAt + 2 * k, true);
    channel[k] = index;
    if (index > highest) highest = index;
  }
  return (
    highest < MAX_GROUP_CHANNELS &&
    readFloats(data, valueAt, value, count) &&
    (size === null || readFloats(data, sizeAt, size, count))
  );
}

/** False if an element is not finite. */
function readFloats(data: DataView, start: number, column: Float64Array, count: number): boolean {
  let areFinite = true;
  for (let k = 0; k < count; k++) {
    const x = data.getFloat64(start + 8 * k, true);
    column[k] = x;
    // x − x is 0 for a finite x, NaN otherwise.
    areFinite = areFinite && x - x === 0;
  }
  return areFinite;
}
