/**
 * The order in which the symbols of a scan are evaluated.
 *
 *   given     as the universe has them
 *   random    each permutation is as likely as any other
 *   learned   those that are likely to have a signal come first (learned-order.ts)
 */

export const ORDERS = ["given", "random", "learned"] as const;
export type Order = (typeof ORDERS)[number];

/** Every so many symbols of a learned order one is drawn at random: what the order thinks little of is looked at too, and learnt from. */
const EXPLORE_EVERY = 10;

/** `random` is uniform in [0, 1). `worth` says how likely a symbol is to have a signal, in any unit; asked for `learned` alone. */
export function inOrder(
  indices: readonly number[],
  order: Order,
  random: () => number,
  worth: () => Float64Array,
): number[] {
  if (order === "given") return [...indices];
  if (order === "random") return shuffled(indices, random);
  return explored(byWorth(indices, worth()), random);
}

/** Fisher & Yates. */
function shuffled(indices: readonly number[], random: () => number): number[] {
  const ordered = [...indices];
  for (let i = ordered.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [ordered[i], ordered[j]] = [ordered[j]!, ordered[i]!];
  }
  return ordered;
}

/** Of equal worth the one that was given first comes first. */
function byWorth(indices: readonly number[], worth: Float64Array): number[] {
  const places = indices.map((_, k) => k);
  places.sort((a, b) => worth[indices[b]!]! - worth[indices[a]!]! || a - b);
  return places.map((k) => indices[k]!);
}

function explored(ordered: number[], random: () => number): number[] {
  for (let i = EXPLORE_EVERY - 1; i < ordered.length; i += EXPLORE_EVERY) {
    const j = i + Math.floor(random() * (ordered.length - i));
    const [drawn] = ordered.splice(j, 1) as [number];
    ordered.splice(i, 0, drawn);
  }
  return ordered;
}

/** `randomWork` of every signal. */
export function randomWorks(signals: number, total: number): number[] {
  return Array.from({ length: signals }, (_, k) => randomWork(k + 1, signals, total));
}

/** How many of `total` symbols a random order evaluates on average until it has the k-th of `signals` that have one: k (n + 1)/(m + 1). */
export function randomWork(k: number, signals: number, total: number): number {
  return (k * (total + 1)) / (signals + 1);
}
