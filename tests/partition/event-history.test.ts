// runtime: either
import { test } from "uvu";
import * as assert from "uvu/assert";
import { createMemoryJournal } from "../../actors/journal/memory.ts";
import { EventHistory } from "../../actors/partition/event-history.ts";
import type { Journal } from "../../actors/ports/journal.ts";
import { encodeDerived } from "../../protocol/block.ts";
import type { EventMessage } from "../../protocol/messages.ts";

test("[E1] events in memory and in the journal are one sequence", async () => {
  for (const inMemory of [0, 3, 10]) {
    const history = new EventHistory({
      journal: await journalWith(10),
      newest: 10,
      events: events(1, 10).slice(10 - inMemory),
    });
    for (let after = 0; after <= 11; after++) {
      assert.equal(
        (await history.after(after, 100)).map((event) => event.sequence),
        Array.from({ length: Math.max(0, 10 - after) }, (_, i) => after + 1 + i),
        `after ${after} with ${inMemory} in memory`,
      );
    }
  }
});

test("[E1] a limit cuts the newer end, wherever the events are", async () => {
  const history = new EventHistory({ journal: await journalWith(10), newest: 10, events: events(8, 10) });
  assert.equal(
    (await history.after(4, 5)).map((event) => event.sequence),
    [5, 6, 7, 8, 9],
  );
  assert.equal(
    (await history.after(1, 2)).map((event) => event.sequence),
    [2, 3],
  );
});

test("[E1] events beyond those that are kept in memory are read from the journal", async () => {
  const { journal, entriesRead } = counted(await journalWith(9));
  const history = new EventHistory({ journal, newest: 0, kept: 2 });
  for (const event of events(1, 9)) history.add(event);
  assert.equal(
    (await history.after(6, 9)).map((event) => event.sequence),
    [7, 8, 9],
  );
  assert.is(entriesRead(), 0);
  assert.equal(
    (await history.after(0, 9)).map((event) => event.sequence),
    [1, 2, 3, 4, 5, 6, 7, 8, 9],
  );
  assert.ok(entriesRead() > 0);
});

test("the last sequence is known before any event is in memory", async () => {
  assert.is(new EventHistory({ journal: await journalWith(10), newest: 10 }).last, 10);
  assert.is(new EventHistory({ journal: await journalWith(0), newest: 0 }).last, 0);
});

test("the last events that a client missed are found without reading a long journal from its beginning", async () => {
  const { journal, entriesRead } = counted(await journalWith(5_000));
  const history = new EventHistory({ journal, newest: 5_000, events: [] });
  for (const after of [0, 1, 500, 3_900, 4_743, 4_744, 4_745, 4_990]) {
    const before = entriesRead();
    assert.equal(
      (await history.after(after, 3)).map((event) => event.sequence),
      [after + 1, after + 2, after + 3],
    );
    const read = entriesRead() - before;
    if (after > 4_744) assert.ok(read < 2 * 256 + 10, `${read} entries for what came after ${after}`);
  }
});

for (const [client, taken] of [
  ["a client", 10],
  ["a slow client, which takes a part of each page and asks again,", 4],
] as const)
  test(`${client} that fetches page after page has a few entries read for each, and gets every event once`, async () => {
    const { journal, entriesRead } = counted(await journalWith(2_000));
    const history = new EventHistory({ journal, newest: 2_000, events: events(1_990, 2_000) });
    const got: number[] = [];
    let pages = 0;
    for (
      let page = await history.after(0, 10);
      page.length > 0;
      page = await history.after(got.at(-1)!, 10)
    ) {
      got.push(...page.slice(0, taken).map(({ sequence }) => sequence));
      pages++;
    }
    assert.equal(
      got,
      Array.from({ length: 2_000 }, (_, k) => k + 1),
    );
    // Each event is a block and a record, and a page begins with that before it. The first one is searched for.
    assert.ok(entriesRead() < 1_500 + pages * 2 * 11, `${entriesRead()} entries for ${pages} pages`);
  });

/** Counts what is read of a journal. */
function counted<Read extends Pick<Journal, "read">>(
  journal: Read,
): { journal: Read; entriesRead(): number } {
  let read = 0;
  const plain = journal.read.bind(journal);
  journal.read = async function* (from) {
    for await (const entry of plain(from)) {
      read++;
      yield entry;
    }
  };
  return { journal, entriesRead: () => read };
}

async function journalWith(count: number) {
  const journal = createMemoryJournal({});
  const hash = new Uint8Array(32);
  for (let number = 1; number <= Math.max(1, count); number++) {
    const position = { number, firstSequence: number, lastSequence: number, timeUs: number, hash };
    await journal.append({ ...position, bytes: new Uint8Array([number]) });
    if (count > 0)
      journal.appendDerived({
        kind: "derived",
        block: number,
        bytes: encodeDerived(number, events(number, number)),
      });
  }
  return journal;
}

function events(first: number, last: number): EventMessage[] {
  return Array.from({ length: last - first + 1 }, (_, i) => ({
    type: "event",
    sequence: first + i,
    id: `p0/${first + i}/1`,
    timeUs: first + i,
    kind: "test",
    severity: "info",
    actor: "test",
    group: "",
    channels: [],
    title: "a test",
    detail: {},
  }));
}

test.run();
