/** The wording of anomaly events: title, severity and details of each. */
import type { Announcement } from "../../ports/detector.ts";
import { brief, listed } from "../event-wording.ts";
import type { Closed, Opened } from "./signals.ts";

const SEEN_AS: Record<string, string> = {
  level: "is far from its usual level",
  step: "jumped as it seldom does",
  spread: "varies far more or less than usual",
  season: "is not where it usually is at this phase of its cycle",
  stuck: "stopped changing",
  joint: "move together in an unusual way",
};

export function started(event: Opened, { group }: { readonly group: string }): Announcement {
  const what = SEEN_AS[event.view] ?? "is unusual";
  const values =
    event.value === null || event.expected === null
      ? ""
      : ` (${brief(event.value)}, expected about ${brief(event.expected)}${event.unit === "" ? "" : ` ${event.unit}`})`;
  return {
    kind: "anomaly.started",
    severity: event.joint ? "warning" : "notice",
    title: event.joint
      ? `${group}: ${listed(event.titles)} ${what}`
      : `${event.titles[0] ?? group} ${what}${values}`,
    channels: event.channels,
    detail: {
      atUs: event.timeUs,
      fingerprint: event.fingerprint,
      view: event.view,
      joint: event.joint,
      score: event.score,
      evidence: event.evidence,
      value: event.value,
      expected: event.expected,
    },
    finding: {
      key: event.fingerprint,
      phase: "opened",
      sinceUs: event.timeUs,
      effect: gaussianEffect(event.evidence),
      evidence: event.evidence,
    },
  };
}

export function ended(event: Closed, { group }: { readonly group: string }): Announcement {
  const seconds = (event.timeUs - event.startedUs) / 1_000_000;
  return {
    kind: "anomaly.ended",
    severity: "info",
    title: `${event.joint ? group : (event.titles[0] ?? group)} is normal again after ${brief(seconds)} s`,
    channels: event.channels,
    detail: {
      atUs: event.timeUs,
      fingerprint: event.fingerprint,
      view: event.view,
      joint: event.joint,
      startedUs: event.startedUs,
      samples: event.samples,
      peakScore: event.peakScore,
    },
    finding: {
      key: event.fingerprint,
      phase: "ended",
      sinceUs: event.startedUs,
      effect: 0,
      evidence: 0,
    },
  };
}

/** How far a Gaussian sample with this evidence is from its mean, in standard deviations. */
function gaussianEffect(evidence: number): number {
  return Math.sqrt(2 * evidence);
}
