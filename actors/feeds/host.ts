/**
 * The host feed: this machine, as one group of channels sampled together, and this program's own health as another (ports/own-health.ts).
 *
 *   due time ─► read all meters ─► one row, one frame; each second one of own health
 *
 * H1  Rows are due at start + k · every. A late row is sampled once and the next is due on the same grid: no drift, no burst.
 * H2  A row that is GAP_PERIODS or more late is reported as a gap with the number of rows that were not taken.
 * H3  All values of a row have the same time.
 *
 * Innovations are AR(1) residuals: load depends on its own past, so differences would be dependent, and a share of 0 has no logarithm.
 */

import { expectedAmong } from "../../protocol/closest-name.ts";
import { errorText } from "../../protocol/errors.ts";
import { createFrame } from "../../protocol/frame.ts";
import type { Clock } from "../ports/clock.ts";
import type { Feed, FeedSink } from "../ports/feed.ts";
import { isOwnHealth, OWN_LATENESS } from "../ports/own-health.ts";
import { badSpec, feedKind } from "./feed-kind.ts";
import { clipName, FeedWriter } from "./feed-writer.ts";
import { type Channel, channel, type Meter } from "./host/meter.ts";
import { type Meters, openMeters, SELECTED, type Selected } from "./host/meters.ts";
import { choice, duration, names, text } from "./options.ts";
import { Pause } from "./pause.ts";
import { nextRow } from "./row-grid.ts";

export const hostKind = feedKind({
  target: null,
  help: "this machine: processors, memory, disks, network, own process",
  options: {
    every: duration(100_000, 10_000, "time between samples"),
    group: text("name of the channel group (default: host)"),
    processes: choice(
      ["named", "unnamed"],
      "whether incidents say which processes do most: their names, no arguments (default: named)",
    ),
    with: names(`also, where the machine has them: ${Object.keys(SELECTED).join(",")}`),
  },
  speed: () => null,
  create({ spec, source, group, options, context: { clock } }) {
    const wrong = options.with.find((name) => !Object.hasOwn(SELECTED, name));
    if (wrong !== undefined)
      throw badSpec(spec, `with=${wrong} names nothing`, expectedAmong(wrong, Object.keys(SELECTED)));
    return createHostFeed({
      ...{ source, group, clock },
      everyUs: options.every,
      namesProcesses: options.processes !== "unnamed",
      meters: () => openMeters(undefined, options.with as readonly Selected[]),
    });
  },
});

/** Shorter delays come from a busy event loop or garbage collection and are not gaps. */
const GAP_PERIODS = 3;

/** A person who looks after this program sees no more. */
const OWN_EVERY_US = 1_000_000;

/** How late the feed's timer fired, at most since the row before: the delay of any work on this event loop, measured in the same way on all runtimes. */
const LATENESS = channel(OWN_LATENESS, "Event loop delay", "ms");

interface HostFeedOptions {
  source: string;
  group: string;
  everyUs: number;
  clock: Clock;
  /** Default: not. */
  namesProcesses?: boolean;
  /** Default: the meters of this platform. */
  meters?: () => Meters;
}

export function createHostFeed(options: HostFeedOptions): Feed {
  const pause = new Pause(options.clock);
  return {
    source: options.source,
    kind: "live",
    ...(options.namesProcesses === true ? { namesProcesses: true as const } : {}),
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
  const isOwn = ({ channels }: Meter) => isOwnHealth(channels);
  try {
    const watched = new Rows(writer, clock, {
      group,
      everyUs,
      meters: meters.filter((meter) => !isOwn(meter)),
      more: [],
    });
    const own = new Rows(writer, clock, {
      group: clipName(`${group}.own`),
      everyUs: Math.max(everyUs, OWN_EVERY_US),
      meters: meters.filter(isOwn),
      more: [LATENESS],
    });
    writer.status("opened", openedText(watched.channels.length + own.channels.length, missing));

    let due = clock.nowUs() + everyUs;
    let ownDue = due;
    let lateMs = 0;
    while (!pause.stopped) {
      await pause.wait(Math.max(0, (due - clock.nowUs()) / 1000));
      if (pause.stopped) break;
      const now = clock.nowUs();
      // A timer may fire a fraction of a millisecond early.
      if (now < due) continue;
      watched.take(now, []);
      lateMs = Math.max(lateMs, (now - due) / 1000);
      if (now >= ownDue) {
        own.take(now, [lateMs]);
        lateMs = 0;
        ownDue += (Math.floor((now - ownDue) / own.everyUs) + 1) * own.everyUs;
      }
      due = nextDue(due, now, everyUs, writer);
    }
    writer.status("ended", "stopped");
  } catch (error) {
    writer.status("failed", `Cannot read this machine's meters: ${errorText(error)}`);
  } finally {
    for (const meter of meters) meter.close();
  }
}

interface RowsOptions {
  readonly group: string;
  readonly everyUs: number;
  readonly meters: readonly Meter[];
  /** Channels after those of the meters. */
  readonly more: readonly Channel[];
}

/** The rows of one group. */
class Rows {
  readonly channels: readonly Channel[];
  readonly everyUs: number;
  private readonly writer: FeedWriter;
  private readonly clock: Clock;
  private readonly meters: readonly Meter[];
  private readonly row: Float64Array;
  private readonly frame: ReturnType<typeof createFrame>;
  private readAtMs: number;

  constructor(writer: FeedWriter, clock: Clock, { group, everyUs, meters, more }: RowsOptions) {
    this.writer = writer;
    this.clock = clock;
    this.everyUs = everyUs;
    this.meters = meters;
    this.channels = [...meters.flatMap((meter) => meter.channels), ...more];
    this.row = new Float64Array(this.channels.length);
    this.frame = createFrame(writer.source, group, this.channels.length);
    const sampling = "rows";
    const innovation = "ar1";
    writer.channels({ group, channels: [...this.channels], sampling, everyUs, innovation });
    this.readAtMs = clock.monotonicMs();
    this.read(0);
  }

  /** Reads the meters and sends the row. */
  take(timeUs: number, more: readonly number[]): void {
    const atMs = this.clock.monotonicMs();
    const at = this.read((atMs - this.readAtMs) / 1000);
    this.readAtMs = atMs;
    this.row.set(more, at);
    fillFrame(this.frame, this.row, timeUs);
    if (this.frame.count > 0) this.writer.frame(this.frame);
  }

  private read(seconds: number): number {
    let at = 0;
    for (const meter of this.meters) {
      meter.read(this.row, at, seconds);
      at += meter.channels.length;
    }
    return at;
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

/** When the next row is due. Rows that were not taken are reported. */
function nextDue(due: number, now: number, everyUs: number, writer: FeedWriter): number {
  const { dueUs, missed } = nextRow(due, now, everyUs);
  if (missed >= GAP_PERIODS)
    writer.status("gap", `row was ${Math.round((now - due) / 1000)} ms late; ${missed} rows not taken`, {
      gap: 1,
    });
  return dueUs;
}

function openedText(count: number, missing: readonly string[]): string {
  return missing.length === 0
    ? `${count} channels`
    : `${count} channels; not on this machine: ${missing.join(", ")}`;
}
