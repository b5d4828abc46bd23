/**
 * The output gate: what was derived from a block leaves when the block is durable, and not before.
 *
 *   core ──► open block's outputs ──close──► waiting for durability ──durable──► listeners, then `flush`
 *
 * O1  Nothing leaves before its block is durable at the session's level.
 * O2  Blocks are released in their order, whatever the order of acknowledgements.
 * O3  Between the outputs of one block and the next, every listener gets one `flush`.
 * O4  A listener that throws is dropped; the others go on.
 */
import type { Channels, EventMessage, MetricsMessage, StateMessage } from "../../protocol/messages.ts";
import type { DeliveredFrame, SessionListener } from "../ports/session.ts";

export type Delivery = DeliveredFrame | EventMessage | StateMessage | Channels;

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

interface Waiting {
  block: ClosedBlock;
  durable: boolean;
}

export class OutputGate {
  /** Bytes of closed blocks that are not durable yet. */
  heldBytes = 0;
  private readonly listeners = new Set<SessionListener>();
  private readonly waiting: Waiting[] = [];
  private readonly released: (block: ClosedBlock) => void;
  private readonly log: (message: string) => void;

  /** `released` is called after a block's outputs have left. */
  constructor(released: (block: ClosedBlock) => void, log: (message: string) => void) {
    this.released = released;
    this.log = log;
  }

  subscribe(listener: SessionListener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Holds the block's outputs until `durable` resolves; resolves to false when it never became durable. */
  async hold(block: ClosedBlock, durable: Promise<void>): Promise<void> {
    const entry = { block, durable: false };
    this.waiting.push(entry);
    this.heldBytes += block.bytes.length;
    await durable;
    entry.durable = true;
    while (this.waiting[0]?.durable) this.release(this.waiting.shift()!.block);
  }

  private release(block: ClosedBlock): void {
    this.heldBytes -= block.bytes.length;
    for (const listener of this.listeners) {
      try {
        deliver(block, listener);
      } catch (error) {
        this.listeners.delete(listener);
        this.log(`a listener failed and was dropped: ${String(error)}`);
      }
    }
    this.released(block);
  }
}

function deliver(block: ClosedBlock, listener: SessionListener): void {
  for (const delivery of block.deliveries) {
    if ("inputSequence" in delivery) listener.frame(delivery);
    else if (delivery.type === "event") listener.event(delivery);
    else if (delivery.type === "state") listener.state(delivery);
    else listener.channels(delivery);
  }
  if (block.metrics) listener.metrics(block.metrics);
  listener.flush();
}
