/** The wording of the events of trends and of levels that they lead to. */
import { timeToMove } from "../../../protocol/slope-time.ts";
import type { Announcement, Finding } from "../../ports/detector.ts";
import { amount, duration, moved, movement } from "../event-wording.ts";
import type { Eased, Flattened, Nearing, Reached, Turned } from "./signals.ts";

export function turned(event: Turned): Announcement {
  const { title, unit, slopeAfter, error, timeUs, sinceUs } = event;
  const now = movement(slopeAfter, error, unit);
  return {
    kind: "trend.turned",
    severity: "info",
    title: `${title} ${now} for ${duration(timeUs - sinceUs)} now; before, ${formerly(event)}`,
    channels: [event.channel],
    detail: trendDetail(event),
    finding: { ...trendFinding(event), phase: event.before === 0 ? "opened" : "grew" },
  };
}

export function flattened(event: Flattened): Announcement {
  const { title, timeUs, sinceUs } = event;
  return {
    kind: "trend.ended",
    severity: "info",
    title: `${title} has neither risen nor fallen for ${duration(timeUs - sinceUs)}; before, ${formerly(event)}`,
    channels: [event.channel],
    detail: trendDetail(event),
    finding: { ...trendFinding(event), phase: "ended" },
  };
}

export function nearing(event: Nearing): Announcement {
  const { title, timeUs, expectedUs, lowUs, highUs, courseUs } = event;
  const between = `${duration(lowUs - timeUs)} to ${duration(highUs - timeUs)}`;
  return {
    kind: "crossing.expected",
    severity: "info",
    title: `${title} will be ${levelIn(event)} in ${duration(expectedUs - timeUs)} (${between}), if it goes on as for ${duration(courseUs)}`,
    channels: [event.channel],
    detail: {
      ...crossingDetail(event),
      slope: event.slope,
      error: event.error,
      courseUs,
      effect: event.effect,
      evidence: event.evidence,
      price: event.price,
    },
    finding: {
      key: crossingKey(event),
      phase: "opened",
      sinceUs: event.sinceUs,
      effect: event.effect,
      evidence: event.evidence,
    },
  };
}

export function eased(event: Eased): Announcement {
  return {
    kind: "crossing.eased",
    severity: "info",
    title: `${event.title} is no longer expected to be ${levelIn(event)} soon`,
    channels: [event.channel],
    detail: crossingDetail(event),
    finding: crossingOver(event),
  };
}

export function reached(event: Reached): Announcement {
  const { title, timeUs, sinceUs, isInside } = event;
  const said = isInside ? "in the interval that was said" : "outside of the interval that was said";
  return {
    kind: "crossing.reached",
    severity: "info",
    title: `${title} is ${levelIn(event)}, as expected ${duration(timeUs - sinceUs)} ago, ${said}`,
    channels: [event.channel],
    detail: { ...crossingDetail(event), isInside },
    finding: crossingOver(event),
  };
}

function formerly({ before, slopeBefore, unit }: Turned | Flattened): string {
  return before === 0 ? "it did neither" : moved(slopeBefore, timeToMove(slopeBefore, 1), unit);
}

function levelIn({ direction, level, unit }: Nearing | Eased | Reached): string {
  return `${direction} ${amount(level, unit)}`;
}

function trendFinding({ channel, sinceUs, effect, gain }: Turned | Flattened): Omit<Finding, "phase"> {
  return { key: `${channel}/trend`, sinceUs, effect, evidence: gain };
}

function trendDetail(event: Turned | Flattened): NonNullable<Announcement["detail"]> {
  const { timeUs, before, after, slopeBefore, slopeAfter, error, rows, effect, gain, price, sinceUs, unit } =
    event;
  return {
    atUs: timeUs,
    before,
    after,
    slopeBefore,
    slopeAfter,
    error,
    rows,
    effect,
    gain,
    price,
    sinceUs,
    unit,
  };
}

function crossingKey({ channel }: Nearing | Eased | Reached): string {
  return `${channel}/crossing`;
}

function crossingOver(event: Eased | Reached): Finding {
  return { key: crossingKey(event), phase: "ended", sinceUs: event.sinceUs, effect: 0, evidence: 0 };
}

function crossingDetail(event: Nearing | Eased | Reached): NonNullable<Announcement["detail"]> {
  const { timeUs, level, direction, value, expectedUs, lowUs, highUs, sinceUs, unit } = event;
  return { atUs: timeUs, level, direction, value, expectedUs, lowUs, highUs, sinceUs, unit };
}
