/**
 * The last event a client has seen, so that each event counts once, whether it comes by WebSocket, SSE or polling.
 *
 * Sequences rise without gaps and are the same after a restart of the server. They start again in another recording, and go back when a
 * recorded session moves to an earlier place.
 */
export class EventCursor {
  #sequence: number | null;

  /** `null`: nothing seen yet; only future events count. */
  constructor(sequence: number | null = null) {
    this.#sequence = sequence;
  }

  /** The client resumes after this sequence. */
  get sequence(): number | null {
    return this.#sequence;
  }

  /** True for an event that was not seen before, in order; it now counts as seen. */
  take(event: { readonly sequence: number }): boolean {
    if (this.#sequence !== null && event.sequence <= this.#sequence) return false;
    this.#sequence = event.sequence;
    return true;
  }

  /** Moves to the sequence after which the server delivers. True when that is earlier than what was seen: the server has another recording. */
  moveTo(after: number): boolean {
    const another = this.#sequence !== null && after < this.#sequence;
    if (this.#sequence === null || another) this.#sequence = after;
    return another;
  }

  /** Continues after an event, whatever was seen. */
  beginAt(sequence: number): void {
    this.#sequence = sequence;
  }

  /** The session moved: events after `last` come again. */
  moveBackTo(last: number): void {
    if (this.#sequence !== null && last < this.#sequence) this.#sequence = last;
  }
}
