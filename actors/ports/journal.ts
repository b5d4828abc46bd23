/**
 * The log of one partition: blocks of inputs in order, and records of what was derived from them.
 *
 * J1  Blocks are read back in the order of `append`, byte for byte.
 * J2  When `append` resolves or returns null, the block survives what the journal's durability promises.
 * J3  An acknowledged block is never lost; an unacknowledged one is in the log whole or not at all.
 * J4  Damage is reported with its place (`JournalDamage`), never skipped in silence.
 * J5  After a failed write the journal refuses further blocks (`JournalHalted`, actors/journal/errors.ts) until it is opened again.
 */
export interface Journal {
  readonly durability: Durability;
  /** The last block, or null in an empty journal. */
  readonly last: BlockPosition | null;
  /** The first block still kept (retention may have dropped older ones), or null. */
  readonly first: BlockPosition | null;
  /** When the last block was stored, by the clock of whoever stores it, µs; null or absent: not known. */
  readonly lastStoredUs?: number | null;
  /** Bytes handed over and not yet durable, with what they cost beside, and the bound of them; absent: they do not gather. */
  readonly pendingBytes?: number;
  readonly pendingBytesMax?: number;
  /** Why nothing becomes durable until somebody has done something, and what; null or absent: nothing stands in its way. */
  readonly blocked?: string | null;

  /**
   * Appends a block; blocks must arrive numbered without gaps. Resolves when it is durable, rejects when it is refused; null: it is durable already.
   * The bytes and the hash belong to the journal from then on: nobody changes them.
   */
  append(block: JournalBlock): Promise<void> | null;
  /**
   * Adds a record that can be derived again (events, state hashes): kept in order with the blocks around it, written
   * with the next block or `flush`, not waited for.
   */
  appendDerived(record: DerivedRecord): void;
  /** Stores the core's state after `block`, so that opening and seeking need not read everything before it. Nobody changes the bytes from then on. */
  saveSnapshot(block: number, timeUs: number, sequence: number, bytes: Uint8Array): Promise<void>;
  /** The newest snapshot with `block` <= the given block (or time, or input sequence), or null. */
  loadSnapshot(at: LogPlace): Promise<StoredSnapshot | null>;

  /** Number of the first block that reaches a place (`timeUs` ≥, last input ≥ `sequence`, number ≥ `block`), or null after the end. */
  locate(at: LogPlace): Promise<number | null>;

  /** Blocks and derived records in order, starting at block number `from` (default: the first kept). */
  read(from?: number): AsyncIterable<JournalEntry>;
  /** Waits until everything handed over so far is durable. */
  flush(): Promise<void>;
  close(): Promise<void>;
}

export type Durability = "memory" | "file" | "stream";

/** One of the three. */
export interface LogPlace {
  block?: number;
  timeUs?: number;
  sequence?: number;
}

export interface BlockPosition {
  /** Block number: 1, 2, … without gaps. */
  number: number;
  /** Sequence of its first and last input. */
  firstSequence: number;
  lastSequence: number;
  /** Logical time of its last input, µs. */
  timeUs: number;
  /** SHA-256 of the encoded block: the next block names it. */
  hash: Uint8Array;
}

export interface JournalBlock extends BlockPosition {
  /** The encoded block (protocol/block.ts). */
  bytes: Uint8Array;
  /** Of an input in it that is traced: for readers of a shared log, and no part of what is stored of the block. */
  traceparent?: string;
}

/** `kind` is a row of protocol/messages.ts: `derived` (events of a block) or `checkpoint` (state hash after a block). */
export interface DerivedRecord {
  kind: "derived" | "checkpoint";
  /** The block it belongs to. */
  block: number;
  bytes: Uint8Array;
}

export type JournalEntry =
  | { kind: "block"; block: JournalBlock }
  | { kind: "derived" | "checkpoint"; block: number; bytes: Uint8Array }
  /** A damaged stretch. Reading continues after it where possible. */
  | { kind: "damage"; file: string; offset: number; length: number; reason: string };

export interface StoredSnapshot {
  block: number;
  timeUs: number;
  sequence: number;
  bytes: Uint8Array;
}
