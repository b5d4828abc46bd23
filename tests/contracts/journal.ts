/**
 * What every journal promises (actors/ports/journal.ts), as tests to run on each implementation:
 *
 *     journalContract("file journal", async () => ({ open: …, dispose: … }));
 *
 * J5 needs a disk that fails and is tested with the journal that has one.
 */
import fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { Journal } from "../../actors/ports/journal.ts";
import {
  appendAll,
  type BlockMaker,
  blockNumbers,
  collect,
  note,
  block as plainBlock,
  range,
  rejection,
} from "../journal/builders.ts";
import { inWorlds } from "./in-worlds.ts";

export interface JournalWorld {
  /** A journal on the world's storage: empty at first; later, where the journal outlives its process, with what was stored. */
  open(): Promise<Journal>;
  /** Whether a journal opened again finds what the one before stored. */
  lasting: boolean;
  /** Blocks as this journal takes them, where it looks into them; default: of any bytes. */
  block?: BlockMaker;
  /** Bytes of the largest block it takes; default: more than any. */
  largest?: number;
  /** Ends the process without closing anything, where that can be played. */
  kill?: () => Promise<void>;
  dispose(): Promise<void>;
}

export function journalContract(name: string, make: () => Promise<JournalWorld>): void {
  const test = suite(name);
  const inWorld = inWorlds(test, make, (world) => world.dispose());
  const contract = (sentence: string, act: (world: JournalWorld, journal: Journal) => Promise<void>) =>
    inWorld(sentence, async (world) => act(world, await world.open()));

  contract(`${name} is empty at first`, async (_, journal) => {
    assert.is(journal.first, null);
    assert.is(journal.last, null);
    assert.equal(await collect(journal), []);
    assert.is(await journal.loadSnapshot({}), null);
    assert.is(await journal.locate({ block: 1 }), null);
    await journal.close();
  });

  contract(
    `[J1] ${name} reads blocks and notes back in the order they came in`,
    async ({ block = plainBlock }, journal) => {
      const expected = [];
      for (const number of range(1, 30)) {
        const appended = journal.append(block(number, 10 * number));
        journal.appendDerived(note(number));
        await appended;
        expected.push({ kind: "block", block: block(number, 10 * number) }, note(number));
      }
      assert.equal(await collect(journal), expected);
      await journal.close();
    },
  );

  contract(
    `[J1] ${name} takes blocks handed over without waiting`,
    async ({ block = plainBlock }, journal) => {
      await Promise.all(range(1, 200).map((number) => journal.append(block(number))));
      assert.equal(await blockNumbers(journal, 1, undefined, block), range(1, 200));
      await journal.close();
    },
  );

  contract(
    `[J1] ${name} keeps what it was given when the caller uses its objects again, and the bytes of its notes`,
    async ({ block = plainBlock }, journal) => {
      const given = block(1, 100);
      const appended = journal.append(given);
      const noted = note(1);
      journal.appendDerived(noted);
      noted.bytes.fill(0xee);
      given.number = 99;
      await appended;
      assert.equal(await collect(journal), [{ kind: "block", block: block(1, 100) }, note(1)]);
      assert.equal(journal.last?.number, 1);
      await journal.close();
    },
  );

  contract(`[J1] ${name} gives each reader its own bytes`, async ({ block = plainBlock }, journal) => {
    await appendAll(journal, 1, 2, undefined, block);
    for (const entry of await collect(journal)) if (entry.kind === "block") entry.block.bytes.fill(0);
    assert.equal(await blockNumbers(journal, 1, undefined, block), [1, 2]);
    await journal.close();
  });

  contract(
    `[J1] ${name} starts reading at the block asked for, without older notes`,
    async ({ block = plainBlock }, journal) => {
      for (const number of range(1, 40)) {
        await journal.append(block(number, 5000));
        journal.appendDerived(note(number));
      }
      journal.appendDerived(note(10));
      for (const from of [1, 2, 17, 39, 40, 41]) {
        const entries = await collect(journal, from);
        const numbers = entries.map((entry) =>
          entry.kind === "block" ? entry.block.number : "block" in entry && entry.block,
        );
        const expected = range(from, 40).flatMap((number) => [number, number]);
        if (from <= 10) expected.push(10);
        assert.equal(numbers, expected, `from ${from}`);
      }
      await journal.close();
    },
  );

  contract(
    `[J2] ${name} names the last block once its append has resolved`,
    async ({ block = plainBlock }, journal) => {
      await journal.append(block(1));
      const { bytes: _bytes, ...position } = block(1);
      assert.equal(pick(journal.last), position);
      await journal.append(block(2));
      assert.is(journal.last?.number, 2);
      assert.equal(pick(journal.first), position);
      await journal.close();
    },
  );

  contract(
    `${name} refuses blocks that leave a gap or go back, and stays as it was`,
    async ({ block = plainBlock }, journal) => {
      await appendAll(journal, 1, 3, undefined, block);
      assert.match((await rejection(journal.append(block(5)))).message, "Cannot append block 5: expected 4");
      assert.match((await rejection(journal.append(block(3)))).message, "expected 4");
      assert.match(
        (await rejection(journal.append({ ...block(4), timeUs: 5 }))).message,
        "time 5 µs is before",
      );
      assert.match(
        (await rejection(journal.append({ ...block(4), lastSequence: 5 }))).message,
        "sequence 5 is before",
      );
      assert.match(
        (await rejection(journal.append({ ...block(4), hash: new Uint8Array(5) }))).message,
        "5 bytes",
      );
      assert.throws(
        () => journal.appendDerived(note(4)),
        /Cannot append checkpoint of block 4: the last block is 3/,
      );
      await journal.append(block(4));
      assert.equal(await blockNumbers(journal, 1, undefined, block), range(1, 4));
      await journal.close();
    },
  );

  contract(
    `${name} accepts empty and large blocks`,
    async ({ block = plainBlock, largest = 3_000_000 }, journal) => {
      await journal.append(block(1, 0));
      await journal.append(block(2, largest));
      journal.appendDerived(note(2, 0));
      await journal.append(block(3, 0));
      assert.equal(await blockNumbers(journal, 1, undefined, block), [1, 2, 3]);
      await journal.close();
    },
  );

  contract(
    `${name} reads what was there when the reading began, while more is appended`,
    async ({ block = plainBlock }, journal) => {
      await appendAll(journal, 1, 20, undefined, block);
      const numbers = [];
      for await (const entry of journal.read()) {
        if (entry.kind !== "block") continue;
        numbers.push(entry.block.number);
        if (numbers.length <= 20) await journal.append(block(20 + numbers.length));
      }
      assert.equal(numbers.slice(0, 20), range(1, 20));
      assert.equal(numbers, range(1, numbers.length));
      await journal.close();
    },
  );

  contract(
    `${name} locates the first block that reaches a number, a time or a sequence`,
    async ({ block = plainBlock }, journal) => {
      const blocks = range(1, 300).map((number) =>
        // Repeats and leaps, as batches of one time and quiet hours make them.
        block(number, (number * 977) % 3000, Math.floor(number / 3) * 1000 + (number > 150 ? 5_000_000 : 0)),
      );
      for (const each of blocks) await journal.append(each);
      const fields = { block: "number", timeUs: "timeUs", sequence: "lastSequence" } as const;
      for (const [asked, field] of Object.entries(fields)) {
        for (const at of [0, 1, 5, 149, 150, 151, 299, 300]) {
          for (const step of [-1, 0, 1]) {
            const value = (blocks[at]?.[field] ?? 0) + step;
            const expected = blocks.find((each) => each[field] >= value)?.number ?? null;
            assert.is(await journal.locate({ [asked]: value }), expected, `${asked} ${value}`);
          }
        }
      }
      await journal.close();
    },
  );

  contract(
    `${name} loads the newest snapshot that is not behind the place asked for`,
    async ({ block = plainBlock }, journal) => {
      await appendAll(journal, 1, 30, undefined, block);
      for (const number of [10, 20, 30]) {
        const { timeUs, lastSequence } = block(number);
        await journal.saveSnapshot(number, timeUs, lastSequence, Uint8Array.of(number, number));
      }
      const found = async (at: Parameters<Journal["loadSnapshot"]>[0]) =>
        (await journal.loadSnapshot(at))?.block ?? null;
      assert.is(await found({}), 30);
      assert.is(await found({ block: 9 }), null);
      assert.is(await found({ block: 10 }), 10);
      assert.is(await found({ block: 29 }), 20);
      assert.is(await found({ timeUs: block(20).timeUs }), 20);
      assert.is(await found({ timeUs: block(20).timeUs - 1 }), 10);
      assert.is(await found({ sequence: 299 }), 20);
      assert.is(await found({ sequence: 99 }), null);
      assert.equal(await journal.loadSnapshot({ block: 25 }), {
        block: 20,
        timeUs: block(20).timeUs,
        sequence: 200,
        bytes: Uint8Array.of(20, 20),
      });
      await journal.saveSnapshot(20, block(20).timeUs, 200, Uint8Array.of(7));
      assert.equal((await journal.loadSnapshot({ block: 20 }))?.bytes, Uint8Array.of(7));
      assert.match(
        (await rejection(journal.saveSnapshot(31, 0, 0, Uint8Array.of(1)))).message,
        "expected 0 to 30",
      );
      await journal.close();
    },
  );

  contract(
    `${name} flushes nothing, notes and blocks alike, and refuses work once closed`,
    async ({ block = plainBlock }, journal) => {
      await journal.flush();
      const appended = journal.append(block(1));
      journal.appendDerived(note(1));
      await journal.flush();
      assert.is(journal.last?.number, 1);
      await appended;
      await journal.close();
      await journal.close();
      assert.match((await rejection(journal.append(block(2)))).message, "closed");
      assert.throws(() => journal.appendDerived(note(1)), /closed/);
    },
  );

  contract(`[J3] ${name} is found again as it was left, closed or killed`, async (world, first) => {
    if (!world.lasting) return;
    const { block = plainBlock } = world;
    let journal = first;
    let number = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.integer({ min: 0, max: 3000 }), fc.boolean()), { maxLength: 12 }),
        fc.boolean(),
        async (sizes, kills) => {
          const before = number;
          for (const [size, noted] of sizes) {
            await journal.append(block(++number, size));
            if (noted) journal.appendDerived(note(number));
          }
          if (kills && world.kill !== undefined) {
            await journal.flush();
            await world.kill();
          } else await journal.close();
          journal = await world.open();
          assert.is(journal.last?.number ?? 0, number);
          const entries = await collect(journal, before + 1);
          const expected = sizes.flatMap(([size, noted], i) => [
            { kind: "block", block: block(before + 1 + i, size) },
            ...(noted ? [note(before + 1 + i)] : []),
          ]);
          assert.equal(entries, expected);
        },
      ),
      { numRuns: 30 },
    );
    assert.equal(await blockNumbers(journal, 1, undefined, block), range(1, number));
    await journal.close();
  });

  test.run();
}

function pick(position: Journal["last"]) {
  if (position === null) return null;
  const { number, firstSequence, lastSequence, timeUs, hash } = position;
  return { number, firstSequence, lastSequence, timeUs, hash };
}
