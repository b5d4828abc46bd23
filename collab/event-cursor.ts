/**
 * The last event a client has seen: what makes each count once, by whichever way it comes (WebSocket, SSE, polling).
 *
 * Sequences rise without gaps and are the same after a restart of the server; only another recording begins anew, and a recorded session
 * that is moved to an earlier place goes back.
 */
export class EventCursor {
  #sequence: number | null;

  /** `null`: nothing seen yet, and nothing asked for but what comes. */
  constructor(sequence: number | null = null) {
    this.#sequence = sequence;
  }

  /** What to resume behind. */
  get sequence(): number | null {
    return this.#sequence;
  }

  /** True once for each event, in order; false for one that was seen. */
  take(event: { readonly sequence: number }): boolean {
    if (this.#sequence !== null && event.sequence <= this.#sequence) return false;
    this.#sequence = event.sequence;
    return true;
  }

  /** Goes to where the server says it serves from. True when that lies before what was seen: it has another recording. */
  moveTo(after: number): boolean {
    const another = this.#sequence !== null && after < this.#sequence;
    if (this.#sequence === null || another) this.#sequence = after;
    return another;
  }

  /** Begins behind an event, whatever was seen. */
  beginAt(sequence: number): void {
    this.#sequence = sequence;
  }

  /** The session was moved: what lies behind `last` will come again. */
  moveBackTo(last: number): void {
    if (this.#sequence !== null && last < this.#sequence) this.#sequence = last;
  }
}
