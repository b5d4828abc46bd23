/**
 * A client of the gateway's WebSocket, for pages and programs. It connects, subscribes, and after a break resumes from its cursors.
 *
 *   stopped ──start──► connecting ──welcome──► open ──closed──► waiting ──retry──► connecting
 *                          └──────closed──────────────────────────┘
 *   any ──closing without retryAfterMs──► refused          any ──stop──► stopped
 *
 * C1  Handlers get events in the order of their sequences, each once, across any number of breaks.
 * C2  They get frames as recorded in the same way, except those no longer in the server's memory: `missed` reports them.
 *     When a recorded session moves to another place, `rewound` reports it, and what comes after that place is delivered again.
 * C3  After a permanent refusal (token, version) the client does not reconnect.
 *
 * It depends on no runtime: sockets come from `connect`, time from `after`, random numbers from `random`.
 */
import { decodeFrameInto, decodeMessage, encodeMessage } from "../protocol/codec.ts";
import { errorText, ProtocolError } from "../protocol/errors.ts";
import { createScratchFrame, type Frame } from "../protocol/frame.ts";
import type {
  Channels,
  Closing,
  DecimatedMessage,
  DecodedMessage,
  EventMessage,
  Lagging,
  MetricsMessage,
  Refused,
  Rewound,
  SamplesMessage,
  StateMessage,
  Subscribe,
  Subscribed,
  Welcome,
} from "../protocol/messages.ts";
import { PROTOCOL_VERSION } from "../protocol/versions.ts";
import { EventCursor } from "./event-cursor.ts";

export interface ClientOptions {
  /** Opens a socket: `() => new WebSocket(url)`. */
  readonly connect: () => ClientSocket;
  readonly handlers: ClientHandlers;
  /** Program and version, for the server's log. */
  readonly name: string;
  /** For clients without a cookie of a sign-in. */
  readonly token?: string;
  /** Shared with other sources of events: SSE, polling. */
  readonly eventCursor?: EventCursor;
  /** Wait before the first retry. It doubles up to `retryMsMax`; equal values mean a fixed interval. */
  readonly retryMs?: number;
  readonly retryMsMax?: number;
  /** After this silence the client sends a ping; after twice as long the connection counts as broken. */
  readonly pingMs?: number;
  /** Calls `act` once after `ms`; the returned function cancels. Default: setTimeout. */
  readonly after?: (ms: number, act: () => void) => () => void;
  /** Uniform on [0, 1), to spread retries. Default: Math.random. */
  readonly random?: () => number;
}

/** What a handler throws is the caller's error and is not caught here. */
export interface ClientHandlers {
  connection?(state: ClientState): void;
  welcome?(welcome: Welcome): void;
  channels?(declaration: Channels): void;
  /** The next frame reuses the columns: copy what you keep. */
  samples?(frame: Frame, inputSequence: number): void;
  decimated?(decimated: DecimatedMessage): void;
  event?(event: EventMessage): void;
  state?(state: StateMessage): void;
  metrics?(metrics: MetricsMessage): void;
  lagging?(lagging: Lagging): void;
  refused?(refused: Refused): void;
  /** Samples after the cursor are lost, or the server has another recording (`reset`). */
  missed?(missed: { channel: Subscribe["channel"]; id: number; reset: boolean }): void;
  /** Deliveries after this place no longer count; they come again. */
  rewound?(rewound: Rewound): void;
}

export type ClientState =
  | { readonly state: "connecting" }
  | { readonly state: "open" }
  | { readonly state: "waiting"; readonly reason: string; readonly retryMs: number }
  | { readonly state: "refused"; readonly reason: string }
  | { readonly state: "stopped" };

/** A subscription as the caller describes it; the client adds the id. */
export type Subscription = Omit<Subscribe, "type" | "id">;

/** The part of the WebSocket interface that the client uses: browsers, Deno, Node and `ws` have it. */
export interface ClientSocket {
  binaryType: string;
  send(data: Uint8Array<ArrayBuffer>): void;
  close(code?: number, reason?: string): void;
  addEventListener(
    type: "open" | "message" | "close" | "error",
    listener: (event: SocketEvent) => void,
  ): void;
}

interface SocketEvent {
  readonly type: string;
  /** In a message event. */
  readonly data?: unknown;
  /** In a close event. */
  readonly code?: number;
  readonly reason?: string;
}

/** First wait: a server restarts within a second, so a few attempts fall into it. */
const RETRY_MS = 250;
/** Longest wait: short enough that a person does not take the waiting page for dead. */
const RETRY_MS_MAX = 5_000;
/** Below `keepAliveMs` of the gateway, so that the side where a person waits notices a broken connection first. */
const PING_MS = 10_000;
/** A socket opens within milliseconds, but a proxy whose server is down may never answer. */
const CONNECT_MS_MAX = 10_000;

export class Client {
  readonly eventCursor: EventCursor;
  readonly #options: ClientOptions;
  readonly #handlers: ClientHandlers;
  readonly #subscriptions = new Map<number, { subscription: Subscription; cursor: number | null }>();
  readonly #scratch = createScratchFrame();
  #state: ClientState = { state: "stopped" };
  #socket: ClientSocket | null = null;
  #cancelTimer: () => void = nothing;
  #closing: Closing | null = null;
  #failures = 0;
  #active = false;
  #pinged = false;
  #nextId = 1;

  constructor(options: ClientOptions) {
    this.#options = options;
    this.#handlers = options.handlers;
    this.eventCursor = options.eventCursor ?? new EventCursor();
  }

  get state(): ClientState {
    return this.#state;
  }

  start(): void {
    if (this.#state.state === "stopped" || this.#state.state === "refused") this.#connect();
  }

  stop(): void {
    this.#drop();
    this.#become({ state: "stopped" });
  }

  /** Subscribes as soon as the connection is open, and again after each break. `after` applies to the first time only. */
  subscribe(subscription: Subscription): number {
    const id = this.#nextId++;
    this.resubscribe(id, subscription);
    return id;
  }

  /** Changes a subscription: another group, other channels, another interval. Samples begin after `after`, or now. */
  resubscribe(id: number, subscription: Subscription): void {
    this.#subscriptions.set(id, { subscription, cursor: subscription.after ?? null });
    if (this.#state.state === "open") this.#sendSubscribe(id);
  }

  unsubscribe(id: number): void {
    if (this.#subscriptions.delete(id) && this.#state.state === "open")
      this.#send({ type: "unsubscribe", id });
  }

  // ---- the connection -------------------------------------------------------------------------------------------

  #connect(): void {
    this.#closing = null;
    this.#become({ state: "connecting" });
    if (this.#state.state !== "connecting") return;
    let socket: ClientSocket;
    try {
      socket = this.#options.connect();
    } catch (error) {
      // There may be no sockets at all, or a policy forbids them.
      this.#broken(errorText(error));
      return;
    }
    this.#socket = socket;
    socket.binaryType = "arraybuffer";
    this.#after(CONNECT_MS_MAX, () => this.#broken(`no welcome within ${CONNECT_MS_MAX} ms`));
    // A dropped socket may still report events: only those of the current one count.
    socket.addEventListener("open", () => {
      if (this.#socket === socket) this.#hello();
    });
    socket.addEventListener("message", ({ data }) => {
      if (this.#socket === socket && data instanceof ArrayBuffer) this.#read(new Uint8Array(data));
    });
    socket.addEventListener("error", () => {});
    socket.addEventListener("close", ({ code, reason }) => {
      if (this.#socket === socket) this.#broken(reason ? reason : `closed with code ${code}`);
    });
  }

  #hello(): void {
    const { name, token } = this.#options;
    this.#send({
      type: "hello",
      client: name,
      versions: [PROTOCOL_VERSION],
      ...(token === undefined ? {} : { token }),
    });
  }

  #broken(reason: string): void {
    const closing = this.#closing;
    this.#drop();
    const why = closing === null ? reason : `${closing.reason}: ${closing.detail}`;
    if (closing !== null && closing.retryAfterMs === undefined) {
      this.#become({ state: "refused", reason: why });
      return;
    }
    const { retryMs = RETRY_MS, retryMsMax = Math.max(retryMs, RETRY_MS_MAX) } = this.#options;
    const grown = Math.min(retryMsMax, retryMs * 2 ** Math.min(this.#failures++, 16));
    // Spread, so that the pages of a team do not all reconnect in the same millisecond.
    const spread =
      retryMs === retryMsMax ? grown : grown * (0.5 + (this.#options.random ?? Math.random)() / 2);
    const waitMs = Math.max(spread, closing?.retryAfterMs ?? 0);
    this.#become({ state: "waiting", reason: why, retryMs: waitMs });
    if (this.#state.state === "waiting") this.#after(waitMs, () => this.#connect());
  }

  #drop(): void {
    this.#cancel();
    const socket = this.#socket;
    this.#socket = null;
    socket?.close();
  }

  /** Every `pingMs`: sends a ping after silence, and gives up when that was not answered either. */
  #watchSilence(): void {
    const { pingMs = PING_MS } = this.#options;
    this.#after(pingMs, () => {
      if (!this.#active && this.#pinged) {
        this.#broken(`no message for ${2 * pingMs} ms`);
        return;
      }
      this.#pinged = !this.#active;
      this.#active = false;
      this.#watchSilence();
      if (this.#pinged) this.#send({ type: "ping", nonce: 1 });
    });
  }

  #after(ms: number, act: () => void): void {
    this.#cancel();
    this.#cancelTimer = (this.#options.after ?? afterTimeout)(ms, act);
  }

  #cancel(): void {
    this.#cancelTimer();
    this.#cancelTimer = nothing;
  }

  #become(state: ClientState): void {
    this.#state = state;
    this.#handlers.connection?.(state);
  }

  #send(message: Parameters<typeof encodeMessage>[0]): void {
    // Encoded bytes are always in a plain ArrayBuffer, which browsers require.
    this.#socket?.send(encodeMessage(message) as Uint8Array<ArrayBuffer>);
  }

  #sendSubscribe(id: number): void {
    const held = this.#subscriptions.get(id);
    if (held === undefined) return;
    const { after: _, ...subscription } = held.subscription;
    const cursor =
      subscription.channel === "events" ? (this.eventCursor.sequence ?? held.cursor) : held.cursor;
    this.#send({ type: "subscribe", id, ...subscription, ...(cursor === null ? {} : { after: cursor }) });
  }

  // ---- messages of the server -----------------------------------------------------------------------------------

  #read(bytes: Uint8Array): void {
    this.#active = true;
    let message: DecodedMessage;
    try {
      message = decodeMessage(bytes);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.#broken(error.message);
      return;
    }
    this.#hand(message);
  }

  #hand(message: DecodedMessage): void {
    switch (message.type) {
      case "samples":
        this.#samples(message);
        break;
      case "decimated":
        this.#decimated(message);
        break;
      case "event":
        if (this.eventCursor.take(message)) this.#handlers.event?.(message);
        break;
      case "state":
        this.#handlers.state?.(message);
        break;
      case "metrics":
        this.#handlers.metrics?.(message);
        break;
      case "channels":
        this.#handlers.channels?.(message);
        break;
      case "welcome":
        this.#welcome(message);
        break;
      case "subscribed":
        this.#subscribed(message);
        break;
      case "lagging":
        this.#handlers.lagging?.(message);
        break;
      case "refused":
        this.#handlers.refused?.(message);
        break;
      case "closing":
        this.#closing = message;
        break;
      case "rewound":
        this.#rewound(message);
        break;
      default:
      // Pong, and messages of newer servers.
    }
  }

  #welcome(welcome: Welcome): void {
    this.#failures = 0;
    this.#active = true;
    this.#pinged = false;
    this.#watchSilence();
    this.#handlers.welcome?.(welcome);
    this.#become({ state: "open" });
    for (const id of this.#subscriptions.keys()) this.#sendSubscribe(id);
  }

  #subscribed({ id, channel, after, complete }: Subscribed): void {
    const held = this.#subscriptions.get(id);
    if (held === undefined) return;
    if (channel === "events") {
      const reset = this.eventCursor.moveTo(after);
      if (reset) this.#handlers.missed?.({ channel, id, reset });
    } else if (channel === "samples") {
      const reset = held.cursor !== null && after < held.cursor;
      held.cursor = after;
      if (!complete) this.#handlers.missed?.({ channel, id, reset });
    }
  }

  #rewound(rewound: Rewound): void {
    this.eventCursor.moveBackTo(rewound.cursors.event);
    for (const held of this.#subscriptions.values())
      if (held.subscription.channel === "samples" && held.cursor !== null)
        held.cursor = rewound.cursors.input;
    this.#handlers.rewound?.(rewound);
  }

  #samples({ inputSequence, frame: bytes }: SamplesMessage): void {
    const frame = decodeFrameInto(bytes, this.#scratch);
    let seen = false;
    for (const held of this.#subscriptions.values()) {
      const { channel, group, decimationUs = 0 } = held.subscription;
      if (channel !== "samples" || decimationUs > 0 || (group !== undefined && group !== frame.group))
        continue;
      if (held.cursor !== null && inputSequence <= held.cursor) seen = true;
      else held.cursor = inputSequence;
    }
    if (!seen) this.#handlers.samples?.(frame, inputSequence);
  }

  /** It does not contain the open interval: after a break that interval starts again where the connection broke. */
  #decimated(decimated: DecimatedMessage): void {
    const held = this.#subscriptions.get(decimated.id);
    if (held === undefined) return;
    held.cursor = decimated.inputSequence;
    this.#handlers.decimated?.(decimated);
  }
}

function afterTimeout(ms: number, act: () => void): () => void {
  const timer = setTimeout(act, ms);
  return () => clearTimeout(timer);
}

function nothing(): void {}
