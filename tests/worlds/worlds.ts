/** Synthetic worlds for tests: a scenario with the options of the test and usual values for the others, and its samples. */

import { hex } from "../../actors/core/hash.ts";
import { sha256 } from "../../actors/log/chain.ts";
import type { Scenario, ScenarioOptions, ScenarioRun, Truth } from "../../sim/worlds/model/scenario.ts";
import { findScenario } from "../../sim/worlds/scenarios.ts";

export const START_US = Date.UTC(2024, 0, 1) * 1000;

export function createWorld(name: string, options: Partial<ScenarioOptions> = {}): ScenarioRun {
  const scenario = findScenario(name);
  return scenario.create({ ...usual(scenario), ...options });
}

export function usual({ channels, usualRate, usualDurationUs }: Scenario): ScenarioOptions {
  return {
    seed: 1,
    channels: channels.usual,
    rate: usualRate,
    durationUs: usualDurationUs,
    startUs: START_US,
    strength: 1,
    group: "g",
  };
}

export interface Samples {
  /** Per channel. */
  readonly time: number[][];
  readonly value: number[][];
  readonly size: number[][];
  readonly truth: readonly Truth[];
  readonly names: readonly string[];
}

/** All samples of a world of frames, by channel. */
export function samplesOf(run: ScenarioRun): Samples {
  const names = run.declarations[0]!.channels.map(({ name }) => name);
  const lists = (): number[][] => names.map(() => []);
  const samples: Samples = { time: lists(), value: lists(), size: lists(), truth: run.truth, names };
  for (let piece = run.next(); piece !== null; piece = run.next()) {
    if (piece.type !== "frame") throw new Error(`Cannot gather samples of a ${piece.type}`);
    for (let k = 0; k < piece.count; k++) {
      const channel = piece.channel[k]!;
      samples.time[channel]!.push(piece.time[k]!);
      samples.value[channel]!.push(piece.value[k]!);
      if (piece.size !== null) samples.size[channel]!.push(piece.size[k]!);
    }
  }
  return samples;
}

/** A hash of everything that a run hands out, and of its truth. */
export function worldHash(run: ScenarioRun): string {
  const parts: Uint8Array[] = [];
  const bytesOf = (column: Float64Array | Uint16Array, count: number): Uint8Array =>
    new Uint8Array(column.slice(0, count).buffer);
  for (let piece = run.next(); piece !== null; piece = run.next()) {
    if (piece.type === "frame") {
      const { time, channel, value, size, count } = piece;
      parts.push(bytesOf(time, count), bytesOf(channel, count), bytesOf(value, count));
      if (size !== null) parts.push(bytesOf(size, count));
    } else if (piece.type === "measurementRecord") parts.push(piece.current.slice());
    else parts.push(piece.re.slice(), piece.im.slice());
  }
  parts.push(new TextEncoder().encode(JSON.stringify(run.truth)));
  return hex(sha256(Buffer.concat(parts)));
}
