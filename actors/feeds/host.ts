/**
 * The host feed: this machine, as one group of channels sampled together.
 *
 *   due time ─► read all meters ─► one row, one frame
 *
 * H1  Rows are due at start + k · every. A late row is sampled once and the next is due on the same grid: no drift, no burst.
 * H2  A row that is GAP_PERIODS or more late is reported as a gap with the number of rows that were not taken.
 * H3  All values of a row have the same time.
 *
 * Innovations are AR(1) residuals: load depends on its own past, so differences would be dependent, and a share of 0 has no logarithm.
 */

import { createFrame } from "../../protocol/frame.ts";
import type { Clock } from "../ports/clock.ts";
import type { Feed, FeedSink } from "../ports/feed.ts";
import { OWN_LATENESS } from "../ports/own-health.ts";
import { feedKind } from "./feed-kind.ts";
import { FeedWriter } from "./feed-writer.ts";
import { channel } from "./host/meter.ts";
import { type Meters, openMeters } from "./host/meters.ts";
import { duration, text } from "./options.ts";
import { Pause } from "./pause.ts";

export const hostKind = feedKind({
  target: null,
  help: "this machine: processors, memory, disks, network, own process",
  options: {
    every: duration(100_000, 10_000, "time between samples"),
    group: text("name of the channel group (default: host)"),
  },
  speed: () => null,
  create: ({ source, group, options, context: { clock } }) =>
    createHostFeed({ source, group, everyUs: options.every, clock }),
});

/** Shorter delays come from a busy event loop or garbage collection and are not gaps. */
const GAP_PERIODS = 3;

/** How late the feed's timer fired: the delay of any work on this event loop, measured in the same way on all runtimes. */
const LATENESS = channel(OWN_LATENESS, "Event loop delay", "ms");

interface HostFeedOptions {
  source: string;
  group: string;
  everyUs: number;
  clock: Clock;
  /** Default: the meters of this platform. */
  meters?: () => Meters;
}

export function createHostFeed(options: HostFeedOptions): Feed {
  const pause = new Pause(options.clock);
  return {
    source: options.source,
    kind: "live",
    run: (sink) => runHost(options, pause, sink),
    stop() {
      pause.stop();
      return Promise.resolve();
    },
  };
}

async function runHost(options: HostFeedOptions, pause: Pause, sink: FeedSink): Promise<void> {
  const { source, group, everyUs, clock } = options;
  const writer = new FeedWriter(source, sink);
  const { meters, missing } = (options.meters ?? openMeters)();
  try {
    const channels = [...meters.flatMap((meter) => meter.channels), LATENESS];
    const row = new Float64Array(channels.length);
    const frame = createFrame(source, group, channels.length);
    writer.channels({ group, channels, sampling: "rows", everyUs, innovation: "ar1" });
    writer.status("opened", openedText(channels.length, missing));

    let readAt = clock.monotonicMs();
    readMeters(meters, row, 0);
    let due = clock.nowUs() + everyUs;
    while (!pause.stopped) {
      await pause.wait(Math.max(0, (due - clock.nowUs()) / 1000));
      if (pause.stopped) break;
      const now = clock.nowUs();
      // A timer may fire a fraction of a millisecond early.
      if (now < due) continue;
      const at = clock.monotonicMs();
      readMeters(meters, row, (at - readAt) / 1000);
      readAt = at;
      row[row.length - 1] = (now - due) / 1000;
      fillFrame(frame, row, now);
      if (frame.count > 0) writer.frame(frame);
      due = nextDue(due, now, everyUs, writer);
    }
    writer.status("ended", "stopped");
  } catch (error) {
    writer.status(
      "failed",
      `Cannot read this machine's meters: ${error instanceof Error ? error.message : String(error)}`,
    );
  } finally {
    for (const meter of meters) meter.close();
  }
}

function readMeters(meters: Meters["meters"], row: Float64Array, seconds: number): void {
  let at = 0;
  for (const meter of meters) {
    meter.read(row, at, seconds);
    at += meter.channels.length;
  }
}

function fillFrame(frame: ReturnType<typeof createFrame>, row: Float64Array, timeUs: number): void {
  let count = 0;
  for (let k = 0; k < row.length; k++) {
    const value = row[k]!;
    if (!Number.isFinite(value)) continue;
    frame.time[count] = timeUs;
    frame.channel[count] = k;
    frame.value[count] = value;
    count++;
  }
  frame.count = count;
}

/** The next point of the grid after `now`. Points in between were missed. */
function nextDue(due: number, now: number, everyUs: number, writer: FeedWriter): number {
  const missed = Math.floor((now - due) / everyUs);
  if (missed >= GAP_PERIODS)
    writer.status("gap", `row was ${Math.round((now - due) / 1000)} ms late; ${missed} rows not taken`, {
      gap: 1,
    });
  return due + (missed + 1) * everyUs;
}

function openedText(count: number, missing: readonly string[]): string {
  return missing.length === 0
    ? `${count} channels`
    : `${count} channels; not on this machine: ${missing.join(", ")}`;
}
