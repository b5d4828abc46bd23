/**
 * The budget of a session: so many incidents a day on average, those with the least evidence are held back.
 *
 *   owed += 1 with each incident · owed −= perDay · days, not below 0
 *   an incident opens when its evidence ≥ ln (looks a day / perDay) · PRICE ^ (owed + 1 − perDay)
 *
 * A day has so many spans of the persistence in which something may be found by chance. Evidence of E nats is found by chance in one of e^E, so
 * the first factor is what chance leaves of the budget. Detectors know their pasts, not what else may happen: a bucket of tokens that may owe
 * makes each incident beyond a day's share dearer by a twentieth: fourteen beyond the share need twice the evidence. Its level is a running
 * quantile of the session's evidence (online as in Gibbs & Candès 2021, "Adaptive conformal inference under distribution shift"), and what
 * matters is never refused because noise has spent the share.
 *
 * B1  In any time of d days at most perDay · (d + 1) + ln (MOST / least) / ln PRICE + 1 incidents open, where MOST is the largest evidence among them.
 */
import exp from "@stdlib/math-base-special-exp";
import ln from "@stdlib/math-base-special-ln";

export interface Budget {
  readonly perDay: number;
  /** Incidents opened beyond the rate. */
  readonly owed: number;
}

const PRICE = 1.05;
const LN_PRICE = ln(PRICE);

const DAY_US = 86_400_000_000;
/** Of an incident of rows of unknown spacing. */
const LOOK_UNKNOWN_US = 1_000_000;
/** Evidence that everything needs, nats: days are too few looks to hold anything to. */
const LEAST = 3;

/** The budget some time later. */
export function refilled<Spent extends Budget>(budget: Spent, elapsedUs: number): Spent {
  return { ...budget, owed: Math.max(0, budget.owed - (budget.perDay * Math.max(0, elapsedUs)) / DAY_US) };
}

/** Evidence that an incident needs now, nats. `lookUs`: time in which something of its kind can happen once, 0: unknown. */
export function demanded({ perDay, owed }: Budget, lookUs: number): number {
  return leastEvidence(perDay, lookUs) * exp(LN_PRICE * Math.max(0, owed + 1 - perDay));
}

/** Evidence that every incident needs, nats. */
export function leastEvidence(perDay: number, lookUs: number): number {
  return Math.max(LEAST, ln(DAY_US / (lookUs || LOOK_UNKNOWN_US) / perDay));
}
