/** A recorded feed of noisy walks in two groups whose frames share their times, with a burst of larger steps in each minute. */

import { FeedWriter } from "../../actors/feeds/feed-writer.ts";
import type { Feed, FeedSink } from "../../actors/ports/feed.ts";
import { createFrame } from "../../protocol/frame.ts";
import { normals } from "./random-streams.ts";

export const MARKET_START_US = Date.UTC(2026, 0, 5) * 1000;
/** Of a row. */
export const STEP_US = 100_000;
export const CHANNELS = ["a", "b", "c", "d"];
const BURST_EVERY = 600;
const BURST_ROWS = 60;
const BURST = 8;

/** `late`: a group that is declared after so many rows. */
export function marketFeed(rows: number, { seed = 1, late }: { seed?: number; late?: number } = {}): Feed {
  return {
    source: "market",
    kind: "recorded",
    stop: async () => {},
    async run(sink) {
      const writer = new FeedWriter("market", sink);
      const groups = ["east", "west"].map((name, i) => walkOf(writer, name, seed + i));
      for (const { declare } of groups) declare();
      let last: ReturnType<typeof walkOf> | null = null;
      for (let row = 0; row < rows; row++) {
        const timeUs = MARKET_START_US + row * STEP_US;
        if (row === late) {
          last = walkOf(writer, "late", seed + 7);
          last.declare();
        }
        for (const walk of last ? [...groups, last] : groups) {
          if (!walk.row(row, timeUs)) await writer.drained();
        }
        if (row % 64 === 0) await new Promise((resolve) => setTimeout(resolve, 0));
      }
    },
  } satisfies Feed & { run(sink: FeedSink): Promise<void> };
}

function walkOf(writer: FeedWriter, group: string, seed: number) {
  const normal = normals(seed);
  const level = new Float64Array(CHANNELS.length).fill(100);
  const frame = createFrame("market", group, CHANNELS.length);
  return {
    declare() {
      const channels = CHANNELS.map((name) => ({ name, title: "", unit: "" }));
      writer.channels({ group, channels, sampling: "rows", everyUs: STEP_US, innovation: "difference" });
    },
    row(row: number, timeUs: number): boolean {
      const size = row % BURST_EVERY > BURST_EVERY - BURST_ROWS ? BURST : 1;
      const common = normal();
      for (let k = 0; k < CHANNELS.length; k++) {
        level[k]! += size * (common + 0.5 * normal());
        frame.time[k] = timeUs;
        frame.channel[k] = k;
        frame.value[k] = level[k]! + 0.2 * normal();
      }
      frame.count = CHANNELS.length;
      return writer.frame(frame);
    },
  };
}

/** Time of a row, µs. */
export function rowUs(row: number): number {
  return MARKET_START_US + row * STEP_US;
}
