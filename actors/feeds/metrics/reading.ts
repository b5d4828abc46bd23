/** Characters of a name: series of Kubernetes with all their labels have a thousand. */
export const READING_NAME_MAX = 4_096;

/** One channel of a row of metrics. */
export interface Reading {
  readonly channel: string;
  readonly labels: readonly (readonly [name: string, value: string])[];
  readonly unit: string;
  /** NaN: there is none at this time. */
  readonly value: number;
}
