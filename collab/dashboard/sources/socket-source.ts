/**
 * The live session over the gateway's WebSockets, one for each partition, or only its events over Server-Sent Events where no WebSocket
 * connection succeeds.
 *
 *   connecting ──► open                     everything, live
 *        └─► waiting ──► connecting …       the server does not answer
 *               ├─► degraded                it answers, but only to plain requests: events only, until a WebSocket connects
 *               └─► refused                 it requires a sign-in, or another version of the page
 */
import type { ClientState } from "../../client.ts";
import { SessionClient } from "../../session-client.ts";
import { EventStreamSource } from "./event-stream-source.ts";
import { PartitionStream } from "./partition-stream.ts";
import type { Source, SourceSink, Window } from "./source.ts";

const NAME = "dashboard 0.1.0";

/** WebSocket connections that failed, after which the fallback starts, while the server answers plain requests. */
const TRIES = 3;

/** Partitions of which the fallback takes events: a browser opens at most 6 such connections to a server, and the page has requests of its own. */
const MOST_EVENT_STREAMS = 4;

const RATE_EVERY_MS = 2_000;

export class SocketSource implements Source {
  readonly #client: SessionClient;
  readonly #streams = new Map<string, PartitionStream>();
  readonly #fallbacks = new Map<string, EventStreamSource>();
  #sink: SourceSink | null = null;
  /** Connections to the first partition, from the last one that made the session open. */
  #tries = 0;
  #spanUs: number;
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(spanUs: number) {
    this.#spanUs = spanUs;
    this.#client = new SessionClient({
      name: NAME,
      connect: (partition) => {
        if (partition === null) this.#tries++;
        return new WebSocket(socketUrl(partition));
      },
      connection: (state) => this.#connection(state),
      joined: (partition, client) => {
        const stream = new PartitionStream(partition, client, this.#sink!, this.#spanUs);
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
    this.#endFallback();
    for (const { past } of this.#streams.values()) past.stop();
    this.#client.stop();
  }

  look({ spanUs, endUs, following }: Window): void {
    this.#spanUs = spanUs;
    for (const stream of this.#streams.values()) {
      stream.chooseInterval(spanUs);
      if (!Number.isNaN(endUs)) stream.past.look(endUs - spanUs, endUs, following);
    }
  }

  lookAt(timeUs: number): void {
    for (const { past } of this.#streams.values()) past.lookAt(timeUs);
  }

  #connection(state: ClientState): void {
    if (state.state === "open") {
      this.#tries = 1;
      this.#endFallback();
      this.#sink?.connection({ state: "open" });
    } else if (state.state === "waiting") {
      if (![...this.#fallbacks.values()].some(({ running }) => running))
        this.#waiting(state.reason, state.retryMs);
      void this.#diagnose();
    } else if (state.state === "refused") {
      this.#sink?.connection({
        state: "refused",
        reason: state.reason,
        signIn: state.reason.startsWith("unauthorized"),
      });
    } else if (state.state === "connecting" && this.#tries === 0) {
      this.#sink?.connection({ state: "connecting" });
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
    const { status } = response;
    if (status === 401 || status === 403) {
      if (this.#client.state.state === "open") return;
      this.#client.stop();
      this.#sink?.connection({ state: "refused", reason: "this session requires a sign-in", signIn: true });
    } else if (status === 200 && this.#tries >= TRIES) {
      const { sessions } = (await response.json()) as { sessions: { session: string; partition: string }[] };
      // The socket may have connected meanwhile.
      if (this.#tries < TRIES || this.#sink === null) return;
      const own = sessions.filter(({ session }) => session === sessions[0]!.session);
      this.#fallBack(
        own.map(({ partition }) => partition),
        this.#sink,
      );
    }
  }

  #fallBack(partitions: readonly string[], sink: SourceSink): void {
    for (const [k, partition] of partitions.slice(0, MOST_EVENT_STREAMS).entries()) {
      let fallback = this.#fallbacks.get(partition);
      if (fallback === undefined) {
        const cursor = this.#client.cursorOf(k === 0 ? null : partition);
        fallback = new EventStreamSource(cursor, partition, partitions);
        this.#fallbacks.set(partition, fallback);
      }
      fallback.start(sink);
    }
  }

  #endFallback(): void {
    for (const fallback of this.#fallbacks.values()) fallback.stop();
    this.#fallbacks.clear();
  }
}

/** Relative to the page, so that it works under any base path. */
function socketUrl(partition: string | null): string {
  const url = new URL("ws", document.baseURI);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  if (partition !== null) url.searchParams.set("partition", partition);
  return url.href;
}
