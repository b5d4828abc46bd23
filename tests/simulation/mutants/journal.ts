/** Bugs of the journal in files. */
import type { Mutant } from "./mutant.ts";

const FILE = "actors/journal/file.ts";
const COMMIT = "actors/journal/group-commit.ts";

export const JOURNAL_MUTANTS: readonly Mutant[] = [
  {
    name: "acknowledged-before-sync",
    bug: "A block is acknowledged when it is written, not when it is on the disk.",
    file: FILE,
    find: "await file.write(batch.seal(segment.firstBlock), segment.size);\n    await file.sync();",
    replace: "await file.write(batch.seal(segment.firstBlock), segment.size);",
  },
  {
    name: "segment-name-not-synced",
    bug: "A loss of power can remove a new segment's name, and with it acknowledged blocks.",
    file: FILE,
    find: "await file.sync();\n      await this.#disk.syncDirectory(this.directory);\n      return file;",
    replace: "await file.sync();\n      return file;",
  },
  {
    name: "batch-overwritten",
    bug: "Each batch overwrites the previous one.",
    file: FILE,
    find: "segment.size += batch.length;",
    replace: "",
  },
  {
    name: "failed-write-acknowledged",
    bug: "A failed write is acknowledged.",
    file: COMMIT,
    find: "batch.settle(this.#halted);\n    this.#gathering.settle(this.#halted);",
    replace: "batch.settle(null);\n    this.#gathering.settle(null);",
  },
  {
    name: "acknowledged-at-once",
    bug: "A block is acknowledged when it is handed to the journal.",
    file: COMMIT,
    find: "this.#gathering.addBlock(copyPosition(block), block);\n    return this.flush();",
    replace:
      "this.#gathering.addBlock(copyPosition(block), block);\n    this.flush().catch(() => {});\n    return Promise.resolve();",
  },
  {
    name: "crc-not-checked",
    bug: "A record is accepted without checking its checksum.",
    file: "actors/journal/scanner.ts",
    find: "if (this.#crcOf(at + RECORD_HEADER_BYTES, length) !== this.#view.getUint32(body - 4, true))",
    replace: "if (length === 0)",
  },
  {
    name: "torn-tail-kept",
    bug: "An unfinished write at the end counts as damage to the log.",
    file: "actors/journal/segment.ts",
    find: "if (!newest || before === null) return",
    replace: "if (segment.size >= 0 || before === null) return",
  },
  {
    name: "snapshot-checksum-ignored",
    bug: "A snapshot with flipped bits is restored.",
    file: "actors/journal/snapshots.ts",
    find: 'return crc32(state) === stored ? state : "the checksum of its state does not hold";',
    replace: 'return stored >= 0 ? state : "";',
  },
];
