/**
 * Which entries of a partition's stream count, computed the slow and obvious way: the whole log is kept, and each entry is compared with it.
 *
 *   entry ─► is it a block, the next one, of the current owner, chained to the last block?  ─► kept
 *         └► is it a take-over, of the next epoch, chained to the last block?               ─► kept
 *         └► anything else                                                                  ─► skipped
 *
 * Shares no code with the rule that nodes apply (actors/cluster/admission.ts), so that each checks the other.
 */
import { createHash } from "node:crypto";
import { type DecodedBlock, decodeBlock } from "../../../protocol/block.ts";
import { decodeMessage } from "../../../protocol/codec.ts";
import { MESSAGES, type Takeover } from "../../../protocol/messages.ts";

export interface AdmittedBlock {
  /** Of its entry in the stream. */
  readonly entry: number;
  readonly hash: string;
  readonly block: DecodedBlock;
}

export interface AdmittedTakeover {
  readonly entry: number;
  readonly epoch: number;
  readonly owner: string;
  readonly lastBlock: number;
}

/** Previous hash of the first block. */
const NOTHING = "00".repeat(32);

export class AdmittedLog {
  readonly partition: string;
  blocks: AdmittedBlock[] = [];
  takeovers: AdmittedTakeover[] = [];
  /** Hashes of admitted blocks that the server forgot. */
  readonly forgotten = new Set<string>();

  constructor(partition: string) {
    this.partition = partition;
  }

  get epoch(): number {
    return this.takeovers.length;
  }

  get lastHash(): string {
    return this.blocks.at(-1)?.hash ?? NOTHING;
  }

  /** The admitted block of this number. */
  block(number: number): AdmittedBlock | undefined {
    // With retention a recording may begin after block 1.
    return this.blocks[number - (this.blocks[0]?.block.number ?? 1)];
  }

  store(entry: number, stored: Uint8Array): void {
    const bytes = blockOf(stored);
    const found = readBlock(bytes);
    if (found !== null) this.storeBlock(entry, found.hash, found.block);
    else {
      const takeover = readTakeover(bytes);
      if (takeover !== null) this.storeTakeover(entry, takeover);
    }
  }

  /** Drops all entries after `after`. */
  forget(after: number): void {
    for (const { entry, hash } of this.blocks) if (entry > after) this.forgotten.add(hash);
    this.blocks = this.blocks.filter(({ entry }) => entry <= after);
    this.takeovers = this.takeovers.filter(({ entry }) => entry <= after);
  }

  private storeBlock(entry: number, hash: string, block: DecodedBlock): void {
    const expected = (this.blocks.at(-1)?.block.number ?? block.number - 1) + 1;
    if (block.partition !== this.partition || block.epoch !== this.epoch || block.number !== expected) return;
    if (this.blocks.length > 0 && toHex(block.previousHash) !== this.lastHash) return;
    if (block.number === 1 && toHex(block.previousHash) !== NOTHING) return;
    this.blocks.push({ entry, hash, block });
  }

  private storeTakeover(entry: number, { partition, epoch, owner, lastBlock, lastHash }: Takeover): void {
    if (partition !== this.partition || epoch !== this.epoch + 1) return;
    if (lastBlock !== (this.blocks.at(-1)?.block.number ?? 0) || toHex(lastHash) !== this.lastHash) return;
    this.takeovers.push({ entry, epoch, owner, lastBlock });
  }
}

/** The logs of a run as they grow. Each entry arrives here before any checker asks for it. */
export class StoredLogs {
  private readonly byPartition = new Map<string, AdmittedLog>();
  /** Partitions of which the server forgot entries at least once. */
  readonly lossy = new Set<string>();

  /** Null for a partition whose entries are not observed. */
  of(partition: string): AdmittedLog | null {
    return this.byPartition.get(partition) ?? null;
  }

  store(partition: string, entry: number, bytes: Uint8Array): void {
    let log = this.byPartition.get(partition);
    if (log === undefined) {
      log = new AdmittedLog(partition);
      this.byPartition.set(partition, log);
    }
    log.store(entry, bytes);
  }

  forget(partition: string, after: number): void {
    this.lossy.add(partition);
    this.byPartition.get(partition)?.forget(after);
  }
}

/** The block of an entry that has its records behind it; any other entry as it is. */
function blockOf(bytes: Uint8Array): Uint8Array {
  if (bytes[2] !== MESSAGES.blockWithRecords.code) return bytes;
  const known = unfolded.get(bytes);
  if (known !== undefined) return known;
  let block = bytes;
  try {
    const message = decodeMessage(bytes);
    if (message.type === "blockWithRecords") ({ block } = message);
  } catch {
    // Garbage: no block either.
  }
  unfolded.set(bytes, block);
  return block;
}

/** An entry is unfolded once, so that its block is one object. */
const unfolded = new WeakMap<Uint8Array, Uint8Array>();

/** Entries are read when they are stored and again at the end: each is decoded once. */
const read = new WeakMap<Uint8Array, { block: DecodedBlock; hash: string } | null>();

function readBlock(bytes: Uint8Array): { block: DecodedBlock; hash: string } | null {
  const known = read.get(bytes);
  if (known !== undefined) return known;
  let found: { block: DecodedBlock; hash: string } | null = null;
  // Many entries are records alone: do not try to decode them.
  if (bytes[2] !== MESSAGES.block.code) return null;
  try {
    const block = decodeBlock(bytes);
    found = { block, hash: createHash("sha256").update(bytes).digest("hex") };
  } catch {
    // Garbage: not a block.
  }
  read.set(bytes, found);
  return found;
}

function readTakeover(bytes: Uint8Array): Takeover | null {
  if (bytes[2] !== MESSAGES.takeover.code) return null;
  try {
    const message = decodeMessage(bytes);
    return message.type === "takeover" ? message : null;
  } catch {
    return null;
  }
}

export function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("hex");
}
