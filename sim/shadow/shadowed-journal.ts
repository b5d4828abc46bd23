/** A journal whose shadow is told of everything that goes into it. */
import type {
  BlockPosition,
  DerivedRecord,
  Journal,
  JournalBlock,
  JournalEntry,
  LogPlace,
} from "../../actors/ports/journal.ts";

export interface JournalListener {
  block(number: number, bytes: Uint8Array): void;
  appendDerived(record: DerivedRecord): void;
  /** The state after a block is about to be stored. */
  snapshot(block: number, state: Uint8Array): void;
}

export class ShadowedJournal implements Journal {
  private readonly journal: Journal;
  private readonly shadow: JournalListener;

  constructor(journal: Journal, shadow: JournalListener) {
    this.journal = journal;
    this.shadow = shadow;
  }

  get durability() {
    return this.journal.durability;
  }

  get last(): BlockPosition | null {
    return this.journal.last;
  }

  get first(): BlockPosition | null {
    return this.journal.first;
  }

  append(block: JournalBlock): Promise<void> {
    const durable = this.journal.append(block);
    this.shadow.block(block.number, block.bytes);
    return durable;
  }

  appendDerived(record: DerivedRecord): void {
    this.journal.appendDerived(record);
    this.shadow.appendDerived(record);
  }

  saveSnapshot(block: number, timeUs: number, sequence: number, bytes: Uint8Array): Promise<void> {
    this.shadow.snapshot(block, bytes);
    return this.journal.saveSnapshot(block, timeUs, sequence, bytes);
  }

  loadSnapshot(at: LogPlace) {
    return this.journal.loadSnapshot(at);
  }

  locate(at: LogPlace): Promise<number | null> {
    return this.journal.locate(at);
  }

  read(from?: number): AsyncIterable<JournalEntry> {
    return this.journal.read(from);
  }

  flush(): Promise<void> {
    return this.journal.flush();
  }

  close(): Promise<void> {
    return this.journal.close();
  }
}
