/** The wording of the events of arrivals: title, severity and details of each. */
import type { Announcement, Finding } from "../../ports/detector.ts";
import { duration } from "../event-wording.ts";
import type { Returned, Silent, Slower, Stepped } from "./signals.ts";

export function silent(event: Silent): Announcement {
  const { title, timeUs, sinceUs } = event;
  return {
    kind: "arrival.silent",
    severity: "info",
    title: `${title} brings nothing, its last value is ${duration(timeUs - sinceUs)} old${usual(event)}`,
    channels: [event.channel],
    detail: detailOf(event),
    finding: findingOf(event, "opened"),
  };
}

export function returned(event: Returned): Announcement {
  return {
    kind: "arrival.returned",
    severity: "info",
    title: `${event.title} brings values again, after ${duration(event.timeUs - event.sinceUs)}`,
    channels: [event.channel],
    detail: detailOf(event),
    finding: findingOf(event, "ended"),
  };
}

export function slower(event: Slower): Announcement {
  const { title, everyUs, nowEveryUs } = event;
  return {
    kind: "arrival.slower",
    severity: "info",
    title: `${title} brings a value every ${duration(nowEveryUs)} now (before, every ${duration(everyUs)})`,
    channels: [event.channel],
    detail: { ...detailOf(event), nowEveryUs },
    finding: findingOf(event, "accepted"),
  };
}

export function stepped({ timeUs, byUs }: Stepped, { group }: { readonly group: string }): Announcement {
  return {
    kind: "arrival.clock-stepped",
    severity: "notice",
    title: `The clock of ${group} was set back by ${duration(byUs)}`,
    detail: { atUs: timeUs, byUs },
  };
}

function usual({ everyUs, longestUs }: Silent): string {
  if (everyUs <= 0) return "";
  const longest = longestUs > everyUs ? `, at most ${duration(longestUs)} apart` : "";
  return ` (usually a value every ${duration(everyUs)}${longest})`;
}

function findingOf(
  { channel, sinceUs, effect, evidence }: Silent | Returned | Slower,
  phase: Finding["phase"],
): Finding {
  return { key: `${channel}/silence`, phase, sinceUs, effect, evidence };
}

function detailOf(event: Silent | Returned | Slower): NonNullable<Announcement["detail"]> {
  const { timeUs, sinceUs, everyUs, longestUs, missed, effect, evidence } = event;
  return { atUs: timeUs, sinceUs, everyUs, longestUs, missed, effect, evidence };
}
