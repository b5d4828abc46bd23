/**
 * What stands in for a WebSocket where none gets through: the same messages by plain HTTP (collab/gateway/message-routes.ts).
 *
 *   connecting ──POST: opened──► open ──messages by an event stream, or by a request each second
 *                  └──────────────┴──a request fails · close──► closed
 */
import { packMessages, unpackMessages } from "../../../protocol/packed-messages.ts";
import type { ClientSocket } from "../../client.ts";

export type Carrier = "stream" | "poll";

type Listener = Parameters<ClientSocket["addEventListener"]>[1];
type SocketEvent = Parameters<Listener>[0];

/** Often enough to follow, and a hundredth of the requests that the gateway answers one address. */
const POLL_EVERY_MS = 1_000;

const HEADERS = { "content-type": "application/octet-stream" };

/** As browsers report a WebSocket that broke. */
const BROKEN = 1006;

export class HttpSocket implements ClientSocket {
  binaryType = "arraybuffer";
  readonly #query: URLSearchParams;
  readonly #carrier: Carrier;
  readonly #listeners: { type: string; listener: Listener }[] = [];
  #outgoing: Uint8Array[] = [];
  #isSending = false;
  #isClosed = false;
  #stream: EventSource | null = null;
  #wake: () => void = () => {};

  /** `partition` null: the first of the session. */
  constructor(partition: string | null, carrier: Carrier) {
    this.#query = new URLSearchParams(partition === null ? {} : { partition });
    this.#carrier = carrier;
    void this.#open();
  }

  addEventListener(type: "open" | "message" | "close" | "error", listener: Listener): void {
    this.#listeners.push({ type, listener });
  }

  send(data: Uint8Array<ArrayBuffer>): void {
    this.#outgoing.push(data);
    if (!this.#isSending) void this.#send();
  }

  close(): void {
    this.#end("");
  }

  async #open(): Promise<void> {
    try {
      const answer = await this.#post(new Uint8Array());
      this.#query.set("id", ((await answer.json()) as { id: string }).id);
    } catch (error) {
      this.#end(String(error));
      return;
    }
    if (this.#isClosed) return;
    if (this.#carrier === "stream") this.#follow();
    this.#emit({ type: "open" });
    if (this.#carrier === "poll") await this.#poll();
  }

  #follow(): void {
    this.#stream = new EventSource(this.#path);
    this.#stream.addEventListener("message", ({ data }: MessageEvent<string>) =>
      this.#take(Uint8Array.from(atob(data), (character) => character.charCodeAt(0))),
    );
    // It would connect again by itself, but what it had taken is lost: the client resumes on another line.
    this.#stream.addEventListener("error", () => this.#end("the event stream broke off"));
  }

  async #poll(): Promise<void> {
    while (!this.#isClosed) {
      try {
        const answer = await fetch(this.#path, { headers: { accept: HEADERS["content-type"] } });
        if (!answer.ok) throw new Error(`status ${answer.status}`);
        this.#take(new Uint8Array(await answer.arrayBuffer()));
      } catch (error) {
        this.#end(String(error));
        return;
      }
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, POLL_EVERY_MS);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  /** What is sent meanwhile goes with the next request, so that it arrives in order. */
  async #send(): Promise<void> {
    this.#isSending = true;
    while (this.#outgoing.length > 0 && !this.#isClosed) {
      const messages = this.#outgoing;
      this.#outgoing = [];
      try {
        await this.#post(packMessages(messages));
      } catch (error) {
        this.#end(String(error));
      }
      this.#wake();
    }
    this.#isSending = false;
  }

  get #path(): string {
    return `api/messages?${this.#query}`;
  }

  async #post(body: Uint8Array<ArrayBuffer>): Promise<Response> {
    const answer = await fetch(this.#path, { method: "POST", headers: HEADERS, body });
    if (answer.ok) return answer;
    throw new Error(`the server refused a request: status ${answer.status}`);
  }

  #take(packed: Uint8Array): void {
    for (const message of unpackMessages(packed)) {
      if (this.#isClosed) return;
      this.#emit({ type: "message", data: message.slice().buffer });
    }
  }

  #end(reason: string): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#stream?.close();
    this.#wake();
    this.#emit({ type: "close", code: BROKEN, reason });
  }

  #emit(event: SocketEvent): void {
    for (const { type, listener } of this.#listeners) if (type === event.type) listener(event);
  }
}
