/**
 * How much evidence the symptoms of an incident are together, nats.
 *
 *   max ( several channels at once ,  one channel − ln n ,  Σ the k largest that add − ln (n choose k) ) + ½ ln (1 + windows)
 *
 * A group of n channels has n things to find, and n choose k sets of k of them: so many more chances to look alike (scan statistics; Bonferroni).
 * A finding about several channels is one thing: its detector has counted what its channels do together. Findings about the same rows depend on each
 * other, so only the largest counts, unless a detector says that it reports what a channel adds to the others. What lasts counts by its time in
 * windows, within which all is one thing (incident.ts).
 */
import ln from "@stdlib/math-base-special-ln";
import { type Incident, type Symptom, windowUs } from "./incident.ts";

/** What one symptom counts at most: beyond some chance in a hundred million, models of what is usual are wrong rather than data rare. */
const EVIDENCE_MAX = 20;

/** Evidence of the symptoms that count, or of those chosen. */
export function evidenceOf(incident: Incident, chosen: (symptom: Symptom) => boolean): number {
  const { symptoms, groupChannels } = incident;
  const adding: number[] = [];
  let most = 0;
  for (const each of symptoms) {
    if (!chosen(each)) continue;
    const evidence = Math.min(each.evidence, EVIDENCE_MAX);
    if (each.adds) adding.push(evidence);
    else most = Math.max(most, each.isChannel ? evidence - ln(Math.max(1, groupChannels)) : evidence);
  }
  adding.sort((a, b) => b - a);
  let sum = 0;
  let sets = 0;
  adding.forEach((evidence, k) => {
    sum += evidence;
    sets += ln(Math.max(1, groupChannels - k) / (k + 1));
    most = Math.max(most, sum - sets);
  });
  return most + ln(1 + incident.lastedUs / windowUs(incident)) / 2;
}
