/**
 * One run of the actors over a recording from a place, input by input. Its outputs are handed out as the live partition hands them out.
 *
 *   place ──snapshot before it, the rest in silence──► ready ──step──► ready … ──► end
 *
 * R1  An input's frame or declaration is handed out before what is derived from it; metrics once, at the end of their block.
 * R2  Nothing that was derived from inputs before the place is handed out.
 */
import type { Core, CoreDefinitions, CoreSink } from "../../../actors/core/mod.ts";
import {
  blocks,
  decodeInput,
  inputsOf,
  type LoggedBlock,
  LoggedFrame,
  type LoggedInput,
  nearestCore,
  reaches,
} from "../../../actors/mod.ts";
import type { Journal } from "../../../actors/ports/journal.ts";
import type { SessionListener } from "../../../actors/ports/session.ts";
import { isFrame } from "../../../protocol/codec.ts";
import { createScratchFrame } from "../../../protocol/frame.ts";
import type { EventMessage, Input, StateMessage } from "../../../protocol/messages.ts";
import type { SeekPlace } from "../place.ts";
import { endsOf } from "../seek.ts";

/** Where outputs go. `block` comes with the bytes of each block before its first input is handed out. */
export type ReplayListener = Omit<SessionListener, "flush" | "rewound"> & {
  block(lastSequence: number, bytes: Uint8Array): void;
};

export class Replayer {
  readonly core: Core;
  private readonly blocks: AsyncIterator<LoggedBlock>;
  private readonly sink: ListenerSink;
  private readonly scratch = createScratchFrame();
  private inputs: LoggedInput[] = [];
  private at = 0;
  private filling: Promise<void> | null = null;

  /**
   * Stands before the first input that reaches the place; at the end when none does. `rest` is asked after each input: null to go on, or a promise
   * of whether to.
   */
  static async open(
    journal: Journal,
    definitions: CoreDefinitions,
    place: SeekPlace,
    listener: ReplayListener,
    rest: () => Promise<boolean> | null = () => null,
  ): Promise<Replayer> {
    endsOf(journal);
    const sink = new ListenerSink(listener);
    const { core, nextBlock } = await nearestCore(journal, definitions, place, sink);
    const replayer = new Replayer(core, blocks(journal, { block: nextBlock }), sink);
    for (;;) {
      const next = replayer.next ?? (await replayer.fill());
      if (next === null || reaches(place, next.sequence, next.timeUs, next.block)) break;
      replayer.step();
      const resting = rest();
      if (resting !== null && !(await resting)) break;
    }
    sink.silent = false;
    return replayer;
  }

  private constructor(core: Core, following: AsyncIterator<LoggedBlock>, sink: ListenerSink) {
    this.core = core;
    this.blocks = following;
    this.sink = sink;
  }

  /** The next input of the block that is at hand, or null: then `fill` knows. */
  get next(): LoggedInput | null {
    return this.inputs[this.at] ?? null;
  }

  /** Reads the next block unless `next` is there; its first input, or null at the end. Rejects with the place of damage. */
  async fill(): Promise<LoggedInput | null> {
    // A caller that was interrupted while it waited may have begun it already.
    this.filling ??= this.readBlock().finally(() => {
      this.filling = null;
    });
    await this.filling;
    return this.next;
  }

  private async readBlock(): Promise<void> {
    if (this.at < this.inputs.length) return;
    const { done, value: block } = await this.blocks.next();
    if (done) return;
    this.inputs = inputsOf(block);
    this.at = 0;
    this.sink.listener.block(block.lastSequence, block.stored.bytes);
  }

  /** Applies `next` and returns its type. */
  step(): Input["type"] {
    const { sequence, timeUs, bytes } = this.inputs[this.at++]!;
    const { sink, core } = this;
    const input = decodeInput(bytes, this.scratch);
    if (!sink.silent) {
      if (isFrame(bytes))
        sink.listener.frame?.(new LoggedFrame(sequence, { bytes, inputsAt: 0 }, 0, bytes.length));
      else if (input.type === "channels") sink.listener.channels?.(input);
    }
    core.apply(sequence, timeUs, input);
    if (this.at === this.inputs.length) sink.endBlock(core);
    return input.type;
  }

  async close(): Promise<void> {
    await this.blocks.return?.();
  }
}

class ListenerSink implements CoreSink {
  readonly listener: ReplayListener;
  silent = true;
  metricsUs: number | null = null;

  constructor(listener: ReplayListener) {
    this.listener = listener;
  }

  /** What nobody sees is not built: on the way to a place states would be most of the work. */
  get unread(): boolean {
    return this.silent;
  }

  event(event: EventMessage): void {
    if (!this.silent) this.listener.event?.(event);
  }

  state(state: StateMessage): void {
    if (!this.silent) this.listener.state?.(state);
  }

  metrics(timeUs: number): void {
    this.metricsUs = timeUs;
  }

  endBlock(core: Core): void {
    const timeUs = this.metricsUs;
    this.metricsUs = null;
    if (timeUs === null || this.silent) return;
    this.listener.metrics?.({
      type: "metrics",
      timeUs,
      get gauges() {
        return core.gauges();
      },
    });
  }
}
