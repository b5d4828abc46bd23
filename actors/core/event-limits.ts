/** Texts and details of events as the wire can carry them: a longer text is cut rather than refused, NaN and infinity become null. */
import type { EventMessage } from "../../protocol/messages.ts";
import type { Announcement } from "../ports/detector.ts";

const TEXT_CHARACTERS = 1000;

export function cutText(text: string): string {
  if (text.length <= TEXT_CHARACTERS) return text;
  // Half a surrogate pair would not come back from the wire as it went.
  return `${text.slice(0, TEXT_CHARACTERS).replace(/[\uD800-\uDBFF]$/, "")}…`;
}

export function wireDetail(detail: NonNullable<Announcement["detail"]>): EventMessage["detail"] {
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
