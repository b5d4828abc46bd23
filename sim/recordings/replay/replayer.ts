/**
 * One run of the actors over a recording from a place on, input by input, its outputs handed out as the live partition hands them out.
 *
 *   place ──snapshot before it, tail in silence──► ready ──step──► ready … ──► end
 *
 * T1  An input's frame or declaration is handed out before what is derived from it; metrics once, at the end of their block.
 * T2  Nothing that was derived from inputs before the place is handed out.
 */
import type { Core, CoreDefinitions, CoreSink } from "../../../actors/core/mod.ts";
import { BlockChain, decodeInput, LoggedFrame, RecordingDamaged } from "../../../actors/mod.ts";
import type { Journal, JournalEntry } from "../../../actors/ports/journal.ts";
import type { SessionListener } from "../../../actors/ports/session.ts";
import { isFrame } from "../../../protocol/codec.ts";
import { createScratchFrame } from "../../../protocol/frame.ts";
import type { EventMessage, Input, StateMessage } from "../../../protocol/messages.ts";
import { type Place, reaches } from "../place.ts";
import { openAt } from "../seek.ts";

/** Where outputs go. `block` comes with the bytes of each block before its first input is handed out. */
export type TakeListener = Omit<SessionListener, "flush" | "rewound"> & {
  block(lastSequence: number, bytes: Uint8Array): void;
};

interface LoggedInput {
  sequence: number;
  timeUs: number;
  bytes: Uint8Array;
}

export class Replayer {
  readonly core: Core;
  private readonly entries: AsyncIterator<JournalEntry>;
  private readonly sink: ListenerSink;
  private readonly chain = new BlockChain();
  private readonly scratch = createScratchFrame();
  private inputs: LoggedInput[] = [];
  private at = 0;
  private filling: Promise<void> | null = null;

  /** Stands before the first input that reaches the place; at the end when none does. */
  static async open(
    journal: Journal,
    definitions: CoreDefinitions,
    place: Place,
    listener: TakeListener,
  ): Promise<Replayer> {
    const sink = new ListenerSink(listener);
    const { core, startBlock } = await openAt(journal, definitions, sink, place);
    const take = new Replayer(core, journal.read(startBlock)[Symbol.asyncIterator](), sink);
    for (;;) {
      const next = take.next ?? (await take.fill());
      if (next === null || reaches(place, next.sequence, next.timeUs)) break;
      take.step();
    }
    sink.silent = false;
    return take;
  }

  private constructor(core: Core, entries: AsyncIterator<JournalEntry>, sink: ListenerSink) {
    this.core = core;
    this.entries = entries;
    this.sink = sink;
  }

  /** The next input of the block that is at hand, or null: then `fill` knows. */
  get next(): { readonly sequence: number; readonly timeUs: number } | null {
    return this.inputs[this.at] ?? null;
  }

  /** Reads the next block unless `next` is there; its first input, or null at the end. Rejects with the place of damage. */
  async fill(): Promise<LoggedInput | null> {
    // Whoever waited and was interrupted has begun it already.
    this.filling ??= this.readBlock().finally(() => {
      this.filling = null;
    });
    await this.filling;
    return this.inputs[this.at] ?? null;
  }

  private async readBlock(): Promise<void> {
    while (this.at === this.inputs.length) {
      const { done, value: entry } = await this.entries.next();
      if (done) return;
      if (entry.kind === "damage") throw new RecordingDamaged(entry);
      if (entry.kind !== "block") continue;
      const block = this.chain.next(entry.block, this.core.sequence);
      const inputs: LoggedInput[] = [];
      block.forEach((sequence, timeUs, bytes) => {
        inputs.push({ sequence, timeUs, bytes });
      });
      this.inputs = inputs;
      this.at = 0;
      this.sink.listener.block(block.lastSequence, entry.block.bytes);
    }
  }

  /** Applies `next`; says what it was. */
  step(): Input["type"] {
    const { sequence, timeUs, bytes } = this.inputs[this.at++]!;
    const { sink, core } = this;
    const input = decodeInput(bytes, this.scratch);
    if (!sink.silent) {
      if (isFrame(bytes))
        sink.listener.frame(new LoggedFrame(sequence, { bytes, inputsAt: 0 }, 0, bytes.length));
      else if (input.type === "channels") sink.listener.channels(input);
    }
    core.apply(sequence, timeUs, input);
    if (this.at === this.inputs.length) sink.endBlock(core);
    return input.type;
  }

  async close(): Promise<void> {
    await this.entries.return?.();
  }
}

class ListenerSink implements CoreSink {
  readonly listener: TakeListener;
  silent = true;
  metricsUs: number | null = null;

  constructor(listener: TakeListener) {
    this.listener = listener;
  }

  event(event: EventMessage): void {
    if (!this.silent) this.listener.event(event);
  }

  state(state: StateMessage): void {
    if (!this.silent) this.listener.state(state);
  }

  metrics(timeUs: number): void {
    this.metricsUs = timeUs;
  }

  endBlock(core: Core): void {
    const timeUs = this.metricsUs;
    this.metricsUs = null;
    if (timeUs === null || this.silent) return;
    this.listener.metrics({
      type: "metrics",
      timeUs,
      get gauges() {
        return core.gauges();
      },
    });
  }
}
