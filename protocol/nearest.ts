/** What a person may have meant: known dotted paths near to a mistyped one. */

/** Known paths a slip of the pen away, by edit distance of the whole or of the last part, then in their own order. At most three. */
export function nearestTo(path: string, known: readonly string[]): string[] {
  const expected = path.toLowerCase().slice(0, 64);
  const last = expected.slice(expected.lastIndexOf(".") + 1);
  return known
    .map((candidate) => {
      const lower = candidate.toLowerCase();
      const whole = editDistance(expected, lower);
      const leaf = editDistance(last, lower.slice(lower.lastIndexOf(".") + 1));
      return { candidate, distance: Math.min(whole, leaf + 1) };
    })
    .filter(({ candidate, distance }) => distance <= Math.max(2, Math.floor(candidate.length / 4)))
    .sort((a, b) => a.distance - b.distance)
    .slice(0, 3)
    .map(({ candidate }) => candidate);
}

/** Levenshtein (1966): fewest insertions, deletions and replacements. O(|a| |b|). */
export function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, k) => k);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[b.length]!;
}
