/**
 * The feed of messages that a server sends: topics of MQTT, streams of Redis, notifications and rows of PostgreSQL.
 *
 *   connect ─► message ─► samples (table/message-samples.ts) ─► channels, each at its own time
 *      ▲          └─ broken, silent, refused ─► stalled ─┐
 *      └────────── after a delay that grows ◄────────────┘
 *
 * M1  What is no number is left out and counted, the rest of its message taken.
 * M2  A connection that ends is followed by another (stay-connected.ts). What was sent meanwhile is read afterwards, or reported as a gap where the server
 *     does not keep it.
 * M3  A server that keeps what was not read is read no faster than the sink takes it; of the others the sequencer sheds, and counts.
 * M4  Channels appear as they are met. Those above the limit are left out and counted (reading-rows.ts).
 */
import { Breaker } from "../link/breaker.ts";
import type { Clock } from "../ports/clock.ts";
import type { Feed, FeedSink } from "../ports/feed.ts";
import { BadSamples } from "./bad-samples.ts";
import { FeedWriter } from "./feed-writer.ts";
import type { MessageSink, Origin } from "./message-origin.ts";
import { duration, text } from "./options.ts";
import { Pause } from "./pause.ts";
import { ReadingRows, seriesOption } from "./reading-rows.ts";
import { RETRY_MS, RETRY_MS_MAX, stayConnected } from "./stay-connected.ts";
import { samplesOf } from "./table/message-samples.ts";

/** A connection that has held so long was sound. */
const LASTS_MS = 10_000;

export interface MessageFeedOptions {
  readonly source: string;
  readonly group: string;
  readonly origin: Origin;
  /** Grid on which channels are compared. */
  readonly everyUs: number;
  readonly seriesMax: number;
  /** Key that has the time of a message; null: its arrival. */
  readonly timeKey: string | null;
  readonly clock: Clock;
  /** Spreads attempts. */
  random(): number;
}

/** Options of every such kind. */
export const MESSAGE_OPTIONS = {
  every: duration(1_000_000, 10_000, "grid on which the last values of channels are compared"),
  series: seriesOption,
  time: text("key, field or column that has the time (default: none)"),
  passwordFile: text("file with the password"),
  ca: text("file with certificates (PEM) that are trusted instead of the system's"),
  group: text("name of the channel group (default: the host)"),
};

/** Between two reports of totals. */
const REPORT_MS = 10_000;

export class MessageFeed implements Feed {
  readonly source: string;
  readonly kind = "live";
  readonly waits?: true;
  private readonly options: MessageFeedOptions;
  private readonly pause: Pause;
  private readonly breaker: Breaker;
  private readonly stopping = new AbortController();

  constructor(options: MessageFeedOptions) {
    const { clock, random } = options;
    this.options = options;
    this.source = options.source;
    if (options.origin.waits) this.waits = true;
    this.pause = new Pause(clock);
    this.breaker = new Breaker({ clock, random, firstMs: RETRY_MS, mostMs: RETRY_MS_MAX, lastsMs: LASTS_MS });
  }

  async stop(): Promise<void> {
    this.pause.stop();
    this.stopping.abort();
  }

  async run(sink: FeedSink): Promise<void> {
    const { origin } = this.options;
    const writer = new FeedWriter(this.source, sink);
    const messages = new Messages(this.options, writer, this.pause);
    await stayConnected({
      ...{ writer, pause: this.pause, breaker: this.breaker },
      connection: (heard) => origin.connection(messages.reader(heard), this.stopping.signal),
      summary: () => origin.name,
      ended: () => messages.flush(),
      counts: () => messages.badSamples.take(),
    });
  }
}

/** Puts messages into frames. */
class Messages {
  readonly badSamples: BadSamples;
  private readonly options: MessageFeedOptions;
  private readonly rows: ReadingRows;
  private readonly writer: FeedWriter;
  private readonly pause: Pause;
  private connections = 0;
  private isFlushing = false;
  private reportedMs: number;

  constructor(options: MessageFeedOptions, writer: FeedWriter, pause: Pause) {
    this.options = options;
    this.writer = writer;
    this.pause = pause;
    this.badSamples = new BadSamples((status, detail, counts) => {
      // Samples before a bad one precede its report.
      this.rows.flush();
      writer.status(status, detail, counts);
    });
    this.rows = new ReadingRows(writer, this.badSamples, {
      ...options,
      sampling: "ticks",
      innovation: "difference",
    });
    this.reportedMs = options.clock.monotonicMs();
  }

  /** What one connection brings. */
  reader(heard: () => void): MessageSink {
    const { origin } = this.options;
    let isHeard = false;
    return {
      heard: () => {
        if (isHeard) return;
        isHeard = true;
        heard();
        if (this.connections++ > 0 && origin.forgets)
          this.badSamples.count("gap", 1, () => "what was sent while there was no connection is lost");
      },
      message: (name, body, timeUs) => this.message(name, body, timeUs),
      drained: () => this.drained(),
      bad: (reason, count, detail) => this.badSamples.count(reason, count, detail),
    };
  }

  flush(): void {
    this.isFlushing = false;
    this.rows.flush();
    const nowMs = this.options.clock.monotonicMs();
    if (nowMs - this.reportedMs < REPORT_MS) return;
    this.reportedMs = nowMs;
    this.badSamples.total();
  }

  private async drained(): Promise<void> {
    this.rows.flush();
    await this.pause.until(this.writer.drained());
  }

  private message(name: string, body: string, arrivedUs: number): boolean {
    const { timeKey } = this.options;
    const { samples, timeUs, leftOut, leftOutCount } = samplesOf(name, body, timeKey);
    if (leftOut !== null) this.badSamples.count("unparsable", leftOutCount, () => leftOut);
    if (timeKey !== null && Number.isNaN(timeUs) && samples.length > 0)
      this.badSamples.count("badTime", 1, () => `${name} has no time in ${timeKey}`);
    return this.samples(samples, Number.isNaN(timeUs) ? arrivedUs : timeUs);
  }

  private samples(samples: readonly (readonly [channel: string, value: number])[], timeUs: number): boolean {
    const readings = samples.map(([channel, value]) => ({ channel, value, labels: [], unit: "" }));
    this.rows.declare(readings);
    const ready = this.rows.add(readings, Number.isNaN(timeUs) ? this.options.clock.nowUs() : timeUs);
    if (!this.isFlushing) {
      this.isFlushing = true;
      this.options.clock.soon(() => this.flush());
    }
    return ready;
  }
}
