/** Passes everything on to a journal in files and reports each durable block as `stored`: the checkers' view of the log. */
import type {
  DerivedRecord,
  Journal,
  JournalBlock,
  JournalEntry,
  LogPlace,
  StoredSnapshot,
} from "../../actors/ports/journal.ts";
import type { SimulatedCluster } from "./simulated-cluster.ts";

export class ObservedJournal implements Journal {
  readonly #world: SimulatedCluster;
  readonly #journal: Journal;
  readonly #partition: string;
  /** Number of the last block that was reported, across lives of the process. */
  readonly #stored: { last: number };

  constructor(world: SimulatedCluster, journal: Journal, partition: string, stored: { last: number }) {
    this.#world = world;
    this.#journal = journal;
    this.#partition = partition;
    this.#stored = stored;
  }

  /** Reports blocks that were written, not acknowledged, and survived. */
  async reportRecovered(): Promise<void> {
    if ((this.last?.number ?? 0) <= this.#stored.last) return;
    for await (const entry of this.read(this.#stored.last + 1))
      if (entry.kind === "block") this.#report(entry.block);
  }

  get durability(): Journal["durability"] {
    return this.#journal.durability;
  }

  get last(): Journal["last"] {
    return this.#journal.last;
  }

  get first(): Journal["first"] {
    return this.#journal.first;
  }

  async append(block: JournalBlock): Promise<void> {
    const bytes = block.bytes.slice();
    await this.#journal.append(block);
    this.#report({ ...block, bytes });
  }

  appendDerived(record: DerivedRecord): void {
    if (record.kind === "checkpoint") this.#world.sometimes("checkpoint noted");
    this.#journal.appendDerived(record);
  }

  saveSnapshot(block: number, timeUs: number, sequence: number, bytes: Uint8Array): Promise<void> {
    return this.#journal.saveSnapshot(block, timeUs, sequence, bytes);
  }

  async loadSnapshot(at: LogPlace): Promise<StoredSnapshot | null> {
    const found = await this.#journal.loadSnapshot(at);
    if (found !== null) this.#world.sometimes("snapshot restored");
    return found;
  }

  locate(at: LogPlace): Promise<number | null> {
    return this.#journal.locate(at);
  }

  read(from?: number): AsyncIterable<JournalEntry> {
    return this.#journal.read(from);
  }

  flush(): Promise<void> {
    return this.#journal.flush();
  }

  close(): Promise<void> {
    return this.#journal.close();
  }

  #report({ number, bytes }: JournalBlock): void {
    if (number !== this.#stored.last + 1) return;
    this.#stored.last = number;
    this.#world.observe({
      kind: "stored",
      atUs: this.#world.nowUs,
      partition: this.#partition,
      sequence: number,
      bytes,
    });
  }
}
