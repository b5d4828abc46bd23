/**
 * Recordings of an earlier version lead to the published states that it derived, and to the events of the actors that announce the same of them today
 * (recorded/README.md).
 */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { Core } from "../../actors/core/mod.ts";
import { openRecording } from "../../actors/journal/recording.ts";
import { foldJournal } from "../../actors/log/fold.ts";
import { SYSTEM } from "../../actors/system.ts";
import { encodeMessage } from "../../protocol/codec.ts";
import type { EventMessage } from "../../protocol/messages.ts";
import { replay } from "../../sim/recordings/replay/replay.ts";
import { unnumbered } from "./recorded-digest.ts";

interface Expected {
  readonly inputs: number;
  readonly states: { readonly count: number; readonly sha256: string };
}

/** Its version 2 announces bad samples in other words; these recordings have none. All others have come to announce something else. */
const UNCHANGED = "feedWatcher";

const RECORDED = new URL("recorded/", import.meta.url);
const expected = JSON.parse(readFileSync(new URL("expected.json", RECORDED), "utf8")) as Record<
  string,
  Expected
>;

for (const [name, { inputs, states }] of Object.entries(expected)) {
  test(`${name}: the same published states, byte for byte`, async () => {
    const found = await derivedFrom(name);
    assert.is(found.inputs, inputs);
    assert.equal(found.states, states);
  });

  test(`${name}: the events of the feed watcher are those in its derived records`, async () => {
    const { derived, recorded } = await derivedFrom(name);
    assert.ok(recorded.length > 0);
    assert.equal(derived, recorded);
  });
}

test("regime-switching: verified by its events, its state hashes are of another state version", async () => {
  const journal = await openRecording(fileURLToPath(new URL("regime-switching", RECORDED)));
  const { difference, compared } = await replay(journal, SYSTEM, { verify: true });
  await journal.close();
  assert.is(difference, null);
  assert.ok(compared.derived > 0);
  assert.ok(compared.otherVersion > 0);
  assert.is(compared.checkpoints, 0);
});

test("regime-switching: its snapshot is passed over, and a replay from its middle gives the later events", async () => {
  const journal = await openRecording(fileURLToPath(new URL("regime-switching", RECORDED)));
  const whole: string[] = [];
  const later: string[] = [];
  await replay(journal, SYSTEM, { event: (event) => whole.push(event.id) });
  const { timeUs } = (await journal.loadSnapshot({}))!;
  await replay(journal, SYSTEM, { fromUs: timeUs, event: (event) => later.push(event.id) });
  await journal.close();
  assert.ok(later.length > 0);
  assert.equal(later, whole.slice(-later.length));
});

async function derivedFrom(name: string) {
  const journal = await openRecording(fileURLToPath(new URL(name, RECORDED)));
  const states = counted();
  const derived: EventMessage[] = [];
  const recorded: EventMessage[] = [];
  const core = new Core(SYSTEM, {
    event: (event) => void derived.push(event),
    state: ({ measures, ...state }) =>
      states.add(encodeMessage({ ...state, measures: ofThatVersion(measures) })),
    metrics() {},
  });
  const { inputs } = await foldJournal(journal.read(), core, {
    derived: (_block, events) => void recorded.push(...events),
  });
  await journal.close();
  const compared = (all: EventMessage[]) => all.filter(({ actor }) => actor === UNCHANGED).map(unnumbered);
  return { inputs, states: states.end(), derived: compared(derived), recorded: compared(recorded) };
}

/** Of whole states, trajectory has measured these since its version 2. */
const ADDED_SINCE = /^(population\d+|lambda\d+|bloch[XYZ])$/;

function ofThatVersion(measures: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(Object.entries(measures).filter(([name]) => !ADDED_SINCE.test(name)));
}

function counted() {
  const hash = createHash("sha256");
  let count = 0;
  return {
    add(bytes: Uint8Array): void {
      count++;
      hash.update(bytes);
    },
    end: () => ({ count, sha256: hash.digest("hex") }),
  };
}

test.run();
