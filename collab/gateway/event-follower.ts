/**
 * Brings one client the events of a session behind its cursor, first those that were, then those that come.
 *
 *   reading ──page empty──► live ──an event is missing──► reading
 *      │ ▲                                     any ──stop──► stopped
 *   full │ │ room()
 *      ▼ │
 *    waiting                              any ──rewind──► reading, from an earlier cursor
 *
 * E1  Sequences handed to the sink rise; none is handed over twice, but those behind a place that the session was rewound to.
 * E2  In `live` an event that does not follow the cursor is not handed over: what lies between is read first.
 * E3  While reading, live events are only noticed; the session has them. Nothing is stored here.
 */
import type { LiveSession } from "../../actors/ports/session.ts";
import type { EventMessage } from "../../protocol/messages.ts";
import { EncodedEvent } from "./encoded-event.ts";

export interface EventSink {
  /** Takes an event. False: taken, but no more of a back-fill until `room()`. */
  event(event: EncodedEvent, backfill: boolean): boolean;
  /** What lies behind event `last` comes again. */
  rewound?(last: number): void;
  /** Reading the session's events failed: the client is closed and resumes later. */
  failed(error: unknown): void;
}

export class EventFollower {
  readonly #session: LiveSession;
  readonly #sink: EventSink;
  readonly #page: number;
  #cursor: number;
  #noticed: number;
  #state: "reading" | "waiting" | "live" | "stopped" = "waiting";
  /** Counts rewinds: what was read before one is not handed over after it. */
  #rewinds = 0;

  /** Starts after sequence `after`; `page` events are read at once. */
  constructor(session: LiveSession, after: number, page: number, sink: EventSink) {
    this.#session = session;
    this.#sink = sink;
    this.#page = page;
    this.#cursor = after;
    this.#noticed = after;
  }

  /** The last sequence handed over. */
  get cursor(): number {
    return this.#cursor;
  }

  start(): void {
    this.room();
  }

  /** The client can take more of a back-fill. */
  room(): void {
    if (this.#state === "waiting") this.#read();
  }

  live(event: EncodedEvent): void {
    const { sequence } = event.event;
    if (sequence > this.#noticed) this.#noticed = sequence;
    if (this.#state !== "live" || sequence <= this.#cursor) return;
    if (sequence > this.#cursor + 1) {
      this.#read();
      return;
    }
    this.#cursor = sequence;
    this.#sink.event(event, false);
  }

  /** The session goes on behind event `last`: what the client has not seen up to there is read, what lies behind comes again. */
  rewind(last: number): void {
    if (this.#state === "stopped") return;
    this.#rewinds++;
    this.#cursor = Math.min(this.#cursor, last);
    this.#noticed = last;
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
      const noticed = this.#noticed;
      const page = await this.#session.events(this.#cursor, this.#page);
      if (this.#state !== "reading" || this.#rewinds !== rewinds) return;
      const before = this.#cursor;
      const room = this.#handPage(page);
      if (this.#isStopped() || this.#rewinds !== rewinds) return;
      if (!room) this.#state = "waiting";
      // An event noticed while nothing new was read makes one more reading worth while.
      else if (this.#cursor === before && this.#noticed === noticed) this.#state = "live";
    }
  }

  /** False when the sink is full: what is left of the page is read again later. */
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
