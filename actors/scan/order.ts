/** The order in which the symbols of a scan are evaluated. */

export const ORDERS = ["given", "random"] as const;
export type Order = (typeof ORDERS)[number];

/** Fisher & Yates; `random` is uniform in [0, 1). */
export function inOrder(indices: readonly number[], order: Order, random: () => number): number[] {
  const ordered = [...indices];
  if (order === "given") return ordered;
  for (let i = ordered.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [ordered[i], ordered[j]] = [ordered[j]!, ordered[i]!];
  }
  return ordered;
}
