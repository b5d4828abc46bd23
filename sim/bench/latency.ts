/**
 * Latency from a sample at the feed to the message at a WebSocket client, compared with a bare WebSocket echo of the same bytes at the same
 * rate.
 *
 * One process and one clock: time is taken when the feed offers a frame and when the client's handler receives its message. The echo uses
 * the same `ws` on both ends with nothing in between.
 */
import { closeSync, fdatasyncSync, openSync, unlinkSync, writeSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import WebSocket, { WebSocketServer } from "ws";
import type { Feed, FeedSink } from "../../actors/mod.ts";
import { encodeMessage } from "../../protocol/codec.ts";
import type { Frame } from "../../protocol/frame.ts";
import { MESSAGES } from "../../protocol/messages.ts";
import { PROTOCOL_VERSION } from "../../protocol/versions.ts";
import { startLive } from "./live.ts";
import { p50AndP99, pauseMs } from "./measure.ts";
import type { BenchRow } from "./row.ts";

const SECONDS = 5;
/** Time to compile code and calibrate detectors (500 rows). */
const WARMUP_SECONDS = 3;
const CHANNELS = 16;

export interface Load {
  name: string;
  framesPerSecond: number;
  samplesPerFrame: number;
}

const LOADS: Load[] = [
  { name: "100,000 samples/s in rows of 16", framesPerSecond: 6_250, samplesPerFrame: 16 },
  { name: "10,000/s in single-sample frames", framesPerSecond: 10_000, samplesPerFrame: 1 },
];

export async function benchLatency(): Promise<BenchRow[]> {
  const rows: BenchRow[] = [];
  for (const load of LOADS) {
    const before = await echo(load);
    const memory = await through(load, "memory");
    const after = await echo(load);
    const bare = { p50: (before.p50 + after.p50) / 2, p99: (before.p99 + after.p99) / 2 };
    rows.push({
      name: `latency: ${load.name}, memory`,
      value: memory.p50,
      unit: "µs",
      p50: memory.p50,
      p99: memory.p99,
      target: 200,
      ratioTo: "bare echo p50",
      ratio: memory.p50 / bare.p50,
      note: `p99 is ${(memory.p99 / bare.p99).toFixed(2)} × the echo's; echo p50 ${bare.p50.toFixed(0)} p99 ${bare.p99.toFixed(0)} µs`,
    });
    const file = await through(load, "file");
    const sync = fdatasyncTimes(file.directory);
    rows.push({
      name: `latency: ${load.name}, file`,
      value: file.p50,
      unit: "µs",
      p50: file.p50,
      p99: file.p99,
      target: 2 * bare.p99 + sync.p99 + 2_000,
      note: `target is for p99: 2 × echo p99 + fdatasync p99 (${sync.p99.toFixed(0)} µs) + 2 ms; fdatasync p50 ${sync.p50.toFixed(0)} µs`,
    });
  }
  return rows;
}

/** From the feed to a client of the gateway. */
export async function through(
  load: Load,
  durability: "memory" | "file",
  shadow = false,
): Promise<{ p50: number; p99: number; directory: string }> {
  const live = await startLive({ durability, detectors: true, shadow });
  const warmUp = load.framesPerSecond * WARMUP_SECONDS;
  const frames = load.framesPerSecond * (SECONDS + WARMUP_SECONDS);
  // By input sequence; some inputs are not frames. Typed arrays: allocations of the bench would be measured too.
  const offeredMs = new Float64Array(2 * frames);
  const latencies = new Float64Array(frames - warmUp);
  let received = 0;
  const socket = new WebSocket(live.socketUrl);
  socket.on("message", (data: Uint8Array) => {
    if (data[2] !== MESSAGES.samples.code) return;
    const took = (performance.now() - offeredMs[inputSequenceOf(data)]!) * 1000;
    if (++received > warmUp) latencies[received - warmUp - 1] = took;
  });
  await new Promise((resolve) => socket.once("open", resolve));
  socket.send(encodeMessage({ type: "hello", client: "bench", versions: [PROTOCOL_VERSION] }));
  socket.send(encodeMessage({ type: "subscribe", id: 1, channel: "samples" }));
  await pauseMs(200);
  const { core } = live.partition;
  const feed = steadyFeed(load, frames, () => {
    offeredMs[core.sequence + 1] = performance.now();
  });
  live.partition.startFeeds([feed]);
  await live.partition.feedsEnded();
  for (let i = 0; i < 100 && received < frames; i++) await pauseMs(20);
  const { directory } = live;
  if (received !== frames) throw new Error(`${load.name}: the client got ${received} of ${frames} frames`);
  socket.terminate();
  await live.close();
  return { ...p50AndP99(latencies), directory: directory ?? "" };
}

/** The first field of a `samples` message: a msgpack uint after a fixed head (protocol/samples.ts). */
function inputSequenceOf(data: Uint8Array): number {
  const at = 18;
  const kind = data[at]!;
  if (kind < 0x80) return kind;
  const length = 2 ** (kind - 0xcc);
  let value = 0;
  for (let k = 1; k <= length; k++) value = value * 256 + data[at + k]!;
  return value;
}

/** Offers frames at their due times. Frames that become due within one tick of the timer arrive in one burst, as from a socket. */
function steadyFeed(load: Load, frames: number, offering: () => void): Feed {
  return {
    source: "steady",
    kind: "live",
    async stop() {},
    async run(sink: FeedSink) {
      sink.channels({
        type: "channels",
        group: "steady",
        source: "steady",
        channels: Array.from({ length: CHANNELS }, (_, i) => ({ name: `c${i}`, title: "", unit: "" })),
        sampling: "rows",
        everyUs: Math.round((1e6 * CHANNELS) / (load.framesPerSecond * load.samplesPerFrame)),
        innovation: "difference",
      });
      const frame = frameOf(load);
      await onSchedule(load.framesPerSecond, frames, (k) => {
        frame.sequence = k + 1;
        const nowUs = Math.round((performance.timeOrigin + performance.now()) * 1000);
        for (let i = 0; i < load.samplesPerFrame; i++) {
          frame.time[i] = nowUs;
          frame.channel[i] = (k * load.samplesPerFrame + i) % CHANNELS;
          frame.value[i] = ((k * 7919 + i * 104729) % 1000) / 1000;
        }
        offering();
        sink.frame(frame);
      });
    },
  };
}

async function echo(load: Load): Promise<{ p50: number; p99: number }> {
  const server = new WebSocketServer({ port: 0, host: "127.0.0.1", perMessageDeflate: false });
  await new Promise((resolve) => server.once("listening", resolve));
  server.on("connection", (peer) =>
    peer.on("message", (data: Uint8Array) => peer.send(data, { binary: true })),
  );
  const { port } = server.address() as { port: number };
  const socket = new WebSocket(`ws://127.0.0.1:${port}`, { perMessageDeflate: false });
  await new Promise((resolve) => socket.once("open", resolve));
  const bytes = encodeMessage(frameOf(load));
  const warmUp = load.framesPerSecond * WARMUP_SECONDS;
  const frames = load.framesPerSecond * (2 + WARMUP_SECONDS);
  const sent = new Float64Array(frames);
  const latencies = new Float64Array(frames - warmUp);
  let count = 0;
  let received = 0;
  socket.on("message", () => {
    const took = (performance.now() - sent[received]!) * 1000;
    if (++received > warmUp) latencies[received - warmUp - 1] = took;
  });
  await onSchedule(load.framesPerSecond, frames, () => {
    sent[count++] = performance.now();
    socket.send(bytes);
  });
  for (let i = 0; i < 100 && received < frames; i++) await pauseMs(20);
  socket.terminate();
  server.close();
  return p50AndP99(latencies);
}

function frameOf(load: Load): Frame {
  return {
    type: "frame",
    group: "steady",
    source: "steady",
    sequence: 1,
    count: load.samplesPerFrame,
    time: new Float64Array(load.samplesPerFrame),
    channel: new Uint16Array(load.samplesPerFrame),
    value: new Float64Array(load.samplesPerFrame),
    size: null,
  };
}

/** Calls `act` `perSecond` times a second on average, catching up after each wait of a millisecond. */
async function onSchedule(perSecond: number, times: number, act: (k: number) => void): Promise<void> {
  const start = performance.now();
  for (let k = 0; k < times; ) {
    const due = Math.min(times, Math.floor(((performance.now() - start) * perSecond) / 1000));
    while (k < due) act(k++);
    await pauseMs(1);
  }
}

/** Times of fdatasync after 4 KB, on the disk of the recording. */
function fdatasyncTimes(directory: string): { p50: number; p99: number } {
  const path = join(directory, "..", `eigenwatch-bench-sync-${process.pid}`);
  const file = openSync(path, "w");
  const piece = new Uint8Array(4096);
  const times = Array.from({ length: 500 }, () => {
    writeSync(file, piece);
    const start = performance.now();
    fdatasyncSync(file);
    return (performance.now() - start) * 1000;
  });
  closeSync(file);
  unlinkSync(path);
  return p50AndP99(times);
}
