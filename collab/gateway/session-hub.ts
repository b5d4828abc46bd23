/**
 * Distributes the deliveries of one session to all clients of the gateway. It is the gateway's only listener on the session.
 *
 * What goes to many clients is encoded once, here. A client that cannot take a delivery handles that itself; the others never wait for it.
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
import { EncodedEvent, EncodedFrame, EncodedMetrics } from "./encoded.ts";
import type { EventFollower } from "./event-follower.ts";
import { ForeignCursors } from "./resume.ts";
import type { SampleFollower } from "./sample-follower.ts";
import { SharedDecimations } from "./shared-decimations.ts";
import { TurnFrames } from "./turn-frames.ts";

/** A WebSocket client, as it takes deliveries other than events and samples. Those have followers. */
export interface HubClient {
  state(state: StateMessage, bytes: Uint8Array): void;
  metrics(metrics: EncodedMetrics): void;
  channels(bytes: Uint8Array): void;
  /** The end of a block's deliveries: send what was held back for one write. */
  flush(): void;
  /** The session continues from another place. Followers are rewound separately. */
  rewound(place: SessionPlace): void;
}

export class SessionHub implements SessionListener {
  readonly session: LiveSession;
  /** The clock for all timeouts of this session's clients. */
  readonly clock: Clock;
  /** For clients that subscribe later. */
  lastMetrics: MetricsMessage | null = null;
  readonly foreignCursors = new ForeignCursors();
  readonly turnFrames = new TurnFrames();
  readonly decimations = new SharedDecimations();
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

  /** Delivers to a client until the returned function is called. The followers below work the same way. */
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

  /** Whether a client is connected, or waits for an event. */
  get isFollowed(): boolean {
    return [this.#clients, this.#eventFollowers, this.#sampleFollowers, this.#waiting].some(
      (followers) => followers.size > 0,
    );
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

  /** Clients get the new place before any delivery from there. */
  rewound(place: SessionPlace): void {
    this.lastMetrics = null;
    for (const client of this.#clients) client.rewound(place);
    this.decimations.rewind(place.input);
    for (const follower of this.#sampleFollowers) follower.rewind(place.input);
    for (const follower of this.#eventFollowers) follower.rewind(place.event);
    // A poll that waits returns, and the next one finds its cursor ahead of the session.
    this.#wake();
  }

  #wake(): void {
    for (const done of [...this.#waiting]) done();
  }
}
