// runtime: either
/** The recorded session of `?demo`: readable by this version, and it plays as a session does. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { ROOT } from "../../.ci/runtime.mjs";
import { Model } from "../../collab/dashboard/model/model.ts";
import { RecordedSource } from "../../collab/dashboard/sources/recorded-source.ts";
import { readMessages } from "../../collab/dashboard/sources/session-recording.ts";

const FILE = Uint8Array.from(readFileSync(join(ROOT, "collab/dashboard/demo/session.gz")));
const LENGTH_S = 240;
const GROUP = "server-metrics";

test("the recording holds what the page shows: channels, samples, states, metrics, a collapse and an injection", async () => {
  assert.ok(FILE.length < 300_000, `${FILE.length} bytes`);
  const messages = await readMessages(FILE);
  assert.is(messages[0]?.type, "welcome");
  for (const type of ["channels", "samples", "state", "metrics"] as const)
    assert.ok(
      messages.some((message) => message.type === type),
      type,
    );
  const kinds = messages.flatMap((message) => (message.type === "event" ? [message.kind] : []));
  for (const kind of ["collapse.declared", "collapse.recovered", "injection.started", "injection.ended"])
    assert.ok(kinds.includes(kind), kind);
});

test("a page that opens the recording has a past at once", async () => {
  await onSource("live", async ({ model, advance }) => {
    assert.is(model.connected.value.state, "open");
    assert.is(model.sessionInfo.value?.session, "demo");
    assert.is(model.groups.value[0]?.channels.length, 8);
    const samples = model.samples;
    assert.ok(samples > 0.7 * 8 * 5 * LENGTH_S * 0.75, `${samples} samples`);
    assert.ok(model.events.value.some(({ severity }) => severity === "critical"));
    const headUs = model.headUs;
    advance(10);
    assert.ok(Math.abs(model.headUs - headUs - 10e6) < 0.5e6, "plays at the pace of its own times");
  });
});

test("a recording that is warming up plays from its first sample", async () => {
  await onSource("warming", async ({ model, advance }) => {
    assert.ok(model.samples <= 50, "no more than came at once when it was recorded");
    advance(5);
    assert.ok(model.samples > 100 && model.samples < 300, `${model.samples} samples`);
    assert.is(model.events.value.filter(({ severity }) => severity === "critical").length, 0);
  });
});

test("at its end the recording begins again, with each event once", async () => {
  await onSource("live", async ({ model, advance }) => {
    advance(LENGTH_S * 0.25 - 1);
    const injections = model.injections.value.length;
    const headUs = model.headUs;
    assert.is(injections, 1);
    advance(3);
    assert.is(model.rewinds.value, 1);
    assert.ok(model.headUs < headUs);
    assert.is(model.injections.value.length, 0, "the injection has not happened yet");
    const ids = model.events.value.map(({ id }) => id);
    assert.is(new Set(ids).size, ids.length);
    assert.is(model.group(GROUP)?.joint.last?.n, 8);
  });
});

interface Playing {
  model: Model;
  /** Lets seconds pass. */
  advance(seconds: number): void;
}

/** A source on a clock that the test moves. */
async function onSource(state: string, act: (playing: Playing) => Promise<void>): Promise<void> {
  const { setInterval } = globalThis;
  const { now } = performance;
  let nowMs = 0;
  let play = () => {};
  performance.now = () => nowMs;
  globalThis.setInterval = ((act: () => void) => {
    play = act;
    return 0;
  }) as unknown as typeof setInterval;
  const model = new Model();
  const source = new RecordedSource(() => Promise.resolve(FILE), state);
  try {
    await source.start(model);
    model.flush();
    await act({
      model,
      advance(seconds) {
        for (const endMs = nowMs + seconds * 1000; nowMs < endMs; ) {
          nowMs += 50;
          play();
        }
        model.flush();
      },
    });
  } finally {
    source.stop();
    performance.now = now;
    globalThis.setInterval = setInterval;
  }
}

test.run();
