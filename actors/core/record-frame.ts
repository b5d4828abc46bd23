/** Converts the current of a continuous measurement to samples of one channel, so that every detector of channels can process it. */
import { float64Column } from "../../protocol/columns.ts";
import type { Frame } from "../../protocol/frame.ts";
import type { MeasurementRecord } from "../../protocol/messages.ts";

/** `channel` is the index in the group of the channel that the record's operator names. O(samples). */
export function recordAsFrame(record: MeasurementRecord, channel: number): Frame {
  const value = float64Column(record.current);
  const { group, source, sequence, timeUs, everyUs } = record;
  return {
    type: "frame",
    group,
    source,
    sequence,
    count: value.length,
    time: Float64Array.from(value, (_, k) => timeUs + k * everyUs),
    channel: new Uint16Array(value.length).fill(channel),
    value,
    size: null,
  };
}
