/**
 * What the gateway adds to a bare WebSocket: a frame of 256 samples from the session to 1 and to 50 clients, compared with a plain `ws`
 * server that broadcasts the same bytes. For both, server and clients share one process and one event loop. The two take
 * turns.
 */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { type WebSocket as ServerSocket, WebSocket, WebSocketServer } from "ws";
import { SessionCommands } from "../../actors/ports/commands.ts";
import type { DeliveredFrame, LiveSession, SessionListener } from "../../actors/ports/session.ts";
import { createGateway } from "../../collab/gateway/gateway.ts";
import { decodeAs, encodeMessage } from "../../protocol/codec.ts";
import { check, p50AndP99 } from "./measure.ts";
import { type BenchRow, compared } from "./row.ts";
import { inTurns } from "./turns.ts";

const SAMPLES = 256;
const FRAMES_PER_TURN = 300;
/** Frames of one turn in the throughput runs: what a block of the core releases under load. */
const TURN_FRAMES = 8;

export async function benchGateway(): Promise<BenchRow[]> {
  const rows: BenchRow[] = [];
  for (const clients of [1, 50]) rows.push(...(await compare(clients)));
  return rows;
}

/** A sender with its clients: `send` hands `count` frames over, `done` resolves when every client has them. */
interface Fanout {
  send(count: number): void;
  close(): Promise<void>;
  readonly receivers: Receivers;
}

async function compare(clients: number): Promise<BenchRow[]> {
  const gateway = await gatewayFanout(clients);
  const bare = await bareFanout(clients);
  const { own, theirs, rate, bareRate } = await inTurns({
    theirs: () => singles(bare),
    own: () => singles(gateway),
    bareRate: () => flatOut(bare),
    rate: () => flatOut(gateway),
  });
  await gateway.close();
  await bare.close();
  const to = `${clients} client${clients === 1 ? "" : "s"}`;
  const ranked = (runs: Latency[], rank: keyof Latency) => runs.map((run) => run[rank]);
  const row = (rank: keyof Latency) =>
    compared(
      { name: `gateway, frame → ${to}, ${rank}`, unit: "µs", runs: ranked(own, rank) },
      { "bare ws": ranked(theirs, rank) },
    );
  return [
    row("p50"),
    row("p99"),
    compared(
      {
        name: `gateway, deliveries to ${to}`,
        unit: "frames/s",
        runs: rate,
        note: `turns of ${TURN_FRAMES} frames`,
      },
      { "bare ws": bareRate },
    ),
  ];
}

interface Latency {
  p50: number;
  p99: number;
}

/** A contender: one frame after the other; the times to all clients, µs. */
async function singles(fanout: Fanout): Promise<Latency> {
  const times: number[] = [];
  for (let k = 0; k < FRAMES_PER_TURN; k++) {
    const from = performance.now();
    const done = fanout.receivers.expect(1, () => times.push((performance.now() - from) * 1000));
    fanout.send(1);
    await done;
  }
  return p50AndP99(times);
}

/** A contender: deliveries a second. */
async function flatOut(fanout: Fanout): Promise<number> {
  const from = performance.now();
  for (let sent = 0; sent < FRAMES_PER_TURN; sent += TURN_FRAMES) {
    const done = fanout.receivers.expect(TURN_FRAMES, () => {});
    fanout.send(TURN_FRAMES);
    await done;
  }
  const frames = Math.ceil(FRAMES_PER_TURN / TURN_FRAMES) * TURN_FRAMES;
  return (frames * fanout.receivers.count) / ((performance.now() - from) / 1000);
}

async function gatewayFanout(clients: number): Promise<Fanout> {
  const session = new BenchSession();
  const gateway = await createGateway({ sessions: [session] });
  const receivers = new Receivers();
  for (let k = 0; k < clients; k++) {
    const socket = await open(gateway.url.replace("http", "ws").concat("ws"));
    const ready = messages(socket, 2);
    socket.send(encodeMessage({ type: "hello", client: "bench", versions: [1] }));
    socket.send(encodeMessage({ type: "subscribe", id: 1, channel: "samples" }));
    // Welcome and subscribed.
    await ready;
    receivers.add(socket);
  }
  const frame = benchFrame();
  receivers.check = (bytes) => sameBytes(decodeAs("samples", bytes).frame, frame.bytes);
  return {
    send: (count) => session.deliver(frame, count),
    close: () => shut(receivers, () => gateway.close()),
    receivers,
  };
}

async function bareFanout(clients: number): Promise<Fanout> {
  const server = createServer();
  const sockets: ServerSocket[] = [];
  new WebSocketServer({ server, perMessageDeflate: false }).on("connection", (socket) =>
    sockets.push(socket),
  );
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const receivers = new Receivers();
  for (let k = 0; k < clients; k++)
    receivers.add(await open(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`));
  const { bytes } = benchFrame();
  const wrapped = encodeMessage({ type: "samples", inputSequence: 1, frame: bytes });
  receivers.check = (received) => sameBytes(received, wrapped);
  const send = (count: number): void => {
    for (let k = 0; k < count; k++)
      for (const socket of sockets) socket.send(wrapped, { binary: true, compress: false });
  };
  const stop = () => new Promise<void>((resolve) => server.close(() => resolve()));
  return { send, close: () => shut(receivers, stop), receivers };
}

async function shut(receivers: Receivers, stop: () => Promise<void>): Promise<void> {
  receivers.close();
  await stop();
}

/** Counts what arrives at the clients; the first message of each is compared with what was sent. */
class Receivers {
  readonly #sockets: WebSocket[] = [];
  readonly #checked = new Set<WebSocket>();
  check: (bytes: Uint8Array) => boolean = () => true;
  #missing = 0;
  #arrived: () => void = () => {};
  #done: () => void = () => {};

  get count(): number {
    return this.#sockets.length;
  }

  add(socket: WebSocket): void {
    this.#sockets.push(socket);
    socket.on("message", (data: Buffer) => {
      if (!this.#checked.has(socket)) {
        this.#checked.add(socket);
        check(this.check(new Uint8Array(data)), "clients that get the bytes that were sent");
      }
      this.#arrived();
      if (--this.#missing === 0) this.#done();
    });
  }

  expect(messagesEach: number, arrived: () => void): Promise<void> {
    this.#missing = messagesEach * this.#sockets.length;
    this.#arrived = arrived;
    return new Promise((resolve) => {
      this.#done = resolve;
    });
  }

  close(): void {
    for (const socket of this.#sockets) socket.terminate();
  }
}

/** Just enough of a session to deliver the same frame again and again, each with a sequence of its own. */
export class BenchSession implements LiveSession {
  readonly session = "bench";
  readonly partition = "p0";
  readonly commands = new SessionCommands("bench");
  #listener: SessionListener | null = null;
  #sequence = 0;

  deliver(frame: DeliveredFrame, count: number): void {
    for (let k = 0; k < count; k++) this.#listener?.frame?.({ ...frame, inputSequence: ++this.#sequence });
    this.#listener?.flush?.();
  }

  describe(): ReturnType<LiveSession["describe"]> {
    const cursors = { lastInputSequence: this.#sequence, lastEventSequence: 0 };
    return {
      session: "bench",
      partition: "p0",
      durability: "memory",
      timeUs: 0,
      ...cursors,
      recording: null,
      feeds: [],
    };
  }
  groups = () => [];
  events = async () => [];
  recentFrames = () => ({ complete: true, frames: [] });
  lastStates = () => [];
  past = async () => ({ input: this.#sequence, complete: true, work: 0, groups: [] });
  stateBefore = () => null;
  gauges = () => ({});
  notReady = () => null;
  subscribe(listener: SessionListener): () => void {
    this.#listener = listener;
    return () => {};
  }
}

function benchFrame(): DeliveredFrame {
  const frame = {
    type: "frame" as const,
    group: "walk",
    source: "walk",
    sequence: 1,
    count: SAMPLES,
    time: Float64Array.from({ length: SAMPLES }, (_, k) => 1_767_225_600_000_000 + 10 * k),
    channel: Uint16Array.from({ length: SAMPLES }, (_, k) => k % 16),
    value: Float64Array.from({ length: SAMPLES }, (_, k) => k / 7),
    size: null,
  };
  return { inputSequence: 0, frame, bytes: encodeMessage(frame) };
}

function open(url: string): Promise<WebSocket> {
  const socket = new WebSocket(url, { perMessageDeflate: false });
  return new Promise((resolve, reject) => {
    socket.once("open", () => resolve(socket));
    socket.once("error", reject);
  });
}

function messages(socket: WebSocket, count: number): Promise<void> {
  return new Promise((resolve) => {
    const one = (): void => {
      if (--count > 0) return;
      socket.off("message", one);
      resolve();
    };
    socket.on("message", one);
  });
}

function sameBytes(one: Uint8Array, other: Uint8Array): boolean {
  return Buffer.compare(one, other) === 0;
}
