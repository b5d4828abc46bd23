/**
 * Merges recorded feeds by time into one.
 *
 *   feed ─► inlet (a few frames) ─┐
 *   feed ─► inlet ────────────────┴─► the earliest sample next; a frame is split where another feed has an earlier sample
 *
 * G1  Samples leave in order of time, at equal times in the order of the feeds. A sample whose time goes back within its own feed keeps
 *     its place in that feed. A state or a measurement record is never split: it counts as one sample at its first time.
 * G2  The samples, declarations and reports of each feed keep their order. Frames get new numbers per source.
 * G3  The merge holds at most LOOK_AHEAD_FRAMES frames of a feed; then that feed waits.
 * G4  With a speed, a sample leaves when (its time − first time) / speed has passed since the first sample left.
 * G5  Frames and their numbers depend on the samples of the feeds and the speed alone.
 */

import { copyFrame, type Frame } from "../../protocol/frame.ts";
import type { Channels, FeedStatus, QuantumInput } from "../../protocol/messages.ts";
import type { Clock } from "../ports/clock.ts";
import type { Feed, FeedSink } from "../ports/feed.ts";
import { clipName } from "./feed-writer.ts";
import { FrameSlice } from "./frame-slice.ts";
import { Pace } from "./pace.ts";
import { Pause } from "./pause.ts";
import { refusalAmong } from "./refusal.ts";

/** Enough for a feed to read on while others are at later times, and at most 50 kB per feed. */
const LOOK_AHEAD_FRAMES = 8;

interface MergeOptions {
  clock: Clock;
  /** Multiples of recorded time; Infinity: as fast as the sink takes it. */
  speed: number;
}

export function createMerge(feeds: readonly Feed[], options: MergeOptions): Feed {
  const pause = new Pause(options.clock);
  return {
    source: clipName(feeds.map(({ source }) => source).join("+")),
    kind: "recorded",
    refusal: () => refusalAmong(feeds),
    run: (sink) => new Merge(feeds, options, pause, sink).run(),
    async stop() {
      pause.stop();
      await Promise.all(feeds.map((feed) => feed.stop()));
    },
  };
}

class Merge {
  readonly #feeds: readonly Feed[];
  readonly #inlets: Inlet[];
  readonly #pace: Pace | null;
  readonly #pause: Pause;
  readonly #sink: FeedSink;
  readonly #sequences = new Map<string, number>();
  #wake: (() => void) | null = null;

  constructor(feeds: readonly Feed[], { clock, speed }: MergeOptions, pause: Pause, sink: FeedSink) {
    this.#feeds = feeds;
    this.#inlets = feeds.map(() => new Inlet(() => this.#wake?.()));
    this.#pace = speed < Number.POSITIVE_INFINITY ? new Pace(clock, speed) : null;
    this.#pause = pause;
    this.#sink = sink;
  }

  async run(): Promise<void> {
    const running = this.#feeds.map(async (feed, k) => {
      try {
        await feed.run(this.#inlets[k]!);
      } finally {
        this.#inlets[k]!.end();
      }
    });
    const all = Promise.all(running);
    // A feed that throws ends like the others. Its error is thrown when all have ended.
    all.catch(() => {});
    await this.#merge();
    for (const inlet of this.#inlets) inlet.discard();
    await all;
    this.#passMessages();
  }

  async #merge(): Promise<void> {
    for (;;) {
      this.#passMessages();
      if (this.#pause.stopped) return;
      const waiting = this.#inlets.find((inlet) => inlet.head === null && !inlet.ended);
      if (waiting !== undefined) {
        await this.#pause.until(this.#change(waiting));
        continue;
      }
      const next = this.#earliest();
      if (next === null) return;
      if (this.#pace !== null) await this.#untilDue(this.#pace, this.#inlets[next]!.headTimeUs);
      if (this.#pause.stopped) return;
      if (!this.#pass(next)) await this.#pause.until(this.#sink.drained());
    }
  }

  /** Declarations and reports at the head of a feed have no time of their own: they leave at once. */
  #passMessages(): void {
    for (const inlet of this.#inlets)
      for (let message = inlet.takeMessage(); message !== null; message = inlet.takeMessage())
        if (message.type === "channels") this.#sink.channels(message);
        else this.#sink.status(message);
  }

  #change(inlet: Inlet): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = () => {
        if (inlet.empty && !inlet.ended) return;
        this.#wake = null;
        resolve();
      };
      this.#wake();
    });
  }

  /** The feed with the earliest next sample; at equal times the first of them. */
  #earliest(): number | null {
    let best: number | null = null;
    for (const [k, inlet] of this.#inlets.entries())
      if (inlet.head !== null && (best === null || inlet.headTimeUs < this.#inlets[best]!.headTimeUs))
        best = k;
    return best;
  }

  /** Sends the samples of `next` that are earlier than those of all other feeds. False: the sink is full. */
  #pass(next: number): boolean {
    let untilUs = Number.POSITIVE_INFINITY;
    let inclusive = true;
    for (const [k, inlet] of this.#inlets.entries()) {
      if (k === next || inlet.head === null || inlet.headTimeUs > untilUs) continue;
      // At equal times the feed that was named first goes first.
      inclusive = inlet.headTimeUs < untilUs ? next < k : inclusive && next < k;
      untilUs = inlet.headTimeUs;
    }
    if (this.#pace !== null && this.#pace.stepEndUs <= untilUs) {
      untilUs = this.#pace.stepEndUs;
      inclusive = false;
    }
    const part = this.#inlets[next]!.take(untilUs, inclusive);
    const sequence = (this.#sequences.get(part.source) ?? 0) + 1;
    this.#sequences.set(part.source, sequence);
    if (part.type !== "frame") return this.#sink.quantum({ ...part, sequence });
    part.sequence = sequence;
    return this.#sink.frame(part);
  }

  async #untilDue(pace: Pace, timeUs: number): Promise<void> {
    pace.begins(timeUs);
    for (let waitUs = pace.waitUs(timeUs); waitUs > 0 && !this.#pause.stopped; waitUs = pace.waitUs(timeUs))
      await this.#pause.wait(waitUs / 1000);
  }
}

type GroupMessage = Channels | FeedStatus;
/** What has a time, and therefore a place among the other feeds. */
type Piece = Frame | QuantumInput;

/** The sink of one feed: a short queue of its pieces and messages in order. */
class Inlet implements FeedSink {
  ended = false;
  /** Time of the next sample, or the latest time before it if that is later. Valid while `head` is not null. */
  headTimeUs = Number.NEGATIVE_INFINITY;
  readonly #queue: (Piece | GroupMessage)[] = [];
  readonly #changed: () => void;
  /** Number of samples taken from the first frame. */
  #taken = 0;
  #frames = 0;
  #discarding = false;
  #drained: (() => void)[] = [];
  readonly #slice = new FrameSlice();

  constructor(changed: () => void) {
    this.#changed = changed;
  }

  get empty(): boolean {
    return this.#queue.length === 0;
  }

  /** The first piece, or null if there is none or a message comes before it. */
  get head(): Piece | null {
    const first = this.#queue[0];
    return first === undefined || isMessage(first) ? null : first;
  }

  channels(declaration: Channels): void {
    this.#add(declaration);
  }

  status(status: FeedStatus): void {
    this.#add(status);
  }

  frame(frame: Frame): boolean {
    return this.#discarding || this.#hold(copyFrame(frame));
  }

  quantum(input: QuantumInput): boolean {
    return this.#discarding || this.#hold(input);
  }

  #hold(piece: Piece): boolean {
    this.#frames++;
    this.#add(piece);
    return this.#frames < LOOK_AHEAD_FRAMES;
  }

  drained(): Promise<void> {
    if (this.#frames < LOOK_AHEAD_FRAMES) return Promise.resolve();
    return new Promise((resolve) => this.#drained.push(resolve));
  }

  end(): void {
    this.ended = true;
    this.#changed();
  }

  /** Drops all frames, held and later ones, so that a waiting feed can end. Keeps messages. */
  discard(): void {
    this.#discarding = true;
    const messages = this.#queue.filter(isMessage);
    this.#queue.splice(0, this.#queue.length, ...messages);
    this.#frames = 0;
    this.#release();
  }

  takeMessage(): GroupMessage | null {
    const first = this.#queue[0];
    if (first === undefined || !isMessage(first)) return null;
    this.#queue.shift();
    this.#updateHead();
    return first;
  }

  /** Takes the samples of the head up to `untilUs`, at least one. Valid until the next call. */
  take(untilUs: number, inclusive: boolean): Piece {
    const frame = this.#queue[0] as Piece;
    if (frame.type !== "frame") {
      this.#shiftFrame();
      this.#updateHead();
      return frame;
    }
    const from = this.#taken;
    let latest = this.headTimeUs;
    let to = from + 1;
    for (; to < frame.count; to++) {
      const time = Math.max(latest, frame.time[to]!);
      if (inclusive ? time > untilUs : time >= untilUs) break;
      latest = time;
    }
    this.headTimeUs = latest;
    const part = this.#slice.of(frame, from, to);
    if (to === frame.count) this.#shiftFrame();
    else this.#taken = to;
    this.#updateHead();
    return part;
  }

  #add(item: Piece | GroupMessage): void {
    this.#queue.push(item);
    if (this.#queue.length === 1) this.#updateHead();
    this.#changed();
  }

  #shiftFrame(): void {
    this.#queue.shift();
    this.#taken = 0;
    this.#frames--;
    if (this.#frames < LOOK_AHEAD_FRAMES) this.#release();
  }

  #release(): void {
    const waiting = this.#drained;
    this.#drained = [];
    for (const resolve of waiting) resolve();
  }

  #updateHead(): void {
    const { head } = this;
    if (head === null) return;
    const timeUs = head.type === "frame" ? head.time[this.#taken]! : head.timeUs;
    this.headTimeUs = Math.max(this.headTimeUs, timeUs);
  }
}

function isMessage(item: Piece | GroupMessage): item is GroupMessage {
  return item.type === "channels" || item.type === "feedStatus";
}
