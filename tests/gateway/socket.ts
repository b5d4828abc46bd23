/** A WebSocket client for tests: sends messages of the protocol or any bytes, keeps what arrives, waits for what a test expects. */
import type { IncomingMessage } from "node:http";
import { WebSocket } from "ws";
import type { Gateway } from "../../collab/gateway/gateway.ts";
import { decodeMessage, encodeMessage } from "../../protocol/codec.ts";
import type { DecodedMessage, Message, MessageName, MessageOf } from "../../protocol/messages.ts";
import { condition } from "../support/condition.ts";

export interface SocketOptions {
  path?: string;
  headers?: Record<string, string>;
  origin?: string;
  deflate?: boolean;
}

export class TestSocket {
  readonly ws: WebSocket;
  readonly received: DecodedMessage[] = [];
  closed: { code: number; reason: string } | null = null;
  /** Status and body of an upgrade that was refused. */
  refusedWith: { status: number; body: string } | null = null;
  readonly #condition = condition();

  constructor(gateway: Gateway, { path = "/ws", headers = {}, origin, deflate = false }: SocketOptions = {}) {
    const options = { headers, perMessageDeflate: deflate, ...(origin === undefined ? {} : { origin }) };
    this.ws = new WebSocket(`ws://127.0.0.1:${gateway.port}${path}`, options);
    this.ws.on("open", () => this.#condition.look());
    this.ws.on("message", (data: Buffer) => {
      this.received.push(decodeMessage(new Uint8Array(data)));
      this.#condition.look();
    });
    this.ws.on("close", (code, reason) => {
      this.closed = { code, reason: reason.toString() };
      this.#condition.look();
    });
    this.ws.on("unexpected-response", (_request, response: IncomingMessage) => this.#refused(response));
    this.ws.on("error", () => {});
  }

  send(message: Message): void {
    this.ws.send(encodeMessage(message));
  }

  /** Says hello and waits for the welcome. */
  async join(token?: string): Promise<this> {
    await this.opened();
    this.send({ type: "hello", client: "test", versions: [1], ...(token === undefined ? {} : { token }) });
    await this.next("welcome");
    return this;
  }

  async opened(): Promise<void> {
    await this.until(() => this.ws.readyState !== WebSocket.CONNECTING);
  }

  /** When its pong arrives, everything sent before it has been handled. */
  async settled(): Promise<void> {
    const nonce = this.of("pong").length + 1;
    this.send({ type: "ping", nonce });
    await this.until(() => this.of("pong").length >= nonce);
  }

  of<Name extends MessageName>(name: Name): MessageOf<Name>[] {
    return this.received.filter((message) => message.type === name) as MessageOf<Name>[];
  }

  /** The `count`-th message of a kind, when it arrives. */
  async next<Name extends MessageName>(name: Name, count = 1): Promise<MessageOf<Name>> {
    await this.until(() => this.of(name).length >= count || this.closed !== null);
    const message = this.of(name)[count - 1];
    if (message !== undefined) return message;
    throw new Error(`Cannot wait for ${name}: closed with ${this.#end()}`);
  }

  async untilClosed(): Promise<{ code: number; reason: string }> {
    await this.until(() => this.closed !== null);
    return this.closed!;
  }

  /** Resolves when `holds()` is true after a message; rejects when the socket closes before that: nothing more comes. */
  until(holds: () => boolean): Promise<void> {
    return this.#condition.until(() => {
      if (holds()) return true;
      if (this.closed !== null)
        throw new Error(`Cannot go on: closed with ${this.#end()}, expected ${holds}`);
      return false;
    });
  }

  close(): void {
    this.ws.terminate();
  }

  #end(): string {
    return JSON.stringify(this.closed ?? this.refusedWith);
  }

  #refused(response: IncomingMessage): void {
    let body = "";
    response.on("data", (chunk: Buffer) => {
      body += chunk.toString();
    });
    response.on("end", () => {
      this.refusedWith = { status: response.statusCode ?? 0, body };
      this.ws.terminate();
    });
  }
}

/** The refusal of an upgrade. */
export async function refusal(
  gateway: Gateway,
  options: SocketOptions,
): Promise<{ status: number; body: string }> {
  const socket = new TestSocket(gateway, options);
  await socket.untilClosed();
  return socket.refusedWith ?? { status: 101, body: JSON.stringify(socket.closed) };
}
