/**
 * GET /events: the session's events as Server-Sent Events (WHATWG HTML, section 9.2).
 *
 * The id of each is its sequence. Where to begin: `Last-Event-ID` (a browser that reconnects), else `?after=`, else with what comes.
 * A cursor ahead of the session is one of an earlier session: the stream says `event: reset` and begins with the first event.
 * A recorded session that is moved to another place says `event: rewound`: what lies behind its id comes again.
 */
import type { ServerResponse } from "node:http";
import { type Counters, countUp } from "./counters.ts";
import type { EncodedEvent } from "./encoded-event.ts";
import { EventFollower, type EventSink } from "./event-follower.ts";
import { HttpError } from "./http-error.ts";
import type { GatewayLimits } from "./limits.ts";
import { type RequestContext, wholeParameter } from "./request-context.ts";
import { startStream } from "./respond.ts";
import { resumeEvents } from "./resume.ts";
import type { SessionHub } from "./session-hub.ts";

export interface EventStreamContext {
  readonly hub: SessionHub;
  readonly limits: GatewayLimits;
  readonly counters: Counters;
  /** False once the login that opened this stream has ended. */
  readonly stillSignedIn: () => boolean;
  /** Called when the stream has ended. */
  readonly left: () => void;
}

export class EventStream implements EventSink {
  readonly #response: ServerResponse;
  readonly #limits: GatewayLimits;
  readonly #counters: Counters;
  readonly #follower: EventFollower;
  readonly #leave: () => void;
  readonly #stillSignedIn: () => boolean;
  #open = true;
  #stalled = false;

  /** Throws a HttpError before anything is written. */
  constructor(exchange: RequestContext, { hub, limits, counters, stillSignedIn, left }: EventStreamContext) {
    const { after, reset } = resumeEvents(hub, requestedCursor(exchange));
    this.#response = exchange.response;
    this.#limits = limits;
    this.#counters = counters;
    this.#stillSignedIn = stillSignedIn;
    this.#follower = new EventFollower(hub.session, after, limits.eventsPage, this);
    this.#leave = hub.followEvents(this.#follower);

    this.#response.on("drain", () => {
      this.#stalled = false;
      this.#follower.room();
    });
    this.#response.on("close", () => {
      this.#stop();
      left();
    });
    startStream(this.#response, "text/event-stream; charset=utf-8");
    this.#response.write(`retry: ${limits.sseRetryMs}\n${reset ? "event: reset\ndata: {}\n" : ""}\n`);
    this.#follower.start();
  }

  event(event: EncodedEvent, backfill: boolean): boolean {
    if (!this.#open) return false;
    this.#response.write(event.eventStream);
    this.#counters.sent("events", event.eventStream.length);
    if (this.#response.writableLength > this.#limits.cutAboveBytes) this.#cut("slow");
    return !backfill || this.#response.writableLength < this.#limits.conflateAboveBytes;
  }

  /** With its id, so that a browser that reconnects begins there. */
  rewound(last: number): void {
    if (this.#open)
      this.#response.write(`event: rewound\nid: ${last}\ndata: ${JSON.stringify({ event: last })}\n\n`);
  }

  failed(): void {
    this.#cut("unreadable");
  }

  /** Every `keepAliveMs`: a comment, so that proxies see life. A stream that took nothing since the last time is cut. */
  keepAlive(): void {
    if (!this.#open) return;
    if (!this.#stillSignedIn()) {
      this.end();
      return;
    }
    if (!this.#response.writableNeedDrain) this.#response.write(": alive\n\n");
    else if (this.#stalled) this.#cut("stalled");
    else this.#stalled = true;
  }

  /** The orderly end: the browser reconnects after `retry`. */
  end(): void {
    this.#stop();
    this.#response.end();
  }

  /** The browser reconnects with the last id it has read. */
  #cut(reason: string): void {
    if (!this.#open) return;
    countUp(this.#counters.closed, `sse ${reason}`);
    this.#stop();
    this.#response.destroy();
  }

  #stop(): void {
    this.#open = false;
    this.#follower.stop();
    this.#leave();
  }
}

function requestedCursor({ request, query }: RequestContext): number | null {
  const header = request.headers["last-event-id"];
  if (typeof header === "string" && header !== "") {
    if (/^\d{1,15}$/.test(header)) return Number(header);
    throw new HttpError(400, "resume events", header, "a Last-Event-ID that is a sequence of this session");
  }
  return query.has("after") ? wholeParameter(query, "after", 0, 0, Number.MAX_SAFE_INTEGER) : null;
}
