// runtime: either
import { test } from "uvu";
import * as assert from "uvu/assert";
import { createMemoryJournal } from "../../actors/journal/memory.ts";
import { journalContract } from "../contracts/journal.ts";
import { appendAll, block, blockNumbers, collect, damageOf, note, range } from "./builders.ts";

journalContract("memory journal", async () => ({
  open: async () => createMemoryJournal(),
  lasting: false,
  dispose: async () => {},
}));

test("memory journal stays within its bound and keeps the newest blocks with their notes", async () => {
  const journal = createMemoryJournal({ retainBytes: 100_000 });
  for (const number of range(1, 1000)) {
    await journal.append(block(number, 1000));
    journal.appendDerived(note(number, 100));
    assert.ok(journal.bytes <= 100_000, `${journal.bytes} bytes after block ${number}`);
  }
  const first = journal.first!.number;
  assert.ok(first > 900 && first < 960, `first kept block ${first}`);
  assert.equal(await blockNumbers(journal), range(first, 1000));
  assert.equal(await blockNumbers(journal, 5), range(first, 1000));
  assert.is(await journal.locate({ block: 1 }), first);
});

test("memory journal keeps its newest block and its newest snapshot however small its bound", async () => {
  const journal = createMemoryJournal({ retainBytes: 1 });
  await appendAll(journal, 1, 5);
  for (const number of [3, 4, 5]) await journal.saveSnapshot(number, 0, 0, new Uint8Array(50));
  await appendAll(journal, 6, 7);
  assert.equal(await blockNumbers(journal), [7]);
  assert.is((await journal.loadSnapshot({}))?.block, 5);
  assert.is(await journal.loadSnapshot({ block: 4 }), null);
});

test("memory journal keeps one snapshot of a block: one that is saved again costs no room and no blocks", async () => {
  const journal = createMemoryJournal({ retainBytes: 20_000 });
  await appendAll(journal, 1, 5);
  await journal.saveSnapshot(5, 0, 0, new Uint8Array(1_000));
  const { bytes } = journal;
  for (const _ of range(1, 100)) await journal.saveSnapshot(5, 0, 0, new Uint8Array(1_000));
  assert.is(journal.bytes, bytes);
  assert.equal(await blockNumbers(journal), range(1, 5));
});

test("memory journal reports to a reader which blocks it dropped during the read", async () => {
  const journal = createMemoryJournal({ retainBytes: 20_000 });
  await appendAll(journal, 1, 10, 1000);
  const reader = journal.read();
  assert.equal((await reader.next()).value.block.number, 1);
  await appendAll(journal, 11, 30, 1000);
  const first = journal.first!.number;
  const { value } = await reader.next();
  assert.is(value.kind, "damage");
  assert.is(value.reason, `blocks 2 to ${first - 1} were dropped by retention while being read`);
  assert.is((await reader.next()).value.block.number, first);
  assert.equal(await damageOf(journal), []);
});

test("memory journal refuses a bound of nothing", () => {
  assert.throws(() => createMemoryJournal({ retainBytes: 0 }), /expected more than 0/);
});

test("a block in memory is durable at once", async () => {
  const journal = createMemoryJournal();
  const given = block(1, 100);
  assert.is(journal.append(given), null);
  const [entry] = await collect(journal);
  assert.ok(entry?.kind === "block");
  assert.equal(entry.block, given);
});

test.run();
