/** Scans of segments whose bytes claim more than they hold. */
import { appendFileSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import fc from "fast-check";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { type Disk, type DiskFile, realDisk } from "../../actors/journal/disk.ts";
import { openJournal } from "../../actors/journal/file.ts";
import { CHECKSUM_EVERY_BYTES, RangeChecksums } from "../../actors/journal/range-checksums.ts";
import {
  BATCH_MARK,
  BODY_BYTES_MIN,
  bodyCrc,
  MAX_BODY_BYTES,
  RECORD,
  RECORD_HEADER_BYTES,
} from "../../actors/journal/record.ts";
import { SegmentScanner } from "../../actors/journal/scanner.ts";
import { RecordingTail } from "../../actors/journal/tail.ts";
import { joinedBytes } from "../../protocol/joined-bytes.ts";
import { appendAll, pattern, withFolder } from "./builders.ts";

const FIRST_BLOCK = 1;
const SMALLEST_RECORD = RECORD_HEADER_BYTES + BODY_BYTES_MIN;

/** Work for each byte of a crafted file: about a look at every place, and a checksum of CHECKSUM_EVERY_BYTES for one in SMALLEST_RECORD. */
const WORK_PER_BYTE_MAX = 2 * (CHECKSUM_EVERY_BYTES / SMALLEST_RECORD) + 10;

test("checksums of overlapping ranges are those that zlib computes from the bytes", () => {
  const size = 20_000;
  const bytes = pattern(7, size);
  const offset = fc.integer({ min: 0, max: size });
  fc.assert(
    fc.property(
      fc.array(fc.tuple(offset, offset), { maxLength: 20 }),
      fc.nat(0xffff_ffff),
      (ends, initial) => {
        const ranges = new RangeChecksums();
        for (const [a, b] of ends) {
          const [from, to] = [Math.min(a, b), Math.max(a, b)];
          assert.is(ranges.of(bytes, 0, 0, from, to, initial), crc32(bytes.subarray(from, to), initial));
        }
      },
    ),
  );
});

test("scan finds the records and the damage that a plain search finds", async () => {
  const piece = fc.record({
    kind: fc.constantFrom("good", "bad", "claim", "noise" as const),
    size: fc.integer({ min: 0, max: 6000 }),
    claim: fc.integer({ min: BODY_BYTES_MIN, max: 30_000 }),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(piece, { maxLength: 12 }), async (pieces) => {
      const bytes = joinedBytes(
        pieces.map(({ kind, size, claim }, i) => {
          if (kind === "noise") return pattern(i, size % 50);
          const record = recordOf(i + 1, size);
          if (kind === "bad") record[record.length - 1]! ^= 1;
          if (kind === "claim") new DataView(record.buffer).setUint32(0, claim, true);
          return record;
        }),
      );
      assert.equal(await scanned(bytes, 64), plainSearch(bytes));
    }),
    { numRuns: 300 },
  );
});

for (const [what, craft] of [
  ["records that claim everything up to the end, one after the other", claims],
  ["records that claim everything, each with a whole record after it", claimsBetweenRecords],
  ["records that claim half of what follows", halfClaims],
] as const) {
  test(`[N1] scan of ${what} costs in proportion to the file`, async () => {
    for (const size of [500_000, 1_000_000, 2_000_000]) {
      const scanner = new SegmentScanner(fileOf(craft(size)), 0, size, FIRST_BLOCK);
      await runThrough(scanner);
      const perByte = scanner.work / size;
      assert.ok(perByte < WORK_PER_BYTE_MAX, `${perByte} bytes of work for each of ${size}`);
    }
  });
}

test("[N2] scan of records that claim more than the window holds moves what is in memory seldom", async () => {
  const size = 3_000_000;
  const scanner = new SegmentScanner(fileOf(claims(size)), 0, size, FIRST_BLOCK, 65_536);
  await runThrough(scanner);
  // With a window of 64 KiB everything is kept, and moved 3 MB / 32 KiB times at most.
  assert.ok(scanner.work < size * (WORK_PER_BYTE_MAX + size / 32_768), `${scanner.work}`);
});

test("follower of a segment with many damaged records before the next batch reads it a few times, not once for each", async () => {
  await withFolder(async (directory) => {
    const journal = await openJournal(directory);
    await appendAll(journal, 1, 1);
    await journal.close();
    const path = join(directory, "0000000001.seg");
    const before = readFileSync(path).length;
    const damaged = recordOf(1, 100);
    damaged[damaged.length - 1]! ^= 1;
    for (let i = 0; i < 400; i++)
      appendFileSync(path, joinedBytes([damaged, recordOf(1, 3000, RECORD.derived)]));
    appendFileSync(path, recordOf(1, 0, RECORD.derived | BATCH_MARK));
    let read = 0;
    const disk = countingReads((bytes) => {
      read += bytes;
    });
    let damages = 0;
    for await (const entry of new RecordingTail(directory, { from: 1, disk }).entries())
      if (entry.kind === "damage") damages++;
    const size = readFileSync(path).length;
    assert.ok(damages >= 400 && size > before + 1_000_000, `${damages} damages in ${size} bytes`);
    assert.ok(read < 10 * size, `${read} bytes read of ${size}`);
  });
});

/** Bad records only, as close as they can stand; each claims the rest of the file. */
function claims(size: number): Uint8Array {
  return crafted(size, SMALLEST_RECORD, (left) => left);
}

function claimsBetweenRecords(size: number): Uint8Array {
  return crafted(size, 2 * SMALLEST_RECORD, (left) => left);
}

function halfClaims(size: number): Uint8Array {
  return crafted(size, 2 * SMALLEST_RECORD, (left) => Math.floor(left / 2));
}

function crafted(size: number, every: number, claim: (left: number) => number): Uint8Array {
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  const good = recordOf(FIRST_BLOCK, 0, RECORD.closed);
  for (let at = 0; at + every <= size; at += every) {
    view.setUint32(at, Math.min(claim(size - at - RECORD_HEADER_BYTES), MAX_BODY_BYTES), true);
    view.setUint8(at + RECORD_HEADER_BYTES, RECORD.block);
    view.setUint32(at + RECORD_HEADER_BYTES + 1, FIRST_BLOCK, true);
    if (every > SMALLEST_RECORD) bytes.set(good, at + SMALLEST_RECORD);
  }
  return bytes;
}

/** A whole record with so many bytes of payload. */
function recordOf(block: number, payload: number, type: number = RECORD.derived): Uint8Array<ArrayBuffer> {
  const record = new Uint8Array(SMALLEST_RECORD + payload);
  const view = new DataView(record.buffer);
  view.setUint32(0, BODY_BYTES_MIN + payload, true);
  view.setUint8(RECORD_HEADER_BYTES, type);
  view.setUint32(RECORD_HEADER_BYTES + 1, block, true);
  record.set(pattern(block, payload), SMALLEST_RECORD);
  view.setUint32(4, bodyCrc(record, RECORD_HEADER_BYTES, record.length, FIRST_BLOCK), true);
  return record;
}

/** Offsets of records, and stretches of damage, in order. */
async function scanned(bytes: Uint8Array, window: number): Promise<unknown[]> {
  const found: unknown[] = [];
  const scanner = new SegmentScanner(fileOf(bytes), 0, bytes.length, FIRST_BLOCK, window);
  await runThrough(scanner, (step) =>
    found.push(step === "record" ? scanner.offset : [scanner.damageOffset, scanner.damageLength]),
  );
  return found;
}

/** The rule of docs/recording.md, "Reading", without any thought for its cost. */
function plainSearch(bytes: Uint8Array): unknown[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const endOf = (at: number): number => {
    if (at + SMALLEST_RECORD > bytes.length) return -1;
    const end = at + RECORD_HEADER_BYTES + view.getUint32(at, true);
    if (end < at + SMALLEST_RECORD || end > bytes.length) return -1;
    return bodyCrc(bytes, at + RECORD_HEADER_BYTES, end, FIRST_BLOCK) === view.getUint32(at + 4, true)
      ? end
      : -1;
  };
  const found: unknown[] = [];
  for (let at = 0; at < bytes.length; ) {
    const end = endOf(at);
    if (end > 0) {
      found.push(at);
      at = end;
      continue;
    }
    const claimed =
      at + RECORD_HEADER_BYTES <= bytes.length ? at + RECORD_HEADER_BYTES + view.getUint32(at, true) : 0;
    let next = claimed >= at + SMALLEST_RECORD && endOf(claimed) > 0 ? claimed : at + 1;
    while (next < bytes.length && endOf(next) < 0) next++;
    found.push([at, next - at]);
    at = next;
  }
  return found;
}

async function runThrough(scanner: SegmentScanner, each: (step: string) => void = () => {}): Promise<void> {
  for (;;) {
    const step = scanner.step();
    if (step === "end") return;
    if (step === "more") await scanner.fill();
    else each(step);
  }
}

function fileOf(bytes: Uint8Array): DiskFile {
  return {
    size: async () => bytes.length,
    async read(into, offset) {
      const found = bytes.subarray(offset, offset + into.length);
      into.set(found);
      return found.length;
    },
  } as DiskFile;
}

function countingReads(count: (bytes: number) => void): Disk {
  return {
    ...realDisk,
    async open(path, mode) {
      const file = await realDisk.open(path, mode);
      return {
        size: () => file.size(),
        close: () => file.close(),
        async read(into, offset) {
          const read = await file.read(into, offset);
          count(read);
          return read;
        },
      } as DiskFile;
    },
  };
}

test.run();
