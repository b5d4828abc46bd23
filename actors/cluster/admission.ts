/**
 * The rule of admission: which entries of a partition's stream belong to its log. Every reader applies it, so all readers know the same
 * log, whatever entries the server stored.
 *
 *   entries in stream order ─► admit ─┬─ block      epoch is the current one, number the next, previous hash the last
 *                                     ├─ takeover   epoch is the next one, last block and hash are the current ones
 *                                     ├─ derived    epoch is the current one, number the next of the epoch, block is in the log
 *                                     └─ skipped    all else, counted by reason
 *
 * A1  Admitted blocks are one chain: numbers without gaps, each naming the hash of the one before.
 * A2  An epoch has one owner: the first take-over in stream order wins; after it, blocks of earlier epochs are skipped.
 * A3  Readers of the same stream agree, wherever they began and even if entries repeat.
 *
 * The rule uses no clock and no membership: it alone refuses the blocks of an owner that was paused and succeeded.
 *
 * It refuses entries of a shared log. Inputs are refused before they enter a log (actors/partition/refusal.ts); outputs wait at the output
 * gate (actors/partition/output-gate.ts), which refuses nothing.
 */
import { GENESIS_HASH } from "../../protocol/block.ts";

/** An entry of the stream as the rule sees it. */
export type LogEntry =
  | {
      readonly kind: "block";
      readonly partition: string;
      readonly epoch: number;
      readonly number: number;
      readonly previousHash: Uint8Array;
      /** SHA-256 of the encoded block. */
      readonly hash: Uint8Array;
    }
  | {
      readonly kind: "takeover";
      readonly partition: string;
      readonly epoch: number;
      readonly lastBlock: number;
      readonly lastHash: Uint8Array;
      readonly owner: string;
    }
  | {
      readonly kind: "derivedRecord";
      readonly partition: string;
      readonly epoch: number;
      readonly number: number;
      readonly block: number;
    }
  /** Bytes that are none of the three. */
  | { readonly kind: "undecodable" };

export type SkipReason =
  | "undecodable"
  /** It belongs to another partition. */
  | "foreign"
  /** Its owner has been succeeded. */
  | "fenced"
  /** Its epoch has no take-over. */
  | "unclaimed"
  /** A block or derived record whose number was admitted before. */
  | "duplicate"
  /** A block or derived record whose predecessor was not admitted, or a derived record whose block was not. */
  | "gap"
  /** A block that names another predecessor. */
  | "fork"
  /** A take-over of an epoch that has an owner. */
  | "lost"
  /** A take-over that names another end of the log: a block came before it. */
  | "outrun";

export type Verdict = "block" | "takeover" | "derivedRecord" | SkipReason;

export interface Admission {
  readonly partition: string;
  /** 0 before the first take-over: a log that has one owner only. */
  readonly epoch: number;
  /** The node that took it over; "" in epoch 0. */
  readonly owner: string;
  readonly lastBlock: number;
  readonly lastHash: Uint8Array;
  /** Derived records of the current epoch. */
  readonly derivedRecords: number;
  /** Entries that did not count. */
  readonly skipped: Readonly<Partial<Record<SkipReason, number>>>;
}

/** Before the first entry. */
export function emptyLog(partition: string): Admission {
  return {
    partition,
    epoch: 0,
    owner: "",
    lastBlock: 0,
    lastHash: GENESIS_HASH,
    derivedRecords: 0,
    skipped: {},
  };
}

/** The log with one more entry, and what that entry was. */
export function admit(log: Admission, entry: LogEntry): { log: Admission; verdict: Verdict } {
  const verdict = judge(log, entry);
  return { log: advance(log, entry, verdict), verdict };
}

/** Whether an entry is admitted, or why it is skipped. */
export function judge(log: Admission, entry: LogEntry): Verdict {
  if (entry.kind === "undecodable") return "undecodable";
  if (entry.partition !== log.partition) return "foreign";
  switch (entry.kind) {
    case "block":
      if (entry.epoch !== log.epoch) return entry.epoch < log.epoch ? "fenced" : "unclaimed";
      if (entry.number !== log.lastBlock + 1) return entry.number <= log.lastBlock ? "duplicate" : "gap";
      return sameHash(entry.previousHash, log.lastHash) ? "block" : "fork";
    case "takeover":
      if (entry.epoch !== log.epoch + 1) return entry.epoch <= log.epoch ? "lost" : "unclaimed";
      return entry.lastBlock === log.lastBlock && sameHash(entry.lastHash, log.lastHash)
        ? "takeover"
        : "outrun";
    case "derivedRecord":
      if (entry.epoch !== log.epoch) return entry.epoch < log.epoch ? "fenced" : "unclaimed";
      if (entry.number !== log.derivedRecords + 1)
        return entry.number <= log.derivedRecords ? "duplicate" : "gap";
      return entry.block <= log.lastBlock ? "derivedRecord" : "gap";
    default:
      return unreachable(entry);
  }
}

function advance(log: Admission, entry: LogEntry, verdict: Verdict): Admission {
  switch (verdict) {
    case "block":
    case "takeover":
    case "derivedRecord":
      return extended(log, entry);
    default:
      return { ...log, skipped: { ...log.skipped, [verdict]: (log.skipped[verdict] ?? 0) + 1 } };
  }
}

/** The log after an admitted entry. */
function extended(log: Admission, entry: LogEntry): Admission {
  switch (entry.kind) {
    case "block":
      return { ...log, lastBlock: entry.number, lastHash: entry.hash };
    case "takeover":
      return { ...log, epoch: entry.epoch, owner: entry.owner, derivedRecords: 0 };
    case "derivedRecord":
      return { ...log, derivedRecords: entry.number };
    case "undecodable":
      return log;
    default:
      return unreachable(entry);
  }
}

function sameHash(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

function unreachable(entry: never): never {
  throw new Error(`unknown entry ${JSON.stringify(entry)}`);
}
