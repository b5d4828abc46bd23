/**
 * The same inputs as they might as well have come: in another order within the same time, and measured again.
 *
 *   inputs of one time ──► order of frames drawn anew, each source's kept ──► samples of one time likewise ──► value + noise
 *
 * What is not a frame stays where it is. All draws come from one named stream, so a run can be repeated.
 */
import type { RandomStream } from "../../../actors/core/mod.ts";
import { normalQuantile } from "../../../actors/kernels/normal.ts";
import type { Frame } from "../../../protocol/frame.ts";
import type { ChannelNoise, NoiseByGroup } from "./measurement-noise.ts";

/** Keeps the quantile away from 0 and 1: half the distance between two draws. */
const HALF_DRAW = 2 ** -33;

export interface TimedInput {
  timeUs: number;
  bytes: Uint8Array;
  /** Of a frame; null for what is not one. */
  source: string | null;
}

/** Stretches [from, to) of frames at one time, longer than one. */
export function tiesOf(inputs: readonly TimedInput[]): [from: number, to: number][] {
  const ties: [number, number][] = [];
  for (let from = 0; from < inputs.length; ) {
    const { timeUs, source } = inputs[from]!;
    let to = from + 1;
    if (source !== null)
      while (to < inputs.length && inputs[to]!.timeUs === timeUs && inputs[to]!.source !== null) to++;
    if (to - from > 1) ties.push([from, to]);
    from = to;
  }
  return ties;
}

/** Indices of the inputs in an order they might have come in. */
export function drawOrder(
  inputs: readonly TimedInput[],
  ties: readonly (readonly [number, number])[],
  random: RandomStream,
): Uint32Array {
  const order = Uint32Array.from(inputs, (_, k) => k);
  for (const [from, to] of ties) {
    const stretch = order.subarray(from, to);
    shuffle(stretch, random);
    // Whose turn it is was drawn; which of its frames comes then was not.
    const turns = Array.from(stretch, (k) => inputs[k]!.source!);
    const next = new Map<string, number[]>();
    for (let k = to - 1; k >= from; k--) {
      const source = inputs[k]!.source!;
      const waiting = next.get(source) ?? [];
      waiting.push(k);
      next.set(source, waiting);
    }
    turns.forEach((source, i) => {
      stretch[i] = next.get(source)!.pop()!;
    });
  }
  return order;
}

/** Measures the samples of a frame again, in place; `times` of the usual noise. */
export function measureAgain(frame: Frame, noise: NoiseByGroup, times: number, random: RandomStream): void {
  const of = noise[frame.group];
  if (of === undefined || times === 0) return;
  for (let k = 0; k < frame.count; k++) {
    const channel = of[frame.channel[k]!];
    if (channel !== undefined && channel.deviation > 0)
      frame.value[k] = measured(frame.value[k]!, channel, times, random);
  }
}

function measured(
  value: number,
  { deviation, step }: ChannelNoise,
  times: number,
  random: RandomStream,
): number {
  const error = times * deviation * normalQuantile(random.next() + HALF_DRAW);
  const moved = value + (step > 0 ? Math.round(error / step) * step : error);
  // A price does not fall through zero by being read again.
  return value > 0 && moved <= 0 ? value : moved;
}

/** Changes the order of samples that have the same time and different channels, in place. */
export function reorderSamples(frame: Frame, random: RandomStream): void {
  for (let from = 0; from < frame.count; ) {
    let to = from + 1;
    while (
      to < frame.count &&
      frame.time[to] === frame.time[from] &&
      frame.channel[to]! > frame.channel[to - 1]!
    )
      to++;
    for (let k = to - 1; k > from; k--)
      swapSamples(frame, k, from + Math.floor(random.next() * (k - from + 1)));
    from = to;
  }
}

function swapSamples({ channel, value, size }: Frame, a: number, b: number): void {
  for (const column of [channel, value, size]) {
    if (column === null) continue;
    const kept = column[a]!;
    column[a] = column[b]!;
    column[b] = kept;
  }
}

/** Fisher and Yates. */
function shuffle(values: Uint32Array, random: RandomStream): void {
  for (let k = values.length - 1; k > 0; k--) {
    const other = Math.floor(random.next() * (k + 1));
    const kept = values[k]!;
    values[k] = values[other]!;
    values[other] = kept;
  }
}
