/**
 * The messages of the WebSocket by plain HTTP, for clients that no WebSocket reaches: as Server-Sent Events, or taken by polling.
 *
 *   open ──GET as event stream──► streaming ──the response ends──► closed
 *    │ ▲                                        any ──terminate──► closed
 *    └─┴──GET: takes what waits
 *
 * N1  Each message leaves once, in order. What a response that broke off had taken is lost: the client opens another line and resumes from its
 *     cursors.
 * N2  A client that takes nothing is judged by what waits for it, as any other (backlog.ts).
 */
import { Buffer } from "node:buffer";
import type { ServerResponse } from "node:http";
import { packMessages } from "../../protocol/packed-messages.ts";
import type { ClientLine, LineListener } from "./client-line.ts";
import { startStream } from "./response.ts";

export class HttpLine implements ClientLine {
  readonly #closed: () => void;
  #listener: LineListener | null = null;
  #stream: ServerResponse | null = null;
  #state: "open" | "closing" | "closed" = "open";
  #waiting: Uint8Array[] = [];
  #waitingBytes = 0;

  /** `closed` is called once, when nothing more can come or go. */
  constructor(closed: () => void) {
    this.#closed = closed;
  }

  get unreadBytes(): number {
    return this.#waitingBytes + (this.#stream?.writableLength ?? 0);
  }

  listen(listener: LineListener): void {
    this.#listener = listener;
  }

  /** What the client sent. */
  received(messages: readonly Uint8Array[]): void {
    for (const message of messages) this.#listener?.message(message, true);
  }

  /** What waits, as packed messages. */
  take(): Uint8Array<ArrayBuffer> {
    this.#listener?.alive();
    const packed = this.#takeWaiting();
    if (this.#state === "closing") this.terminate();
    else this.#listener?.drained();
    return packed;
  }

  /** From now on messages leave as events of this response, packed and in base 64. */
  stream(response: ServerResponse): void {
    this.#stream?.destroy();
    this.#stream = response;
    startStream(response, "text/event-stream; charset=utf-8");
    response.on("drain", () => this.#listener?.drained());
    response.on("close", () => {
      if (this.#stream === response) this.terminate();
    });
    if (this.#waiting.length > 0) response.write(eventOf(this.#takeWaiting()), this.#left);
    if (this.#state === "closing") response.end();
  }

  send(bytes: Uint8Array): void {
    this.sendTurn([bytes]);
  }

  sendBackfill(bytes: Uint8Array): void {
    this.sendTurn([bytes]);
  }

  sendTurn(messages: readonly Uint8Array[]): void {
    if (this.#state !== "open") return;
    if (this.#stream !== null) this.#stream.write(eventOf(packMessages(messages)), this.#left);
    else
      for (const message of messages) {
        this.#waiting.push(message);
        this.#waitingBytes += message.length;
      }
  }

  /** A client that polls shows by that that it is there. */
  ping(): void {
    this.#stream?.write(": alive\n\n", () => this.#listener?.alive());
  }

  close(): void {
    if (this.#state !== "open") return;
    this.#state = "closing";
    this.#stream?.end();
  }

  terminate(): void {
    if (this.#state === "closed") return;
    this.#state = "closed";
    this.#stream?.destroy();
    this.#waiting = [];
    this.#waitingBytes = 0;
    this.#listener?.closed();
    this.#closed();
  }

  readonly #left = (): void => this.#listener?.drained();

  #takeWaiting(): Uint8Array<ArrayBuffer> {
    const packed = packMessages(this.#waiting);
    this.#waiting = [];
    this.#waitingBytes = 0;
    return packed;
  }
}

function eventOf(packed: Uint8Array<ArrayBuffer>): string {
  return `data: ${Buffer.from(packed.buffer).toString("base64")}\n\n`;
}
