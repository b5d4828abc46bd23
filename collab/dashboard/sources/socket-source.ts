/**
 * The live session over the gateway's WebSocket, or only its events over Server-Sent Events where no WebSocket connection succeeds.
 *
 *   connecting ──► open                     everything, live
 *        └─► waiting ──► connecting …       the server does not answer
 *               ├─► degraded                it answers, but only to plain requests: events only, until a WebSocket connects
 *               └─► refused                 it requires a sign-in, or another version of the page
 *
 * For fast channels the page requests only what the picture can show: extremes per interval, a fraction of a pixel long.
 */
import type { DecimatedMessage } from "../../../protocol/messages.ts";
import { Client, type ClientState } from "../../client.ts";
import { EventStreamSource } from "./event-stream-source.ts";
import type { Source, SourceSink } from "./source.ts";

const NAME = "dashboard 0.1.0";

/** Events fetched at the start: a screenful many times over. */
const FIRST_EVENTS = 500;

/** Failed WebSocket connections after which the fallback starts, while the server answers plain requests. */
const TRIES = 3;

/** Below this rate, samples per second, the page takes every sample: that costs less than a percent of a core. */
const EVERY_SAMPLE_BELOW = 20_000;
/** Intervals per picture: more than one a pixel on wide screens. */
const INTERVALS = 2400;
/** Shorter intervals do not save enough. */
const SHORTEST_INTERVAL_US = 4_000;
/** The finest level of the charts: zooming in would show coarser intervals. */
const LONGEST_INTERVAL_US = 100_000;
const RATE_EVERY_MS = 2_000;

export class SocketSource implements Source {
  readonly #client: Client;
  readonly #fallback: EventStreamSource;
  #sink: SourceSink | null = null;
  #subscription: number | null = null;
  /** The subscription to events, and the event that it began after. */
  #events = 0;
  #eventsAfter = 0;
  #failures = 0;
  #spanUs: number;
  #intervalUs = 0;
  #lastInput = 0;
  #samplesSeen = 0;
  #samplesPerSecond = 0;
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(spanUs: number) {
    this.#spanUs = spanUs;
    this.#client = new Client({
      name: NAME,
      connect: () => new WebSocket(socketUrl()),
      handlers: {
        connection: (state) => this.#connection(state),
        welcome: ({ session, partition, cursors, timeUs }) => {
          this.#sink?.session({ session, partition, timeUs });
          if (this.#subscription === null) this.#subscribe(firstEventBefore(cursors.event));
        },
        channels: (declaration) => this.#sink?.channels(declaration),
        samples: (frame, inputSequence) => {
          this.#lastInput = inputSequence;
          this.#samplesSeen += frame.count;
          this.#sink?.frame(frame);
        },
        decimated: (decimated) => this.#decimated(decimated),
        event: (event) => this.#sink?.event(event),
        state: (state) => this.#sink?.state(state),
        metrics: (metrics) => this.#sink?.metrics(metrics),
        rewound: ({ cursors }) => {
          this.#lastInput = cursors.input;
          this.#rewound(cursors.event);
        },
        missed: ({ channel, reset }) => {
          if (reset && channel === "events") this.#sink?.restarted();
        },
      },
    });
    this.#fallback = new EventStreamSource(this.#client.eventCursor);
  }

  start(sink: SourceSink): void {
    this.#sink = sink;
    this.#client.start();
    this.#timer = setInterval(() => this.#measureRate(), RATE_EVERY_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#fallback.stop();
    this.#client.stop();
  }

  setSpan(spanUs: number): void {
    this.#spanUs = spanUs;
    this.#chooseInterval();
  }

  #subscribe(eventsAfter: number): void {
    this.#eventsAfter = eventsAfter;
    this.#events = this.#client.subscribe({ channel: "events", after: eventsAfter });
    this.#client.subscribe({ channel: "state" });
    this.#client.subscribe({ channel: "metrics", decimationUs: 500_000 });
    // From the first frame in the server's memory, so that the charts begin with a past.
    this.#subscription = this.#client.subscribe({ channel: "samples", after: 0 });
  }

  /** After a far move the page requests a new list of events; after a near one the missing events come by themselves. */
  #rewound(event: number): void {
    const { eventCursor } = this.#client;
    const after = eventsAfter({ after: this.#eventsAfter, upTo: eventCursor.sequence ?? 0 }, event);
    if (after === this.#eventsAfter) {
      this.#sink?.rewound(event);
      return;
    }
    this.#eventsAfter = after;
    eventCursor.beginAt(after);
    this.#sink?.rewound(0);
    this.#client.resubscribe(this.#events, { channel: "events", after });
  }

  #connection(state: ClientState): void {
    if (state.state === "open") {
      this.#failures = 0;
      this.#fallback.stop();
      this.#sink?.connection({ state: "open" });
    } else if (state.state === "waiting") {
      this.#failures++;
      if (!this.#fallback.running) this.#waiting(state.reason, state.retryMs);
      void this.#diagnose();
    } else if (state.state === "refused") {
      this.#sink?.connection({
        state: "refused",
        reason: state.reason,
        signIn: state.reason.startsWith("unauthorized"),
      });
    } else if (state.state === "connecting" && this.#failures === 0) {
      this.#sink?.connection({ state: "connecting" });
    }
  }

  #waiting(reason: string, retryMs: number): void {
    // Browsers report 1006 when they know no reason.
    const plain = reason.includes("1006") ? "the server does not answer" : reason;
    this.#sink?.connection({ state: "waiting", reason: plain, retryAtMs: performance.now() + retryMs });
  }

  /** Browsers hide why a WebSocket failed; a plain request shows it. */
  async #diagnose(): Promise<void> {
    let status: number;
    try {
      status = (await fetch("api/sessions", { headers: { accept: "application/json" } })).status;
    } catch {
      return;
    }
    if (this.#client.state.state === "open") return;
    if (status === 401 || status === 403) {
      this.#client.stop();
      this.#sink?.connection({ state: "refused", reason: "this session requires a sign-in", signIn: true });
    } else if (status === 200 && this.#failures >= TRIES && this.#sink !== null) {
      this.#fallback.start(this.#sink);
    }
  }

  #decimated(decimated: DecimatedMessage): void {
    this.#lastInput = decimated.inputSequence;
    const rows = decimated.samples.byteLength / 4;
    const counts = new DataView(decimated.samples.buffer, decimated.samples.byteOffset, 4 * rows);
    for (let r = 0; r < rows; r++) this.#samplesSeen += counts.getUint32(4 * r, true);
    this.#sink?.decimated(decimated);
  }

  #measureRate(): void {
    this.#samplesPerSecond = (this.#samplesSeen * 1000) / RATE_EVERY_MS;
    this.#samplesSeen = 0;
    this.#chooseInterval();
  }

  #chooseInterval(): void {
    if (this.#subscription === null) return;
    const expected = intervalFor(this.#samplesPerSecond, this.#spanUs);
    if (expected === this.#intervalUs || this.#client.state.state !== "open") return;
    this.#intervalUs = expected;
    this.#client.resubscribe(this.#subscription, {
      channel: "samples",
      after: this.#lastInput,
      ...(expected > 0 ? { decimationUs: expected } : {}),
    });
  }
}

/**
 * The event that the list of events begins after, in a recording that moved to just after event `last`, when the page has the events in
 * (after, upTo]. It stays where it is unless the list would be too short, or too many events would have to come.
 */
export function eventsAfter({ after, upTo }: { after: number; upTo: number }, last: number): number {
  const first = firstEventBefore(last);
  return first < after || first > upTo ? first : after;
}

function firstEventBefore(last: number): number {
  return Math.max(0, last - FIRST_EVENTS);
}

/** Interval to request, µs; 0 = every sample. The shortest times a power of two, so that small zooms change nothing. */
export function intervalFor(samplesPerSecond: number, spanUs: number): number {
  const pixelUs = spanUs / INTERVALS;
  if (samplesPerSecond < EVERY_SAMPLE_BELOW || pixelUs < SHORTEST_INTERVAL_US) return 0;
  const steps = Math.floor(Math.log2(Math.min(pixelUs, LONGEST_INTERVAL_US) / SHORTEST_INTERVAL_US));
  return SHORTEST_INTERVAL_US * 2 ** steps;
}

/** Relative to the page, so that it works under any base path. */
function socketUrl(): string {
  const url = new URL("ws", document.baseURI);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  return url.href;
}
