/**
 * The fallback of one partition: events over Server-Sent Events and channels by a request, but no values. The browser reconnects by itself.
 */
import type { Channels, EventMessage } from "../../../protocol/messages.ts";
import type { EventCursor } from "../../event-cursor.ts";
import type { SourceSink } from "./source.ts";

export class EventStreamSource {
  readonly #cursor: EventCursor;
  readonly #partition: string;
  readonly #partitions: readonly string[];
  #stream: EventSource | null = null;

  /** The cursor is shared with the WebSocket's client, so that each event counts once, whichever way it arrives. `partitions`: all of the session. */
  constructor(cursor: EventCursor, partition: string, partitions: readonly string[]) {
    this.#cursor = cursor;
    this.#partition = partition;
    this.#partitions = partitions;
  }

  get running(): boolean {
    return this.#stream !== null;
  }

  start(sink: SourceSink): void {
    if (this.#stream !== null) return;
    const partition = this.#partition;
    this.#stream = new EventSource(`events?after=${this.#cursor.sequence ?? 0}${this.#named("&")}`);
    this.#stream.addEventListener("open", () => {
      sink.connection({ state: "degraded", reason: "no WebSocket connection reaches the server" });
      void this.#describe(sink);
    });
    this.#stream.addEventListener("reset", () => {
      this.#cursor.moveTo(0);
      sink.restarted(partition);
    });
    this.#stream.addEventListener("rewound", (message: MessageEvent<string>) => {
      const { event } = JSON.parse(message.data) as { event: number };
      this.#cursor.moveBackTo(event);
      sink.rewound(event, partition);
    });
    this.#stream.addEventListener("message", (message: MessageEvent<string>) => {
      // The gateway, the page's own origin, has checked the schema.
      const event = { ...(JSON.parse(message.data) as EventMessage), type: "event" as const };
      if (this.#cursor.take(event)) sink.event(event);
    });
    this.#stream.addEventListener("error", () => {
      // Closed for good by an error status. The WebSocket's retries continue and start this source again.
      if (this.#stream?.readyState === EventSource.CLOSED) this.stop();
    });
  }

  stop(): void {
    this.#stream?.close();
    this.#stream = null;
  }

  async #describe(sink: SourceSink): Promise<void> {
    try {
      const response = await fetch(`api/channels${this.#named("?")}`);
      const answer = (await response.json()) as { session: string; groups: Omit<Channels, "type">[] };
      const [partition, partitions] = [this.#partition, this.#partitions];
      sink.session({ session: answer.session, partition, partitions, timeUs: 0 });
      for (const group of answer.groups) sink.channels({ type: "channels", ...group }, partition);
    } catch {
      // Events remain useful without the names of their channels.
    }
  }

  /** A session of one partition is asked without its name. */
  #named(separator: string): string {
    return this.#partitions.length > 1 ? `${separator}partition=${encodeURIComponent(this.#partition)}` : "";
  }
}
