/** The reused arrays that a batch of rows is written into. They only grow. */
import type { Frame } from "../../../protocol/frame.ts";
import type { Batch } from "../../ports/detector.ts";

export type MutableBatch = { -readonly [K in keyof Batch]: Batch[K] };

const EMPTY_FRAME: Frame = {
  type: "frame",
  group: "",
  source: "",
  sequence: 0,
  count: 0,
  time: new Float64Array(0),
  channel: new Uint16Array(0),
  value: new Float64Array(0),
  size: null,
};

export function emptyBatch(n: number): MutableBatch {
  const rows = 64;
  return {
    frame: EMPTY_FRAME,
    sampleInnovation: new Float64Array(256),
    rows: 0,
    rowTime: new Float64Array(rows),
    rowValue: new Float64Array(rows * n),
    rowFresh: new Uint8Array(rows * n),
    rowInnovation: new Float64Array(rows * n),
    gap: new Uint8Array(rows),
  };
}

/** Doubles the room for rows. It is bounded: a sample of a frame completes at most GAP_TICKS rows. */
export function growBatch(batch: MutableBatch, n: number): void {
  const rows = batch.rowTime.length * 2;
  batch.rowTime = grown(batch.rowTime, new Float64Array(rows));
  batch.rowValue = grown(batch.rowValue, new Float64Array(rows * n));
  batch.rowFresh = grown(batch.rowFresh, new Uint8Array(rows * n));
  batch.rowInnovation = grown(batch.rowInnovation, new Float64Array(rows * n));
  batch.gap = grown(batch.gap, new Uint8Array(rows));
}

function grown<T extends Float64Array | Uint8Array>(from: T, to: T): T {
  to.set(from);
  return to;
}
