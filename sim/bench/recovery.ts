/**
 * Recovery: the built program is killed (SIGKILL) at full load many times, while a client reconnects every 10 ms.
 *
 * Measured from the kill to the first new `state` message at the client. Everything the client received was acknowledged: at the end the
 * recording must contain every such frame at its place, and every event must have arrived once, in order.
 */
import type { ChildProcess } from "node:child_process";
import process from "node:process";
import WebSocket from "ws";
import { openRecording } from "../../actors/mod.ts";
import { Client, type ClientSocket } from "../../collab/client.ts";
import { decodeBlock, decodeDerived } from "../../protocol/block.ts";
import { decodeFrameInto, isFrame } from "../../protocol/codec.ts";
import { createScratchFrame, type Frame } from "../../protocol/frame.ts";
import { check, inTemporaryFolder, p50AndP99, pauseMs } from "./measure.ts";
import { end, startBuilt } from "./program.ts";
import { type BenchRow, limited } from "./row.ts";

const KILLS = Number(process.env["EIGENWATCH_KILLS"] ?? 100);
const LOAD = "walk?channels=16&rate=1000000&frame=256";

export function benchRecovery(): Promise<BenchRow[]> {
  return inTemporaryFolder(killAgainAndAgain);
}

async function killAgainAndAgain(directory: string): Promise<BenchRow[]> {
  const received = new ReceivedLog();
  const port = 20_000 + Math.floor(Math.random() * 20_000);
  const times: number[] = [];
  let child = start(directory, port);
  const client = received.connect(port);
  try {
    await received.nextState();
    for (let k = 0; k < KILLS; k++) {
      await pauseMs(300 + Math.random() * 700);
      const gone = end(child, "SIGKILL");
      const killed = performance.now();
      await gone;
      const fresh = received.nextState();
      child = start(directory, port);
      await fresh;
      times.push(performance.now() - killed);
    }
    await pauseMs(500);
  } finally {
    await end(child, "SIGTERM");
    client.stop();
  }
  const { lost, events, missed } = await received.compare(directory);
  const acknowledged = received.frames.size;
  check(lost === 0, "every acknowledged frame in the recording", `${lost} of ${acknowledged} are lost`);
  check(received.duplicates === 0, "every event once", `${received.duplicates} came twice`);
  check(
    missed === 0 && received.outOfOrder === 0,
    "every event, in order",
    `${missed} are missing, ${received.outOfOrder} came late`,
  );
  const { p99 } = p50AndP99(times);
  const within = times.filter((ms) => ms <= 1000).length;
  return [
    limited(
      {
        name: `recovery: SIGKILL at 1 M samples/s → first new state, median and p99 of ${KILLS} kills`,
        unit: "ms",
        runs: times,
        p99: [p99],
        note: `${within} of ${KILLS} within 1 s; 0 of ${acknowledged} acknowledged frames lost; ${received.events.length} of ${events} events, 0 doubled`,
      },
      { atMost: 1000, rank: "p99" },
    ),
  ];
}

/** What a client has received, and what the recording must therefore contain. */
class ReceivedLog {
  readonly frames = new Map<number, number>();
  readonly events: string[] = [];
  duplicates = 0;
  outOfOrder = 0;
  private lastEvent = 0;
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
          if (this.events.includes(event.id)) this.duplicates++;
          else if (event.sequence < this.lastEvent) this.outOfOrder++;
          this.events.push(event.id);
          this.lastEvent = Math.max(this.lastEvent, event.sequence);
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

  /** `missed`: events of the recording that the client did not receive, up to the last that it received: more may be under way. */
  async compare(directory: string): Promise<{ lost: number; events: number; missed: number }> {
    const journal = await openRecording(directory);
    const scratch = createScratchFrame();
    const expected = new Map(this.frames);
    const events = new Map<number, string>();
    for await (const entry of journal.read()) {
      if (entry.kind === "derived")
        for (const { sequence, id } of decodeDerived(entry.bytes).events) events.set(sequence, id);
      if (entry.kind !== "block") continue;
      decodeBlock(entry.block.bytes).forEach((sequence, _timeUs, bytes) => {
        if (!expected.has(sequence) || !isFrame(bytes)) return;
        if (fingerprint(decodeFrameInto(bytes, scratch)) === expected.get(sequence))
          expected.delete(sequence);
      });
    }
    await journal.close();
    const missed = [...events].filter(
      ([sequence, id]) => sequence <= this.lastEvent && !this.events.includes(id),
    );
    return { lost: expected.size, events: events.size, missed: missed.length };
  }
}

function fingerprint(frame: Frame): number {
  let sum = frame.sequence + frame.time[0]!;
  for (let k = 0; k < frame.count; k++) sum += frame.value[k]! * (k + 1);
  return sum;
}

function start(directory: string, port: number): ChildProcess {
  const args = ["up", "--feed", LOAD, "--record", directory, "--port", String(port), "--json"];
  return startBuilt(args, ["ignore", "ignore", "inherit"]);
}
