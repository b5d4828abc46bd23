/** Blocks, logs and owners for tests of journals on a stream. */

import { AdmittedLog } from "../../actors/cluster/admitted-log.ts";
import { claim } from "../../actors/cluster/claim.ts";
import { StreamJournal } from "../../actors/cluster/stream-journal.ts";
import { sha256 } from "../../actors/log/chain.ts";
import type { Bus, LogStream } from "../../actors/ports/bus.ts";
import type { Clock } from "../../actors/ports/clock.ts";
import type { JournalBlock } from "../../actors/ports/journal.ts";
import { BlockBuilder, GENESIS_HASH } from "../../protocol/block.ts";
import type { JournalWorld } from "../contracts/journal.ts";
import { pattern, timeOf } from "../journal/builders.ts";

export const PARTITION = "p0";

/** A true block: ten inputs, of which the first has `size` bytes. */
export function trueBlock(
  number: number,
  epoch: number,
  previousHash: Uint8Array,
  size = 40,
  timeUs = timeOf(number),
): JournalBlock {
  const firstSequence = (number - 1) * 10 + 1;
  const builder = new BlockBuilder({ partition: PARTITION, epoch, number, previousHash, firstSequence });
  builder.add(timeUs, pattern(number, size));
  for (let k = 1; k < 10; k++) builder.add(timeUs, pattern(number + k, 1));
  const { bytes, lastSequence } = builder.close();
  return { number, firstSequence, lastSequence, timeUs, hash: new Uint8Array(sha256(bytes)), bytes };
}

/** Blocks chained to each other; each is made once, and handed out as a copy. */
export class Chain {
  epoch = 1;
  private readonly made: JournalBlock[] = [];

  block = (number: number, size?: number, timeUs?: number): JournalBlock => {
    while (this.made.length < number) {
      const previous = this.made.at(-1)?.hash ?? GENESIS_HASH;
      const next = this.made.length + 1;
      const isExpected = next === number;
      const block = trueBlock(
        next,
        this.epoch,
        previous,
        isExpected ? size : 40,
        isExpected ? timeUs : timeOf(next),
      );
      this.made.push(block);
    }
    const { bytes, hash, ...position } = this.made[number - 1]!;
    return { ...position, hash: new Uint8Array(hash), bytes: new Uint8Array(bytes) };
  };
}

/** The stream journal in a world of the journal's contract: each opening is another life of one node. */
export function streamJournalWorld(bus: Bus, clock: Clock, dispose: () => Promise<void>): JournalWorld {
  const chain = new Chain();
  let lives = 0;
  return {
    async open() {
      const { journal, epoch } = await openStreamJournal({ bus, clock, owner: `n1@${++lives}` });
      chain.epoch = epoch;
      return journal;
    },
    lasting: true,
    block: chain.block,
    largest: 250_000,
    kill: async () => {},
    dispose,
  };
}

export interface OpenOptions {
  bus: Bus;
  clock: Clock;
  owner: string;
  /** Stands in for the bus's own. */
  stream?: LogStream;
  pendingBytes?: number;
  report?(message: string): void;
  full?(reason: string | null): void;
}

/** Reads the log, takes the partition over, and opens its journal. */
export async function openStreamJournal(
  options: OpenOptions,
): Promise<{ journal: StreamJournal; epoch: number }> {
  const { bus, clock, owner, stream = bus.stream("log"), report = () => {} } = options;
  const log = await AdmittedLog.open(stream, PARTITION);
  const epoch = await claim({ log, owner, clock, retryMs: 250, report }).settled;
  const snapshots = bus.snapshots("snapshots");
  const { pendingBytes, full } = options;
  const journal = new StreamJournal({
    log,
    epoch,
    snapshots,
    clock,
    retryMs: 250,
    report,
    ...(full === undefined ? {} : { full }),
    ...(pendingBytes === undefined ? {} : { pendingBytes }),
  });
  return { journal, epoch };
}
