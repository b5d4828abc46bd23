/** A live feed through the running program: clients get what is in the recording. */
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { decodeBlock } from "../../protocol/block.ts";
import { encodeMessage, isFrame } from "../../protocol/codec.ts";
import type { EventMessage } from "../../protocol/messages.ts";
import { createProgramClient } from "../support/program-client.ts";
import { run, start } from "../support/program-run.ts";
import { openRecording, temporaryDirectory } from "../support/recorded-run.ts";

/** 2,000 rows a second in 250 frames: the detectors warm up within a second and announce it. */
const FEED = "walk?channels=8&rate=16000&frame=64&seed=3";
const FRAMES = 300;

const folder = temporaryDirectory();
const record = join(folder, "live");

test("a client that disconnects and returns gets every frame once, byte for byte as recorded; all ways deliver the same events", async () => {
  const program = start(["up", "--feed", FEED, "--record", record, "--port", "0", "--json"]);
  const url = String((await program.line("listening"))["url"]);
  const { frames, events: bySocket } = await watch(url);
  const { events: byPolling } = (await (await fetch(new URL("api/events?after=0", url))).json()) as {
    events: EventMessage[];
  };
  const byStream = await streamed(url, byPolling.length);
  program.kill("SIGINT");
  assert.is((await program.ended).code, 0);

  const recorded = await recordedFrames();
  const last = Math.max(...frames.keys());
  assert.equal(
    [...frames.keys()],
    [...recorded.keys()].filter((sequence) => sequence <= last),
  );
  for (const [sequence, bytes] of frames)
    assert.ok(Buffer.from(bytes).equals(recorded.get(sequence)!), `frame of input ${sequence}`);

  const { stdout } = await run(["inspect", record, "--events", "--json"]);
  const inRecording = lines<EventMessage>(stdout);
  assert.ok(byPolling.length >= 2, `${byPolling.length} events`);
  assert.ok(bySocket.length >= 2, `${bySocket.length} events`);
  assert.equal(byPolling, inRecording.slice(0, byPolling.length));
  assert.equal(byStream, byPolling);
  assert.equal(bySocket, inRecording.slice(0, bySocket.length));
  const printed = lines<{ what: string; sequence: number; kind: string }>(program.stdout).filter(
    ({ what }) => what === "event",
  );
  assert.equal(
    printed.map(({ sequence, kind }) => [sequence, kind]),
    inRecording.map(({ sequence, kind }) => [sequence, kind]),
  );
});

test("its recording verifies", async () => {
  const { code, stdout, stderr } = await run(["replay", record, "--verify"]);
  assert.is(code, 0, stdout + stderr);
});

/** Frames and events after the first input, until there are enough of both; disconnects every hundred frames. */
function watch(url: string): Promise<{ frames: Map<number, Uint8Array>; events: EventMessage[] }> {
  const frames = new Map<number, Uint8Array>();
  const events: EventMessage[] = [];
  return new Promise((resolve, reject) => {
    const client = createProgramClient({
      url,
      handlers: {
        samples(frame, inputSequence) {
          if (frames.has(inputSequence)) reject(new Error(`frame of input ${inputSequence} came twice`));
          frames.set(inputSequence, encodeMessage(frame));
          if (frames.size >= FRAMES && events.length >= 2) {
            client.stop();
            resolve({ frames, events });
          } else if (frames.size % 100 === 0) {
            client.stop();
            client.start();
          }
        },
        event: (event) => void events.push(event),
        missed: (missed) => reject(new Error(`missed ${JSON.stringify(missed)}`)),
      },
    });
    client.subscribe({ channel: "samples", after: 0 });
    client.subscribe({ channel: "events", after: 0 });
    client.start();
  });
}

/** The first `expected` events by Server-Sent Events. */
async function streamed(url: string, expected: number): Promise<EventMessage[]> {
  const events: EventMessage[] = [];
  const abort = new AbortController();
  const { body } = await fetch(new URL("events?after=0", url), { signal: abort.signal });
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of body!) {
    text += decoder.decode(chunk as Uint8Array, { stream: true });
    const blocks = text.split("\n\n");
    text = blocks.pop()!;
    for (const block of blocks) {
      const data = /^data: (.*)$/m.exec(block)?.[1];
      if (/^id: /m.test(block) && data !== undefined) events.push(JSON.parse(data) as EventMessage);
    }
    if (events.length >= expected) break;
  }
  abort.abort();
  return events.slice(0, expected);
}

async function recordedFrames(): Promise<Map<number, Uint8Array>> {
  const frames = new Map<number, Uint8Array>();
  const journal = await openRecording(record);
  for await (const entry of journal.read()) {
    if (entry.kind !== "block") continue;
    decodeBlock(entry.block.bytes).forEach((sequence, _timeUs, bytes) => {
      if (isFrame(bytes)) frames.set(sequence, Uint8Array.from(bytes));
    });
  }
  await journal.close();
  return frames;
}

function lines<T>(text: string): T[] {
  return text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as T);
}

test.run();
