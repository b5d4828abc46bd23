// runtime: either
/** A partition in another thread, when that thread ends of itself. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import type { ToPartition } from "../../collab/live/thread-messages.ts";
import { ThreadPartition } from "../../collab/live/thread-partition.ts";
import { defaultSettings } from "../../protocol/settings.ts";

const STORED = 7;
const WHY = "its thread has ended: out of memory";

function partition() {
  const said: ToPartition[] = [];
  const opened = {
    ...{ recording: null, durability: "file", timeUs: 0, settings: defaultSettings() },
    ...{ groups: [], commands: [], scans: [] },
    place: { input: STORED, event: 0 },
    view: { feeds: [], notReady: null },
  };
  const listener = {};
  const place = { session: "plant", partition: "p1", at: 0, opened, listener };
  return { said, thread: new ThreadPartition({ ...place, say: (each) => void said.push(each), log() {} }) };
}

test("a thread that ends halts its partition, which then says what is stored and that the rest is not known", async () => {
  const { thread } = partition();
  thread.ended("out of memory");
  assert.is(await thread.whenHalted(), WHY);
  assert.is(thread.haltReason, WHY);
  assert.is(thread.session.notReady(), WHY);
  await thread.close();
  assert.equal(await thread.end(), { inputs: STORED, lost: null, shadow: null });
});

test("whoever waits for an answer of a thread that ends is told so, and those who wait for the end of the session are not held up", async () => {
  const { said, thread } = partition();
  const asked = thread.session.events(0, 1).then(
    () => "answered",
    ({ message }: Error) => message,
  );
  let hasEnded = false;
  void thread.feedsEnded("recorded").then(() => {
    hasEnded = true;
  });
  const waits = [thread.shadowCaughtUp(), thread.close(), thread.end()] as const;
  thread.ended("out of memory");
  assert.match(await asked, WHY);
  const [, , ended] = await Promise.all(waits);
  assert.is(ended.lost, null);
  // Feeds that were cut off have not come to their end: the halt is what is told.
  assert.not.ok(hasEnded);
  const before = said.length;
  await thread.session.events(0, 1).then(
    () => assert.unreachable(),
    ({ message }: Error) => assert.match(message, WHY),
  );
  assert.is(said.length, before);
});

test.run();
