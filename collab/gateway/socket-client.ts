/**
 * One client that takes messages: of the WebSocket, or of what stands in for it (client-line.ts).
 *
 *   awaitingHello ──hello──► signingIn ──► joined ──cut by the gateway · closed by the client──► closed
 *        └──no hello in time · wrong token · no common version──► closed
 *
 * W1  A client gets nothing of the session before its hello. A client that has not signed in by header or
 *     cookie signs in with the token in its hello.
 * W2  Messages that a client may not send (`flow` in protocol/messages.ts), and bytes that cannot be read, are answered with `refused`.
 * W3  The deliveries of a released block wait for `flush` and leave in one write, of bytes that clients with the same subscriptions share.
 * W4  `closing` gives the reason before the gateway closes the connection.
 */
import type { SessionPlace } from "../../actors/ports/session.ts";
import { encodeMessage } from "../../protocol/codec.ts";
import { EigenwatchError, errorText } from "../../protocol/errors.ts";
import type { ClientMessage, CloseReason, Message, Refused, StateMessage } from "../../protocol/messages.ts";
import { PROTOCOL_VERSION } from "../../protocol/versions.ts";
import { Backlog } from "./backlog.ts";
import type { ClientLine } from "./client-line.ts";
import { closingMessage, readClientMessage, refusedMessage, welcomeMessage } from "./client-messages.ts";
import type { EncodedMetrics } from "./encoded.ts";
import type { GatewayLimits } from "./limits.ts";
import { type Counters, countUp, type Delivery } from "./metrics.ts";
import { TokenBucket } from "./rate-limit.ts";
import type { HubClient, SessionHub } from "./session-hub.ts";
import { type ClientPort, Subscriptions } from "./subscriptions.ts";

export interface ClientContext {
  readonly hub: SessionHub;
  /** All partitions of the hub's session, the first one first. */
  readonly partitions: readonly string[];
  readonly limits: GatewayLimits;
  readonly counters: Counters;
  readonly nowMs: () => number;
  /** The budget of decimation, which all connections of its payer share (`payerOf`). */
  readonly decimation: () => TokenBucket;
  /** Rejects unless the client has signed in, by its request or with this token. */
  readonly signIn: (token: string | undefined) => Promise<void>;
  /** False once the login that opened this connection has ended. */
  readonly stillSignedIn: () => boolean;
  /** Program and version of the gateway. */
  readonly server: string;
}

/** Long enough for the event loop to read the sockets once or twice. */
const HELLO_GRACE_MS = 50;
/** Retry soon: the page or its machine may only have been busy. */
const NO_HELLO_RETRY_MS = 1_000;

export class SocketClient implements HubClient, ClientPort {
  readonly #line: ClientLine;
  readonly #context: ClientContext;
  readonly #messageRate: TokenBucket;
  readonly #backlog: Backlog;
  readonly #subscriptions: Subscriptions;
  #cancelHello: () => void;
  #leaveHub: () => void = () => {};
  #cancelResume: (() => void) | null = null;
  #cancelTerminate: () => void = () => {};
  #state: "awaitingHello" | "signingIn" | "joined" | "closed" = "awaitingHello";
  /** What came after the hello while it is signing in. */
  #early: ClientMessage[] = [];
  /** Deliveries since the last flush, and their bytes. */
  #turn: Uint8Array[] = [];
  #turnBytes = 0;
  #alive = true;
  #dropped = { samples: 0, state: 0, metrics: 0 };
  /** The newest state of each group and the newest metrics, kept while the client lags. */
  readonly #heldStates = new Map<string, Uint8Array>();
  #heldMetrics: Uint8Array | null = null;

  constructor(line: ClientLine, context: ClientContext) {
    const { limits, nowMs, hub } = context;
    this.#line = line;
    this.#context = context;
    this.#messageRate = new TokenBucket(limits.messagesBurst, limits.messagesPerSecond, nowMs());
    this.#backlog = new Backlog(limits);
    this.#subscriptions = new Subscriptions(hub, limits, this);
    this.#cancelHello = hub.clock.after(limits.helloMsMax, () => this.#lastCallForHello());

    line.listen({
      message: (data, isBinary) => this.#receive(data, isBinary),
      alive: () => {
        this.#alive = true;
      },
      drained: () => this.#checkBacklog(),
      failed: () => countUp(this.#context.counters.closed, "ws error"),
      closed: () => {
        this.#cancelTerminate();
        this.#end();
      },
    });
  }

  /** After a pause of this process the timer fires before waiting bytes are read, so a hello that is already here gets HELLO_GRACE_MS. */
  #lastCallForHello(): void {
    this.#cancelHello = this.#context.hub.clock.after(HELLO_GRACE_MS, () => {
      const { helloMsMax } = this.#context.limits;
      // The protocol has no reason of its own for this.
      this.cut("malformed", `no hello within ${helloMsMax} ms (helloMsMax)`, NO_HELLO_RETRY_MS);
    });
  }

  // ---- what the client sends ------------------------------------------------------------------------------------

  #receive(data: Uint8Array, isBinary: boolean): void {
    if (this.#state === "closed") return;
    const { counters, nowMs, limits } = this.#context;
    this.#alive = true;
    counters.messagesReceived += 1;
    if (!this.#messageRate.take(nowMs())) {
      this.cut("rate", `more than ${limits.messagesPerSecond} messages a second (messagesPerSecond)`);
      return;
    }
    const request = readClientMessage(data, isBinary);
    if ("refused" in request) this.#refuse(request.refused);
    else this.#handle(request.message);
  }

  #handle(message: ClientMessage): void {
    if (this.#state === "awaitingHello" && message.type !== "hello") {
      this.cut("malformed", `${message.type} before hello`);
      return;
    }
    if (this.#state === "signingIn") {
      this.#early.push(message);
      return;
    }
    switch (message.type) {
      case "hello":
        void this.#hello(message.versions, message.token);
        break;
      case "subscribe":
        this.#refuse(this.#subscriptions.subscribe(message));
        break;
      case "unsubscribe":
        this.#refuse(this.#subscriptions.unsubscribe(message.id));
        break;
      case "ping": {
        const { timeUs } = this.#context.hub.session.describe();
        this.send({ type: "pong", nonce: message.nonce, timeUs });
        break;
      }
      default:
        unreachable(message);
    }
  }

  async #hello(versions: readonly number[], token: string | undefined): Promise<void> {
    if (this.#state !== "awaitingHello") {
      this.#refuse(refusedMessage("hello", "say hello", "a second hello", "one per connection"));
      return;
    }
    if (!versions.includes(PROTOCOL_VERSION)) {
      this.cut("version", `versions ${versions.join(", ")}; expected ${PROTOCOL_VERSION}`);
      return;
    }
    this.#state = "signingIn";
    try {
      await this.#context.signIn(token);
    } catch (error) {
      const isBusy = error instanceof EigenwatchError && error.kind === "unavailable";
      this.cut(isBusy ? "rate" : "unauthorized", errorText(error));
      return;
    }
    if (this.#state === "signingIn") this.#join();
  }

  #join(): void {
    const { hub, partitions, limits, server } = this.#context;
    this.#cancelHello();
    this.#state = "joined";
    this.#leaveHub = hub.join(this);
    this.send(welcomeMessage(hub.session, partitions, server, limits));
    for (const declaration of hub.session.groups()) this.send(declaration);
    const early = this.#early;
    this.#early = [];
    for (const message of early) if (this.#isJoined()) this.#handle(message);
  }

  #isJoined(): boolean {
    return this.#state === "joined";
  }

  #refuse(refused: Refused | null): void {
    if (refused === null) return;
    this.#context.counters.refused += 1;
    this.send(refused);
  }

  // ---- what the client gets -------------------------------------------------------------------------------------

  state(state: StateMessage, bytes: Uint8Array): void {
    if (this.#subscriptions.takesState(state)) this.sendState(state.group, bytes, true);
  }

  metrics(encoded: EncodedMetrics): void {
    if (this.#subscriptions.takesMetrics(encoded.metrics)) this.sendMetrics(encoded.bytes, true);
  }

  channels(bytes: Uint8Array): void {
    this.#write("control", bytes, true);
  }

  /** Sends a message that is rare enough to be encoded for this client alone. */
  send(message: Message): void {
    this.#write("control", encodeMessage(message), false);
  }

  sendState(group: string, bytes: Uint8Array, live: boolean): void {
    this.#judgeBacklog();
    if (this.#state === "closed") return;
    if (!this.#backlog.lagging) {
      this.#write("state", bytes, live);
      return;
    }
    if (this.#heldStates.has(group)) this.#drop("state");
    this.#heldStates.set(group, bytes);
  }

  sendMetrics(bytes: Uint8Array, live: boolean): void {
    this.#judgeBacklog();
    if (this.#state === "closed") return;
    if (!this.#backlog.lagging) {
      this.#write("metrics", bytes, live);
      return;
    }
    if (this.#heldMetrics !== null) this.#drop("metrics");
    this.#heldMetrics = bytes;
  }

  /** Live samples are dropped while the client lags; a back-fill drops none. False: a back-fill must pause, or the client has not joined. */
  sendSamples(bytes: Uint8Array, backfill: boolean): boolean {
    this.#judgeBacklog();
    if (this.#state !== "joined") return false;
    if (backfill) {
      this.#write("samples", bytes, false, true);
      return this.#hasRoom;
    }
    if (this.#backlog.lagging) this.#drop("samples");
    else this.#write("samples", bytes, true);
    return true;
  }

  mayDecimate(backfill: boolean): boolean {
    if (this.#context.decimation().isOpen(this.#context.nowMs())) return true;
    if (backfill) this.#resumeWithBudget();
    return false;
  }

  decimated(units: number): void {
    this.#context.decimation().spend(units);
  }

  leaveOutSamples(): void {
    this.#drop("samples");
    this.#resumeWithBudget();
  }

  /** Events are sent even while the client lags, until it is cut. */
  sendEvent(bytes: Uint8Array, backfill: boolean): boolean {
    if (this.#state !== "joined") return false;
    this.#write("events", bytes, !backfill, backfill);
    this.#judgeBacklog();
    return !backfill || this.#hasRoom;
  }

  rewound({ timeUs, input, event }: SessionPlace): void {
    this.#heldStates.clear();
    this.#heldMetrics = null;
    this.send({ type: "rewound", timeUs, cursors: { input, event } });
    for (const declaration of this.#context.hub.session.groups()) this.send(declaration);
  }

  flush(): void {
    this.#sendTurn();
    if (this.#backlog.lagging) this.#checkBacklog();
  }

  checkSignIn(): void {
    if (this.#state !== "closed" && !this.#context.stillSignedIn())
      this.cut("unauthorized", "the sign-in has ended: it was revoked, has expired, or has another role now");
  }

  /** Runs every `keepAliveMs`: a client that was silent since the last ping is gone, or too slow to have read it. */
  keepAlive(): void {
    this.checkSignIn();
    if (this.#state === "closed") return;
    if (this.#backlog.lagging) this.#checkBacklog();
    if (!this.#alive && this.#backlog.lagging) {
      const { keepAliveMs } = this.#context.limits;
      this.cut(
        "slow",
        `${this.#unreadBytes} bytes and a ping not read within ${keepAliveMs} ms (keepAliveMs)`,
      );
      return;
    }
    if (!this.#alive) {
      countUp(this.#context.counters.closed, "ws silent");
      this.#line.terminate();
      return;
    }
    this.#alive = false;
    this.#line.ping();
  }

  /** Sends the reason, closes, and ends the socket when the client does not close it in time. */
  cut(reason: CloseReason, detail: string, retryAfterMs?: number): void {
    if (this.#state === "closed") return;
    const { counters, hub, limits } = this.#context;
    const closing = closingMessage(reason, detail, retryAfterMs);
    this.#write("control", encodeMessage(closing), false);
    countUp(counters.closed, `ws ${reason}`);
    this.#end();
    this.#line.close(closing.code, reason);
    const graceMs = reason === "slow" ? limits.cutGraceMs : limits.closeGraceMs;
    this.#cancelTerminate = hub.clock.after(graceMs, () => this.#line.terminate());
  }

  // ---- the socket -----------------------------------------------------------------------------------------------

  #write(delivery: Delivery, bytes: Uint8Array, live: boolean, backfill = false): void {
    if (this.#state === "closed") return;
    if (live) {
      this.#turn.push(bytes);
      this.#turnBytes += bytes.length;
    } else {
      this.#sendTurn();
      if (backfill) this.#line.sendBackfill(bytes);
      else this.#line.send(bytes);
    }
    this.#context.counters.sent(delivery, bytes.length);
  }

  #sendTurn(): void {
    if (this.#turn.length === 0) return;
    const messages = this.#turn;
    this.#turn = [];
    this.#turnBytes = 0;
    this.#line.sendTurn(messages);
  }

  get #unreadBytes(): number {
    return this.#line.unreadBytes + this.#turnBytes;
  }

  /** Judges the backlog and acts on it: cuts the client, or sends what was held back while it lagged. */
  #judgeBacklog(): void {
    if (this.#state === "closed") return;
    const judged = this.#backlog.judge(this.#unreadBytes, this.#context.nowMs);
    if (judged === "cut") this.#cutSlow();
    else if (judged === "recovered") this.#recover();
  }

  /** Some bytes have left: the client may have caught up, or may take more of a back-fill. */
  #checkBacklog(): void {
    this.#judgeBacklog();
    if (this.#state !== "joined" || this.#backlog.lagging) return;
    // Well below the half at which #hasRoom pauses a back-fill.
    if (this.#unreadBytes <= this.#context.limits.conflateAboveBytes / 4) this.#subscriptions.resume();
  }

  /** A back-fill uses at most half of the backlog that makes a client lag: live states must not be held back because of it. */
  get #hasRoom(): boolean {
    const { conflateAboveBytes } = this.#context.limits;
    return this.#state === "joined" && this.#unreadBytes <= conflateAboveBytes / 2;
  }

  /** When the budget of decimation opens again: reports what was left out, and goes on with back-fills. */
  #resumeWithBudget(): void {
    this.#cancelResume ??= this.#context.hub.clock.after(this.#context.decimation().closedForMs, () => {
      this.#cancelResume = null;
      if (!this.#context.decimation().isOpen(this.#context.nowMs())) this.#resumeWithBudget();
      else {
        this.#checkBacklog();
        if (this.#state === "joined" && !this.#backlog.lagging) this.#reportDropped();
      }
    });
  }

  #reportDropped(): void {
    const dropped = this.#dropped;
    this.#dropped = { samples: 0, state: 0, metrics: 0 };
    if (dropped.samples + dropped.state + dropped.metrics > 0)
      this.send({ type: "lagging", ...dropped, bufferedBytes: this.#unreadBytes });
  }

  #recover(): void {
    this.#reportDropped();
    for (const bytes of this.#heldStates.values()) this.#write("state", bytes, false);
    this.#heldStates.clear();
    if (this.#heldMetrics !== null) this.#write("metrics", this.#heldMetrics, false);
    this.#heldMetrics = null;
  }

  #cutSlow(): void {
    const { cutAboveBytes, laggingMsMax } = this.#context.limits;
    const expected = `at most ${cutAboveBytes} (cutAboveBytes), and ${laggingMsMax} ms of lagging (laggingMsMax)`;
    this.cut("slow", `${this.#unreadBytes} bytes not read; expected ${expected}`);
  }

  #drop(channel: "samples" | "state" | "metrics"): void {
    this.#dropped[channel] += 1;
    this.#context.counters.dropped[channel] += 1;
  }

  #end(): void {
    if (this.#state === "closed") return;
    this.#state = "closed";
    this.#cancelHello();
    this.#leaveHub();
    this.#cancelResume?.();
    this.#subscriptions.clear();
    this.#heldStates.clear();
    this.#heldMetrics = null;
    this.#turn = [];
    this.#turnBytes = 0;
  }
}

function unreachable(message: never): never {
  throw new Error(`Cannot handle ${JSON.stringify(message)}; expected a message of a client`);
}
