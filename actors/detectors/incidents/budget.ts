/**
 * The budget of a session: so many incidents a day on average, those of the least priority are held back.
 *
 *   owed += 1 with each incident · owed −= perDay · days, not below 0
 *   an incident opens when its priority ≥ LEAST · PRICE ^ (owed + 1 − perDay)                                    (priority.ts)
 *
 * A day has so many spans of the persistence in which something may be found by chance, of which chance may take the budget: that is the base rate
 * of confidence. Detectors know their pasts, not what else may happen: a bucket of tokens that may owe makes each incident beyond a day's share
 * dearer by a tenth. Its level is a running quantile of the session's priorities (online as in Gibbs & Candès 2021, "Adaptive conformal inference
 * under distribution shift"), and what matters is not refused because noise has spent the share.
 *
 * B1  In any time of d days at most perDay · (d + 1) + ln (1 / LEAST) / ln PRICE + 1 incidents open: a priority is at most 1.
 */
import exp from "@stdlib/math-base-special-exp";
import ln from "@stdlib/math-base-special-ln";

export interface Budget {
  readonly perDay: number;
  /** Incidents opened beyond the rate. */
  readonly owed: number;
}

const LN_PRICE = ln(1.1);

/** Priority that every incident needs: what is half a warning in size and new must be as likely real as not. */
export const LEAST_PRIORITY = 0.25;

const DAY_US = 86_400_000_000;
/** Of an incident of rows of unknown spacing. */
const LOOK_UNKNOWN_US = 1_000_000;
/** Evidence that everything needs, nats: days are too few looks to hold anything to. */
const LEAST_EVIDENCE = 3;

/** The budget some time later. */
export function refilled<Spent extends Budget>(budget: Spent, elapsedUs: number): Spent {
  return { ...budget, owed: Math.max(0, budget.owed - (budget.perDay * Math.max(0, elapsedUs)) / DAY_US) };
}

/** Priority that an incident needs now; above 1 nothing opens. */
export function demanded({ perDay, owed }: Budget): number {
  return LEAST_PRIORITY * exp(LN_PRICE * Math.max(0, owed + 1 - perDay));
}

/**
 * Evidence at which an incident is as likely real as by chance, nats: ln of the looks for which the budget has one incident. `lookUs`: time in
 * which something of its kind can happen once, 0: unknown.
 */
export function leastEvidence(perDay: number, lookUs: number): number {
  return Math.max(LEAST_EVIDENCE, ln(DAY_US / (lookUs || LOOK_UNKNOWN_US) / perDay));
}
