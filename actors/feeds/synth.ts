/**
 * The synth feed: a synthetic world of known truth, live or recorded.
 *
 *   world ─► pieces ─► slices of a millisecond, each when it is due ─► sink
 *
 * Y1  Live, times begin now and a sample leaves when its time has come; with a speed they begin at a fixed time, and it is a recording.
 * Y2  A recording's slices depend on the world and the speed alone.
 * Y3  Everybody can see that it is synthetic: the feed's reports begin with that word.
 */
import type { Frame } from "../../protocol/frame.ts";
import { createFrame } from "../../protocol/frame.ts";
import type { OperatorNotice, QuantumInput } from "../../protocol/messages.ts";
import type { Clock } from "../ports/clock.ts";
import type { Feed, FeedSink } from "./feed.ts";
import { FeedWriter } from "./feed-writer.ts";
import type { SynthOptions } from "./kinds.ts";
import { Pause } from "./pause.ts";
import type { SynthWorld, SynthWorlds } from "./synth-world.ts";

export interface SynthFeedOptions {
  source: string;
  group: string;
  scenario: string;
  options: SynthOptions;
  /** Of the session; the feed's own comes first. */
  seed: number;
  worlds: SynthWorlds;
  clock: Clock;
  notice?: ((notice: Omit<OperatorNotice, "type">) => void) | undefined;
}

/** Where the times of a recording begin when nothing else is asked for. */
export const RECORDED_START_US = Date.UTC(2024, 0, 1) * 1000;
/** Steps by which samples are gathered: the grain of timers. */
const STEP_US = 1000;
/** Pieces between two turns of the event loop when nobody asks for a pause: about a millisecond of work. */
const PIECES_PER_TURN = 16;

export function createSynthFeed(feed: SynthFeedOptions): Feed {
  const { options, scenario, group } = feed;
  const seed = options.seed ?? feed.seed;
  const world = feed.worlds.prepare(scenario, {
    seed,
    group,
    strength: options.strength,
    channels: options.channels,
    rate: options.rate,
    durationUs: options.duration === 0 ? undefined : options.duration,
    form: options.form,
  });
  const pause = new Pause(feed.clock);
  const kind = options.speed === undefined ? "live" : "recorded";
  return {
    source: feed.source,
    kind,
    run: (sink) => new SynthRun(feed, kind === "live", pause, sink).run(world, seed),
    stop() {
      pause.stop();
      return Promise.resolve();
    },
  };
}

class SynthRun {
  private readonly feed: SynthFeedOptions;
  private readonly live: boolean;
  private readonly pause: Pause;
  private readonly outlet: FeedWriter;
  private readonly speed: number;
  private slice: Frame | null = null;
  private startUs = 0;
  private startedUs = 0;
  private untilTurn = PIECES_PER_TURN;
  private told = 0;

  constructor(feed: SynthFeedOptions, live: boolean, pause: Pause, sink: FeedSink) {
    this.feed = feed;
    this.live = live;
    this.pause = pause;
    this.outlet = new FeedWriter(feed.source, sink);
    this.speed = feed.options.speed ?? 1;
  }

  async run(make: (startUs: number) => SynthWorld, seed: number): Promise<void> {
    const { scenario, options, clock } = this.feed;
    this.startedUs = clock.nowUs();
    this.startUs = this.live ? this.startedUs : (options.start ?? RECORDED_START_US);
    const world = make(this.startUs);
    for (const declaration of world.declarations) this.outlet.channels(declaration);
    this.outlet.status("opened", `synthetic: ${scenario}, seed ${seed}, strength ${options.strength}`);
    let samples = 0;
    for (let piece = world.next(); piece !== null && !this.pause.stopped; piece = world.next()) {
      this.tellTruth(world);
      if (piece.type === "frame") samples += await this.passFrame(piece);
      else samples += await this.passQuantum(piece);
    }
    this.outlet.status("ended", `synthetic: ${scenario}, ${samples} samples`);
  }

  /** In steps of recorded time, each when it is due; returns how many samples left. */
  private async passFrame(frame: Frame): Promise<number> {
    frame.source = this.feed.source;
    if (this.speed === Number.POSITIVE_INFINITY) {
      await this.passed(this.outlet.frame(frame));
      return frame.count;
    }
    for (let from = 0; from < frame.count; ) {
      let to = from + 1;
      while (to < frame.count && this.stepOf(frame.time[to]!) <= this.stepOf(frame.time[from]!)) to++;
      await this.untilDue(frame.time[to - 1]!);
      if (this.pause.stopped) return from;
      await this.passed(this.outlet.frame(this.sliceOf(frame, from, to)));
      from = to;
    }
    return frame.count;
  }

  private async passQuantum(input: QuantumInput): Promise<number> {
    const samples = input.type === "measurementRecord" ? input.current.length / 8 : 1;
    const lastUs =
      input.type === "measurementRecord" ? input.timeUs + (samples - 1) * input.everyUs : input.timeUs;
    await this.untilDue(lastUs);
    if (this.pause.stopped) return 0;
    await this.passed(this.outlet.quantum(input));
    return samples;
  }

  /** A recording waits when the sink has enough; a live feed goes on, but lets others have their turn. */
  private async passed(ready: boolean): Promise<void> {
    if (!ready && !this.live) {
      await this.pause.until(this.outlet.drained());
      this.untilTurn = PIECES_PER_TURN;
    } else if (--this.untilTurn === 0) {
      await new Promise<void>((resolve) => this.feed.clock.soon(resolve));
      this.untilTurn = PIECES_PER_TURN;
    }
  }

  private async untilDue(timeUs: number): Promise<void> {
    if (this.speed === Number.POSITIVE_INFINITY) return;
    const dueUs = this.startedUs + (timeUs - this.startUs) / this.speed;
    for (let waitUs = dueUs - this.feed.clock.nowUs(); waitUs >= 1 && !this.pause.stopped; ) {
      await this.pause.wait(waitUs / 1000);
      waitUs = dueUs - this.feed.clock.nowUs();
    }
  }

  private stepOf(timeUs: number): number {
    return Math.floor((timeUs - this.startUs) / (STEP_US * this.speed));
  }

  private sliceOf(frame: Frame, from: number, to: number): Frame {
    if (from === 0 && to === frame.count) return frame;
    const fits = this.slice !== null && this.slice.value.length >= to - from;
    const alike = (this.slice?.size === null) === (frame.size === null);
    if (!fits || !alike)
      this.slice = createFrame(frame.source, frame.group, frame.value.length, frame.size !== null);
    const slice = this.slice!;
    slice.source = frame.source;
    slice.group = frame.group;
    slice.count = to - from;
    slice.time.set(frame.time.subarray(from, to));
    slice.channel.set(frame.channel.subarray(from, to));
    slice.value.set(frame.value.subarray(from, to));
    if (frame.size !== null) slice.size!.set(frame.size.subarray(from, to));
    return slice;
  }

  /** What happens in the piece that comes next, for those who want to know. */
  private tellTruth({ truth }: SynthWorld): void {
    const { notice, options, source, scenario } = this.feed;
    for (; this.told < truth.length; this.told++) {
      const { kind, group, channels, onsetUs, endUs, detail } = truth[this.told]!;
      if (!options.truth) continue;
      notice?.({
        kind: "synth.truth",
        severity: "info",
        group,
        channels: [...channels],
        title: `Truth of the synthetic ${scenario}: ${kind}`,
        detail: { kind, onsetUs, endUs, ...detail },
        author: source,
      });
    }
  }
}
