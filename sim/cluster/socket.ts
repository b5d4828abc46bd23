/**
 * A WebSocket connection between a page and a node, with both ends as the shipped code sees them.
 *
 *   page (ClientSocket of collab/client.ts)  ◄── pipes of the network ──►  server (the part of `ws` and its TCP socket that WebSocketLine uses)
 *
 * The messages of one write leave in one segment. Bytes count as buffered until the page reads them. When a process ends, the system
 * closes its end, and the other end learns of it as soon as the network delivers.
 */
import type { Buffer } from "node:buffer";
import type { ClientSocket } from "../../collab/client.ts";
import { splitFrames } from "../../collab/gateway/turn-frames.ts";
import { decodeAs } from "../../protocol/codec.ts";
import { MESSAGES } from "../../protocol/messages.ts";
import type { Network, Pipe } from "./network.ts";
import type { Process } from "./process.ts";
import type { SimulatedCluster } from "./simulated-cluster.ts";

type Listener = (...parameters: unknown[]) => void;
type PageListener = Parameters<ClientSocket["addEventListener"]>[1];

/** A socket emits `drain` only after this much was buffered: far below the gateway's limits, as 16 KiB are below the real ones. */
const HIGH_WATER_BYTES = 512;

/** `readyState` of a closed socket. */
const CLOSED = 3;

/** Closed without a close frame. */
const ABNORMAL = 1006;

class Emitter {
  readonly #listeners = new Map<string, Listener[]>();

  on(name: string, listener: Listener): void {
    this.#listeners.set(name, [...(this.#listeners.get(name) ?? []), listener]);
  }

  emit(name: string, ...parameters: unknown[]): void {
    for (const listener of this.#listeners.get(name) ?? []) listener(...parameters);
  }
}

export class Connection {
  readonly id: number;
  readonly partition: string;
  /** It carries the shared document, no session. */
  readonly isDocument: boolean;
  readonly page: PageSocket;
  readonly server: ServerSocket;

  constructor(
    world: SimulatedCluster,
    network: Network,
    ends: { id: number; partition: string; page: Process; node: Process; isDocument?: true },
  ) {
    this.id = ends.id;
    this.partition = ends.partition;
    this.isDocument = ends.isDocument === true;
    const { page, node } = ends;
    const down = network.pipe(node.name, page.name);
    const up = network.pipe(page.name, node.name);
    this.page = new PageSocket(world, up, page, this);
    this.server = new ServerSocket(world, down, node, this);
  }
}

/** The page's end. */
export class PageSocket implements ClientSocket {
  binaryType = "arraybuffer";
  readonly process: Process;
  readonly #up: Pipe;
  readonly #connection: Connection;
  readonly #listeners: { type: string; listener: PageListener }[] = [];
  readonly #what: number;
  /** Segments that the page has not read. */
  #unread: (readonly Uint8Array[])[] = [];
  #reads = true;
  #open = false;
  #closed = false;

  constructor(world: SimulatedCluster, up: Pipe, process: Process, connection: Connection) {
    this.#up = up;
    this.process = process;
    this.#connection = connection;
    this.#what = world.trace.intern(`message from ${process.name}`);
  }

  addEventListener(type: "open" | "message" | "close" | "error", listener: PageListener): void {
    this.#listeners.push({ type, listener });
  }

  send(data: Uint8Array): void {
    const { server } = this.#connection;
    if (this.#closed || !this.#open) return;
    const bytes = data.slice();
    this.#up.send(server.process, this.#what, () => server.receive(bytes));
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    const { server } = this.#connection;
    this.#up.send(server.process, this.#what, () => server.closedByPeer());
  }

  // ---- called by the network ----------------------------------------------------------------------------------

  opened(): void {
    if (this.#closed) return;
    this.#open = true;
    this.#emit("open", {});
  }

  segment(messages: readonly Uint8Array[]): void {
    if (this.#closed) return;
    if (this.#reads) this.#read(messages);
    else this.#unread.push(messages);
  }

  pinged(): void {
    const { server } = this.#connection;
    if (!this.#closed && this.#reads) this.#up.send(server.process, this.#what, () => server.emit("pong"));
  }

  closedByPeer(code: number, reason: string): void {
    if (this.#closed) return;
    // Messages that were sent before the close are read first.
    for (const messages of this.#unread.splice(0)) this.#read(messages);
    this.#closed = true;
    this.#emit("close", { code, reason });
  }

  /** Stops or continues reading from the socket. */
  reading(reads: boolean): void {
    this.#reads = reads;
    if (reads) for (const messages of this.#unread.splice(0)) this.#read(messages);
  }

  #read(messages: readonly Uint8Array[]): void {
    for (const message of messages) {
      this.#connection.server.wasRead(message.length);
      if (this.#closed) continue;
      const own = message.slice();
      this.#emit("message", { data: own.buffer });
    }
  }

  #emit(type: string, event: { data?: unknown; code?: number; reason?: string }): void {
    for (const each of this.#listeners) if (each.type === type) each.listener({ type, ...event });
  }
}

/** The node's end: `ws` and its TCP socket in one. */
export class ServerSocket extends Emitter {
  readonly process: Process;
  readonly OPEN = 1;
  bufferedAmount = 0;
  readonly #world: SimulatedCluster;
  readonly #down: Pipe;
  readonly #connection: Connection;
  readonly #what: number;
  #wasHigh = false;
  #closed = false;

  constructor(world: SimulatedCluster, down: Pipe, process: Process, connection: Connection) {
    super();
    this.#world = world;
    this.#down = down;
    this.process = process;
    this.#connection = connection;
    this.#what = world.trace.intern(`message to ${connection.page.process.name}`);
  }

  /** The same as `on`: these events happen once. */
  once(name: string, listener: Listener): void {
    this.on(name, listener);
  }

  get readyState(): number {
    return this.#closed ? CLOSED : this.OPEN;
  }

  /** Nothing is deflated here: all that is buffered is in the TCP socket. */
  get writableLength(): number {
    return this.bufferedAmount;
  }

  send(bytes: Uint8Array, _options: unknown, written?: () => void): void {
    if (this.#closed) return;
    this.#send([bytes]);
    if (written !== undefined) this.#world.queue.after(20, this.process, this.#what, written);
  }

  /** Frames of messages, as the TCP socket takes them. */
  write(frames: Buffer): void {
    if (!this.#closed) this.#send(messagesOf(frames));
  }

  ping(): void {
    const { page } = this.#connection;
    this.#down.send(page.process, this.#what, () => page.pinged());
  }

  close(code: number, reason: string): void {
    if (this.#closed) return;
    this.#end(code, reason);
  }

  terminate(): void {
    if (!this.#closed) this.#end(ABNORMAL, "");
  }

  /** Says that the connection is open, before all that is sent later. */
  opens(): void {
    const { page } = this.#connection;
    this.#down.send(page.process, this.#what, () => page.opened());
  }

  // ---- called by the network ----------------------------------------------------------------------------------

  receive(bytes: Uint8Array): void {
    if (!this.#closed) this.emit("message", bytes, true);
  }

  closedByPeer(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.emit("close");
  }

  wasRead(bytes: number): void {
    this.bufferedAmount -= bytes;
    if (this.bufferedAmount > 0 || !this.#wasHigh || this.#closed) return;
    this.#wasHigh = false;
    this.#world.queue.after(0, this.process, this.#what, () => this.emit("drain"));
  }

  /** The process has ended: the system closes its sockets. */
  processEnded(): void {
    if (this.#closed) return;
    this.#closed = true;
    const { page } = this.#connection;
    this.#down.send(page.process, this.#what, () => page.closedByPeer(ABNORMAL, ""));
  }

  #end(code: number, reason: string): void {
    this.#closed = true;
    const { page } = this.#connection;
    this.#down.send(page.process, this.#what, () => page.closedByPeer(code, reason));
    this.#world.queue.after(20, this.process, this.#what, () => this.emit("close"));
  }

  #send(messages: readonly Uint8Array[]): void {
    for (const bytes of messages) {
      this.#observe(bytes);
      this.bufferedAmount += bytes.length;
    }
    if (this.bufferedAmount > HIGH_WATER_BYTES) this.#wasHigh = true;
    const { page } = this.#connection;
    this.#down.send(page.process, this.#what, () => page.segment(messages));
  }

  /** Events are promised once and in order, changes of a document when they are durable: each is observed when it is written. */
  #observe(bytes: Uint8Array): void {
    const { id, partition, isDocument } = this.#connection;
    const { nowUs } = this.#world;
    if (isDocument) {
      this.#world.observe({ kind: "documentSent", atUs: nowUs, connection: id, partition, message: bytes });
      return;
    }
    if (bytes[2] !== MESSAGES.event.code) return;
    const sequence = sequenceOf(bytes);
    this.#world.observe({ kind: "sent", atUs: nowUs, connection: id, partition, sequence });
  }
}

/** A hub joins the messages of a turn once for all its clients: they are taken apart once here. */
const messagesByFrames = new WeakMap<Buffer, Uint8Array[]>();

function messagesOf(frames: Buffer): Uint8Array[] {
  const known = messagesByFrames.get(frames);
  if (known !== undefined) return known;
  const messages = splitFrames(frames);
  messagesByFrames.set(frames, messages);
  return messages;
}

/** A hub encodes an event once for all its clients: it is decoded once here. */
const sequences = new WeakMap<Uint8Array, number>();

function sequenceOf(bytes: Uint8Array): number {
  const known = sequences.get(bytes);
  if (known !== undefined) return known;
  const { sequence } = decodeAs("event", bytes);
  sequences.set(bytes, sequence);
  return sequence;
}
