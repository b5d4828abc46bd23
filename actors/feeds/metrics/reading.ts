/** One channel of a row of metrics. */
export interface Reading {
  readonly channel: string;
  readonly labels: readonly (readonly [name: string, value: string])[];
  readonly unit: string;
  /** NaN: there is none at this time. */
  readonly value: number;
}
