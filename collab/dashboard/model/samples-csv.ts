/**
 * The samples of channels in a stretch of time, as CSV: one row for each sample that the page holds, else one for each interval.
 *
 *   time,group,channel,unit,value,low,high        low and high are empty for a sample
 */
import { cellText } from "../../../protocol/cell-text.ts";
import { Columns } from "../../charts/columns.ts";
import type { Channel } from "./model.ts";

/** Intervals where there are no samples. */
const INTERVALS = 2_000;

export function csvOf(channels: readonly Channel[], fromUs: number, toUs: number): string {
  const rows = channels.flatMap((channel) => rowsOf(channel, fromUs, toUs));
  return `time,group,channel,unit,value,low,high\n${rows.join("")}`;
}

function rowsOf({ group, name, unit, series }: Channel, fromUs: number, toUs: number): string[] {
  const about = [group, name, unit].map(cellText).join(",");
  const row = (timeUs: number, value: number, low = "", high = "") =>
    `${isoOf(timeUs)},${about},${value},${low},${high}\n`;
  const first = series.written - series.kept;
  const rows: string[] = [];
  if (series.kept > 0 && (first === 0 || series.timeAt(first) <= fromUs) && fromUs >= series.heldFromUs) {
    for (let k = series.firstAtOrAfter(fromUs); k < series.written && series.timeAt(k) <= toUs; k++)
      rows.push(row(series.timeAt(k), series.valueAt(k)));
    return rows;
  }
  const columns = new Columns(Math.max(1, (toUs - fromUs) / INTERVALS), INTERVALS + 2);
  series.fill(columns, fromUs, toUs);
  for (let a = columns.oldest; a <= columns.newest; a++) {
    const low = columns.low(a);
    if (!Number.isNaN(low))
      rows.push(row(a * columns.widthUs, columns.last(a), String(low), String(columns.high(a))));
  }
  return rows;
}

/** To the microsecond, in UTC. */
function isoOf(timeUs: number): string {
  const us = Math.round(timeUs);
  const micros = String(((us % 1000) + 1000) % 1000).padStart(3, "0");
  return new Date(Math.floor(us / 1000)).toISOString().replace("Z", `${micros}Z`);
}
