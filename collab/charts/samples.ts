/** Samples in order of time, in a ring: k from written − kept to written − 1. */

export interface Samples {
  readonly written: number;
  readonly kept: number;
  /** Where they come as extremes and last values of intervals: how long those are, µs. */
  readonly extremesUs?: number;
  timeAt(sample: number): number;
  valueAt(sample: number): number;
}

/** The first one kept whose time is ≥ `timeUs`; `written` when there is none. O(log kept). */
export function firstAtOrAfter(samples: Omit<Samples, "valueAt">, timeUs: number): number {
  let low = samples.written - samples.kept;
  let high = samples.written;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (samples.timeAt(middle) < timeUs) low = middle + 1;
    else high = middle;
  }
  return low;
}
