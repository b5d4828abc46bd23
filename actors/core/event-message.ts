/** The event message of an announcement, within the limits of the wire: a longer text is cut, NaN and infinity become null. */
import * as v from "valibot";
import { checked } from "../../protocol/check-body.ts";
import { finite, plainMap, timeUs } from "../../protocol/fields.ts";
import type { EventMessage } from "../../protocol/messages.ts";
import { event } from "../../protocol/schemas.ts";
import type { Announcement } from "../ports/detector.ts";

const TEXT_CHARACTERS = 1000;
/** Of a finding's key, which actors keep while it lasts; channels and details of one announcement. */
const KEY_CHARACTERS = 256;
const ENTRIES = 256;

const announcement = v.object({
  timeUs,
  kind: event.entries.kind,
  severity: event.entries.severity,
  title: v.string(),
  channels: v.optional(v.pipe(event.entries.channels, v.maxLength(ENTRIES))),
  detail: v.optional(v.pipe(plainMap, v.maxEntries(ENTRIES))),
  finding: v.optional(
    v.object({
      key: v.pipe(v.string(), v.minLength(1), v.maxLength(KEY_CHARACTERS)),
      phase: v.picklist(["opened", "grew", "ended", "accepted"]),
      sinceUs: timeUs,
      effect: v.pipe(finite, v.minValue(0)),
      evidence: finite,
    }),
  ),
});

/** Throws for what the program's own actors never announce: an event that cannot be encoded would halt the log. */
export function checkAnnouncement(timeUs: number, said: Announcement): void {
  checked("announce an event", announcement, { timeUs, ...said });
}

/** Adds to an announcement what identifies the event. */
export function eventMessage(
  announcement: Announcement,
  {
    sequence,
    id,
    timeUs,
    actor,
    group,
  }: Pick<EventMessage, "sequence" | "id" | "timeUs" | "actor" | "group">,
): EventMessage {
  return {
    type: "event",
    sequence,
    id,
    timeUs,
    kind: announcement.kind,
    severity: announcement.severity,
    actor,
    group,
    channels: [...(announcement.channels ?? [])],
    title: cutText(announcement.title),
    detail: wireDetail(announcement.detail ?? {}),
  };
}

function cutText(text: string): string {
  if (text.length <= TEXT_CHARACTERS) return text;
  // Half a surrogate pair would be decoded as another character.
  return `${text.slice(0, TEXT_CHARACTERS).replace(/[\uD800-\uDBFF]$/, "")}…`;
}

function wireDetail(detail: NonNullable<Announcement["detail"]>): EventMessage["detail"] {
  return Object.fromEntries(
    Object.entries(detail).map(([name, value]) => [
      name,
      typeof value === "number" && !Number.isFinite(value)
        ? null
        : typeof value === "string"
          ? cutText(value)
          : (value ?? null),
    ]),
  );
}
