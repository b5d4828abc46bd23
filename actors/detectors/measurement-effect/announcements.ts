/** The wording of the events about the effect of marked events. */
import type { Announcement } from "../../ports/detector.ts";
import { brief } from "../event-wording.ts";
import type { EffectContext, Mark, TypeEvidence } from "./context.ts";
import type { Measured, Unmeasured } from "./signals.ts";

export function measured(event: Measured, mark: Mark, { group, isDirect }: EffectContext): Announcement {
  const { distance, p, placebos, unconditional } = event;
  const { type: _, id: _id, timeUs, ...numbers } = event;
  const chance =
    p === null
      ? `${placebos} placebo times are too few to judge that`
      : `p ${brief(p)} of ${placebos} placebo times`;
  const literal =
    unconditional === null
      ? ""
      : `; back-action ${brief(unconditional)} and ${brief(event.gain!)} nats learnt, if it was projective`;
  return {
    kind: "effect.measured",
    severity: "info",
    title: `${nameOf(mark)}: the state of ${group} after it is ${brief(distance)} from that before (0 to 1), ${chance}${literal}`,
    channels: mark.channels,
    detail: { ...about(mark), measuredUs: timeUs, ...numbers, reading: isDirect ? "state" : "association" },
  };
}

/** Events of this type go together with another state. */
export function found(
  { events, evidence }: TypeEvidence,
  mark: Mark,
  { distance }: Measured,
  { group, share }: EffectContext,
): Announcement {
  return {
    kind: "effect.found",
    severity: "notice",
    title: `${mark.mark} goes together with another state of ${group}: ${events} marked events, ${brief(evidence)} nats against none`,
    channels: mark.channels,
    detail: {
      ...about(mark),
      events,
      evidence,
      distance,
      falseDiscoveryShare: share,
      reading: "association",
    },
  };
}

export function unmeasured({ reason }: Unmeasured, mark: Mark): Announcement {
  return {
    kind: "effect.unmeasured",
    severity: "info",
    title: `${nameOf(mark)}: its effect is not measured, ${reason}`,
    channels: mark.channels,
    detail: { ...about(mark), reason },
  };
}

/** So many others come first and wait for their rows. */
export function tooFar(mark: Mark, most: number): Announcement {
  const reason = `${most} others that come before it wait for their rows`;
  return unmeasured({ type: "unmeasured", timeUs: 0, id: mark.id, reason }, mark);
}

function about({ id, mark, atUs }: Mark): { of: string; mark: string; atUs: number } {
  return { of: id, mark, atUs };
}

function nameOf({ mark, title }: Mark): string {
  return title === "" ? mark : title;
}
