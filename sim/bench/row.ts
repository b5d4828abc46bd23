/** One line of a benchmark's result. */
export interface BenchRow {
  name: string;
  value: number;
  unit: string;
  p50?: number;
  p99?: number;
  /** Wanted: at least for rates, at most for times and sizes. */
  target?: number;
  /** What `ratio` compares with, in the same run: value ÷ theirs. Good is above 1 for rates, below 1 for times. */
  ratioTo?: string;
  ratio?: number;
  note?: string;
}
