/**
 * Recorded feeds merged by time into one.
 *
 *   feed ─► inlet (a few frames) ─┐
 *   feed ─► inlet ────────────────┴─► the earliest sample next; frames split where another feed's sample comes between
 *
 * G1  Samples leave in order of time; at equal times in the order of the feeds. A sample that goes back in time inside its own
 *     feed leaves where that feed has it. A state or a measurement record is never cut: it counts as one sample at its first time.
 * G2  Each feed's samples, declarations and reports keep their order; frames are numbered anew per source.
 * G3  At most LOOK_AHEAD_FRAMES frames of a feed are held; a feed that has them waits.
 * G4  With a speed, a sample leaves when (its time − first time) / speed has passed since the first left.
 * G5  Frames and their numbers depend on the feeds' samples and the speed alone.
 */

import { copyFrame, createFrame, type Frame } from "../../protocol/frame.ts";
import type { Channels, FeedStatus, QuantumInput } from "../../protocol/messages.ts";
import type { Clock } from "../ports/clock.ts";
import type { Feed, FeedSink } from "./feed.ts";
import { clipName } from "./feed-writer.ts";
import { Pace } from "./pace.ts";
import { Pause } from "./pause.ts";

/** Enough that a feed reads on while others are ahead in time, and no more than 50 kB each. */
const LOOK_AHEAD_FRAMES = 8;

export interface MergeOptions {
  clock: Clock;
  /** Multiples of recorded time; Infinity: as fast as it is taken. */
  speed: number;
}

export function createMerge(feeds: readonly Feed[], options: MergeOptions): Feed {
  const pause = new Pause(options.clock);
  return {
    source: clipName(feeds.map(({ source }) => source).join("+")),
    kind: "recorded",
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
    // A feed that throws ends like the others; its error is passed on when all have ended.
    all.catch(() => {});
    await this.#merge();
    for (const inlet of this.#inlets) inlet.discard();
    await all;
    this.#passNotices();
  }

  async #merge(): Promise<void> {
    for (;;) {
      this.#passNotices();
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
  #passNotices(): void {
    for (const inlet of this.#inlets)
      for (let notice = inlet.takeMessage(); notice !== null; notice = inlet.takeMessage())
        if (notice.type === "channels") this.#sink.channels(notice);
        else this.#sink.status(notice);
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

  /** The feed whose next sample is earliest, the first of them at equal times. */
  #earliest(): number | null {
    let best: number | null = null;
    for (const [k, inlet] of this.#inlets.entries())
      if (inlet.head !== null && (best === null || inlet.headTimeUs < this.#inlets[best]!.headTimeUs))
        best = k;
    return best;
  }

  /** Hands over the samples of `next` that come before every other feed's; false when the sink wants to be waited for. */
  #pass(next: number): boolean {
    let untilUs = Number.POSITIVE_INFINITY;
    let inclusive = true;
    for (const [k, inlet] of this.#inlets.entries()) {
      if (k === next || inlet.head === null || inlet.headTimeUs > untilUs) continue;
      // At equal times the feed named first goes first.
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
/** What has a time, and so a place among the other feeds. */
type Piece = Frame | QuantumInput;

/** Where one feed delivers: a short queue of its frames and notices in order. */
class Inlet implements FeedSink {
  ended = false;
  /** Time of the next sample, made monotone. Valid while there is a `head`. */
  headTimeUs = Number.NEGATIVE_INFINITY;
  readonly #queue: (Piece | GroupMessage)[] = [];
  readonly #changed: () => void;
  /** Samples of the first frame that were taken. */
  #taken = 0;
  #frames = 0;
  #discarding = false;
  #drained: (() => void)[] = [];
  #part: Frame | null = null;

  constructor(changed: () => void) {
    this.#changed = changed;
  }

  get empty(): boolean {
    return this.#queue.length === 0;
  }

  /** The first piece, or null when there is none or a notice comes before it. */
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

  /** Drops the frames that are held and takes no more, so that a feed that waits can end; reports are kept. */
  discard(): void {
    this.#discarding = true;
    const notices = this.#queue.filter(isMessage);
    this.#queue.splice(0, this.#queue.length, ...notices);
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

  /** The first samples of the head up to `untilUs`; at least one. Valid until the next call. */
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
    const whole = from === 0 && to === frame.count;
    if (!whole) this.#part = partOf(frame, from, to, this.#part);
    if (to === frame.count) this.#shiftFrame();
    else this.#taken = to;
    this.#updateHead();
    return whole ? frame : this.#part!;
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

function partOf(frame: Frame, from: number, to: number, reuse: Frame | null): Frame {
  const fits =
    reuse !== null && reuse.value.length >= to - from && (reuse.size === null) === (frame.size === null);
  const part = fits ? reuse : createFrame(frame.source, frame.group, frame.count, frame.size !== null);
  part.source = frame.source;
  part.group = frame.group;
  part.count = to - from;
  part.time.set(frame.time.subarray(from, to));
  part.channel.set(frame.channel.subarray(from, to));
  part.value.set(frame.value.subarray(from, to));
  if (frame.size !== null) part.size!.set(frame.size.subarray(from, to));
  return part;
}
