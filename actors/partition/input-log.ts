/**
 * Enters inputs into the log of a partition and applies them to its core; what the core derives leaves when the block is durable.
 *
 *   admit ─► open block, core.apply ──close──► journal ──durable──► gate ──release──► outbox
 *
 * A block closes when nothing more is at hand and no append is under way, when it is full, or MAX_BLOCK_AGE_MS after its first input
 * (MAX_MEMORY_BLOCK_AGE_MS where closing waits for no disk).
 *
 * L1  The order of the log is the order of `admit`.
 * L2  The core is given what the log says, at once: outputs wait in the open block, and then in the gate.
 * L3  When the journal halts, nothing more is admitted and nothing that is not durable leaves.
 */
import { EigenwatchError, errorText } from "../../protocol/errors.ts";
import { MAX_BLOCK_AGE_MS, MAX_MEMORY_BLOCK_AGE_MS, MAX_RECORD_EVENTS } from "../../protocol/limits.ts";
import type { EventMessage, Input, MetricsMessage, StateMessage } from "../../protocol/messages.ts";
import type { Core } from "../core/core.ts";
import type { CoreSink } from "../core/core-sink.ts";
import { hex } from "../core/hash.ts";
import { LogWriter, type WrittenBlock } from "../log/writer.ts";
import type { Clock } from "../ports/clock.ts";
import type { EditedDocument } from "../ports/detector.ts";
import type { Journal } from "../ports/journal.ts";
import type { PartitionTap } from "../ports/tap.ts";
import type { Span } from "../ports/trace.ts";
import { type BlockBytes, LoggedFrame } from "./delivered-frame.ts";
import type { Meter } from "./meter.ts";
import { type ClosedBlock, type Delivery, OutputGate } from "./output-gate.ts";

/** Closed blocks that are not durable yet, above which live frames are shed and recorded feeds wait: half of what the journal takes. */
const HELD_BYTES_MAX = 8 << 20;

/** Events after which a block closes: its record takes as many again, which no single input announces. */
const BLOCK_EVENTS_MAX = MAX_RECORD_EVENTS / 2;

export interface InputLogOptions {
  readonly partition: string;
  readonly epoch: number;
  readonly journal: Journal;
  readonly clock: Clock;
  /** It has applied the last block of the journal. */
  readonly core: Core;
  /** Samples of the journal's newest snapshot. */
  readonly samplesAtSnapshot: number;
  readonly meter: Meter;
  readonly tap?: PartitionTap | undefined;
  readonly snapshotSamples?: number | undefined;
  /** Takes what was derived from a block, once it is durable. */
  release(block: ClosedBlock): void;
  log(message: string): void;
}

/** A caller that waits until an input is released. */
interface Waiter {
  readonly sequence: number;
  resolve(): void;
  reject(reason: string): void;
}

export class InputLog implements CoreSink {
  /** Sequence of the last input whose block was released. */
  releasedThrough = 0;
  private readonly options: InputLogOptions;
  private readonly core: Core;
  private readonly writer: LogWriter;
  private readonly gate: OutputGate;
  private deliveries: Delivery[] = [];
  /** Of the traced frames of the open block. */
  private spans: Span[] = [];
  /** Filled in when the open block closes: its frames are read from there. */
  private openBytes: BlockBytes = { bytes: NO_BYTES, inputsAt: 0 };
  private newMetricsUs: number | null = null;
  private firstArrivalMs = 0;
  private lastArrivalMs = 0;
  /** Age at which the open block closes though more inputs arrive, ms. */
  private blockAgeMs = MAX_BLOCK_AGE_MS;
  private appendsUnderWay = 0;
  private isCloseScheduled = false;
  private isMaintenanceScheduled = false;
  private haltReason: string | null = null;
  private resolveHalted: (reason: string) => void = () => {};
  private readonly halting = new Promise<string>((resolve) => {
    this.resolveHalted = resolve;
  });
  private waiters: Waiter[] = [];

  constructor(options: InputLogOptions) {
    const { partition, epoch, journal, core, samplesAtSnapshot, tap, snapshotSamples } = options;
    this.options = options;
    this.core = core;
    core.sink = this;
    this.gate = new OutputGate((block) => this.release(block));
    this.writer = new LogWriter({
      journal,
      core,
      partition,
      epoch,
      after: journal.last,
      samplesAtSnapshot,
      // Who asks for snapshots every so many samples gets them.
      ...(snapshotSamples === undefined
        ? { isShared: journal.durability === "stream" }
        : { snapshotSamples }),
      onRecordFailure: (error) => this.recordFailed(error),
      onSnapshot: (block, bytes, blockHash) => tap?.snapshot?.(partition, { block, bytes, blockHash }),
    });
  }

  /** Why nothing more is admitted, or null. */
  get halted(): string | null {
    return this.haltReason;
  }

  /** Resolves with the reason when the journal halts; never otherwise. */
  whenHalted(): Promise<string> {
    return this.halting;
  }

  /** Bytes of closed blocks that are not durable yet. */
  get heldBytes(): number {
    return this.gate.heldBytes;
  }

  /**
   * Whether feeds shall bring nothing more for now: half of what the journal takes waits. The other half is for what is derived from it, and for
   * what the runtime enters.
   */
  get isBehind(): boolean {
    const { pendingBytes = 0, pendingBytesMax = Number.POSITIVE_INFINITY } = this.options.journal;
    return this.heldBytes >= HELD_BYTES_MAX || 2 * pendingBytes >= pendingBytesMax;
  }

  /** Inputs in the open block. */
  get openInputs(): number {
    return this.writer.openInputs;
  }

  /** Bytes of the open block. */
  get openBlockBytes(): number {
    return this.writer.openBytes;
  }

  /** Enters an input with its logical time and its encoded message, which may be a view that is valid until the next message is encoded. */
  admit(timeUs: number, input: Input, bytes: Uint8Array, span?: Span): void {
    this.maintain();
    if (this.writer.fits(bytes.length)) {
      this.enter(timeUs, input, bytes, span);
      return;
    }
    // Who takes the closed block may encode messages and enter inputs: this one is in the log first.
    this.gate.keepShut(() => {
      this.closeBlock();
      this.enter(timeUs, input, bytes, span);
    });
  }

  private enter(timeUs: number, input: Input, bytes: Uint8Array, span: Span | undefined): void {
    const { core, writer } = this;
    const { meter, clock } = this.options;
    const nowMs = clock.monotonicMs();
    if (writer.openInputs === 0) this.firstArrivalMs = nowMs;
    this.lastArrivalMs = nowMs;
    const offset = writer.add(timeUs, bytes);
    // Before what is derived from it, and in its own block.
    if (input.type === "frame")
      this.deliveries.push(new LoggedFrame(core.sequence + 1, this.openBytes, offset, bytes.length));
    else if (input.type === "channels") this.deliveries.push(input);
    core.probe = meter.probeNow() ? meter : null;
    const fold = span?.child("fold");
    core.apply(core.sequence + 1, timeUs, input);
    fold?.end();
    if (span !== undefined) this.spans.push(span);
    if (this.options.tap !== undefined) this.reportApplied(this.options.tap, timeUs, input);
    if (
      !writer.fits(0) ||
      writer.openEvents >= BLOCK_EVENTS_MAX ||
      nowMs - this.firstArrivalMs >= this.blockAgeMs
    )
      this.closeBlock();
    else if (!this.isCloseScheduled) {
      this.isCloseScheduled = true;
      queueMicrotask(this.closeWhenIdle);
    }
  }

  /**
   * Resolves when everything admitted so far is durable and released; rejects with kind "unavailable" when the journal halts before.
   * `action` says what then could not be done.
   */
  whenReleased(action: string): Promise<void> {
    return new Promise<void>((resolve, reject) => {
      const refuse = (reason: string): void =>
        reject(new EigenwatchError({ action, value: reason, kind: "unavailable" }));
      // In memory a block that the last input filled has left already.
      if (this.releasedThrough === this.core.sequence) resolve();
      else if (this.haltReason !== null) refuse(`the journal halted: ${this.haltReason}`);
      else this.waiters.push({ sequence: this.core.sequence, resolve, reject: refuse });
    });
  }

  /** Closes what is open and waits until it is durable. */
  async settle(): Promise<void> {
    const { journal, clock } = this.options;
    for (;;) {
      if (this.writer.openInputs > 0 && this.haltReason === null) this.closeBlock();
      if (this.appendsUnderWay === 0) return;
      await journal.flush().catch((error: unknown) => this.halt(error));
      await new Promise<void>((resolve) => clock.soon(resolve));
    }
  }

  /** After `settle`: writes the last checkpoint and snapshot. Rejects when the journal halts. */
  async finish(): Promise<void> {
    await this.writer.finish().catch((error: unknown) => this.snapshotFailed(error));
    await this.options.journal.flush().catch((error: unknown) => {
      this.halt(error);
      throw error;
    });
  }

  /** Runs when the caller has nothing more at hand: closes the block unless the disk is busy with the one before. */
  private readonly closeWhenIdle = (): void => {
    this.isCloseScheduled = false;
    if (this.writer.openInputs > 0 && this.appendsUnderWay === 0) this.closeBlock();
  };

  private closeBlock(): void {
    const { deliveries, firstArrivalMs, lastArrivalMs } = this;
    const metrics = this.takeMetrics();
    this.deliveries = [];
    const { spans } = this;
    const block = this.writer.close(spans[0]?.traceparent);
    if (spans.length > 0) {
      this.spans = [];
      const end = (): void => {
        for (const span of spans) span.end({ block: block.number });
      };
      if (block.durable === null) end();
      else block.durable.then(end, () => {});
    }
    this.openBytes.bytes = block.bytes;
    this.openBytes.inputsAt = block.inputsAt;
    this.openBytes = { bytes: NO_BYTES, inputsAt: 0 };
    if (this.options.tap !== undefined) this.reportClosed(this.options.tap, block);
    const closed = { ...block, deliveries, metrics, firstArrivalMs, lastArrivalMs };
    this.blockAgeMs = block.durable === null ? MAX_MEMORY_BLOCK_AGE_MS : MAX_BLOCK_AGE_MS;
    if (block.durable === null) this.gate.pass(closed);
    else this.hold(closed, block.durable);
    if (this.writer.isMaintenanceDue && !this.isMaintenanceScheduled) {
      this.isMaintenanceScheduled = true;
      this.options.clock.soon(() => this.maintain());
    }
  }

  private hold(block: ClosedBlock, durable: Promise<void>): void {
    this.appendsUnderWay++;
    this.gate
      .hold(block, durable)
      .catch((error: unknown) => this.halt(error))
      .finally(() => {
        this.appendsUnderWay--;
        this.closeWhenIdle();
      });
  }

  /**
   * Checkpoint and snapshot of the state after the last closed block: taken before the next input or when the loop is idle, whichever comes
   * first, so that they do not delay the block's outputs.
   */
  private maintain(): void {
    this.isMaintenanceScheduled = false;
    if (this.haltReason !== null || !this.writer.isMaintenanceDue) return;
    this.writer.maintain().catch((error: unknown) => this.snapshotFailed(error));
  }

  /** Not fatal: without a snapshot the next start folds more. */
  private snapshotFailed(error: unknown): void {
    this.options.log(`snapshot was not saved: ${String(error)}`);
  }

  /** A log without a derived record could not be verified: it halts, with the block's own reason if that was not taken either. */
  private recordFailed(error: unknown): void {
    const { lastAppend } = this.writer;
    if (lastAppend === null) this.halt(error);
    else
      lastAppend.then(
        () => this.halt(error),
        () => {},
      );
  }

  private halt(error: unknown): void {
    if (this.haltReason !== null) return;
    const { partition, epoch, tap, log } = this.options;
    const reason = errorText(error);
    this.haltReason = reason;
    log(`partition ${partition} halted: ${reason}`);
    tap?.closed?.(partition, epoch, reason);
    this.resolveHalted(reason);
    for (const { reject } of this.waiters.splice(0)) reject(`the journal halted: ${reason}`);
  }

  private release(block: ClosedBlock): void {
    this.options.release(block);
    this.options.meter.released(block);
    this.releasedThrough = block.lastSequence;
    while (this.waiters[0] !== undefined && this.waiters[0].sequence <= block.lastSequence)
      this.waiters.shift()!.resolve();
  }

  // ---- outputs of the core (CoreSink) -------------------------------------------------------------------------

  event(event: EventMessage): void {
    this.writer.event(event);
    this.deliveries.push(event);
    this.options.tap?.announced?.(this.options.partition, this.writer.openBlock, event);
  }

  state(state: StateMessage): void {
    this.deliveries.push(state);
  }

  edited(change: EditedDocument): void {
    this.deliveries.push(change);
  }

  metrics(timeUs: number): void {
    this.newMetricsUs = timeUs;
  }

  private takeMetrics(): MetricsMessage | null {
    if (this.newMetricsUs === null) return null;
    const timeUs = this.newMetricsUs;
    this.newMetricsUs = null;
    const { core } = this;
    // Gathered when somebody reads it: most blocks have no reader of metrics.
    return {
      type: "metrics",
      timeUs,
      get gauges() {
        return core.gauges();
      },
    };
  }

  // ---- reports to the tap -------------------------------------------------------------------------------------

  private reportApplied(tap: PartitionTap, timeUs: number, input: Input): void {
    const { source, sequence } =
      "sequence" in input && "source" in input ? input : { source: "", sequence: 0 };
    tap.applied?.(this.options.partition, this.core.sequence, timeUs, source, sequence);
  }

  private reportClosed(
    tap: PartitionTap,
    { number: block, hash, lastSequence, durable }: WrittenBlock,
  ): void {
    const { partition, epoch } = this.options;
    tap.blockClosed?.(partition, { epoch, block, hash, stateHash: () => hex(this.core.hash().hash) });
    const acknowledge = (): void => tap.acknowledged?.(partition, { epoch, block, hash, lastSequence });
    if (durable === null) acknowledge();
    else durable.then(acknowledge, () => {});
  }
}

const NO_BYTES = new Uint8Array(0);
