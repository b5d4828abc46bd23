/**
 * One session's deliveries, handed on to every client of the gateway: the only listener the gateway puts on a session.
 *
 * What goes to many is encoded once here. A client that cannot take it deals with that itself and never makes the others wait.
 */
import type { ServerResponse } from "node:http";
import { systemClock } from "../../actors/mod.ts";
import type { Clock } from "../../actors/ports/clock.ts";
import type {
  DeliveredFrame,
  LiveSession,
  SessionListener,
  SessionPlace,
} from "../../actors/ports/session.ts";
import { encodeMessage } from "../../protocol/codec.ts";
import type { Channels, EventMessage, MetricsMessage, StateMessage } from "../../protocol/messages.ts";
import { EncodedEvent } from "./encoded-event.ts";
import { EncodedFrame } from "./encoded-frame.ts";
import { EncodedMetrics } from "./encoded-metrics.ts";
import type { EventFollower } from "./event-follower.ts";
import { ForeignCursors } from "./foreign-cursor.ts";
import type { SampleFollower } from "./sample-follower.ts";

/** What a WebSocket client does with deliveries other than events and samples, which have followers. */
export interface HubClient {
  state(state: StateMessage, bytes: Uint8Array): void;
  metrics(metrics: EncodedMetrics): void;
  channels(bytes: Uint8Array): void;
  /** The end of a turn: what was held back for one write goes out. */
  flush(): void;
  /** The session goes on from another place; followers are told by themselves. */
  rewound(place: SessionPlace): void;
}

export class SessionHub implements SessionListener {
  readonly session: LiveSession;
  /** The time of everything that the gateway does for this session. */
  readonly clock: Clock;
  /** The newest, for clients that come later. */
  lastMetrics: MetricsMessage | null = null;
  readonly foreignCursors = new ForeignCursors();
  readonly #eventFollowers = new Set<EventFollower>();
  readonly #sampleFollowers = new Set<SampleFollower>();
  readonly #clients = new Set<HubClient>();
  readonly #waiting = new Set<() => void>();
  readonly #unsubscribe: () => void;

  constructor(session: LiveSession, clock: Clock = systemClock) {
    this.session = session;
    this.clock = clock;
    this.#unsubscribe = session.subscribe(this);
  }

  /** Brings live deliveries to a client until the returned function is called; the same for the followers below. */
  join(client: HubClient): () => void {
    this.#clients.add(client);
    return () => this.#clients.delete(client);
  }

  followEvents(follower: EventFollower): () => void {
    this.#eventFollowers.add(follower);
    return () => this.#eventFollowers.delete(follower);
  }

  followSamples(follower: SampleFollower): () => void {
    this.#sampleFollowers.add(follower);
    return () => this.#sampleFollowers.delete(follower);
  }

  /** Resolves at the next event, after `waitMs`, or when the client leaves or the gateway closes. */
  nextEvent(waitMs: number, response: ServerResponse): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        cancel();
        this.#waiting.delete(done);
        response.off("close", done);
        resolve();
      };
      const cancel = this.clock.after(waitMs, done);
      this.#waiting.add(done);
      response.on("close", done);
    });
  }

  close(): void {
    this.#unsubscribe();
    this.#wake();
  }

  frame(delivered: DeliveredFrame): void {
    if (this.#sampleFollowers.size === 0) return;
    const encoded = new EncodedFrame(delivered);
    for (const follower of this.#sampleFollowers) follower.live(encoded);
  }

  event(event: EventMessage): void {
    const encoded = new EncodedEvent(event);
    for (const follower of this.#eventFollowers) follower.live(encoded);
    this.#wake();
  }

  state(state: StateMessage): void {
    if (this.#clients.size === 0) return;
    const bytes = encodeMessage(state);
    for (const client of this.#clients) client.state(state, bytes);
  }

  metrics(metrics: MetricsMessage): void {
    this.lastMetrics = metrics;
    if (this.#clients.size === 0) return;
    const encoded = new EncodedMetrics(metrics);
    for (const client of this.#clients) client.metrics(encoded);
  }

  channels(declaration: Channels): void {
    if (this.#clients.size === 0) return;
    const bytes = encodeMessage(declaration);
    for (const client of this.#clients) client.channels(bytes);
  }

  flush(): void {
    for (const client of this.#clients) client.flush();
  }

  /** Clients hear of it before anything from the new place reaches them. */
  rewound(place: SessionPlace): void {
    this.lastMetrics = null;
    for (const client of this.#clients) client.rewound(place);
    for (const follower of this.#sampleFollowers) follower.rewind(place.input);
    for (const follower of this.#eventFollowers) follower.rewind(place.event);
    // Who polls asks again, and is told.
    this.#wake();
  }

  #wake(): void {
    for (const done of [...this.#waiting]) done();
  }
}
