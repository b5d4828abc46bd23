/**
 * The receiving process of a latency run: opens connections and stamps what arrives at the first of them. The others only receive, as
 * more clients do.
 */
import { writeFileSync } from "node:fs";
import WebSocket from "ws";
import { encodeMessage } from "../../protocol/codec.ts";
import { MESSAGES } from "../../protocol/messages.ts";
import { PROTOCOL_VERSION } from "../../protocol/versions.ts";
import { answerRequests } from "./child.ts";
import { type Carrier, isSession, LAST_ARRIVAL_MS } from "./latency-load.ts";
import { machineNowUs } from "./machine-clock.ts";

export interface Received {
  frames: number;
  /** Bytes of all `samples` messages. */
  bytes: number;
  /** Messages that came with a sequence not above the last one. */
  outOfOrder: number;
  /** How often the server said that it left samples out, on any of the connections. */
  lagging: number;
}

let arrivals = new Float64Array(0);
let received: Received = { frames: 0, bytes: 0, outOfOrder: 0, lagging: 0 };
let lastSequence = 0;
let complete: () => void = () => {};

answerRequests({
  now: machineNowUs,
  async connect({ url, kind, count }: { url: string; kind: Carrier; count: number }) {
    for (let k = 0; k < count; k++) await connect(url, kind, k === 0);
  },
  begin({ frames }: { frames: number }) {
    arrivals = new Float64Array(frames);
    received = { frames: 0, bytes: 0, outOfOrder: 0, lagging: 0 };
  },
  lagging: () => received.lagging,
  /** Waits for the frames that are still under way and writes the times of all to a file. */
  async finish({ out }: { out: string }): Promise<Received> {
    const all = new Promise<void>((resolve) => {
      complete = resolve;
    });
    const late = setTimeout(() => complete(), LAST_ARRIVAL_MS);
    if (received.frames < arrivals.length) await all;
    clearTimeout(late);
    writeFileSync(out, new Uint8Array(arrivals.buffer));
    return received;
  },
});

async function connect(url: string, kind: Carrier, isMeasured: boolean): Promise<void> {
  const socket = new WebSocket(url, { perMessageDeflate: false });
  await new Promise((resolve, reject) => socket.once("open", resolve).once("error", reject));
  if (isMeasured) socket.on("message", (data: Uint8Array) => receive(data, kind));
  socket.on("message", (data: Uint8Array) => {
    if (data[2] === MESSAGES.lagging.code) received.lagging++;
  });
  if (kind === "echo") socket.on("message", (data: Uint8Array) => socket.send(data, { binary: true }));
  if (!isSession(kind)) return;
  const subscribed = new Promise<void>((resolve) =>
    socket.on("message", function one(data: Uint8Array) {
      if (data[2] !== MESSAGES.subscribed.code) return;
      socket.off("message", one);
      resolve();
    }),
  );
  socket.send(encodeMessage({ type: "hello", client: "bench", versions: [PROTOCOL_VERSION] }));
  socket.send(encodeMessage({ type: "subscribe", id: 1, channel: "samples" }));
  await subscribed;
}

function receive(data: Uint8Array, kind: Carrier): void {
  if (data[2] !== MESSAGES.samples.code) return;
  if (received.frames < arrivals.length) arrivals[received.frames] = machineNowUs();
  received.frames++;
  received.bytes += data.length;
  if (isSession(kind)) {
    const sequence = inputSequenceOf(data);
    if (sequence <= lastSequence) received.outOfOrder++;
    lastSequence = sequence;
  }
  if (received.frames === arrivals.length) complete();
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
