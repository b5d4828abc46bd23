/** A time on the command line: ISO 8601, or integer µs since the epoch. */
import { CommandError } from "../../actors/mod.ts";

export function parseTimeUs(option: string, text: string): number {
  if (/^\d{15,17}$/.test(text)) return Number(text);
  // Without a zone the time is UTC: a recording means the same everywhere.
  const zoned = /(Z|[+-]\d\d:?\d\d)$/.test(text) ? text : `${text}Z`;
  const ms = /^\d{4}-\d\d/.test(text)
    ? Date.parse(/T|\s/.test(text) ? zoned : `${text}T00:00:00Z`)
    : Number.NaN;
  if (Number.isNaN(ms)) {
    throw new CommandError(
      `Cannot read ${option} ${text}: expected ISO 8601 (2021-05-19T12:43:00Z) or µs since the epoch`,
    );
  }
  // Date knows milliseconds; the digits behind them are ours.
  const behind = /\.\d{3}(\d{1,3})/.exec(text)?.[1] ?? "";
  return ms * 1000 + Number(behind.padEnd(3, "0"));
}
