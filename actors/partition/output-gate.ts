/**
 * The output gate: what was derived from a block leaves when the block is durable, and not before.
 *
 *   core ──► outputs of the open block ──close──► waiting for durability ──durable──► `release` ──► outbox
 *
 * G1  Nothing leaves before its block is durable at the session's level.
 * G2  Blocks are released in their order, for any order of acknowledgements.
 *
 * The gate refuses nothing: it delays. Inputs are refused before they enter the log (refusal.ts); entries of a shared log that do not count
 * are skipped by the rule of admission (actors/cluster/admission.ts).
 */
import type { Channels, EventMessage, MetricsMessage, StateMessage } from "../../protocol/messages.ts";
import type { EditedDocument } from "../ports/detector.ts";
import type { DeliveredFrame } from "../ports/session.ts";

export type Delivery = DeliveredFrame | EventMessage | StateMessage | Channels | EditedDocument;

/** A block and what was derived from it. */
export interface ClosedBlock {
  readonly number: number;
  readonly deliveries: readonly Delivery[];
  readonly metrics: MetricsMessage | null;
  /** Monotonic ms at which its first and last input arrived. */
  readonly firstArrivalMs: number;
  readonly lastArrivalMs: number;
  readonly inputs: number;
  readonly lastSequence: number;
  /** The encoded block. */
  readonly bytes: Uint8Array;
}

export class OutputGate {
  /** Bytes of closed blocks that are not durable yet. */
  heldBytes = 0;
  private readonly waiting: { block: ClosedBlock; isDurable: boolean }[] = [];
  private isReleasing = false;
  private readonly release: (block: ClosedBlock) => void;

  constructor(release: (block: ClosedBlock) => void) {
    this.release = release;
  }

  /** Holds the block's outputs until `durable` resolves. Rejects when it rejects: then they never leave. */
  async hold(block: ClosedBlock, durable: Promise<void>): Promise<void> {
    const entry = this.enter(block, false);
    await durable;
    entry.isDurable = true;
    this.releaseDurable();
  }

  /** Releases a block that is durable already, after those before it. */
  pass(block: ClosedBlock): void {
    this.enter(block, true);
    this.releaseDurable();
  }

  /** Nothing leaves while `work` runs. What is durable leaves right after it. */
  keepShut(work: () => void): void {
    const wasReleasing = this.isReleasing;
    this.isReleasing = true;
    try {
      work();
    } finally {
      this.isReleasing = wasReleasing;
      this.releaseDurable();
    }
  }

  private enter(block: ClosedBlock, isDurable: boolean): { isDurable: boolean } {
    const entry = { block, isDurable };
    this.waiting.push(entry);
    this.heldBytes += block.bytes.length;
    return entry;
  }

  /** A listener may cause the next block while it takes this one: that block leaves after this one, and not in the middle of it. */
  private releaseDurable(): void {
    if (this.isReleasing) return;
    this.isReleasing = true;
    try {
      while (this.waiting[0]?.isDurable) {
        const { block } = this.waiting.shift()!;
        this.heldBytes -= block.bytes.length;
        this.release(block);
      }
    } finally {
      this.isReleasing = false;
    }
  }
}
