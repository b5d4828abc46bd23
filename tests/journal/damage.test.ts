// runtime: either
/** Recordings with any change to their files: reading ends, gives only what was appended, and reports every gap. */
import { join } from "node:path";
import fc from "fast-check";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { describeRecording } from "../../actors/journal/describe.ts";
import { readWhole } from "../../actors/journal/disk.ts";
import { openJournal } from "../../actors/journal/file.ts";
import type { Journal } from "../../actors/ports/journal.ts";
import { SimulatedDisk } from "../../sim/cluster/simulated-disk.ts";
import { appendAll, block, copyFiles, note, pattern, range } from "./builders.ts";

const RUNS = process.env["EIGENWATCH_LONG"] === "1" ? 5000 : 250;
const DIRECTORY = "/recording";
const BLOCKS = 40;

type Harm = {
  what: "flip" | "noise" | "zeros" | "insert" | "delete" | "cut";
  file: number;
  at: number;
  length: number;
};

const harm: fc.Arbitrary<Harm> = fc.record({
  what: fc.constantFrom("flip", "noise", "zeros", "insert", "delete", "cut"),
  file: fc.nat(),
  at: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
  length: fc.integer({ min: 1, max: 600 }),
});

test("[J4] recording with any harm done to its files is read without silence about any gap", async () => {
  const sound = new SimulatedDisk(1);
  const writer = await openJournal(DIRECTORY, { disk: sound, segmentBytes: 1500 });
  for (const number of range(1, BLOCKS)) {
    await writer.append(block(number, (number * 53) % 200));
    if (number % 3 === 0) writer.appendDerived(note(number));
    if (number % 15 === 0)
      await writer.saveSnapshot(number, block(number).timeUs, number * 10, pattern(number, 100));
  }
  await writer.close();
  const { size: endBytes, file: newest } = writer.segments.at(-1)!;
  await fc.assert(
    fc.asyncProperty(fc.array(harm, { minLength: 1, maxLength: 4 }), async (harms) => {
      const disk = new SimulatedDisk(2);
      await copyFiles(sound, disk, DIRECTORY);
      for (const each of harms) await doHarm(disk, each);
      const described = await describeRecording(DIRECTORY, disk);
      const reader = await openJournal(DIRECTORY, { disk, readOnly: true });
      const lastRead = await checkReading(reader);
      // Bytes cut off the end of the newest file cannot be missed: they look like a recording that ended there.
      const shortened = (await readWhole(disk, join(DIRECTORY, newest))).length < endBytes;
      if (lastRead < BLOCKS && !shortened)
        assert.ok(
          reader.recovered !== null || reader.damage.length > 0,
          `${lastRead} is the last, and nobody says why`,
        );
      if (described.damage.length === 0 && described.tornTail === null && !shortened)
        assert.is(described.blocks, BLOCKS);

      const journal = await openJournal(DIRECTORY, { disk });
      const last = journal.last?.number ?? 0;
      await appendAll(journal, last + 1, last + 3);
      await checkReading(journal);
      await journal.loadSnapshot({});
      await journal.close();
      const again = await openJournal(DIRECTORY, { disk });
      assert.is(again.last?.number, last + 3);
      assert.is(again.recovered, null);
      await again.close();
    }),
    { numRuns: RUNS },
  );
});

/** Every gap between blocks holds a report of damage. Returns the last block. */
async function checkReading(journal: Journal): Promise<number> {
  let last = 0;
  let reported = false;
  for await (const entry of journal.read()) {
    if (entry.kind === "damage") reported = true;
    else if (entry.kind === "block") {
      const { number, bytes } = entry.block;
      assert.equal(entry.block, block(number, bytes.length));
      assert.ok(number > last, `block ${number} after ${last}`);
      // A first segment that is gone cannot be noticed: retention leaves such recordings.
      assert.ok(
        number === last + 1 || reported || last === 0,
        `blocks ${last + 1} to ${number - 1} are missing in silence`,
      );
      last = number;
      reported = false;
    } else assert.equal(entry, note(entry.block));
  }
  return last;
}

async function doHarm(disk: SimulatedDisk, { what, file: which, at: place, length }: Harm): Promise<void> {
  const names = (await disk.list(DIRECTORY)).sort();
  const path = join(DIRECTORY, names[which % names.length]!);
  const bytes = await readWhole(disk, path);
  const at = Math.floor(place * bytes.length);
  const file = await disk.open(path, "write");
  const tail = bytes.slice(at);
  if (what === "flip") tail[0]! ^= 1 << (length % 8);
  else if (what === "noise") tail.set(pattern(length, Math.min(length, tail.length)));
  else if (what === "zeros") tail.fill(0, 0, length);
  await file.truncate(at);
  if (what === "insert") {
    await file.write(pattern(length, length), at);
    await file.write(tail, at + length);
  } else if (what === "delete") await file.write(tail.slice(length), at);
  else if (what !== "cut") await file.write(tail, at);
  await file.sync();
}

test.run();
