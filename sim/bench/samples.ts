/** Samples that several benchmarks measure with: the same on every machine. */
import type { Group } from "../../actors/ports/detector.ts";
import { createFrame, type Frame } from "../../protocol/frame.ts";

/** Numerical Recipes' linear congruential generator: uniform on [0, 1). */
export function uniforms(seed = 1): () => number {
  // A variable of more than 31 bits would be boxed, and count as memory of what is measured.
  const state = Uint32Array.of(seed);
  return () => {
    state[0] = Math.imul(state[0]!, 1_664_525) + 1_013_904_223;
    return state[0]! / 0x1_0000_0000;
  };
}

/** Close enough to normal for timing: the sum of `terms` uniforms, less their mean. */
export function normals(uniform: () => number, terms: number): () => number {
  return () => {
    let sum = -terms / 2;
    for (let k = 0; k < terms; k++) sum += uniform();
    return sum;
  };
}

export const GROUP = "bench";
export const ROW_US = 1000;

export function rowsGroup(channels: number): Group {
  return {
    name: GROUP,
    n: channels,
    channels: Array.from({ length: channels }, (_, c) => ({ name: `c${c}`, title: "", unit: "" })),
    sampling: "rows",
    everyUs: ROW_US,
    innovation: "difference",
  };
}

/**
 * Frames of whole rows of a walk whose channels have a common part; rows are ROW_US apart, from time 0. The second half goes back the way
 * that the first came: the frames can follow each other without end, and no detector sees a jump.
 */
export function walkFrames(frames: number, samples: number, channels: number): Frame[] {
  const normal = normals(uniforms(), 4);
  const level = new Float64Array(channels).fill(100);
  const rows = (frames * samples) / channels;
  const levels = Array.from({ length: Math.ceil(rows / 2) }, () => {
    const common = 0.5 * normal();
    for (let c = 0; c < channels; c++) level[c] = level[c]! + 0.01 * (common + normal());
    return level.slice();
  });
  return Array.from({ length: frames }, (_, f) => {
    const frame = createFrame(GROUP, GROUP, samples);
    frame.count = samples;
    for (let k = 0; k < samples; k++) {
      const row = Math.floor((f * samples + k) / channels);
      frame.time[k] = row * ROW_US;
      frame.channel[k] = k % channels;
      frame.value[k] = levels[Math.floor(Math.min(row, rows - 1 - row))]?.[k % channels] ?? 0;
    }
    return frame;
  });
}
