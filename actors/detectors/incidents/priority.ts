/**
 * How much an incident deserves attention: P = S · C · N, each in [0, 1]. The budget opens incidents by it, and people see them in its order.
 *
 *   S  severity     magnitude / that of a warning (magnitude.ts), at most 1
 *   C  confidence   πE / (πE + 1 − π): the chance that it is real, with evidence of ln E nats, when the share π of all looks may find something
 *   N  novelty      1 − max over incidents told lately of e^(−Δt/τ) · common labels / all labels
 *
 * Labels are the group and the channels. Δt is since the told incident was over, τ a quarter of the time after which what goes on counts as
 * normal: what comes and goes is told once, and again when it was away for that long, on a machine minutes.
 */
import exp from "@stdlib/math-base-special-exp";
import { type Budget, leastEvidence } from "./budget.ts";
import { evidenceOf } from "./evidence.ts";
import { acceptedAfterUs, channelsOf, type Incident, isCounting, lookUs, sizeOf } from "./incident.ts";
import { severityShare } from "./magnitude.ts";

/** An incident that people were told of, and that is over. */
export interface Told {
  readonly labels: readonly string[];
  readonly endedUs: number;
  readonly fadesUs: number;
}

/** What priorities depend on beside the incident. */
export interface Known extends Budget {
  readonly nowUs: number;
  /** The last ones, oldest first. */
  readonly told: readonly Told[];
}

export interface Priority {
  readonly severity: number;
  readonly confidence: number;
  readonly novelty: number;
  /** Their product. */
  readonly priority: number;
}

/** Told incidents that are remembered: more than any budget opens within τ. */
const TOLD_MAX = 16;
/** τ as a share of the time after which what goes on counts as normal. */
const FADES = 0.25;

/** Of the symptoms that count. `lastedUs`: how long they have, if not as long as the incident. */
export function priorityOf(incident: Incident, known: Known, lastedUs = incident.lastedUs): Priority {
  const severity = severityShare(sizeOf(incident));
  const confidence = confidenceOf(evidenceOf({ ...incident, lastedUs }, isCounting), incident, known);
  const novelty = noveltyOf(labelsOf(incident), known);
  return { severity, confidence, novelty, priority: severity * confidence * novelty };
}

/** The told incidents with one more that is over. */
export function withTold(told: readonly Told[], incident: Incident, nowUs: number): readonly Told[] {
  const endedUs = incident.quietSinceUs ?? nowUs;
  const one: Told = { labels: labelsOf(incident), endedUs, fadesUs: FADES * acceptedAfterUs(incident) };
  return [...told.slice(1 - TOLD_MAX), one];
}

function confidenceOf(evidence: number, incident: Incident, { perDay }: Known): number {
  return 1 / (1 + exp(leastEvidence(perDay, lookUs(incident)) - evidence));
}

function noveltyOf(labels: readonly string[], { told, nowUs }: Known): number {
  let known = 0;
  for (const each of told) {
    const common = each.labels.filter((label) => labels.includes(label)).length;
    const similarity = common / (labels.length + each.labels.length - common);
    known = Math.max(known, similarity * exp(-Math.max(0, nowUs - each.endedUs) / each.fadesUs));
  }
  return 1 - known;
}

function labelsOf(incident: Incident): readonly string[] {
  return [incident.group, ...channelsOf(incident).map((name) => `${incident.group}/${name}`)];
}
