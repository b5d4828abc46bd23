/**
 * A client of the gateway's WebSocket, for pages and programs: connects, says hello, subscribes, and after a break resumes from its cursors.
 *
 *   stopped ──start──► connecting ──welcome──► open ──closed──► waiting ──retry──► connecting
 *                          └──────closed──────────────────────────┘
 *   any ──closing without retryAfterMs──► refused          any ──stop──► stopped
 *
 * C1  Events are handed over in the order of their sequences, each once, across any number of breaks.
 * C2  Frames as recorded likewise; those that are no longer in the server's memory are gone, which `missed` tells.
 *     A recorded session may be moved to another place: `rewound` tells, and what lies behind that place comes again.
 * C3  What the server refuses for good (token, version) is not tried again.
 *
 * Knows no runtime: sockets come from `connect`, time from `after`, chance from `random`.
 */
import { decodeFrameInto, decodeMessage, encodeMessage } from "../protocol/codec.ts";
import { ProtocolError } from "../protocol/errors.ts";
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
  /** Where no cookie carries the sign-in. */
  readonly token?: string;
  /** Shared with other ways to get events. */
  readonly eventCursor?: EventCursor;
  /** The wait before the first retry, doubled up to `retryMsMax`; equal values mean a fixed interval. */
  readonly retryMs?: number;
  readonly retryMsMax?: number;
  /** Silence after which a ping is sent, and after twice of which the connection counts as broken. */
  readonly pingMs?: number;
  /** Calls `act` once after `ms`; the returned function cancels. Default: setTimeout. */
  readonly after?: (ms: number, act: () => void) => () => void;
  /** Uniform on [0, 1), to spread retries. Default: Math.random. */
  readonly random?: () => number;
}

/** Every handler may throw: that is the caller's error and not caught here. */
export interface ClientHandlers {
  connection?(state: ClientState): void;
  welcome?(welcome: Welcome): void;
  channels?(declaration: Channels): void;
  /** The frame's columns are used again for the next one: copy what is kept. */
  samples?(frame: Frame, inputSequence: number): void;
  decimated?(decimated: DecimatedMessage): void;
  event?(event: EventMessage): void;
  state?(state: StateMessage): void;
  metrics?(metrics: MetricsMessage): void;
  lagging?(lagging: Lagging): void;
  refused?(refused: Refused): void;
  /** Some samples behind the cursor are gone (`complete` false), or the server has another recording (`reset`). */
  missed?(missed: { channel: Subscribe["channel"]; id: number; reset: boolean }): void;
  /** What came behind this place counts no more; it comes once more. */
  rewound?(rewound: Rewound): void;
}

export type ClientState =
  | { readonly state: "connecting" }
  | { readonly state: "open" }
  | { readonly state: "waiting"; readonly reason: string; readonly retryMs: number }
  | { readonly state: "refused"; readonly reason: string }
  | { readonly state: "stopped" };

/** What a subscription asks for; its id is given by the client. */
export type Wish = Omit<Subscribe, "type" | "id">;

/** The part of the WebSocket interface that is used: browsers, Deno, Node and `ws` have it. */
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
  /** Of a message. */
  readonly data?: unknown;
  /** Of a close. */
  readonly code?: number;
  readonly reason?: string;
}

/** First wait: a server that restarts is back within a second, so a few tries fall into it. */
const RETRY_MS = 250;
/** Longest wait: somebody who looks at a page that waits does not think it dead. */
const RETRY_MS_MAX = 5_000;
/** Below the keep-alive of the gateway, so that a broken line is noticed by the side where a person waits. */
const PING_MS = 10_000;
/** A socket that opens takes milliseconds; a proxy without a server behind it may take for ever. */
const CONNECT_MS_MAX = 10_000;

export class Client {
  readonly eventCursor: EventCursor;
  readonly #options: ClientOptions;
  readonly #handlers: ClientHandlers;
  readonly #wishes = new Map<number, { wish: Wish; cursor: number | null }>();
  readonly #scratch = createScratchFrame();
  #state: ClientState = { state: "stopped" };
  #socket: ClientSocket | null = null;
  #cancelTimer: () => void = nothing;
  #closing: Closing | null = null;
  #failures = 0;
  #heard = false;
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

  /** Subscribes now or as soon as the connection is open, and again after each break. `after` counts for the first time only. */
  subscribe(wish: Wish): number {
    const id = this.#nextId++;
    this.#wishes.set(id, { wish, cursor: wish.after ?? null });
    if (this.#state.state === "open") this.#ask(id);
    return id;
  }

  /** Changes a subscription in place: another group, other channels, another interval. Samples begin behind `after`, or now. */
  resubscribe(id: number, wish: Wish): void {
    this.#wishes.set(id, { wish, cursor: wish.after ?? null });
    if (this.#state.state === "open") this.#ask(id);
  }

  unsubscribe(id: number): void {
    if (this.#wishes.delete(id) && this.#state.state === "open") this.#send({ type: "unsubscribe", id });
  }

  // ---- the connection -------------------------------------------------------------------------------------------

  #connect(): void {
    this.#closing = null;
    this.#become({ state: "connecting" });
    if (this.#state.state !== "connecting") return;
    const socket = this.#options.connect();
    this.#socket = socket;
    socket.binaryType = "arraybuffer";
    this.#after(CONNECT_MS_MAX, () => this.#broken(`no welcome within ${CONNECT_MS_MAX} ms`));
    // A socket that was dropped may still speak: only the one in use is listened to.
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
    // Spread, so that all pages of a team do not come back in the same millisecond.
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

  /** Once per `pingMs`: pings when nothing was heard, gives up when the ping was not answered either. */
  #listen(): void {
    const { pingMs = PING_MS } = this.#options;
    this.#after(pingMs, () => {
      if (!this.#heard && this.#pinged) {
        this.#broken(`nothing heard for ${2 * pingMs} ms`);
        return;
      }
      this.#pinged = !this.#heard;
      this.#heard = false;
      this.#listen();
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
    // Encoded bytes are always of a plain ArrayBuffer, which is what browsers ask for.
    this.#socket?.send(encodeMessage(message) as Uint8Array<ArrayBuffer>);
  }

  #ask(id: number): void {
    const held = this.#wishes.get(id);
    if (held === undefined) return;
    const { after: _, ...wish } = held.wish;
    const cursor = wish.channel === "events" ? (this.eventCursor.sequence ?? held.cursor) : held.cursor;
    this.#send({ type: "subscribe", id, ...wish, ...(cursor === null ? {} : { after: cursor }) });
  }

  // ---- what comes -----------------------------------------------------------------------------------------------

  #read(bytes: Uint8Array): void {
    this.#heard = true;
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
      // Pong, and what a newer server may say.
    }
  }

  #welcome(welcome: Welcome): void {
    this.#failures = 0;
    this.#heard = true;
    this.#pinged = false;
    this.#listen();
    this.#handlers.welcome?.(welcome);
    this.#become({ state: "open" });
    for (const id of this.#wishes.keys()) this.#ask(id);
  }

  #subscribed({ id, channel, after, complete }: Subscribed): void {
    const held = this.#wishes.get(id);
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
    for (const held of this.#wishes.values())
      if (held.wish.channel === "samples" && held.cursor !== null) held.cursor = rewound.cursors.input;
    this.#handlers.rewound?.(rewound);
  }

  #samples({ inputSequence, frame: bytes }: SamplesMessage): void {
    const frame = decodeFrameInto(bytes, this.#scratch);
    let seen = false;
    for (const held of this.#wishes.values()) {
      const { channel, group, decimationUs = 0 } = held.wish;
      if (channel !== "samples" || decimationUs > 0 || (group !== undefined && group !== frame.group))
        continue;
      if (held.cursor !== null && inputSequence <= held.cursor) seen = true;
      else held.cursor = inputSequence;
    }
    if (!seen) this.#handlers.samples?.(frame, inputSequence);
  }

  /** The open interval is not in it: resuming behind it begins that interval again where the connection broke. */
  #decimated(decimated: DecimatedMessage): void {
    const held = this.#wishes.get(decimated.id);
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
