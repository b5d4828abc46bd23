/**
 * A small log in memory, written by the real writer: block 1 opens a session of the toy actors and declares their group, every further
 * block holds two rows, half of `blockUs` apart. A value of 120 makes the toys announce an event.
 */
import { Core } from "../../actors/core/core.ts";
import { SILENT } from "../../actors/core/core-sink.ts";
import { createMemoryJournal } from "../../actors/journal/memory.ts";
import { LogWriter } from "../../actors/log/writer.ts";
import type { Journal } from "../../actors/ports/journal.ts";
import { encodeMessage } from "../../protocol/codec.ts";
import type { Input } from "../../protocol/messages.ts";
import { channels, opened, row } from "./inputs.ts";
import { TOYS } from "./toy-actors.ts";

export interface WrittenLog {
  journal: Journal;
  /** Stands after the last block. */
  core: Core;
}

/** `rowValue`: what the rows of a block hold; `snapshots`: the blocks after which the state is stored. */
export async function writtenLog({
  blocks = 5,
  rowValue = () => 1,
  blockUs = 1000,
  snapshots = [],
  journal = createMemoryJournal(),
}: {
  blocks?: number;
  rowValue?(block: number): number;
  blockUs?: number;
  snapshots?: readonly number[];
  journal?: Journal;
} = {}): Promise<WrittenLog> {
  const core: Core = new Core(TOYS, { ...SILENT, event: (event) => writer.event(event) });
  const writer: LogWriter = new LogWriter({ journal, core, partition: "p0" });
  const enter = (timeUs: number, input: Input): void => {
    writer.add(timeUs, encodeMessage(input));
    core.apply(core.sequence + 1, timeUs, input);
  };
  for (let block = 1; block <= blocks; block++) {
    if (block === 1) {
      enter(0, opened());
      enter(0, channels(1));
    } else
      for (const timeUs of [blockUs * (block - 0.5), blockUs * block])
        enter(timeUs, row(timeUs, [rowValue(block)]));
    await writer.close().durable;
    await writer.maintain();
    if (snapshots.includes(block))
      await journal.saveSnapshot(block, core.now, core.sequence, core.snapshot());
  }
  return { journal, core };
}

/**
 * The same log as seen after retention removed the blocks before `first`, with damage in place of some blocks, and with snapshots that no
 * program can restore.
 */
export function impaired(
  journal: Journal,
  {
    first = 1,
    damaged = [],
    badSnapshots = [],
  }: { first?: number; damaged?: readonly number[]; badSnapshots?: readonly number[] },
): Journal {
  const bad = new Uint8Array([0x92, 0x01]);
  return {
    durability: journal.durability,
    last: journal.last,
    first: { ...journal.last!, number: first },
    append: (block) => journal.append(block),
    appendDerived: (record) => journal.appendDerived(record),
    saveSnapshot: (...snapshot) => journal.saveSnapshot(...snapshot),
    async loadSnapshot(at) {
      const stored = await journal.loadSnapshot(at);
      return stored !== null && badSnapshots.includes(stored.block) ? { ...stored, bytes: bad } : stored;
    },
    async locate(at) {
      const found = await journal.locate(at);
      return found === null ? null : Math.max(first, found);
    },
    async *read(from = 1) {
      for await (const entry of journal.read(Math.max(first, from))) {
        if (entry.kind === "block" && damaged.includes(entry.block.number))
          yield { kind: "damage", file: "0000000001.seg", offset: 4711, length: 12, reason: "bad checksum" };
        else yield entry;
      }
    },
    flush: () => journal.flush(),
    close: () => journal.close(),
  };
}
