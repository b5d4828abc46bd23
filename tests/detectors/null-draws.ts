/** Innovations of channels that have nothing to do with each other, for tests of what a detector of pairs promises. */

/** Draws the next innovation of channel c. */
export type Draw = (c: number) => number;

const CHANNELS_MAX = 16;

export const NULL_DRAWS: Record<string, (normal: () => number) => Draw> = {
  "independent normal": (normal) => () => normal(),
  "AR(1) 0.3": (normal) => {
    const before = new Float64Array(CHANNELS_MAX);
    return (c) => {
      before[c] = 0.3 * before[c]! + normal();
      return before[c]!;
    };
  },
  GARCH: (normal) => {
    const variance = new Float64Array(CHANNELS_MAX).fill(1);
    return (c) => {
      const x = Math.sqrt(variance[c]!) * normal();
      variance[c] = 0.05 + 0.1 * x ** 2 + 0.85 * variance[c]!;
      return x;
    };
  },
};

/** σ of a Student t5 whose next value is σ times a normal. */
export function t5Size(normal: () => number): number {
  return Math.sqrt(5 / [0, 0, 0, 0, 0].reduce((sum) => sum + normal() ** 2, 0));
}
