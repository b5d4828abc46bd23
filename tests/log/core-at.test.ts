// runtime: either
import { test } from "uvu";
import * as assert from "uvu/assert";
import { Core } from "../../actors/core/core.ts";
import { SILENT } from "../../actors/core/core-sink.ts";
import { hex } from "../../actors/core/hash.ts";
import { coreAt, nearestCore } from "../../actors/log/core-at.ts";
import { foldJournal } from "../../actors/log/fold.ts";
import type { Place } from "../../actors/log/place.ts";
import { BEGINNING } from "../../actors/log/place.ts";
import type { Journal } from "../../actors/ports/journal.ts";
import { EigenwatchError } from "../../protocol/errors.ts";
import { TOYS } from "../support/toy-actors.ts";
import { impaired, writtenLog } from "../support/written-log.ts";

// Block 1 holds inputs 1 and 2 at 0; block n holds inputs 2n - 1 at 1000 n - 500 and 2n at 1000 n.

test("a core at the latest place is the one that wrote the log", async () => {
  const { journal, core } = await writtenLog({ blocks: 6, rowValue: (block) => block * 20, snapshots: [3] });
  const found = await coreAt(journal, TOYS, "latest");
  assert.is(hashOf(found.core), hashOf(core));
  assert.is(found.nextBlock, 7);
});

test("a core at a place has applied every input before the first that reaches it, with and without snapshots", async () => {
  const places: [Place, number, number][] = [
    [{ block: 4 }, 6, 4],
    [{ sequence: 7 }, 6, 4],
    [{ sequence: 8 }, 7, 4],
    [{ timeUs: 4_000 }, 7, 4],
    [{ timeUs: 4_001 }, 8, 5],
    [{ timeUs: Number.NEGATIVE_INFINITY }, 0, 1],
    [{ sequence: 99 }, 12, 7],
  ];
  for (const snapshots of [[], [2], [3], [4], [2, 5]]) {
    const { journal } = await writtenLog({ blocks: 6, rowValue: (block) => block * 20, snapshots });
    for (const [place, sequence, nextBlock] of places) {
      const found = await coreAt(journal, TOYS, place);
      const named = `${JSON.stringify(place)} with snapshots ${snapshots}`;
      assert.is(found.core.sequence, sequence, named);
      assert.is(found.nextBlock, nextBlock, named);
      assert.is(hashOf(found.core), await hashAfter(journal, sequence), named);
    }
  }
});

test("an empty log has a new core", async () => {
  const { journal } = await writtenLog({ blocks: 0 });
  const { core, nextBlock } = await coreAt(journal, TOYS, "latest");
  assert.is(core.sequence, 0);
  assert.is(nextBlock, 1);
});

test("[C1] with the snapshots of 100 bad, 150 good, 200 bad and a log that starts at 101, every place finds 150", async () => {
  const { journal, core } = await writtenLog({ blocks: 210, snapshots: [100, 150, 200] });
  const log = impaired(journal, { first: 101, badSnapshots: [100, 200] });
  for (const place of [
    BEGINNING,
    { block: 120 },
    { timeUs: 180_000 },
    { sequence: 420 },
    "latest",
  ] as const) {
    const logged: string[] = [];
    const { nextBlock } = await nearestCore(log, TOYS, place, SILENT, (line) => logged.push(line));
    assert.is(nextBlock, 151, JSON.stringify(place));
    assert.ok(place === "latest" ? /block 200/.test(logged.join()) : true, logged.join());
  }
  assert.is(hashOf((await coreAt(log, TOYS, "latest")).core), hashOf(core));
  assert.is((await coreAt(log, TOYS, { sequence: 310 })).core.sequence, 309);
});

test("[C1] a snapshot that is not usable is reported, and the log itself is used where there is no other", async () => {
  const { journal, core } = await writtenLog({ blocks: 5, snapshots: [3] });
  const logged: string[] = [];
  const log = impaired(journal, { badSnapshots: [3] });
  const found = await coreAt(log, TOYS, "latest", SILENT, { log: (line) => logged.push(line) });
  assert.is(hashOf(found.core), hashOf(core));
  assert.is(logged.length, 1);
  assert.match(logged[0]!, "snapshot of block 3 is not usable");
});

test("[C3] a place before the oldest usable snapshot of a log without its beginning is refused, with the first place there is", async () => {
  const { journal } = await writtenLog({ blocks: 9, snapshots: [4, 6] });
  const log = impaired(journal, { first: 5, badSnapshots: [4] });
  for (const place of [{ block: 6 }, { sequence: 12 }, { timeUs: 6_000 }] as const) {
    const error = await refused(() => coreAt(log, TOYS, place));
    assert.match(error.message, "expected a place after block 6 (input 12)");
  }
  assert.is((await coreAt(log, TOYS, { sequence: 13 })).core.sequence, 12);
});

test("[C3] a log without its beginning whose snapshots are of another version says which, and who continues it", async () => {
  const { journal } = await writtenLog({ blocks: 8, snapshots: [6] });
  const other = {
    group: TOYS.group.map((actor) => ({ ...actor, version: actor.version + 1 })),
    session: [],
  };
  const error = await refused(() => coreAt(impaired(journal, { first: 5 }), other, "latest"));
  assert.match(error.message, "blocks before 5 are gone and no snapshot after them is usable");
  assert.match(error.message, "g/summing has version 1 in it, this program continues version 2");
  assert.match(error.message, "expected the version of the program that wrote it");
});

test("[C3] a log without its beginning and without a usable snapshot is refused", async () => {
  const { journal } = await writtenLog({ blocks: 9, snapshots: [2, 6] });
  const error = await refused(() =>
    coreAt(impaired(journal, { first: 5, badSnapshots: [6] }), TOYS, "latest"),
  );
  assert.is(error.kind, "failed");
  assert.match(error.message, "blocks before 5 are gone");
});

test("[C2] damage on the way is named", async () => {
  const { journal } = await writtenLog({ blocks: 6, snapshots: [2] });
  const log = impaired(journal, { damaged: [4] });
  assert.match(
    (await refused(() => coreAt(log, TOYS, "latest"))).message,
    "damaged: 0000000001.seg at byte 4711",
  );
  assert.is((await coreAt(log, TOYS, { sequence: 7 })).core.sequence, 6);
});

test("an observer receives the fold up to the place", async () => {
  const { journal } = await writtenLog({ blocks: 5, rowValue: (block) => (block === 3 ? 120 : 0) });
  const heard: string[] = [];
  await coreAt(journal, TOYS, { sequence: 8 }, SILENT, {
    observer: {
      block: ({ number }) => void heard.push(`block ${number}`),
      derived: (block, events) => void heard.push(`${events.length} of ${block}`),
    },
  });
  assert.equal(heard, ["block 1", "block 2", "block 3", "1 of 3", "block 4"]);
});

function hashOf(core: Core): string {
  return hex(core.hash().hash);
}

/** Of a core that folded the log from its beginning up to an input. */
async function hashAfter(journal: Journal, sequence: number): Promise<string> {
  const core = new Core(TOYS, SILENT);
  await foldJournal(journal.read(), core, { input: (next) => next <= sequence });
  return hashOf(core);
}

async function refused(act: () => Promise<unknown>): Promise<EigenwatchError> {
  try {
    await act();
  } catch (error) {
    assert.instance(error, EigenwatchError);
    return error as EigenwatchError;
  }
  return assert.unreachable("was not refused") as never;
}

test.run();
