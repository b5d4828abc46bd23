/**
 * Whether a cursor ahead of a session is of another recording.
 *
 * Where one process owns the session for ever it is. Where nodes take it over from each other, this one may have been succeeded without
 * having heard of it, and the client may have been further with its successor: to tell it that everything is new would hand it every event
 * twice. So such a node says so only when it had an input admitted that it took behind the question; until then the client is to ask again.
 */
import type { LiveSession } from "../../actors/ports/session.ts";

/** Questions kept in mind: more clients with wrong cursors at a time are asked to come back once more. */
const QUESTIONS_MAX = 1_024;

export class ForeignCursors {
  /** Cursor → sequence of the last input that this node had taken when it was first asked. */
  readonly #asked = new Map<number, number>();

  isForeign(session: LiveSession, cursor: number): boolean {
    const ownedThrough = session.ownedThrough?.();
    if (ownedThrough === undefined) return true;
    const askedBehind = this.#asked.get(cursor);
    if (askedBehind === undefined) {
      const [oldest] = this.#asked.keys();
      if (this.#asked.size >= QUESTIONS_MAX && oldest !== undefined) this.#asked.delete(oldest);
      this.#asked.set(cursor, session.describe().lastInputSequence);
      return false;
    }
    if (ownedThrough <= askedBehind) return false;
    this.#asked.delete(cursor);
    return true;
  }
}
