/** Rows of intervals as tests read them, and the slow, obvious way to count them. */

import { decodeMessage } from "../../protocol/codec.ts";
import { float64Column, uint16Column, uint32Column } from "../../protocol/columns.ts";
import type { IntervalRows } from "../../protocol/interval-rows.ts";
import type { DecimatedMessage } from "../../protocol/messages.ts";

/** One value of one column. */
export interface Sample {
  timeUs: number;
  column: number;
  value: number;
}

/** fromUs, column, min, max, last, samples */
export type Row = [number, number, number, number, number, number];

export function rowsOf(rows: IntervalRows): Row[] {
  const messages = rows
    .decimated(0, null, { group: "g", inputSequence: 0 })
    .map((bytes) => decodeMessage(bytes));
  return messages.flatMap((message) => rowsIn(message as DecimatedMessage));
}

export function rowsIn({ fromUs, everyUs, ...columns }: DecimatedMessage): Row[] {
  const interval = uint32Column(columns.interval);
  const channel = uint16Column(columns.channel);
  const [min, max, last] = [columns.min, columns.max, columns.last].map(float64Column) as Float64Array[];
  const samples = uint32Column(columns.samples);
  return Array.from(interval, (offset, k) => [
    fromUs + offset * everyUs,
    channel[k]!,
    min![k]!,
    max![k]!,
    last![k]!,
    samples[k]!,
  ]);
}

/** The rows of the samples, which are in the order of their times, in [fromUs, toUs]. */
export function countedRows(
  samples: readonly Sample[],
  everyUs: number,
  { fromUs, toUs }: { fromUs: number; toUs: number },
): Row[] {
  const rows = new Map<string, Row>();
  for (const { timeUs, column, value } of samples) {
    const interval = Math.floor(timeUs / everyUs);
    if (interval < Math.floor(fromUs / everyUs) || interval > Math.floor(toUs / everyUs)) continue;
    const key = `${interval} ${column}`;
    const [, , min, max, , count] = rows.get(key) ?? [0, 0, value, value, value, 0];
    rows.set(key, [interval * everyUs, column, Math.min(min, value), Math.max(max, value), value, count + 1]);
  }
  return [...rows.values()].sort((a, b) => a[0] - b[0] || a[1] - b[1]);
}
