/**
 * Which data is refused before it enters the log, and why. Once an input is in the log it is trusted: the core checks nothing again.
 *
 *   malformed        a frame with a value that is not finite, a channel its group does not have, no samples, or too many;
 *                    a quantum state that is none; a measurement record that is too long or not finite; times that are not whole µs
 *   duplicate        its source has sent this sequence before: counted separately, because a feed that is read again may well send it
 *   journal behind   a live feed while too much waits for the disk
 *   owner behind     a live feed of another process, whose messages come faster than they are taken (actors/feeds/inbox.ts)
 *   of another time  recorded data of long ago in a session that is live, or live data in one that has recorded data of long ago
 *   closed           the session is closing, or its journal halted
 *
 * The log keeps the reason in a `shed` input. The sequencer asks; the output gate (output-gate.ts) refuses nothing.
 */
import { float64Column } from "../../protocol/columns.ts";
import type { Frame } from "../../protocol/frame.ts";
import { MAX_FRAME_SAMPLES, MAX_FRAME_SPAN_US } from "../../protocol/limits.ts";
import type { Channels, MeasurementRecord, QuantumInput } from "../../protocol/messages.ts";
import { isState, isStateVector } from "../kernels/state-check.ts";

/** Why data does not enter the log. */
export type Refusal =
  | "malformed"
  | "duplicate"
  | "journal behind"
  | "owner behind"
  | "of another time"
  | "closed"
  | "silenced by an injection";

/** Whether a frame has samples, all finite, all of channels that its group has. `channels`: their number, 0 for an undeclared group. */
export function isFrameOf(channels: number, frame: Frame): boolean {
  if (frame.count < 1 || frame.count > MAX_FRAME_SAMPLES || channels === 0) return false;
  for (let k = 0; k < frame.count; k++) {
    if (frame.channel[k]! >= channels || !Number.isFinite(frame.value[k]!)) return false;
  }
  return true;
}

/**
 * Whether a quantum input is valid. A state must be one within the tolerances of `actors/kernels/state-check.ts`, of as many
 * levels as its group has channels. A record must be finite, of one of the group's channels, and no longer than a frame in samples and time.
 * Lengths and names were checked by its schema. `group`: the declaration of the group that it names, undefined when there is none.
 */
export function isQuantumInputOf(group: Channels | undefined, input: QuantumInput): boolean {
  if (group === undefined || !Number.isSafeInteger(lastTimeUs(input))) return false;
  if (input.type === "measurementRecord") return isRecordOf(group, input);
  if (input.n !== group.channels.length) return false;
  const re = float64Column(input.re);
  const im = float64Column(input.im);
  return input.type === "densityMatrix" ? isState(input.n, re, im) : isStateVector(re, im);
}

/** Time of the last sample, µs. */
export function lastTimeUs(input: QuantumInput): number {
  if (input.type !== "measurementRecord") return input.timeUs;
  return input.timeUs + Math.max(0, input.current.length / 8 - 1) * input.everyUs;
}

function isRecordOf(group: Channels, record: MeasurementRecord): boolean {
  const current = float64Column(record.current);
  if (current.length < 1 || current.length > MAX_FRAME_SAMPLES) return false;
  if (record.everyUs < 1 && current.length > 1) return false;
  if (lastTimeUs(record) - record.timeUs > MAX_FRAME_SPAN_US) return false;
  return group.channels.some(({ name }) => name === record.operator) && current.every(Number.isFinite);
}
