/**
 * What carries the messages of one client, both ways: a WebSocket, or plain HTTP where none gets through (http-line.ts).
 *
 *   SocketClient ◄── messages of the client · alive · drained · closed ── ClientLine
 *        └────────── send · sendTurn · ping · close · terminate ─────────────►
 */
import type { Buffer } from "node:buffer";
import type { Socket } from "node:net";
import type { WebSocket } from "ws";
import type { TurnFrames } from "./turn-frames.ts";

export interface ClientLine {
  /** Bytes that were sent and are still in this process. */
  readonly unreadBytes: number;
  /** Who takes what arrives: once, before anything does. */
  listen(listener: LineListener): void;
  send(bytes: Uint8Array): void;
  /** A message of a back-fill: it may be compressed. `drained` follows it. */
  sendBackfill(bytes: Uint8Array): void;
  /** The messages of one turn, in one write. Nobody changes the list afterwards. */
  sendTurn(messages: readonly Uint8Array[]): void;
  /** Asks for a sign of life: `alive` follows where somebody reads. */
  ping(): void;
  /** Closes when everything sent has left. */
  close(code: number, reason: string): void;
  /** Ends at once. */
  terminate(): void;
}

export interface LineListener {
  message(data: Uint8Array, isBinary: boolean): void;
  /** Somebody is there. */
  alive(): void;
  /** Bytes have left: there may be room for more. */
  drained(): void;
  /** The client sent what cannot be read. */
  failed(): void;
  closed(): void;
}

export class WebSocketLine implements ClientLine {
  readonly #ws: WebSocket;
  readonly #socket: Socket;
  readonly #turnFrames: TurnFrames;
  #listener: LineListener | null = null;

  constructor(ws: WebSocket, socket: Socket, turnFrames: TurnFrames) {
    this.#ws = ws;
    this.#socket = socket;
    this.#turnFrames = turnFrames;
  }

  get unreadBytes(): number {
    return this.#ws.bufferedAmount;
  }

  listen(listener: LineListener): void {
    this.#listener = listener;
    const ws = this.#ws;
    ws.on("message", (data: Buffer, isBinary: boolean) => listener.message(data, isBinary));
    ws.on("pong", () => listener.alive());
    // Broken frames and messages over maxPayload: the library closes with 1002 or 1009.
    ws.on("error", () => listener.failed());
    ws.on("close", () => listener.closed());
    this.#socket.on("drain", () => listener.drained());
  }

  send(bytes: Uint8Array): void {
    this.#ws.send(bytes, LIVE);
  }

  sendBackfill(bytes: Uint8Array): void {
    // A message that is being compressed is not in the socket yet: `drain` may fire before it.
    this.#ws.send(bytes, BACKFILL, this.#afterBackfill);
  }

  readonly #afterBackfill = (): void => this.#listener?.drained();

  /**
   * Frames of the turn go into the socket without the library, which would make them anew for each client. Not while it compresses a message:
   * they would overtake it.
   */
  sendTurn(messages: readonly Uint8Array[]): void {
    const { readyState, OPEN, bufferedAmount } = this.#ws;
    if (readyState === OPEN && bufferedAmount === this.#socket.writableLength)
      this.#socket.write(this.#turnFrames.join(messages));
    else for (const bytes of messages) this.#ws.send(bytes, LIVE);
  }

  ping(): void {
    this.#ws.ping();
  }

  close(code: number, reason: string): void {
    this.#ws.close(code, reason);
  }

  terminate(): void {
    this.#ws.terminate();
  }
}

const LIVE = { binary: true, compress: false } as const;
/** Deflated if the client offers that and the message is longer than `compressAboveBytes`. */
const BACKFILL = { binary: true, compress: true } as const;
