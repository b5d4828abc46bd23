/**
 * The synth feed: a synthetic world of known truth, live or recorded.
 *
 *   world ─► pieces ─► slices of a millisecond, each when it is due ─► sink
 *
 * Y1  A live feed starts its times now and sends each sample at its time. With a speed it is a recording that starts at a fixed time.
 * Y2  The slices of a recording depend on the world and the speed alone.
 * Y3  Every report of the feed begins with the word "synthetic".
 */

import { expectedAmong } from "../../protocol/closest-name.ts";
import type { Frame } from "../../protocol/frame.ts";
import { MAX_GROUP_CHANNELS } from "../../protocol/limits.ts";
import type { QuantumInput } from "../../protocol/messages.ts";
import type { Clock } from "../ports/clock.ts";
import type { Feed, FeedSink } from "../ports/feed.ts";
import { badSpec, type FeedContext, feedKind } from "./feed-kind.ts";
import { FeedWriter } from "./feed-writer.ts";
import { FrameSlice } from "./frame-slice.ts";
import {
  choice,
  duration,
  flag,
  moment,
  multiple,
  type OptionValues,
  optional,
  rateOrMax,
  text,
  whole,
} from "./options.ts";
import { Pause } from "./pause.ts";
import type { SynthWorld, SynthWorlds } from "./synth-world.ts";

const options = {
  seed: optional(whole(1, 0, 0xffffffff, "seed of the world (default: the session's)")),
  channels: optional(whole(1, 1, MAX_GROUP_CHANNELS, "number of channels (default: the scenario's)")),
  rate: optional(rateOrMax(1, 1e6, "samples a second of one channel (default: the scenario's)")),
  duration: duration(0, 1000, "ends after this much of its own time (default: the scenario's)"),
  strength: multiple(1, 100, "size of the events, in multiples of the usual; 0: none happen"),
  speed: optional(
    rateOrMax(
      1,
      1e9,
      "makes it a recording: multiples of its own time, or max (default: live, starting now)",
    ),
  ),
  start: moment("time of a recording's first sample (default: 2024-01-01T00:00:00Z)"),
  form: choice(["record", "vector", "density"], "quantum worlds: what is sent (default: record)"),
  truth: flag("reports the true events of the world as events of kind synth.truth"),
  group: text("name of the channel group (default: the scenario's name)"),
};

export const synthKind = feedKind({
  target: "SCENARIO",
  help: "a synthetic world of known truth; `eigenwatch feed list` shows them",
  options,
  speed: ({ speed }) => speed ?? null,
  create({ spec, source, group, target, options, context }) {
    const { seed, clock, notice } = context;
    const worlds = worldsWith(target, spec, context.worlds);
    return createSynthFeed({ source, group, scenario: target, options, seed, worlds, clock, notice });
  },
});

export interface SynthFeedOptions {
  readonly source: string;
  readonly group: string;
  readonly scenario: string;
  readonly options: OptionValues<typeof options>;
  /** Seed of the session; the feed's own option comes first. */
  readonly seed: number;
  readonly worlds: SynthWorlds;
  readonly clock: Clock;
  readonly notice?: FeedContext["notice"] | undefined;
}

/** First sample of a recording for which no start is given. */
export const RECORDED_START_US = Date.UTC(2024, 0, 1) * 1000;
/** Samples of one step leave together: timers have this resolution. */
const STEP_US = 1000;
/** Pieces between two turns of the event loop while the sink is not full: about a millisecond of work. */
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

/** The worlds, if the scenario is one of them. */
function worldsWith(scenario: string, spec: string, worlds: SynthWorlds | undefined): SynthWorlds {
  if (worlds === undefined) throw badSpec(spec, "there are no synthetic worlds here", "another kind of feed");
  if (worlds.names.includes(scenario)) return worlds;
  throw badSpec(spec, `there is no scenario "${scenario}"`, expectedAmong(scenario, worlds.names));
}

class SynthRun {
  private readonly feed: SynthFeedOptions;
  private readonly live: boolean;
  private readonly pause: Pause;
  private readonly writer: FeedWriter;
  private readonly speed: number;
  private readonly slice = new FrameSlice();
  private startUs = 0;
  private startedUs = 0;
  private untilTurn = PIECES_PER_TURN;
  private reported = 0;

  constructor(feed: SynthFeedOptions, live: boolean, pause: Pause, sink: FeedSink) {
    this.feed = feed;
    this.live = live;
    this.pause = pause;
    this.writer = new FeedWriter(feed.source, sink);
    this.speed = feed.options.speed ?? 1;
  }

  async run(make: (startUs: number) => SynthWorld, seed: number): Promise<void> {
    const { scenario, options, clock } = this.feed;
    this.startedUs = clock.nowUs();
    this.startUs = this.live ? this.startedUs : (options.start ?? RECORDED_START_US);
    const world = make(this.startUs);
    for (const declaration of world.declarations) this.writer.channels(declaration);
    this.writer.status("opened", `synthetic: ${scenario}, seed ${seed}, strength ${options.strength}`);
    let samples = 0;
    for (let piece = world.next(); piece !== null && !this.pause.stopped; piece = world.next()) {
      this.reportTruth(world);
      if (piece.type === "frame") samples += await this.passFrame(piece);
      else samples += await this.passQuantum(piece);
    }
    this.writer.status("ended", `synthetic: ${scenario}, ${samples} samples`);
  }

  /** Sends the frame in steps of recorded time, each when it is due. Returns the number of samples sent. */
  private async passFrame(frame: Frame): Promise<number> {
    frame.source = this.feed.source;
    if (this.speed === Number.POSITIVE_INFINITY) {
      await this.passed(this.writer.frame(frame));
      return frame.count;
    }
    for (let from = 0; from < frame.count; ) {
      let to = from + 1;
      while (to < frame.count && this.stepOf(frame.time[to]!) <= this.stepOf(frame.time[from]!)) to++;
      await this.untilDue(frame.time[to - 1]!);
      if (this.pause.stopped) return from;
      await this.passed(this.writer.frame(this.slice.of(frame, from, to)));
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
    await this.passed(this.writer.quantum(input));
    return samples;
  }

  /** A recording waits while the sink is full. A live feed continues, but yields to the event loop. */
  private async passed(ready: boolean): Promise<void> {
    if (!ready && !this.live) {
      await this.pause.until(this.writer.drained());
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

  /** Reports what happens in the next piece, with `truth=1`. */
  private reportTruth({ truth }: SynthWorld): void {
    const { notice, options, source, scenario } = this.feed;
    for (; this.reported < truth.length; this.reported++) {
      const { kind, group, channels, onsetUs, endUs, detail } = truth[this.reported]!;
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
