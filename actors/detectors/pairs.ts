/** Pairs of channels in one order: (1,0), (2,0), (2,1), (3,0), … The larger index stands first. */

/** Pairs of n channels. */
export function pairsOf(n: number): number {
  return (n * (n - 1)) / 2;
}

/** Place of the pair i > j. */
export function pairPlace(i: number, j: number): number {
  return (i * (i - 1)) / 2 + j;
}

/** The pair at a place. */
export function pairOf(place: number): [i: number, j: number] {
  const i = Math.floor((1 + Math.sqrt(1 + 8 * place)) / 2);
  return [i, place - pairsOf(i)];
}
