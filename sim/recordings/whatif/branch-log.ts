/**
 * The log of a branch: a core that stands after the last shared block, and the blocks that it works on from there.
 *
 *   admit ─► open block ─► core ─► events
 *               └──endBlock──► LogWriter ──► recording: block, events, checkpoint, snapshot
 *
 * L1  Until an input differs, the blocks equal those of the original byte for byte: a block is a function of its inputs and its header.
 * L2  Blocks end where those of the original end; one that grows beyond the limits of a block ends earlier as well.
 */
import type { Core, CoreSink } from "../../../actors/core/mod.ts";
import { LogWriter } from "../../../actors/mod.ts";
import type { BlockPosition } from "../../../actors/ports/journal.ts";
import type { BlockStart } from "../../../protocol/block.ts";
import type { EventMessage, Input } from "../../../protocol/messages.ts";
import type { BranchRecording } from "./branch-recording.ts";

export interface BranchLogOptions {
  core: Core;
  /** The last shared block. */
  after: Pick<BlockPosition, "number" | "hash">;
  /** Null: nothing is written. */
  recording: BranchRecording | null;
  event(event: EventMessage): void;
}

export class BranchLog implements CoreSink {
  readonly unread = true;
  readonly core: Core;
  private readonly options: BranchLogOptions;
  private readonly writer: LogWriter | null;
  private isEmpty = true;

  constructor(options: BranchLogOptions) {
    const { core, after, recording } = options;
    this.options = options;
    this.core = core;
    this.writer = recording && new LogWriter({ journal: recording, core, partition: "", after });
  }

  /** A block of the original begins. */
  beginBlock(start: BlockStart): void {
    this.writer?.belongTo(start);
  }

  /** The next input, as it stands in the log and decoded. */
  admit(timeUs: number, bytes: Uint8Array, input: Input): void {
    const { core, writer } = this;
    if (writer !== null) {
      if (!writer.fits(bytes.length)) this.close(writer);
      writer.add(timeUs, bytes);
    }
    core.apply(core.sequence + 1, timeUs, input);
  }

  /** The block of the original ends here. */
  async endBlock(): Promise<void> {
    const { writer } = this;
    if (writer === null || writer.openInputs === 0) return;
    this.close(writer);
    if (writer.isMaintenanceDue) await writer.maintain();
    await this.options.recording!.settle();
  }

  /** Writes the last checkpoint and snapshot. False for a branch without a block: it leaves no recording. */
  async finish(): Promise<boolean> {
    const { recording } = this.options;
    if (recording === null) return false;
    if (this.isEmpty) {
      await recording.discard();
      return false;
    }
    await this.writer!.finish();
    await recording.finish();
    return true;
  }

  private close(writer: LogWriter): void {
    this.isEmpty = false;
    // The recording keeps the failure of a write and ends the branch with it.
    writer.close().durable?.catch(() => {});
  }

  // ---- outputs of the core (CoreSink) -------------------------------------------------------------------------

  event(event: EventMessage): void {
    this.writer?.event(event);
    this.options.event(event);
  }

  state(): void {}

  metrics(): void {}
}
