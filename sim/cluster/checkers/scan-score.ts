/** What the rule of a simulated scan gives for an item: another score for each, so that a result under another symbol is seen. */
export function scoreOf(item: number): number {
  return (item + 1) / 64;
}
