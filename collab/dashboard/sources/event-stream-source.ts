/**
 * The fallback: events over Server-Sent Events and channels by a request, but no values. The browser reconnects by itself.
 */
import type { Channels, EventMessage } from "../../../protocol/messages.ts";
import type { EventCursor } from "../../event-cursor.ts";
import type { SourceSink } from "./source.ts";

export class EventStreamSource {
  readonly #cursor: EventCursor;
  #stream: EventSource | null = null;

  /** The cursor is shared with the WebSocket's client, so that each event counts once, whichever way it arrives. */
  constructor(cursor: EventCursor) {
    this.#cursor = cursor;
  }

  get running(): boolean {
    return this.#stream !== null;
  }

  start(sink: SourceSink): void {
    if (this.#stream !== null) return;
    this.#stream = new EventSource(`events?after=${this.#cursor.sequence ?? 0}`);
    this.#stream.addEventListener("open", () => {
      sink.connection({ state: "degraded", reason: "no WebSocket connection reaches the server" });
      void describe(sink);
    });
    this.#stream.addEventListener("reset", () => {
      this.#cursor.moveTo(0);
      sink.restarted();
    });
    this.#stream.addEventListener("rewound", (message: MessageEvent<string>) => {
      const { event } = JSON.parse(message.data) as { event: number };
      this.#cursor.moveBackTo(event);
      sink.rewound(event);
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
}

async function describe(sink: SourceSink): Promise<void> {
  try {
    const response = await fetch("api/channels");
    const answer = (await response.json()) as { session: string; groups: Omit<Channels, "type">[] };
    sink.session({ session: answer.session, partition: "", timeUs: 0 });
    for (const group of answer.groups) sink.channels({ type: "channels", ...group });
  } catch {
    // Events remain useful without the names of their channels.
  }
}
