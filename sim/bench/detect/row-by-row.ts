/** What a detector alone is given row by row: a group whose rows are a second apart, and the batch that holds each of them. */
import { emptyBatch, type MutableBatch } from "../../../actors/detectors/rows/batch-buffer.ts";
import type { Group } from "../../../actors/ports/detector.ts";

export function groupOfSeconds(n: number): Group {
  return {
    name: "g",
    n,
    channels: Array.from({ length: n }, (_, c) => ({ name: `c${c}`, title: "", unit: "" })),
    sampling: "rows",
    everyUs: 1_000_000,
    innovation: "difference",
  };
}

/** One row in which every channel reported. The caller fills in time, values and innovations. */
export function oneRowBatch(n: number): MutableBatch {
  const batch = emptyBatch(n);
  batch.rows = 1;
  batch.rowFresh.fill(1);
  return batch;
}
