/**
 * Recovery: the built program is killed (SIGKILL) at full load again and again; a client that retries every 10 ms waits for state.
 *
 * Measured from the kill to the first new `state` message at the client. What the client had received was acknowledged: at the end every
 * such frame must stand in the recording at its place, and every event must have come once, in order.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import WebSocket from "ws";
import { openRecording } from "../../actors/mod.ts";
import { Client, type ClientSocket } from "../../collab/client.ts";
import { decodeBlock, decodeDerived } from "../../protocol/block.ts";
import { decodeFrameInto, isFrame } from "../../protocol/codec.ts";
import { createScratchFrame, type Frame } from "../../protocol/frame.ts";
import type { BenchRow } from "./row.ts";

const KILLS = Number(process.env["EIGENWATCH_KILLS"] ?? 100);
const LOAD = "walk?channels=16&rate=1000000&frame=256";
const BUNDLE = join(dirname(fileURLToPath(import.meta.url)), "..", "..", "dist", "eigenwatch.mjs");

export async function benchRecovery(): Promise<BenchRow[]> {
  if (!existsSync(BUNDLE))
    throw new Error(`Cannot run the built program: ${BUNDLE} is missing; expected npm run build`);
  const directory = mkdtempSync(join(tmpdir(), "eigenwatch-bench-"));
  const witness = new Witness();
  const port = 20_000 + Math.floor(Math.random() * 20_000);
  const client = witness.connect(port);
  const times: number[] = [];
  let child = start(directory, port);
  try {
    await witness.nextState();
    for (let k = 0; k < KILLS; k++) {
      await pause(300 + Math.random() * 700);
      const gone = exited(child);
      child.kill("SIGKILL");
      const killed = performance.now();
      await gone;
      const fresh = witness.nextState();
      child = start(directory, port);
      await fresh;
      times.push(performance.now() - killed);
    }
    await pause(500);
  } finally {
    const gone = exited(child);
    child.kill("SIGTERM");
    await gone;
    client.stop();
  }
  const { lost, events } = await witness.compare(directory);
  rmSync(directory, { recursive: true, force: true });
  times.sort((a, b) => a - b);
  const within = times.filter((ms) => ms <= 1000).length;
  return [
    {
      name: "recovery: SIGKILL at 1 M samples/s → first new state",
      value: times[Math.floor(0.99 * times.length)]!,
      unit: "ms",
      p50: times[Math.floor(0.5 * times.length)]!,
      p99: times[Math.floor(0.99 * times.length)]!,
      target: 1000,
      note:
        `${within} of ${KILLS} within 1 s; ${witness.frames.size} acknowledged frames, ${lost} lost; ` +
        `${witness.events.length} of ${events} events, ${witness.doubled} doubled`,
    },
  ];
}

/** What a client has seen, and so must be in the recording. */
class Witness {
  readonly frames = new Map<number, number>();
  readonly events: string[] = [];
  doubled = 0;
  private waiting: (() => void)[] = [];

  connect(port: number): Client {
    const client = new Client({
      name: "bench",
      retryMs: 10,
      retryMsMax: 10,
      connect: () => new WebSocket(`ws://127.0.0.1:${port}/ws`) as unknown as ClientSocket,
      handlers: {
        samples: (frame, inputSequence) => void this.frames.set(inputSequence, fingerprint(frame)),
        state: () => {
          for (const resolve of this.waiting.splice(0)) resolve();
        },
        event: (event) => {
          if (this.events.includes(event.id)) this.doubled++;
          this.events.push(event.id);
        },
      },
    });
    client.subscribe({ channel: "samples", after: 0 });
    client.subscribe({ channel: "state" });
    client.subscribe({ channel: "events", after: 0 });
    client.start();
    return client;
  }

  nextState(): Promise<void> {
    return new Promise((resolve) => this.waiting.push(resolve));
  }

  async compare(directory: string): Promise<{ lost: number; events: number }> {
    const journal = await openRecording(directory);
    const scratch = createScratchFrame();
    const expected = new Map(this.frames);
    let events = 0;
    for await (const entry of journal.read()) {
      if (entry.kind === "derived") events += decodeDerived(entry.bytes).events.length;
      if (entry.kind !== "block") continue;
      decodeBlock(entry.block.bytes).forEach((sequence, _timeUs, bytes) => {
        if (!expected.has(sequence) || !isFrame(bytes)) return;
        if (fingerprint(decodeFrameInto(bytes, scratch)) === expected.get(sequence))
          expected.delete(sequence);
      });
    }
    await journal.close();
    return { lost: expected.size, events };
  }
}

function fingerprint(frame: Frame): number {
  let sum = frame.sequence + frame.time[0]!;
  for (let k = 0; k < frame.count; k++) sum += frame.value[k]! * (k + 1);
  return sum;
}

function start(directory: string, port: number): ChildProcess {
  const runtime = "Deno" in globalThis ? [process.execPath, "run", "-A"] : [process.execPath];
  const args = [BUNDLE, "up", "--feed", LOAD, "--record", directory, "--port", String(port), "--json"];
  return spawn(runtime[0]!, [...runtime.slice(1), ...args], { stdio: ["ignore", "ignore", "inherit"] });
}

function exited(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => child.once("exit", () => resolve()));
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
