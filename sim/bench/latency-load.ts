/** What a latency run sends: frames on a schedule of due times. */
import type { Feed, FeedSink } from "../../actors/mod.ts";
import { createFrame, type Frame } from "../../protocol/frame.ts";
import { machineNowUs } from "./machine-clock.ts";
import { pauseMs } from "./measure.ts";

/** What carries the frames of a run (latency-sender.ts). */
export type Carrier = "push" | "echo" | "system" | "cluster" | "request" | "moleculer";

/** Its clients are those of a gateway. */
export function isSession(kind: Carrier): boolean {
  return kind === "system" || kind === "cluster";
}

/** Each frame comes back to its sender, who stamps its arrival. */
export function comesBack(kind: Carrier): boolean {
  return kind === "echo" || kind === "request" || kind === "moleculer";
}

export interface Sender {
  /** Where its clients connect; "" where it has none. */
  readonly url: string;
  send(frame: number): void;
  /** Time of each frame's third stamp: `system` when its last socket was written, otherwise when it came back. */
  readonly thirds: number[];
  /** Where no client counts them. */
  readonly bytesPerFrame?: number;
  close(): Promise<unknown>;
}

/** After the last frame was sent: what has not arrived by then was left out. */
export const LAST_ARRIVAL_MS = 5_000;

export interface Load {
  framesPerSecond: number;
  samplesPerFrame: number;
  channels: number;
}

/** Times of every frame of one run, µs on the machine's clock. */
export interface SentTimes {
  due: Float64Array;
  offered: Float64Array;
}

/**
 * Calls `offer` for each frame of a run of `seconds`. A frame is due at its place in the schedule and is offered when the timer, which
 * fires every millisecond or later, finds it due: frames that become due in between arrive in one burst, as from a socket. A late frame
 * stays due at its time, so that a stall counts for every frame that it delayed. `tick` is called each time that the timer has fired.
 */
export async function onSchedule(
  { framesPerSecond }: Load,
  seconds: number,
  offer: (frame: number) => void,
  tick = (): void => {},
): Promise<SentTimes> {
  const frames = Math.round(framesPerSecond * seconds);
  const [due, offered] = [new Float64Array(frames), new Float64Array(frames)];
  const startUs = machineNowUs();
  for (let k = 0; k < frames; ) {
    const dueNow = Math.min(frames, Math.floor(((machineNowUs() - startUs) * framesPerSecond) / 1e6));
    for (; k < dueNow; k++) {
      due[k] = startUs + ((k + 1) * 1e6) / framesPerSecond;
      offered[k] = machineNowUs();
      offer(k);
    }
    tick();
    await pauseMs(1);
  }
  return { due, offered };
}

export const GROUP = "steady";

export function createLoadFrame({ samplesPerFrame }: Load): Frame {
  return { ...createFrame(GROUP, GROUP, samplesPerFrame), count: samplesPerFrame };
}

/**
 * The next frame of a load: rows over all channels, values that differ, the time of day. All samples of a row have the time of its first, also where
 * a row takes several frames.
 */
export function fillFrame(frame: Frame, number: number, { channels }: Load): void {
  const nowUs = Math.round((performance.timeOrigin + performance.now()) * 1000);
  let rowUs = frame.time[frame.count - 1]! || nowUs;
  frame.sequence = number;
  for (let i = 0; i < frame.count; i++) {
    const channel = (number * frame.count + i) % channels;
    if (channel === 0) rowUs = nowUs;
    frame.time[i] = rowUs;
    frame.channel[i] = channel;
    frame.value[i] = ((number * 7919 + i * 104729) % 1000) / 1000;
  }
}

/** A live feed that declares its channels and leaves its sink to the caller. */
export function loadFeed({ channels, framesPerSecond, samplesPerFrame }: Load): {
  readonly feed: Feed;
  /** Resolves when the feed runs. */
  readonly sink: Promise<FeedSink>;
} {
  let started: (sink: FeedSink) => void = () => {};
  let end = () => {};
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  const sink = new Promise<FeedSink>((resolve) => {
    started = resolve;
  });
  const feed: Feed = {
    source: GROUP,
    kind: "live",
    run(into) {
      into.channels({
        type: "channels",
        group: GROUP,
        source: GROUP,
        channels: Array.from({ length: channels }, (_, i) => ({ name: `c${i}`, title: "", unit: "" })),
        sampling: "rows",
        everyUs: Math.round((1e6 * channels) / (framesPerSecond * samplesPerFrame)),
        innovation: "difference",
      });
      started(into);
      return ended;
    },
    stop: async () => end(),
  };
  return { feed, sink };
}
