/**
 * A live feed in a process of its own that publishes walks at any rate, whether anybody takes them or not. Arguments: URL of the server, number of channels.
 *
 * `run` sends for a time at a rate, always under one source; it answers with the frames that it sent, now and altogether. Where the machine cannot keep the
 * rate, they are fewer.
 */
import process from "node:process";
import { publishFeed } from "../../actors/feeds/mod.ts";
import { Walk } from "../../actors/feeds/walk.ts";
import { createNatsBus, systemClock } from "../../actors/mod.ts";
import { answerRequests } from "./child.ts";
import { createLoadFrame, type Load, loadFeed } from "./latency-load.ts";
import { pauseMs } from "./measure.ts";

export interface FloodRun {
  readonly framesPerSecond: number;
  readonly seconds: number;
}

export interface Flooded {
  readonly frames: number;
  readonly altogether: number;
}

const [url, channels] = process.argv.slice(2) as [string, string];
/** A row is every so many samples: a frame spans a moment, as in any fast feed. */
const CHANNELS = Number(channels);
const SAMPLES = 256;

/** A quarter of a megabyte. */
const FRAMES_A_TURN = 64;

const bus = await createNatsBus({ servers: [url], name: "flood", clock: systemClock, log: () => {} });
const declared: Load = { channels: CHANNELS, samplesPerFrame: SAMPLES, framesPerSecond: 1_000 };
const { feed, sink: started } = loadFeed(declared);
const published = publishFeed(feed, { bus, session: "bench", partition: "p0", clock: systemClock });
const sink = await started;
const frame = createLoadFrame(declared);
let sent = 0;

answerRequests(
  {
    async run({ framesPerSecond, seconds }: FloodRun): Promise<Flooded> {
      const spacingUs = (1e6 * CHANNELS) / (framesPerSecond * SAMPLES);
      const walk = new Walk(CHANNELS, sent, systemClock.nowUs(), spacingUs);
      const before = sent;
      const startMs = performance.now();
      for (let elapsedMs = 0; elapsedMs < 1_000 * seconds; elapsedMs = performance.now() - startMs) {
        const due = before + Math.floor((elapsedMs / 1_000) * framesPerSecond);
        const until = Math.min(due, sent + FRAMES_A_TURN);
        while (sent < until) {
          walk.fill(frame, SAMPLES);
          frame.sequence = ++sent;
          sink.frame(frame);
        }
        // The connection sends between the turns.
        if (sent < due) await sink.drained();
        else await pauseMs(1);
      }
      return { frames: sent - before, altogether: sent };
    },
  },
  async () => {
    await feed.stop();
    await published;
    await bus.close();
  },
);
