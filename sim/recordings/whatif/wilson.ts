/** 97.5 % point of the standard normal law. */
const Z = 1.959963984540054;

/**
 * Interval of 95 % confidence for a probability, from `hits` of `runs` (Wilson, J. Am. Stat. Assoc. 22, 1927): the p with
 * |hits/runs − p| ≤ z √(p(1−p)/runs). Good for few runs and at 0 and 1 as well. `runs` > 0. O(1).
 */
export function wilson(hits: number, runs: number): { low: number; high: number } {
  const share = hits / runs;
  const z2 = (Z * Z) / runs;
  const centre = (share + z2 / 2) / (1 + z2);
  const half = (Z * Math.sqrt((share * (1 - share)) / runs + z2 / (4 * runs))) / (1 + z2);
  // At the ends the root is the centre itself but for the last bit.
  return { low: hits === 0 ? 0 : centre - half, high: hits === runs ? 1 : centre + half };
}
