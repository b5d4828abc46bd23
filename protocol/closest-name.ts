/** Suggestions for a mistyped name: known names (or dotted paths) that differ from it by a few letters. */

/** What an error reports as expected in place of `word`: the names near to it, or all of them (as `listed`, when there are too many to show). */
export function expectedAmong(
  word: string,
  known: readonly string[],
  listed: string = known.join(", "),
): string {
  const near = nearestTo(word, known);
  if (near.length > 0) return `perhaps ${near.join(" or ")}`;
  return listed === "" ? "nothing" : `one of ${listed}`;
}

/**
 * At most three known names, nearest first by edit distance of the whole path or of its last part, ignoring case. Two letters may differ
 * (two swapped letters count as two), in long names a quarter of them, but never all letters of the shorter name.
 */
export function nearestTo(word: string, known: readonly string[]): string[] {
  const typed = word.toLowerCase().slice(0, 64);
  const last = lastPart(typed);
  return known
    .map((candidate) => {
      const lower = candidate.toLowerCase();
      const whole = editDistance(typed, lower);
      const leaf = editDistance(last, lastPart(lower));
      return { candidate, distance: Math.min(whole, leaf + 1) };
    })
    .filter(
      ({ candidate, distance }) =>
        distance <= Math.max(2, Math.floor(candidate.length / 4)) &&
        distance < Math.min(typed.length, candidate.length),
    )
    .sort((a, b) => a.distance - b.distance)
    .slice(0, 3)
    .map(({ candidate }) => candidate);
}

function lastPart(path: string): string {
  return path.slice(path.lastIndexOf(".") + 1);
}

/** Levenshtein (1966): fewest insertions, deletions and replacements. O(|a| |b|). */
function editDistance(a: string, b: string): number {
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
