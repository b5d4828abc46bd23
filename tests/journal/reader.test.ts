/** Reading a recording: each entry once around damage, and no file left open. */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { type Disk, realDisk } from "../../actors/journal/disk.ts";
import { type JournalOptions, openJournal } from "../../actors/journal/file.ts";
import { appendAll, changeByte, collect, note, pattern, range, withFolder } from "./builders.ts";

/** Blocks 1 to 6, each followed by a note, of so many to a segment. */
async function written(directory: string, options: JournalOptions = {}): Promise<void> {
  const journal = await openJournal(directory, options);
  for (const number of range(1, 6)) {
    await appendAll(journal, number, number);
    journal.appendDerived(note(number));
  }
  await journal.close();
}

const segmentsIn = (directory: string) => readdirSync(directory).filter((name) => name.endsWith(".seg"));

/** What reading gives, from block `from`: "block 1", "note 1", "damage". */
async function entries(directory: string, from?: number): Promise<string[]> {
  const journal = await openJournal(directory, { readOnly: true });
  const found = (await collect(journal, from)).map((entry) => {
    if (entry.kind === "damage") return "damage";
    return entry.kind === "block" ? `block ${entry.block.number}` : `note ${entry.block}`;
  });
  await journal.close();
  return found;
}

const BLOCKS_AND_NOTES = range(1, 6).flatMap((number) => [`block ${number}`, `note ${number}`]);

test("a damaged record is one stretch of damage; each other entry comes once, in its place", async () => {
  for (const [payload, lost] of [
    [pattern(3, 40), "block 3"],
    [note(3).bytes, "note 3"],
  ] as const)
    await withFolder(async (directory) => {
      await written(directory);
      assert.equal(await entries(directory), BLOCKS_AND_NOTES);
      const path = join(directory, segmentsIn(directory)[0]!);
      const at = readFileSync(path).indexOf(payload);
      assert.ok(at > 0);
      await changeByte(realDisk, path, at + 2);
      const expected = BLOCKS_AND_NOTES.map((entry) => (entry === lost ? "damage" : entry));
      const found = await entries(directory);
      // The note of a block that is lost has nothing to follow.
      const isSame = (entry: string) => entry !== "note 3" || lost === "note 3";
      assert.equal(found.filter(isSame), expected.filter(isSame), lost);
      assert.equal(await entries(directory, 5), BLOCKS_AND_NOTES.slice(8), "from a block after the damage");
    });
});

/** The disk, and the names of the files that are open on it. */
function counting(): { disk: Disk; open: string[] } {
  const open: string[] = [];
  const disk: Disk = {
    ...realDisk,
    async open(path, mode) {
      const file = await realDisk.open(path, mode);
      open.push(path);
      const close = file.close.bind(file);
      return Object.assign(file, {
        async close() {
          open.splice(open.indexOf(path), 1);
          await close();
        },
      });
    },
  };
  return { disk, open };
}

test("a reader has no file open, neither after it has opened a recording nor after it has read it", async () => {
  await withFolder(async (directory) => {
    await written(directory, { segmentBytes: 400 });
    assert.ok(segmentsIn(directory).length > 2);
    const { disk, open } = counting();
    const journal = await openJournal(directory, { readOnly: true, disk });
    assert.equal(open, []);
    assert.ok((await collect(journal)).length > 6);
    await journal.locate({ timeUs: 0 });
    for await (const _ of journal.read(2)) break;
    assert.equal(open, []);
    await journal.close();
  });
});

test("a writer has one file open, and none after it has closed", async () => {
  await withFolder(async (directory) => {
    await written(directory, { segmentBytes: 400 });
    const { disk, open } = counting();
    const journal = await openJournal(directory, { disk });
    assert.equal(open, [join(directory, segmentsIn(directory).at(-1)!)]);
    await journal.close();
    assert.equal(open, []);
  });
});

test("a newest file in which nothing can be read is not left open", async () => {
  await withFolder(async (directory) => {
    await written(directory, { segmentBytes: 400 });
    writeFileSync(join(directory, segmentsIn(directory).at(-1)!), "no header");
    const { disk, open } = counting();
    const reader = await openJournal(directory, { readOnly: true, disk });
    assert.equal(open, []);
    await reader.close();
    const writer = await openJournal(directory, { disk });
    await writer.close();
    assert.equal(open, []);
  });
});

test.run();
