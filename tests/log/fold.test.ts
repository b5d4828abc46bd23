// runtime: either
import { test } from "uvu";
import * as assert from "uvu/assert";
import { Core } from "../../actors/core/core.ts";
import { ChainBroken } from "../../actors/log/damage.ts";
import { foldJournal } from "../../actors/log/fold.ts";
import type { JournalEntry } from "../../actors/ports/journal.ts";
import { BlockBuilder, GENESIS_HASH } from "../../protocol/block.ts";
import { encodeMessage } from "../../protocol/codec.ts";
import { opened } from "../support/inputs.ts";
import { TOYS } from "../support/toy-actors.ts";

test("[F1] fold refuses a block that does not begin with the input that the core waits for", async () => {
  for (const firstSequence of [2, 4]) {
    const core = new Core(TOYS, { event() {}, state() {}, metrics() {} });
    core.apply(1, 0, opened());
    core.apply(2, 0, { type: "measurement", gauges: {} });
    try {
      await foldJournal(entries(firstSequence), core);
      assert.unreachable(`applied a block that begins with input ${firstSequence}`);
    } catch (error) {
      assert.instance(error, ChainBroken);
      assert.match((error as Error).message, `it begins with input ${firstSequence}; expected input 3 first`);
    }
    assert.is(core.sequence, 2);
  }
});

async function* entries(firstSequence: number): AsyncGenerator<JournalEntry> {
  const builder = new BlockBuilder({
    partition: "p0",
    epoch: 0,
    number: 5,
    previousHash: GENESIS_HASH,
    firstSequence,
  });
  builder.add(0, encodeMessage({ type: "measurement", gauges: {} }));
  const { bytes, lastSequence, timeUs } = builder.close();
  yield {
    kind: "block",
    block: { number: 5, firstSequence, lastSequence, timeUs, hash: GENESIS_HASH, bytes },
  };
}

test.run();
