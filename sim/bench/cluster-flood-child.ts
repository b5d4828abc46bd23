/**
 * A live feed in a process of its own that publishes walks at any rate, whether anybody takes them or not. Argument: URL of the server.
 *
 * `run` sends for a time at a rate, always under one source; it answers with the frames sent so far.
 */
import process from "node:process";
import { publishFeed } from "../../actors/feeds/mod.ts";
import { Walk } from "../../actors/feeds/walk.ts";
import { createNatsBus, systemClock } from "../../actors/mod.ts";
import { answerRequests } from "./child.ts";
import { createLoadFrame, type Load, loadFeed, onSchedule } from "./latency-load.ts";

export interface FloodRun {
  readonly framesPerSecond: number;
  readonly seconds: number;
}

const [url] = process.argv.slice(2) as [string];
/** A row of 16 channels is every sixteenth sample: a frame of them spans a moment, as in any fast feed. */
const CHANNELS = 16;
const SAMPLES = 256;

const bus = await createNatsBus({ servers: [url], name: "flood", clock: systemClock, log: () => {} });
const declared: Load = { channels: CHANNELS, samplesPerFrame: SAMPLES, framesPerSecond: 1_000 };
const { feed, sink: started } = loadFeed(declared);
const published = publishFeed(feed, { bus, session: "bench", partition: "p0", clock: systemClock });
const sink = await started;
const frame = createLoadFrame(declared);
let sent = 0;

answerRequests(
  {
    async run({ framesPerSecond, seconds }: FloodRun): Promise<number> {
      const spacingUs = (1e6 * CHANNELS) / (framesPerSecond * SAMPLES);
      const walk = new Walk(CHANNELS, sent, systemClock.nowUs(), spacingUs);
      await onSchedule({ ...declared, framesPerSecond }, seconds, () => {
        walk.fill(frame, SAMPLES);
        frame.sequence = ++sent;
        sink.frame(frame);
      });
      return sent;
    },
  },
  async () => {
    await feed.stop();
    await published;
    await bus.close();
  },
);
