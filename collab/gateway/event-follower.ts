/**
 * Delivers the events of a session after a cursor to one client: first past ones, then new ones.
 *
 *   reading ──page empty──► live ──an event is missing──► reading
 *      │ ▲                                     any ──stop──► stopped
 *   full │ │ resume()
 *      ▼ │
 *    waiting                              any ──rewind──► reading, from an earlier cursor
 *
 * E1  Sequences handed to the sink rise. None comes twice, except those after a place to which the session was rewound.
 * E2  In `live` an event that does not directly follow the cursor is not handed over: the events between are read first.
 * E3  While reading, only the sequences of live events are noted; the events are read from the session. Nothing is stored here.
 */
import type { LiveSession } from "../../actors/ports/session.ts";
import type { EventMessage } from "../../protocol/messages.ts";
import { EncodedEvent } from "./encoded.ts";

export interface EventSink {
  /** Takes an event. False: taken, but no more of a back-fill until `resume()`. */
  event(event: EncodedEvent, backfill: boolean): boolean;
  /** Events after `last` come again. */
  rewound?(last: number): void;
  /** The session's events cannot be read: the client is closed and may come back later. */
  failed(error: unknown): void;
}

export class EventFollower {
  readonly #session: LiveSession;
  readonly #sink: EventSink;
  readonly #page: number;
  #cursor: number;
  /** Highest sequence known to exist. */
  #newest: number;
  #state: "reading" | "waiting" | "live" | "stopped" = "waiting";
  /** Counts rewinds: a page read before one is not handed over after it. */
  #rewinds = 0;

  /** Delivers events after sequence `after`, reading `page` of them at once. */
  constructor(session: LiveSession, after: number, page: number, sink: EventSink) {
    this.#session = session;
    this.#sink = sink;
    this.#page = page;
    this.#cursor = after;
    this.#newest = after;
  }

  /** Sequence of the last event handed over. */
  get cursor(): number {
    return this.#cursor;
  }

  start(): void {
    this.resume();
  }

  /** The client can take more of a back-fill. */
  resume(): void {
    if (this.#state === "waiting") this.#read();
  }

  live(event: EncodedEvent): void {
    const { sequence } = event.event;
    if (sequence > this.#newest) this.#newest = sequence;
    if (this.#state !== "live" || sequence <= this.#cursor) return;
    if (sequence > this.#cursor + 1) {
      this.#read();
      return;
    }
    this.#cursor = sequence;
    this.#sink.event(event, false);
  }

  /** The session continues after event `last`: unread events up to there are read, later ones come again. */
  rewind(last: number): void {
    if (this.#state === "stopped") return;
    this.#rewinds++;
    this.#cursor = Math.min(this.#cursor, last);
    this.#newest = last;
    this.#sink.rewound?.(last);
    this.#read();
  }

  stop(): void {
    this.#state = "stopped";
  }

  #read(): void {
    this.#state = "reading";
    this.#readPages().catch((error: unknown) => {
      if (this.#state === "stopped") return;
      this.#state = "stopped";
      this.#sink.failed(error);
    });
  }

  async #readPages(): Promise<void> {
    const rewinds = this.#rewinds;
    while (this.#state === "reading") {
      const newest = this.#newest;
      const page = await this.#session.events(this.#cursor, this.#page);
      if (this.#state !== "reading" || this.#rewinds !== rewinds) return;
      const before = this.#cursor;
      const room = this.#handPage(page);
      if (this.#isStopped() || this.#rewinds !== rewinds) return;
      if (!room) this.#state = "waiting";
      // If an event arrived while an empty page was read, one more page must be read.
      else if (this.#cursor === before && this.#newest === newest) this.#state = "live";
    }
  }

  /** False when the sink is full: the rest of the page is read again later. */
  #handPage(page: readonly EventMessage[]): boolean {
    for (const event of page) {
      this.#cursor = event.sequence;
      if (!this.#sink.event(new EncodedEvent(event), true)) return false;
    }
    return true;
  }

  /** A sink may stop its follower while it takes an event. */
  #isStopped(): boolean {
    return this.#state === "stopped";
  }
}
