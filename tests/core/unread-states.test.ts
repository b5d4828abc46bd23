// runtime: either
/** If no client reads states, the core does not build them; everything else stays the same. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { Core } from "../../actors/core/core.ts";
import { hex } from "../../actors/core/hash.ts";
import { foldJournal } from "../../actors/log/fold.ts";
import { openRecording, SYSTEM } from "../../actors/mod.ts";
import { marketFeed } from "../support/market-feed.ts";
import { recordFeeds } from "../support/recorded-run.ts";

test("a core without readers of states has the same events and the same registered state", async () => {
  const run = await recordFeeds({ definitions: SYSTEM, feeds: [marketFeed(900)] });
  const read = await folded(run.directory, false);
  const unread = await folded(run.directory, true);
  assert.ok(read.states > 10, `${read.states} states`);
  assert.is(unread.states, 0);
  assert.equal(unread.events, read.events);
  assert.is(unread.hash, read.hash);
  assert.is(unread.hash, run.hash);
});

async function folded(directory: string, unread: boolean) {
  const events: string[] = [];
  let states = 0;
  const core = new Core(SYSTEM, {
    unread,
    event: (event) => void events.push(JSON.stringify(event)),
    state: () => void states++,
    metrics() {},
  });
  const journal = await openRecording(directory);
  await foldJournal(journal.read(), core);
  await journal.close();
  return { events, states, hash: hex(core.hash().hash) };
}

test.run();
