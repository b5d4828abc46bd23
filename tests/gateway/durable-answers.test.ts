/** A command that changes the log is answered when its input is durable: never before, and never lost after. */
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { createMemoryJournal } from "../../actors/journal/memory.ts";
import { inputs } from "../../actors/log/read.ts";
import type { Journal } from "../../actors/ports/journal.ts";
import { createGateway } from "../../collab/gateway/gateway.ts";
import { decodeBlock } from "../../protocol/block.ts";
import { decodeMessage } from "../../protocol/codec.ts";
import { liveCommands } from "../../sim/mod.ts";
import { createManualClock } from "../support/clock.ts";
import { holdable } from "../support/held-journal.ts";
import { channels } from "../support/inputs.ts";
import { openPartition } from "../support/open-partition.ts";
import { start } from "../support/program-run.ts";
import { openRecording, temporaryDirectory } from "../support/recorded-run.ts";
import { scriptedFeed } from "../support/scripted-feed.ts";

const COMMANDS: readonly [path: string, body: object, input: string][] = [
  ["api/settings", { path: "anomaly.falseAlarmsPerDay", value: 3 }, "configChanged"],
  ["api/inject", { scenario: "spike", group: "g", durationSeconds: 600 }, "notice"],
  [
    "api/commands/threshold.set",
    { id: "a", of: { group: "g", channel: "c0" }, direction: "above", level: 3 },
    "command",
  ],
];

test("[C3] a setting, an injection and a threshold are answered only after the journal has acknowledged their inputs", async () => {
  const { url, journal, close } = await session();
  for (const [path, body, input] of COMMANDS) {
    const before = await countInputs(journal, input);
    const release = journal.hold();
    const answer = post(url, path, body);
    let answered = false;
    void answer.then(() => {
      answered = true;
    });
    await journal.reached();
    // Whoever asks now is answered, so an answer that does not wait would have come too.
    await fetch(new URL("healthz", url));
    assert.not.ok(answered, `${path} is answered before its input is durable`);
    release();
    assert.is((await answer).status, 200, path);
    assert.is(await countInputs(journal, input), before + 1, path);
  }
  await close();
});

test("[C3] a command whose input cannot become durable is answered with 503", async () => {
  const { url, journal, close } = await session();
  const release = journal.hold();
  const answer = post(url, "api/settings", COMMANDS[0]![1]);
  await journal.reached();
  release(new Error("disk full"));
  const { status, body } = await answer;
  assert.is(status, 503, body);
  const { error } = JSON.parse(body) as { error: { kind: string; value: string } };
  assert.is(error.kind, "unavailable");
  assert.match(error.value, /disk full/);
  assert.is((await post(url, "api/settings", COMMANDS[0]![1])).status, 503, "the next one as well");
  await close();
});

test("[C3] a change answered with 200 is in the recording of a process that is killed right after the answer", async () => {
  for (const [path, body, input] of COMMANDS) {
    const recording = join(temporaryDirectory(), "recording");
    const feed = "walk?group=g&channels=4&rate=400&frame=4&seed=2";
    const program = start(["up", "--feed", feed, "--port", "0", "--record", recording, "--json"]);
    const { url } = await program.line("listening");
    await program.line("event", ({ kind }) => kind === "coherence.warmed");
    const { status, body: answer } = await post(String(url), path, body);
    program.kill("SIGKILL");
    assert.is(status, 200, answer);
    assert.is((await program.ended).code, "SIGKILL");
    const journal = await openRecording(recording);
    assert.is(await countInputs(journal, input), 1, path);
    await journal.close();
  }
});

test("[N1] samples answered with 200 are in the recording of a process that is killed right after, and a repeat counts once after the restart", async () => {
  const recording = join(temporaryDirectory(), "recording");
  const opened = async () => {
    const program = start(["up", "--feed", "none", "--port", "0", "--record", recording, "--json"]);
    const { url } = await program.line("listening");
    const push = async (sequence: number) => {
      const { status, body } = await post(String(url), `api/ingest/plant?sequence=${sequence}`, {
        t: sequence,
      });
      assert.is(status, 200, body);
      return body;
    };
    const kill = async () => {
      program.kill("SIGKILL");
      assert.is((await program.ended).code, "SIGKILL");
    };
    return { push, kill };
  };
  const first = await opened();
  const answers = [await first.push(1), await first.push(2), await first.push(3)];
  await first.kill();
  const second = await opened();
  assert.is(await second.push(3), answers[2], "answered as the first time");
  await second.push(4);
  await second.kill();
  const journal = await openRecording(recording);
  const values: number[] = [];
  for await (const { input } of inputs(journal)) if (input.type === "frame") values.push(input.value[0]!);
  await journal.close();
  assert.equal(values, [1, 2, 3, 4]);
});

// ---- given ------------------------------------------------------------------------------------------------------

/** A live session with a group g, and its gateway. */
async function session() {
  const journal = holdable(createMemoryJournal());
  const partition = await openPartition({
    journal,
    clock: createManualClock(1_700_000_000_000_000),
  });
  partition.commands.handle(liveCommands({ partition, journal, recording: null }));
  const feed = scriptedFeed("feed", "live");
  partition.startFeeds([feed]);
  (await feed.sink).channels(channels(2));
  const gateway = await createGateway({ sessions: [partition] });
  return {
    url: gateway.url,
    journal,
    close: async () => {
      await gateway.close();
      await partition.close();
    },
  };
}

async function countInputs(journal: Journal, type: string): Promise<number> {
  let count = 0;
  for await (const entry of journal.read()) {
    if (entry.kind !== "block") continue;
    decodeBlock(entry.block.bytes).forEach((_sequence, _timeUs, bytes) => {
      if (decodeMessage(bytes).type === type) count++;
    });
  }
  return count;
}

async function post(url: string, path: string, body: object): Promise<{ status: number; body: string }> {
  const headers = { "content-type": "application/json" };
  const response = await fetch(new URL(path, url), { method: "POST", headers, body: JSON.stringify(body) });
  return { status: response.status, body: await response.text() };
}

test.run();
