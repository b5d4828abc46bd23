/**
 * Events over plain HTTP: GET /events as Server-Sent Events (WHATWG HTML, section 9.2), GET /api/events by polling.
 *
 * The id of an event is its sequence. A stream begins after `Last-Event-ID` (a browser that reconnects), else after `?after=`, else with future
 * events. A cursor ahead of the session comes from another recording: the answer says so (`event: reset`, `reset: true`) and begins with the
 * first event. When a recorded session moves, a stream gets `event: rewound`: events after that id come again.
 */
import type { ServerResponse } from "node:http";
import { EigenwatchError } from "../../protocol/errors.ts";
import type { EncodedEvent } from "./encoded.ts";
import { EventFollower, type EventSink } from "./event-follower.ts";
import { chooseHub, type GatewayContext, type OpenStream } from "./gateway-context.ts";
import type { GatewayLimits } from "./limits.ts";
import { type Counters, countUp } from "./metrics.ts";
import { type RequestContext, wholeParameter } from "./request.ts";
import { respondJson, startStream } from "./response.ts";
import { resumeEvents } from "./resume.ts";
import type { SessionHub } from "./session-hub.ts";

const EVENT_STREAM = "text/event-stream; charset=utf-8";

/** GET /events. */
export function streamEvents(
  context: RequestContext,
  { hubs, auth, limits, counters, connections, streams, nowMs }: GatewayContext,
): void {
  const hub = chooseHub(hubs, context);
  if (context.request.method === "HEAD") {
    startStream(context.response, EVENT_STREAM);
    context.response.end();
    return;
  }
  const leave = connections.enter("sse", context.address);
  try {
    const stillSignedIn = (): boolean => auth.isSignedIn(context.identity, nowMs());
    const left = (): void => {
      streams.delete(stream);
      leave();
    };
    const stream = new EventStream(context, { hub, limits, counters, stillSignedIn, left });
    streams.add(stream);
  } catch (error) {
    leave();
    throw error;
  }
}

/**
 * GET /api/events?after=SEQ&limit=N&wait=MS: `{ events, next, reset }`, where `next` is the cursor for the next request.
 * With `wait` the answer comes at the next event, or empty after that time.
 */
export async function pollEvents(
  { request, response, query, identity }: RequestContext,
  hub: SessionHub,
  { limits, auth, nowMs }: GatewayContext,
): Promise<void> {
  const requested = wholeParameter(query, "after", 0, 0, Number.MAX_SAFE_INTEGER);
  const limit = wholeParameter(query, "limit", limits.pollEvents, 1, limits.pollEventsMax);
  const waitMs = wholeParameter(query, "wait", 0, 0, limits.pollWaitMsMax);
  const { after, reset } = resumeEvents(hub, requested);

  let events = await hub.session.events(after, limit);
  if (events.length === 0 && waitMs > 0) {
    if (hub.session.describe().lastEventSequence <= after) await hub.nextEvent(waitMs, response);
    events = await hub.session.events(after, limit);
  }
  const next = events.at(-1)?.sequence ?? after;
  // The sign-in may have ended while it waited.
  if (!auth.isSignedIn(identity, nowMs())) throw auth.refusal(false, "", nowMs());
  if (!response.destroyed) respondJson(request, response, { events, next, reset });
}

interface EventStreamOptions {
  readonly hub: SessionHub;
  readonly limits: GatewayLimits;
  readonly counters: Counters;
  /** False once the login that opened this stream has ended. */
  readonly stillSignedIn: () => boolean;
  /** Called when the stream has ended. */
  readonly left: () => void;
}

class EventStream implements EventSink, OpenStream {
  readonly #response: ServerResponse;
  readonly #limits: GatewayLimits;
  readonly #counters: Counters;
  readonly #follower: EventFollower;
  readonly #leave: () => void;
  readonly #stillSignedIn: () => boolean;
  #open = true;
  #stalled = false;

  /** Throws before anything is written. */
  constructor(context: RequestContext, { hub, limits, counters, stillSignedIn, left }: EventStreamOptions) {
    const { after, reset } = resumeEvents(hub, requestedCursor(context));
    this.#response = context.response;
    this.#limits = limits;
    this.#counters = counters;
    this.#stillSignedIn = stillSignedIn;
    this.#follower = new EventFollower(hub.session, after, limits.eventsPage, this);
    this.#leave = hub.followEvents(this.#follower);

    this.#response.on("drain", () => {
      this.#stalled = false;
      this.#follower.resume();
    });
    this.#response.on("close", () => {
      this.#stop();
      left();
    });
    startStream(this.#response, EVENT_STREAM);
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

  /** The id makes a browser that reconnects begin there. */
  rewound(last: number): void {
    if (this.#open)
      this.#response.write(`event: rewound\nid: ${last}\ndata: ${JSON.stringify({ event: last })}\n\n`);
  }

  failed(): void {
    this.#cut("unreadable");
  }

  /** Runs every `keepAliveMs`: sends a comment, because proxies close silent streams. A stream that took nothing since the last time is cut. */
  keepAlive(): void {
    this.checkSignIn();
    if (!this.#open) return;
    if (!this.#response.writableNeedDrain) this.#response.write(": alive\n\n");
    else if (this.#stalled) this.#cut("stalled");
    else this.#stalled = true;
  }

  checkSignIn(): void {
    if (this.#open && !this.#stillSignedIn()) this.end();
  }

  /** Ends the stream; the browser reconnects after `retry`. */
  end(): void {
    this.#stop();
    this.#response.end();
  }

  /** Drops the stream; the browser reconnects with the last id it has read. */
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
    const expected = "a Last-Event-ID that is a sequence of this session";
    throw new EigenwatchError({ action: "resume events", value: header, expected });
  }
  return query.has("after") ? wholeParameter(query, "after", 0, 0, Number.MAX_SAFE_INTEGER) : null;
}
