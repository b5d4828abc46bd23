/**
 * The budget of a session: so many incidents a day on average, the least important are held back.
 *
 *   owed += 1 with each incident · owed −= perDay · days, not below 0 · an incident opens when its importance ≥ ln n + PRICE · (owed + 1 − perDay)
 *
 * A bucket of tokens that may owe: one day's incidents are free, each further one must be PRICE nats more important than the one before,
 * that is twice as large. So the bucket's level is a running quantile of importance (online as in Gibbs & Candès 2021, "Adaptive conformal
 * inference under distribution shift"), and an incident that matters is never refused because noise has spent the day's share.
 *
 * A group of n channels has n times as many things to find: what it opens must be n times as large (ln n nats, Bonferroni's correction).
 *
 * B1  In any time of d days at most perDay · (d + 1) + MOST / PRICE + 1 incidents open, where MOST is the largest importance among them.
 */
import ln from "@stdlib/math-base-special-ln";

export interface Budget {
  readonly perDay: number;
  /** Incidents opened beyond the rate. */
  readonly owed: number;
}

/** ln 2. */
const PRICE = Math.LN2;

const DAY_US = 86_400_000_000;

/** The budget some time later. */
export function refilled<Spent extends Budget>(budget: Spent, elapsedUs: number): Spent {
  return { ...budget, owed: Math.max(0, budget.owed - (budget.perDay * Math.max(0, elapsedUs)) / DAY_US) };
}

/** Importance that an incident of a group with so many channels needs now, nats. */
export function demanded({ perDay, owed }: Budget, channels: number): number {
  return leastImportance(channels) + PRICE * Math.max(0, owed + 1 - perDay);
}

/** Importance that every incident of a group with so many channels needs, nats. */
export function leastImportance(channels: number): number {
  return ln(Math.max(1, channels));
}
