/**
 * From where a client that names a cursor goes on.
 *
 * Sequences are the same after a restart, so a cursor ahead of the session belongs to another recording: then everything is new.
 * While the session is not ready, or not surely this node's, its last sequence says nothing yet, and such a client is asked to come back.
 */
import type { LiveSession } from "../../actors/ports/session.ts";
import { HttpError } from "./http-error.ts";
import type { SessionHub } from "./session-hub.ts";

/** Where a client whose cursor cannot be judged yet comes again, s: an owner has something admitted once a second. */
const RETRY_AFTER_S = "1";

/** `after` = the sequence behind which to go on (null: whatever comes); `reset` = the cursor was of another recording. */
export function resumeEvents(
  { session, foreignCursors }: SessionHub,
  after: number | null,
): { after: number; reset: boolean } {
  const last = session.describe().lastEventSequence;
  if (after === null) return { after: last, reset: false };
  if (after <= last) return { after, reset: false };
  const notReady = session.notReady();
  if (notReady === null && foreignCursors.isForeign(session, after)) return { after: 0, reset: true };
  const value = notReady ?? "another node may own the session";
  throw new HttpError(503, `resume events after ${after}`, value, "a session that is ready", {
    "retry-after": RETRY_AFTER_S,
  });
}

/** The same for samples, of which only the newest are kept: `complete` is false when some after the cursor are gone. */
export function resumeSamples(
  session: LiveSession,
  after: number | null,
): { after: number; complete: boolean } {
  const last = session.describe().lastInputSequence;
  if (after === null) return { after: last, complete: true };
  if (after > last) return { after: 0, complete: false };
  const { complete, frames } = session.recentFrames(after, 1);
  if (complete) return { after, complete };
  return { after: frames.length === 0 ? last : frames[0]!.inputSequence - 1, complete };
}
