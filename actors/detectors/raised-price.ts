/**
 * What each alarm adds to the evidence that the next one needs, nats, so that in the long run alarms come no more often than promised, whatever
 * the data are like (Gibbs & Candès 2021, "Adaptive conformal inference under distribution shift"). There is no limit: what is not like its past for
 * long asks for more and more.
 *
 * In T samples come at most T/S + (price at the end − price at the start) / PER_ALARM alarms. What the second term allows comes first, while little
 * is known of the data: who begins as after an alarm has one less of it.
 */

/** Nats that an alarm adds. */
const PER_ALARM = 2;
/** Share of what is there that it adds as well: a price that is still too low needs larger steps. */
const GROWTH = 0.25;

/** By how much the price is raised with one alarm more. */
export function raisedByAlarm(raised: number, perAlarm = PER_ALARM): number {
  return raised + (perAlarm + GROWTH * raised);
}

/** What is left of it after so many samples, of which `promised` may have one alarm. */
export function raisedAfter(raised: number, samples: number, promised: number, perAlarm = PER_ALARM): number {
  return Math.max(0, raised - (perAlarm * samples) / promised);
}
