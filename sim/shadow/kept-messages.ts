/** The newest messages for a shadow that waits for a snapshot: the snapshot comes when blocks behind it are on their way already. */
import type { MessageKind } from "./messages.ts";

/** Far more than a session takes in while it stores a snapshot. */
const KEPT_BYTES_MAX = 16 << 20;

interface Kept {
  kind: Exclude<MessageKind, "start">;
  block: number;
  bytes: Uint8Array;
}

export class KeptMessages {
  private messages: Kept[] = [];
  private bytes = 0;

  /** The bytes are copied: their owner may use them again. */
  add({ kind, block, bytes }: Kept): void {
    this.messages.push({ kind, block, bytes: Uint8Array.from(bytes) });
    this.bytes += bytes.length;
    // Cut off by halves: shifting one by one would be quadratic.
    if (this.bytes > 2 * KEPT_BYTES_MAX) {
      let cut = 0;
      while (this.bytes > KEPT_BYTES_MAX) this.bytes -= this.messages[cut++]!.bytes.length;
      this.messages = this.messages.slice(cut);
    }
  }

  /** Whether every block behind `block`, up to `lastBlock`, is here. */
  reachBackTo(block: number, lastBlock: number): boolean {
    const first = this.messages.find(({ kind }) => kind === "block")?.block ?? lastBlock + 1;
    return first <= block + 1;
  }

  /** What belongs to blocks behind `block`, in order; nothing is kept any more. */
  behind(block: number): readonly Kept[] {
    const { messages } = this;
    this.clear();
    return messages.filter((message) => message.block > block);
  }

  clear(): void {
    this.messages = [];
    this.bytes = 0;
  }
}
