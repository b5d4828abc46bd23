/** Builders of groups, frames and batches for detectors' tests. */
import type { Batch, Group } from "../../actors/ports/detector.ts";
import type { Frame } from "../../protocol/frame.ts";

export function groupOf(n: number, more: Partial<Group> = {}): Group {
  return {
    name: "group",
    n,
    channels: Array.from({ length: n }, (_, c) => ({ name: `c${c}`, title: "", unit: "" })),
    sampling: "rows",
    everyUs: 1_000_000,
    innovation: "difference",
    ...more,
  };
}

/** For measures that do not depend on the state that they join. */
export const NO_STATE = { re: new Uint8Array(), im: new Uint8Array(), source: "estimated" } as const;

/** Samples [time, channel, value] as one frame. */
export function frameOf(samples: readonly (readonly [number, number, number])[], group = "group"): Frame {
  return {
    type: "frame",
    group,
    source: "test",
    sequence: 0,
    count: samples.length,
    time: Float64Array.from(samples, (s) => s[0]),
    channel: Uint16Array.from(samples, (s) => s[1]),
    value: Float64Array.from(samples, (s) => s[2]),
    size: null,
  };
}

/** Whole rows as one frame. */
export function frameOfRows(
  values: readonly ArrayLike<number>[],
  times: readonly number[],
  group = "group",
): Frame {
  const samples: [number, number, number][] = [];
  values.forEach((row, r) => {
    for (let c = 0; c < row.length; c++) samples.push([times[r]!, c, row[c]!]);
  });
  return frameOf(samples, group);
}

/** A batch of whole rows with given innovations, as a front end would make it; for long runs without one. */
export class InnovationBatch implements Batch {
  readonly frame = frameOf([]);
  readonly sampleInnovation = new Float64Array(0);
  rows: number;
  readonly rowTime: Float64Array;
  readonly rowValue: Float64Array;
  readonly rowFresh: Uint8Array;
  readonly rowInnovation: Float64Array;
  readonly gap: Uint8Array;

  constructor(rows: number, n: number) {
    this.rows = rows;
    this.rowTime = new Float64Array(rows);
    this.rowValue = new Float64Array(rows * n);
    this.rowFresh = new Uint8Array(rows * n).fill(1);
    this.rowInnovation = new Float64Array(rows * n);
    this.gap = new Uint8Array(rows);
  }
}
