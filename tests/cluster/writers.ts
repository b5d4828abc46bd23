/**
 * Any number of writers on one stream, each acting on what it has read so far, which may be long out of date.
 *
 * Writers write blocks and derived records only in an epoch whose take-over, their own, they have read; but for the lawless one, who writes in
 * whatever epoch it read. A script of steps says who does what; the server takes everything, in the order of the script. A step may be lost on the way
 * though its author believes that it arrived, or arrive again later.
 */
import fc from "fast-check";
import { type Admission, admit, emptyLog, type LogEntry } from "../../actors/cluster/admission.ts";

export const PARTITION = "p0";

export type WriterStep =
  | { do: "read"; writer: number; entries: number }
  | { do: "claim" | "block" | "derivedRecord"; writer: number; lost: boolean }
  | { do: "repeat"; which: number }
  | { do: "garbage" | "foreign" };

/** Keeps to no rule. */
export const LAWLESS = 3;

/** An entry and who wrote it. */
export interface Written {
  readonly entry: LogEntry;
  readonly writer: number;
}

const writer = fc.nat(3);
const mostlyArrives = fc.integer({ min: 0, max: 9 }).map((n) => n === 0);

export const writerScript: fc.Arbitrary<WriterStep[]> = fc.array(
  fc.oneof(
    { weight: 5, arbitrary: fc.record({ do: fc.constant("read" as const), writer, entries: fc.nat(6) }) },
    {
      weight: 6,
      arbitrary: fc.record({
        do: fc.constantFrom("claim" as const, "block" as const, "block" as const, "derivedRecord" as const),
        writer,
        lost: mostlyArrives,
      }),
    },
    { weight: 2, arbitrary: fc.record({ do: fc.constant("repeat" as const), which: fc.nat(1000) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constantFrom("garbage" as const, "foreign" as const) }) },
  ),
  { maxLength: 80, size: "max" },
);

/** The stream that a script makes. */
export function write(script: readonly WriterStep[]): Written[] {
  const stream: Written[] = [];
  const writers = Array.from({ length: 4 }, (_, k) => new Writer(k));
  for (const step of script) {
    switch (step.do) {
      case "read":
        writers[step.writer]!.read(stream, step.entries);
        break;
      case "repeat":
        if (stream.length > 0) stream.push(stream[step.which % stream.length]!);
        break;
      case "garbage":
        stream.push({ entry: { kind: "undecodable" }, writer: -1 });
        break;
      case "foreign":
        stream.push({ entry: { ...blockAfter(emptyLog("p1"), 0, -1), partition: "p1" }, writer: -1 });
        break;
      default: {
        const entry = writers[step.writer]![step.do]();
        if (!step.lost && entry !== null) stream.push({ entry, writer: step.writer });
      }
    }
  }
  return stream;
}

/** Believes what it read, and that the blocks it wrote since then count. */
class Writer {
  private readonly id: number;
  private at = 0;
  private belief: Admission = emptyLog(PARTITION);
  private written = 0;

  constructor(id: number) {
    this.id = id;
  }

  read(stream: readonly Written[], entries: number): void {
    // Of what it wrote, that counts which it is given to see.
    this.at = Math.min(stream.length, this.at + entries);
    this.belief = fold(stream.slice(0, this.at).map(({ entry }) => entry));
  }

  claim(): LogEntry {
    const { epoch, lastBlock, lastHash } = this.belief;
    const owner = `w${this.id}`;
    const entry = {
      kind: "takeover",
      partition: PARTITION,
      epoch: epoch + 1,
      lastBlock,
      lastHash,
      owner,
    } as const;
    return this.id === LAWLESS ? this.believe(entry) : entry;
  }

  block(): LogEntry | null {
    if (!this.mayWrite) return null;
    return this.believe(blockAfter(this.belief, this.id, this.written++));
  }

  derivedRecord(): LogEntry | null {
    if (!this.mayWrite) return null;
    const { epoch, lastBlock, derivedRecords } = this.belief;
    return this.believe({
      kind: "derivedRecord",
      partition: PARTITION,
      epoch,
      number: derivedRecords + 1,
      block: lastBlock,
    });
  }

  private get mayWrite(): boolean {
    return this.id === LAWLESS || this.belief.owner === `w${this.id}`;
  }

  private believe(entry: LogEntry): LogEntry {
    this.belief = admit(this.belief, entry).log;
    return entry;
  }
}

/** A block that follows the log; no two of different writers or moments are the same. */
function blockAfter(log: Admission, writer: number, moment: number): Extract<LogEntry, { kind: "block" }> {
  const { partition, epoch, lastBlock, lastHash } = log;
  const hash = Uint8Array.of(
    writer + 1,
    moment & 0xff,
    moment >> 8,
    lastBlock & 0xff,
    epoch & 0xff,
    ...lastHash.subarray(0, 3),
  );
  return { kind: "block", partition, epoch, number: lastBlock + 1, previousHash: lastHash, hash };
}

export function fold(entries: readonly LogEntry[]): Admission {
  return entries.reduce((log, entry) => admit(log, entry).log, emptyLog(PARTITION));
}
