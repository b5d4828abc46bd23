/** One line of a benchmark's result, and how it is printed. */
export interface BenchRow {
  name: string;
  value: number;
  unit: string;
  p50?: number;
  p99?: number;
  /** At least this for rates, at most this for times and sizes. */
  target?: number;
  /** What `ratio` compares with, in the same run: value ÷ theirs. Good is above 1 for rates, below 1 for times. */
  ratioTo?: string;
  ratio?: number;
  note?: string;
}

export function rowText({ name, value, unit, p50, p99, target, ratio, ratioTo, note }: BenchRow): string {
  const parts = [`${numberText(value)} ${unit}`];
  if (p50 !== undefined) parts.push(`p50 ${numberText(p50)}`);
  if (p99 !== undefined) parts.push(`p99 ${numberText(p99)}`);
  if (target !== undefined) parts.push(`target ${numberText(target)}`);
  if (ratio !== undefined) parts.push(`${numberText(ratio)} × ${ratioTo}`);
  if (note) parts.push(note);
  return `${name.padEnd(64)} ${parts.join(" · ")}`;
}

function numberText(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  if (Math.abs(value) >= 1000) return Math.round(value).toLocaleString("en-US");
  return String(Number(value.toPrecision(3)));
}
