import { editDistance } from "../../protocol/nearest.ts";

/**
 * The known word nearest to a mistyped one, or null when none is near: two letters may differ (swapped ones are two), in long
 * words a third of them. Levenshtein distance (1966), ignoring case; O(length²) per known word.
 */
export function nearest(word: string, known: readonly string[]): string | null {
  let best: string | null = null;
  let bestDistance = Math.max(2, Math.floor(word.length / 3)) + 1;
  for (const candidate of known) {
    const distance = editDistance(word.toLowerCase(), candidate.toLowerCase());
    // Of two short words nothing may be left in common.
    if (distance < bestDistance && distance < Math.min(word.length, candidate.length)) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}
