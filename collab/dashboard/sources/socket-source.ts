/**
 * The live session: over the gateway's WebSockets, one for each partition; where none gets through, by plain HTTP.
 *
 *   connecting ──► open                     over WebSockets
 *        └─► waiting ──► connecting …       the server does not answer
 *               ├─► degraded                it answers, but only to plain requests: by event streams, else by polling, until a WebSocket connects
 *               ├─► refused                 it requires a sign-in, or another version of the page
 *               └─► unopened                it has no such recording, or cannot read it
 */
import { Client, type ClientState } from "../../client.ts";
import { SessionClient } from "../../session-client.ts";
import { type Carrier, HttpSocket } from "./http-socket.ts";
import { PartitionStream } from "./partition-stream.ts";
import type { Source, SourceSink, Window } from "./source.ts";

const NAME = "dashboard 0.1.0";

/** What carries the messages, best first, and how many connections fail, while the server answers plain requests, before the next is taken. */
const CARRIERS: readonly { readonly carrier: "socket" | Carrier; readonly failures: number }[] = [
  { carrier: "socket", failures: 3 },
  { carrier: "stream", failures: 2 },
  { carrier: "poll", failures: 3 },
];

/** Partitions with an event stream: a browser opens at most 6 connections to a server, for all its tabs, and pages have requests of their own. */
const MOST_EVENT_STREAMS = 2;

/** Statuses of a recording that is not there, or cannot be read: trying again does not help. */
const UNOPENED: ReadonlySet<number> = new Set([400, 404, 500]);

interface Refusal {
  readonly action: string;
  readonly value: string;
}

/** Whether a WebSocket gets through meanwhile. */
const PROBE_EVERY_MS = 30_000;

const RATE_EVERY_MS = 2_000;

export class SocketSource implements Source {
  readonly #client: SessionClient;
  readonly #streams = new Map<string, PartitionStream>();
  /** Partitions that were connected to without a WebSocket; null: the first. */
  readonly #withoutSocket = new Set<string | null>();
  #sink: SourceSink | null = null;
  #carrier = 0;
  /** Connections that failed while the server answered, since the session was open. */
  #failures = 0;
  #spanUs: number;
  #charted: readonly string[] = [];
  #timer: ReturnType<typeof setInterval> | undefined;
  #probing: ReturnType<typeof setInterval> | undefined;
  #probe: Client | null = null;

  constructor(spanUs: number) {
    this.#spanUs = spanUs;
    this.#client = new SessionClient({
      name: NAME,
      connect: (partition) => this.#connect(partition),
      connection: (state) => this.#connection(state),
      joined: (partition, client) => {
        const stream = new PartitionStream(partition, client, this.#sink!, this.#spanUs, () => this.#charted);
        this.#streams.set(partition, stream);
        return stream.handlers;
      },
    });
  }

  start(sink: SourceSink): void {
    this.#sink = sink;
    this.#client.start();
    this.#timer = setInterval(() => {
      for (const stream of this.#streams.values()) stream.measureRate(RATE_EVERY_MS / 1000, this.#spanUs);
    }, RATE_EVERY_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#endProbe();
    for (const { past } of this.#streams.values()) past.stop();
    this.#client.stop();
  }

  look({ spanUs, endUs, following, charted }: Window): void {
    this.#spanUs = spanUs;
    this.#charted = charted;
    for (const stream of this.#streams.values()) {
      stream.chooseInterval(spanUs);
      if (!Number.isNaN(endUs)) stream.past.look(endUs - spanUs, endUs, following);
    }
  }

  lookAt(timeUs: number): void {
    for (const { past } of this.#streams.values()) past.lookAt(timeUs);
  }

  #connect(partition: string | null): WebSocket | HttpSocket {
    const { carrier } = CARRIERS[this.#carrier]!;
    if (carrier === "socket") return new WebSocket(socketUrl(partition));
    const others = [...this.#withoutSocket.add(partition)].indexOf(partition);
    return new HttpSocket(partition, others < MOST_EVENT_STREAMS ? carrier : "poll");
  }

  #connection(state: ClientState): void {
    const { carrier } = CARRIERS[this.#carrier]!;
    if (state.state === "open") {
      this.#failures = 0;
      this.#sink?.connection(carrier === "socket" ? { state: "open" } : { state: "degraded", carrier });
    } else if (state.state === "waiting") {
      this.#waiting(state.reason, state.retryMs);
      void this.#diagnose();
    } else if (state.state === "refused") {
      this.#sink?.connection({
        state: "refused",
        reason: state.reason,
        signIn: state.reason.startsWith("unauthorized"),
      });
    }
  }

  #waiting(reason: string, retryMs: number): void {
    // Browsers report 1006 when they know no reason.
    const plain = reason.includes("1006") ? "the server does not answer" : reason;
    const retryAtMs = performance.now() + retryMs;
    const { notConnected: partitions } = this.#client;
    this.#sink?.connection({ state: "waiting", reason: plain, retryAtMs, partitions });
  }

  /** Browsers hide why a WebSocket failed; a plain request shows it. */
  async #diagnose(): Promise<void> {
    let response: Response;
    try {
      response = await fetch("api/sessions", { headers: { accept: "application/json" } });
    } catch {
      return;
    }
    // It may have connected meanwhile.
    if (this.#client.state.state === "open") return;
    const { status } = response;
    if (UNOPENED.has(status)) {
      const { error } = (await response.json().catch(() => ({}))) as { error?: Refusal };
      if (error === undefined) return;
      this.#client.stop();
      this.#sink?.connection({ state: "unopened", reason: `Cannot ${error.action}: ${error.value}` });
    } else if (status === 401 || status === 403) {
      this.#client.stop();
      this.#sink?.connection({ state: "refused", reason: "this session requires a sign-in", signIn: true });
    } else if (status === 200 && ++this.#failures >= CARRIERS[this.#carrier]!.failures) {
      // After polling it begins with WebSockets again.
      this.#carryBy((this.#carrier + 1) % CARRIERS.length);
    }
  }

  /** Connects anew with another carrier, and goes on at the cursors. */
  #carryBy(carrier: number): void {
    this.#carrier = carrier;
    this.#failures = 0;
    this.#client.stop();
    this.#client.start();
    this.#endProbe();
    if (carrier > 0) this.#probing = setInterval(() => this.#probeSocket(), PROBE_EVERY_MS);
  }

  /** A welcome shows that a WebSocket gets through: a proxy may accept one and end it. */
  #probeSocket(): void {
    this.#probe?.stop();
    this.#probe = new Client({
      name: NAME,
      connect: () => new WebSocket(socketUrl(null)),
      handlers: { welcome: () => this.#carryBy(0) },
      retryMs: PROBE_EVERY_MS,
    });
    this.#probe.start();
  }

  #endProbe(): void {
    clearInterval(this.#probing);
    this.#probe?.stop();
    this.#probe = null;
  }
}

/** Relative to the page, so that it works under any base path. */
function socketUrl(partition: string | null): string {
  const url = new URL("ws", document.baseURI);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  if (partition !== null) url.searchParams.set("partition", partition);
  return url.href;
}
