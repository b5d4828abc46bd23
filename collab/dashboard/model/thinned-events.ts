/** Fewer marks than events where they are dense, so that a chart stays readable at any range. */
import type { EventMessage } from "../../../protocol/messages.ts";
import { SEVERITIES } from "./severities.ts";

/**
 * Of events that are closer together than `apartPx` one: the severest, of those the first. Places belong to times, so a mark stays while the
 * chart moves. `kept`: the id of one that stays in any case.
 */
export function thinned(
  events: readonly EventMessage[],
  { columnUs }: { readonly columnUs: number },
  apartPx: number,
  kept: string | null = null,
): EventMessage[] {
  const byPlace = new Map<number, EventMessage>();
  for (const event of events) {
    const place = Math.floor(event.timeUs / columnUs / apartPx);
    const other = byPlace.get(place);
    if (other === undefined || rankOf(event, kept) >= rankOf(other, kept)) byPlace.set(place, event);
  }
  return [...byPlace.values()];
}

/** Events come with the newest first: of two that are alike the one that comes later is the first. */
function rankOf({ id, severity }: EventMessage, kept: string | null): number {
  return id === kept ? SEVERITIES.length : SEVERITIES.length - 1 - SEVERITIES.indexOf(severity);
}
