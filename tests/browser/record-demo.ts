/**
 * Records the session that the page plays at `?demo`: starts the program on a synthetic feed, injects an event on the way, and keeps
 * what its gateway sends.
 *
 *     node .ci/task.mjs demo
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { WebSocket } from "ws";
import { ROOT } from "../../.ci/runtime.mjs";
import { Client, type ClientSocket } from "../../collab/client.ts";
import { decodeMessage } from "../../protocol/codec.ts";
import { packMessages } from "../../protocol/packed-messages.ts";
import { start } from "../support/program-run.ts";

const FILE = join(ROOT, "collab/dashboard/demo/session.gz");
/** The file belongs to every checkout and every build. */
const MOST_BYTES = 300_000;

const SPEED = 8;
const DURATION_S = 240;
const FEED = `synth:server-metrics?channels=8&rate=5&strength=2&seed=5&duration=${DURATION_S}s&speed=${SPEED}&start=2026-05-04T10:00:00Z`;
/** Joint states take most of the room. */
const STATE_EVERY_US = 1_200_000;
const METRICS_EVERY_US = 2_000_000;
const INJECT_AFTER_US = 196_000_000;
const INJECTION = { scenario: "burst", strength: 2, durationSeconds: 25 };
const INJECTED_CHANNELS = 2;
const KEPT = new Set(["welcome", "channels", "samples", "event", "state", "metrics"]);

const program = start(["up", "--feed", FEED, "--session", "demo", "--port", "0", "--json"]);
const url = String((await program.line("listening"))["url"]);
const messages: Uint8Array[] = [];
await new Promise<void>((resolve, reject) => {
  let firstUs = Number.NaN;
  let isInjected = false;
  let channels: string[] = [];
  const client = new Client({
    name: "record-demo",
    connect: () => {
      const socket = new WebSocket(new URL("ws", url.replace("http", "ws")));
      socket.on("message", (data: ArrayBuffer) => {
        const bytes = new Uint8Array(data);
        const message = decodeMessage(bytes);
        const isEnd = message.type === "event" && message.kind === "feed.ended";
        if (KEPT.has(message.type) && !isEnd) messages.push(bytes.slice());
      });
      return socket as unknown as ClientSocket;
    },
    handlers: {
      channels: ({ channels: declared }) => {
        channels = declared.slice(0, INJECTED_CHANNELS).map(({ name }) => name);
      },
      state: ({ timeUs, group }) => {
        if (Number.isNaN(firstUs)) firstUs = timeUs;
        if (isInjected || timeUs < firstUs + INJECT_AFTER_US) return;
        isInjected = true;
        inject(group, channels).catch(reject);
      },
      event: ({ kind, title }) => {
        console.log(kind, "·", title);
        if (kind !== "feed.ended") return;
        client.stop();
        resolve();
      },
    },
  });
  client.subscribe({ channel: "events", after: 0 });
  client.subscribe({ channel: "state", decimationUs: STATE_EVERY_US });
  client.subscribe({ channel: "metrics", decimationUs: METRICS_EVERY_US });
  client.subscribe({ channel: "samples", after: 0 });
  client.start();
  program.ended.then(() => reject(new Error(`the program ended early:\n${program.stderr}`)), reject);
});
program.kill("SIGTERM");

const file = gzipSync(packMessages(messages), { level: 9 });
console.log(`${messages.length} messages, ${file.length} bytes`);
if (file.length > MOST_BYTES)
  throw new Error(`the recording has ${file.length} bytes; expected at most ${MOST_BYTES}`);
writeFileSync(FILE, file);

async function inject(group: string, channels: readonly string[]): Promise<void> {
  const response = await fetch(new URL("api/inject", url), {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ ...INJECTION, group, channels }),
  });
  if (!response.ok) throw new Error(`Cannot inject: ${await response.text()}`);
}
