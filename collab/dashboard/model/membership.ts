/**
 * Which channels joined the common motion, and which left it.
 *
 *   togetherness of channel i: mean over j ≠ i of |ρij| / √(ρii ρjj)
 *   states before the last minute ─► its 5 % and 95 % quantiles ─► below: it left, above: it joined
 */
import type { Moment } from "./model.ts";
import type { StateHistory } from "./state-history.ts";

/** States looked at, spread over what is kept, and the fewest that say what is usual. */
const STATES = 40;
const FEWEST = 20;
/** What is judged is no part of what is usual. */
const RECENT_US = 60e6;
const LOW = 0.05;
const HIGH = 0.95;
/** Smaller moves say nothing. */
const LEAST = 0.05;

/** Indices of channels, those that moved most first. */
export interface Membership {
  readonly joined: readonly number[];
  readonly left: readonly number[];
}

/** Null: too little of the past is known. */
export function membershipOf(
  history: StateHistory,
  moment: Pick<Moment, "timeUs" | "n" | "re" | "im">,
): Membership | null {
  const { n } = moment;
  const first = history.written - history.kept;
  const end = history.indexBefore(moment.timeUs - RECENT_US) + 1;
  const known = end - first;
  if (n !== history.n || n < 3 || known < FEWEST) return null;
  const count = Math.min(STATES, known);
  const past = Array.from({ length: count }, (_, k) =>
    togetherness(n, history.matrixAt(first + Math.floor((k * known) / count))),
  );
  const now = togetherness(n, moment);
  const moves = Array.from({ length: n }, (_, i) => {
    const values = past.map((each) => each[i]!).sort((a, b) => a - b);
    const at = (share: number) => values[Math.round(share * (count - 1))]!;
    const below = at(LOW) - LEAST - now[i]!;
    const above = now[i]! - at(HIGH) - LEAST;
    return { i, below, above };
  });
  return {
    joined: moves
      .filter(({ above }) => above > 0)
      .sort((a, b) => b.above - a.above)
      .map(({ i }) => i),
    left: moves
      .filter(({ below }) => below > 0)
      .sort((a, b) => b.below - a.below)
      .map(({ i }) => i),
  };
}

/** "Network sent and 2 more left, Load joined"; "" where nothing did. */
export function membershipWords({ joined, left }: Membership, titleOf: (channel: number) => string): string {
  const told = (channels: readonly number[], verb: string) => {
    const [first, second, ...others] = channels;
    if (first === undefined) return [];
    const names =
      second === undefined
        ? titleOf(first)
        : others.length === 0
          ? `${titleOf(first)} and ${titleOf(second)}`
          : `${titleOf(first)} and ${others.length + 1} more`;
    return [`${names} ${verb}`];
  };
  return [...told(left, "left"), ...told(joined, "joined")].join(", ");
}

function togetherness(n: number, { re, im }: Pick<Moment, "re" | "im">): Float64Array {
  const sums = new Float64Array(n);
  for (let i = 0; i < n; i++)
    for (let j = 0; j < i; j++) {
      const scale = Math.sqrt(re[i * n + i]! * re[j * n + j]!);
      if (!(scale > 0)) continue;
      const size = Math.hypot(re[i * n + j]!, im[i * n + j]!) / scale;
      sums[i] = sums[i]! + size;
      sums[j] = sums[j]! + size;
    }
  for (let i = 0; i < n; i++) sums[i] = sums[i]! / (n - 1);
  return sums;
}
