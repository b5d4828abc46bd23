/**
 * The walk feed: seeded random walks, equal on all runtimes, for benchmarks.
 *
 * With a rate it is live: row r has the time start + r · spacing, and a frame leaves when its last row is due, or at once when it is late.
 * With `rate=max` it is recorded: rows are 1 ms apart, the first at 2000-01-01, and frames leave as fast as the sink takes them.
 */

import { createFrame, type Frame } from "../../protocol/frame.ts";
import { MAX_FRAME_SAMPLES, MAX_GROUP_CHANNELS } from "../../protocol/limits.ts";
import type { Clock } from "../ports/clock.ts";
import type { Feed, FeedSink } from "../ports/feed.ts";
import { feedKind } from "./feed-kind.ts";
import { FeedWriter } from "./feed-writer.ts";
import { duration, type OptionValues, optional, rateOrMax, text, whole } from "./options.ts";
import { Pause } from "./pause.ts";

const options = {
  channels: whole(16, 1, MAX_GROUP_CHANNELS, "number of channels"),
  rate: rateOrMax(10_000, 1e8, "samples a second over all channels, or max: as fast as possible"),
  frame: whole(256, 1, MAX_FRAME_SAMPLES, "samples in a frame, at most those of one second"),
  seed: optional(whole(1, 0, 0xffffffff, "seed of the walk (default: the session's)")),
  duration: duration(0, 1000, "ends after this much of its own time (default: never)"),
  group: text("name of the channel group (default: walk)"),
};

export const walkKind = feedKind({
  target: null,
  help: "seeded random walks, for benchmarks",
  options,
  // Without a pace it is recorded, but it is not merged with recordings: it would never end.
  speed: () => null,
  create: ({ source, group, options, context: { seed, clock } }) =>
    createWalkFeed({ source, group, options, seed: options.seed ?? seed, clock }),
});

const SECOND_US = 1e6;
/** Spacing of rows, and their start, when no rate relates them to the wall clock. */
const FREE_SPACING_US = 1000;
const FREE_START_US = Date.UTC(2000, 0, 1) * 1000;
/** Frames between two turns of the event loop while the sink is not full: about a millisecond of work. */
const FRAMES_PER_TURN = 64;
/** Longest work between two turns of the event loop: clients do not notice so short a delay. */
const TURN_MS = 1;
/** A feed that is later than this (after the process was suspended) leaves rows out instead of catching up. */
const CATCH_UP_US = SECOND_US;

interface WalkFeedOptions {
  source: string;
  group: string;
  options: OptionValues<typeof options>;
  seed: number;
  clock: Clock;
}

export function createWalkFeed(options: WalkFeedOptions): Feed {
  const pause = new Pause(options.clock);
  const free = options.options.rate === Number.POSITIVE_INFINITY;
  return {
    source: options.source,
    kind: free ? "recorded" : "live",
    run: (sink) => runWalk(options, free, pause, sink),
    stop() {
      pause.stop();
      return Promise.resolve();
    },
  };
}

async function runWalk(feed: WalkFeedOptions, free: boolean, pause: Pause, sink: FeedSink): Promise<void> {
  const { channels, rate, frame: frameSamples, duration } = feed.options;
  const writer = new FeedWriter(feed.source, sink);
  const spacingUs = free ? FREE_SPACING_US : (channels * SECOND_US) / rate;
  const walk = new Walk(channels, feed.seed, free ? FREE_START_US : feed.clock.nowUs(), spacingUs);
  const samples = duration === 0 ? Number.POSITIVE_INFINITY : Math.floor(duration / spacingUs) * channels;
  // A slow walk sends a frame at least once a second; the times of a frame must fit MAX_FRAME_SPAN_US.
  const rowsPerFrame = Math.max(1, Math.floor(SECOND_US / spacingUs));
  const frame = createFrame(feed.source, feed.group, Math.min(frameSamples, rowsPerFrame * channels));
  writer.channels({
    group: feed.group,
    channels: Array.from({ length: channels }, (_, k) => ({
      name: `walk${k + 1}`,
      title: `Walk ${k + 1}`,
      unit: "",
    })),
    sampling: "rows",
    everyUs: Math.max(1, Math.round(spacingUs)),
    innovation: "difference",
  });
  writer.status("opened", `${channels} channels, seed ${feed.seed}`);
  if (free) await runFree(walk, frame, samples, writer, pause);
  else await runPaced(walk, frame, samples, writer, pause, feed.clock);
  writer.status("ended", `${walk.samples} samples`);
}

async function runFree(
  walk: Walk,
  frame: Frame,
  samples: number,
  writer: FeedWriter,
  pause: Pause,
): Promise<void> {
  let untilTurn = FRAMES_PER_TURN;
  while (!pause.stopped && walk.samples < samples) {
    walk.fill(frame, Math.min(frame.value.length, samples - walk.samples));
    if (!writer.frame(frame)) {
      await pause.until(writer.drained());
      untilTurn = FRAMES_PER_TURN;
    } else if (--untilTurn === 0) {
      await new Promise<void>((resolve) => setImmediate(resolve));
      untilTurn = FRAMES_PER_TURN;
    }
  }
}

async function runPaced(
  walk: Walk,
  frame: Frame,
  samples: number,
  writer: FeedWriter,
  pause: Pause,
  clock: Clock,
): Promise<void> {
  let turnStartMs = clock.monotonicMs();
  while (!pause.stopped && walk.samples < samples) {
    const expected = Math.min(frame.value.length, samples - walk.samples);
    const due = walk.timeAfter(expected);
    const now = clock.nowUs();
    if (now >= due) {
      if (now - due > CATCH_UP_US) leaveOut(walk, now - due, writer);
      walk.fill(frame, expected);
      // A live feed does not wait: the sequencer sheds and counts what it cannot take.
      writer.frame(frame);
      if (clock.monotonicMs() - turnStartMs < TURN_MS) continue;
      // A late feed must not keep the event loop from sockets and the disk.
      await new Promise<void>((resolve) => setImmediate(resolve));
    } else await pause.wait((due - now) / 1000);
    turnStartMs = clock.monotonicMs();
  }
}

function leaveOut(walk: Walk, lateUs: number, writer: FeedWriter): void {
  const rows = walk.skip(lateUs);
  writer.status("gap", `${Math.round(lateUs / 1000)} ms behind; ${rows} rows left out`, { gap: 1 });
}

/**
 * Random walks x[k] += s around 100, row by row. A step is the sum of the four bytes of one random word, centred (Irwin–Hall:
 * nearly Gaussian, standard deviation 0.0074), so that no function of Math is needed that differs between runtimes.
 *
 * Random words: sfc32 (Chris Doty-Humphrey, PractRand 2010), 128 bits of state. About 5 ns a sample.
 */
export class Walk {
  samples = 0;
  readonly #channels: number;
  readonly #value: Float64Array;
  readonly #spacingUs: number;
  #startUs: number;
  #row = 0;
  #channel = 0;
  #a: number;
  #b: number;
  #c: number;
  #d = 1;

  constructor(channels: number, seed: number, startUs: number, spacingUs: number) {
    this.#channels = channels;
    this.#value = new Float64Array(channels).fill(100);
    this.#startUs = startUs;
    this.#spacingUs = spacingUs;
    this.#a = seed | 0;
    this.#b = Math.floor(seed / 0x1_0000_0000) | 0;
    this.#c = 0x9e3779b9 | 0;
    // Twelve rounds mix the seed into all of the state, as PractRand does.
    for (let round = 0; round < 12; round++) this.#word();
  }

  /** When the last of the next `samples` samples is due, µs. */
  timeAfter(samples: number): number {
    const rows = Math.floor((this.#channel + samples - 1) / this.#channels);
    return this.#timeOfRow(this.#row + rows);
  }

  /** Moves all later rows by as many whole rows as fit in `lateUs`, and returns their number. */
  skip(lateUs: number): number {
    const rows = Math.floor(lateUs / this.#spacingUs);
    this.#startUs += Math.round(rows * this.#spacingUs);
    return rows;
  }

  /** Fills the first `count` samples of `frame`. */
  fill(frame: Frame, count: number): void {
    const { time, channel, value } = frame;
    const channels = this.#channels;
    const position = this.#value;
    let a = this.#a;
    let b = this.#b;
    let c = this.#c;
    let d = this.#d;
    let k = this.#channel;
    let at = this.#timeOfRow(this.#row);
    for (let i = 0; i < count; i++) {
      const word = (((a + b) | 0) + d) | 0;
      d = (d + 1) | 0;
      a = b ^ (b >>> 9);
      b = (c + (c << 3)) | 0;
      c = (((c << 21) | (c >>> 11)) + word) | 0;
      const sum = (word & 255) + ((word >>> 8) & 255) + ((word >>> 16) & 255) + (word >>> 24);
      const x = position[k]! + (sum - 510) * STEP;
      position[k] = x;
      time[i] = at;
      channel[i] = k;
      value[i] = x;
      if (++k === channels) {
        k = 0;
        at = this.#timeOfRow(++this.#row);
      }
    }
    this.#a = a;
    this.#b = b;
    this.#c = c;
    this.#d = d;
    this.#channel = k;
    this.samples += count;
    frame.count = count;
  }

  #timeOfRow(row: number): number {
    return this.#startUs + Math.floor(row * this.#spacingUs);
  }

  /** One word of sfc32, which `fill` has inlined. */
  #word(): number {
    const word = (((this.#a + this.#b) | 0) + this.#d) | 0;
    this.#d = (this.#d + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + word) | 0;
    return word;
  }
}

/** Step of a walk per unit of the byte sum, whose standard deviation is √(4 · (256² − 1) / 12) = 147.8. */
const STEP = 1 / 20_000;
