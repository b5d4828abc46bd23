/**
 * From which place a client continues that names a cursor.
 *
 * Sequences are the same after a restart and on every node, so a cursor ahead of the session comes from another recording: such a client
 * starts again at the beginning. While the session is not ready, or another node may know more of it, its last sequence proves nothing yet, and
 * the client must ask again.
 */
import type { LiveSession } from "../../actors/ports/session.ts";
import { EigenwatchError } from "../../protocol/errors.ts";

/** Cursors remembered: with more clients that have foreign cursors at the same time, some must ask once more. */
const CURSORS_MAX = 1_024;

/**
 * Finds out whether a cursor ahead of a session comes from another recording.
 *
 * Where one process owns the session for good, it does. In a cluster another node may have taken the session over without this node knowing,
 * or have read more of its log, and the client may have read further there. Calling its cursor foreign would deliver every event twice. So a
 * node calls a cursor foreign only when it has since read all that was in the log at some time after the cursor was first named
 * (`certainThrough`).
 */
export class ForeignCursors {
  /** By cursor: sequence of the last input this node knew when the cursor was first named. */
  readonly #inputWhenNamed = new Map<number, number>();

  isForeign(session: LiveSession, cursor: number): boolean {
    const certainThrough = session.certainThrough?.();
    if (certainThrough === undefined) return true;
    const inputWhenNamed = this.#inputWhenNamed.get(cursor);
    if (inputWhenNamed === undefined) {
      const [oldest] = this.#inputWhenNamed.keys();
      if (this.#inputWhenNamed.size >= CURSORS_MAX && oldest !== undefined)
        this.#inputWhenNamed.delete(oldest);
      this.#inputWhenNamed.set(cursor, session.describe().lastInputSequence);
      return false;
    }
    if (certainThrough <= inputWhenNamed) return false;
    this.#inputWhenNamed.delete(cursor);
    return true;
  }
}

type Resumed = { readonly session: LiveSession; readonly foreignCursors: ForeignCursors };

/**
 * Events continue after `after`; null asks for future events only. `reset`: the cursor was foreign, and events start at the first.
 * Throws an EigenwatchError of kind "unavailable" while that cannot be decided.
 */
export function resumeEvents(hub: Resumed, after: number | null): { after: number; reset: boolean } {
  const last = hub.session.describe().lastEventSequence;
  if (after === null) return { after: last, reset: false };
  if (after <= last) return { after, reset: false };
  requireForeign(hub, "events", after);
  return { after: 0, reset: true };
}

/** The same for samples. Only recent ones are in memory: `complete` is false when some after the cursor are gone. */
export function resumeSamples(hub: Resumed, after: number | null): { after: number; complete: boolean } {
  const last = hub.session.describe().lastInputSequence;
  if (after === null) return { after: last, complete: true };
  if (after > last) {
    requireForeign(hub, "samples", after);
    return { after: 0, complete: false };
  }
  const { complete, frames } = hub.session.recentFrames(after, 1);
  if (complete) return { after, complete };
  return { after: frames.length === 0 ? last : frames[0]!.inputSequence - 1, complete };
}

/** Throws unless a cursor ahead of the session certainly comes from another recording. */
function requireForeign({ session, foreignCursors }: Resumed, what: string, after: number): void {
  const notReady = session.notReady();
  if (notReady === null && foreignCursors.isForeign(session, after)) return;
  throw new EigenwatchError({
    action: `resume ${what} after ${after}`,
    value: notReady ?? "another node may know more of the session",
    expected: "a session that is ready",
    kind: "unavailable",
  });
}
