/**
 * Is what a quantum feed offers what it says it is? Asked once, at the sequencer; behind it states are trusted.
 *
 * A state is one within the tolerances of `actors/kernels/state-check.ts`, of as many levels as its group has channels. A record is
 * finite, of one of the group's channels, and no longer than a frame, in samples and in time. Lengths and names are the schema's business.
 */
import { float64Column } from "../../protocol/columns.ts";
import { MAX_FRAME_SAMPLES, MAX_FRAME_SPAN_US } from "../../protocol/limits.ts";
import type { Channels, MeasurementRecord, QuantumInput } from "../../protocol/messages.ts";
import { isState, isStateVector } from "../kernels/state-check.ts";

/** `group`: the declaration of the group that the input names, undefined when there is none. */
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
