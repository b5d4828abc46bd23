/**
 * GET /api/events?after=SEQ&limit=N&wait=MS: the events behind a cursor, as `{ events, next, reset }`.
 *
 * `next` is the cursor for the next request. With `wait` the answer comes as soon as there is an event, or empty after that time.
 * `reset` is true when `after` was ahead of the session, and the answer begins with its first event.
 */
import type { EventMessage } from "../../protocol/messages.ts";
import type { GatewayLimits } from "./limits.ts";
import { type RequestContext, wholeParameter } from "./request-context.ts";
import { respondJson } from "./respond.ts";
import { resumeEvents } from "./resume.ts";
import type { SessionHub } from "./session-hub.ts";

export async function pollEvents(
  { request, response, query }: RequestContext,
  hub: SessionHub,
  limits: GatewayLimits,
): Promise<void> {
  const requested = wholeParameter(query, "after", 0, 0, Number.MAX_SAFE_INTEGER);
  const limit = wholeParameter(query, "limit", limits.pollEvents, 1, limits.pollEventsMax);
  const waitMs = wholeParameter(query, "wait", 0, 0, limits.pollWaitMsMax);
  const { after, reset } = resumeEvents(hub, requested);

  let events = await hub.session.events(after, limit);
  if (events.length === 0 && waitMs > 0 && hub.session.describe().lastEventSequence <= after) {
    await hub.nextEvent(waitMs, response);
  }
  if (events.length === 0 && waitMs > 0) events = await hub.session.events(after, limit);
  if (!response.destroyed) respondJson(request, response, { events, next: nextCursor(events, after), reset });
}

function nextCursor(events: readonly EventMessage[], after: number): number {
  return events.length === 0 ? after : events[events.length - 1]!.sequence;
}
