/**
 * The feed of a Prometheus exporter.
 *
 *   due time ─► scrape ─► text ─► series ─► channels, one row at the time of the request
 *                  └─ no answer: stalled ─► again after a delay that grows to RETRY_MS_MAX
 *
 * P1  Rows are due at start + k · every. Those that could not be taken are reported, once, when the exporter answers again.
 * P2  An exporter that cannot be reached ends nothing: it is asked until the feed is stopped.
 * P3  Lines that cannot be read are left out and counted, as are repeated series and lines beyond SCRAPE_LINES_MAX; the rest of the answer is taken.
 * P4  Series above the limit are left out and counted (reading-rows.ts).
 */
import { shorten } from "../../protocol/check-body.ts";
import { errorText } from "../../protocol/errors.ts";
import { Breaker } from "../link/breaker.ts";
import { answerWithin } from "../link/http-answer.ts";
import type { Clock } from "../ports/clock.ts";
import type { Feed, FeedSink } from "../ports/feed.ts";
import { BadSamples } from "./bad-samples.ts";
import { FeedWriter } from "./feed-writer.ts";
import { readExposition, SCRAPE_LINES_MAX } from "./metrics/exposition.ts";
import { type Exporter, scrape } from "./metrics/scrape.ts";
import type { Selection } from "./metrics/selection.ts";
import { SeriesReader } from "./metrics/series.ts";
import { Pause } from "./pause.ts";
import { ReadingRows } from "./reading-rows.ts";
import { nextRow } from "./row-grid.ts";
import { RETRY_MS, RETRY_MS_MAX } from "./stay-connected.ts";

export interface PrometheusFeedOptions {
  readonly source: string;
  readonly group: string;
  readonly exporter: Exporter;
  readonly everyUs: number;
  readonly selection: Selection;
  /** Channels at most. */
  readonly seriesMax: number;
  readonly clock: Clock;
  /** Spreads attempts. */
  random(): number;
}

/** An answer that takes longer than the time between rows is late; one of 10 s is none. */
const ANSWER_MS_MAX = 10_000;

export class PrometheusFeed implements Feed {
  readonly source: string;
  readonly kind = "live";
  private readonly options: PrometheusFeedOptions;
  private readonly pause: Pause;
  private readonly breaker: Breaker;
  private readonly stopping = new AbortController();

  constructor(options: PrometheusFeedOptions) {
    const { clock, random } = options;
    this.options = options;
    this.source = options.source;
    this.pause = new Pause(clock);
    this.breaker = new Breaker({ clock, random, firstMs: RETRY_MS, mostMs: RETRY_MS_MAX });
  }

  async stop(): Promise<void> {
    this.pause.stop();
    this.stopping.abort();
  }

  async run(sink: FeedSink): Promise<void> {
    const { source, everyUs, clock, exporter } = this.options;
    const writer = new FeedWriter(source, sink);
    const rows = new ScrapedRows(this.options, writer);
    let dueUs = clock.nowUs();
    while (!this.pause.stopped) {
      await this.pause.wait(Math.max(0, (dueUs - clock.nowUs()) / 1000));
      if (this.pause.stopped) break;
      // A timer may fire a fraction of a millisecond early.
      const timeUs = Math.max(dueUs, clock.nowUs());
      try {
        const text = await this.answer();
        this.breaker.worked();
        const next = nextRow(dueUs, timeUs, everyUs);
        rows.take(text, timeUs, next.missed);
        dueUs = next.dueUs;
      } catch (error) {
        if (this.pause.stopped) break;
        const delayMs = this.breaker.failed();
        if (this.breaker.failures === 1) writer.status("stalled", `${errorText(error)}; it is asked again`);
        await this.pause.wait(delayMs);
        this.breaker.due();
      }
    }
    writer.status("ended", `stopped; ${exporter.url}`, rows.badSamples.take());
  }

  private answer(): Promise<string> {
    const { exporter, clock, everyUs } = this.options;
    const ms = Math.min(ANSWER_MS_MAX, everyUs / 1000);
    const action = `scrape ${exporter.url}`;
    return answerWithin({ clock, ms, stopping: this.stopping.signal, action }, (signal) =>
      scrape(exporter, signal),
    );
  }
}

/** Puts scrapes into frames. */
class ScrapedRows {
  readonly badSamples: BadSamples;
  private readonly writer: FeedWriter;
  private readonly rows: ReadingRows;
  private readonly series: SeriesReader;
  private readonly url: string;
  private isOpen = false;

  constructor({ group, everyUs, selection, seriesMax, exporter }: PrometheusFeedOptions, writer: FeedWriter) {
    this.writer = writer;
    this.url = exporter.url;
    this.series = new SeriesReader(selection);
    this.badSamples = new BadSamples((status, detail, counts) => writer.status(status, detail, counts));
    this.rows = new ReadingRows(writer, this.badSamples, { group, everyUs, seriesMax });
  }

  /** `missed`: rows since the one before that were not taken. */
  take(text: string, timeUs: number, missed: number): void {
    const { badSamples } = this;
    const exposition = readExposition(text);
    let [repeats, repeated] = [0, ""];
    const readings = this.series.read(exposition, timeUs, (series) => {
      if (repeats++ === 0) repeated = series;
    });
    this.rows.declare(readings);
    if (!this.isOpen) {
      this.isOpen = true;
      this.writer.status("opened", `${this.url}: ${this.rows.channels} channels`);
    }
    if (missed > 0) badSamples.count("gap", missed, () => `${missed} rows were not taken`);
    const { unreadable, problem, unread } = exposition;
    if (unreadable > 0) badSamples.count("unparsable", unreadable, () => problem);
    if (unread > 0)
      badSamples.count(
        "tooManyChannels",
        unread,
        () => `lines after SCRAPE_LINES_MAX (${SCRAPE_LINES_MAX}) are left out`,
      );
    if (repeats > 0)
      badSamples.count(
        "duplicate",
        repeats,
        () => `${shorten(repeated)} is there more than once; the first is taken`,
      );
    this.rows.take(readings, timeUs);
    badSamples.total();
  }
}
