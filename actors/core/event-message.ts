/** The event message of an announcement, within the limits of the wire: a longer text is cut, NaN and infinity become null. */
import type { EventMessage } from "../../protocol/messages.ts";
import type { Announcement } from "../ports/detector.ts";

const TEXT_CHARACTERS = 1000;

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
