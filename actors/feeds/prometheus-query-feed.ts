/**
 * The feed of an expression that a Prometheus server evaluates: first over the past, to learn from, then as time goes on.
 *
 *   now − past ─► range ─► rows ─► range ─► … ─► now ─► a range of one row, each `every`
 *                   └─ no answer: stalled ─► the same range again, after a delay that grows to RETRY_MS_MAX
 *
 * Q1  Rows have times that are multiples of `every`, each once and in order.
 * Q2  A server that does not answer ends nothing, and what it recorded meanwhile is asked for afterwards, as far back as PAST_US_MAX; beyond that is a gap.
 * Q3  An expression that the server refuses ends the feed with its words.
 * Q4  Series above the limit are left out and counted (reading-rows.ts).
 */
import { EigenwatchError, errorText } from "../../protocol/errors.ts";
import { Breaker } from "../link/breaker.ts";
import { answerWithin } from "../link/http-answer.ts";
import type { Clock } from "../ports/clock.ts";
import type { Feed, FeedSink } from "../ports/feed.ts";
import { BadSamples } from "./bad-samples.ts";
import { FeedWriter } from "./feed-writer.ts";
import { type Range, type RangeAnswer, type Row, rangeQuery } from "./metrics/range-query.ts";
import type { Exporter } from "./metrics/scrape.ts";
import { Pause } from "./pause.ts";
import { ReadingRows } from "./reading-rows.ts";
import { RETRY_MS, RETRY_MS_MAX } from "./stay-connected.ts";

export interface PrometheusQueryFeedOptions {
  readonly source: string;
  readonly group: string;
  readonly server: Exporter;
  readonly query: string;
  readonly everyUs: number;
  readonly pastUs: number;
  readonly seriesMax: number;
  readonly clock: Clock;
  /** Spreads attempts. */
  random(): number;
}

/** A live session takes nothing that is older than a day. */
export const PAST_US_MAX = 23 * 3_600_000_000;

/** Of one question: a thousand series have some ten megabytes of text. */
const ROWS_MAX = 500;
/** For an answer: servers give up after two minutes. */
const ANSWER_MS_MAX = 120_000;

export class PrometheusQueryFeed implements Feed {
  readonly source: string;
  readonly kind = "live";
  readonly waits = true;
  private readonly options: PrometheusQueryFeedOptions;
  private readonly pause: Pause;
  private readonly breaker: Breaker;
  private readonly stopping = new AbortController();
  /** Of the next row. */
  private nextUs: number;

  constructor(options: PrometheusQueryFeedOptions) {
    const { clock, random, everyUs, pastUs } = options;
    this.options = options;
    this.source = options.source;
    this.pause = new Pause(clock);
    this.breaker = new Breaker({ clock, random, firstMs: RETRY_MS, mostMs: RETRY_MS_MAX });
    this.nextUs = (Math.floor((clock.nowUs() - pastUs) / everyUs) + 1) * everyUs;
  }

  async stop(): Promise<void> {
    this.pause.stop();
    this.stopping.abort();
  }

  async run(sink: FeedSink): Promise<void> {
    const { source, clock, server, seriesMax, group, everyUs } = this.options;
    const writer = new FeedWriter(source, sink);
    const badSamples = new BadSamples((status, detail, counts) => writer.status(status, detail, counts));
    const rows = new ReadingRows(writer, badSamples, { group, everyUs, seriesMax });
    let isOpen = false;
    while (!this.pause.stopped) {
      await this.pause.wait(Math.max(0, (this.nextUs - clock.nowUs()) / 1000));
      if (this.pause.stopped) break;
      const range = this.due(badSamples);
      if (range === null) continue;
      try {
        const { rows: found, unreadable } = await this.answer(range);
        this.breaker.worked();
        if (!isOpen) writer.status("opened", server.url);
        isOpen = true;
        await this.take(found, rows, writer);
        this.nextUs = range.untilUs + everyUs;
        if (unreadable > 0) badSamples.count("unparsable", unreadable, () => `${unreadable} values are none`);
        badSamples.total();
      } catch (error) {
        if (this.pause.stopped) break;
        const reason = errorText(error);
        if (error instanceof EigenwatchError && error.kind === "input") {
          writer.status("failed", reason, badSamples.take());
          return;
        }
        const delayMs = this.breaker.failed();
        if (this.breaker.failures === 1) writer.status("stalled", `${reason}; it is asked again`);
        await this.pause.wait(delayMs);
        this.breaker.due();
      }
    }
    writer.status("ended", `stopped; ${server.url}`, badSamples.take());
  }

  /** What to ask for now; null: a timer fired a fraction of a millisecond early. */
  private due(badSamples: BadSamples): Range | null {
    const { clock, everyUs } = this.options;
    const nowUs = clock.nowUs();
    const passed = Math.ceil((nowUs - PAST_US_MAX - this.nextUs) / everyUs);
    if (passed > 0) {
      this.nextUs += passed * everyUs;
      badSamples.count("gap", passed, () => `${passed} rows are too old to be asked for`);
    }
    const fromUs = this.nextUs;
    if (fromUs > nowUs) return null;
    const steps = Math.min(ROWS_MAX - 1, Math.floor((nowUs - fromUs) / everyUs));
    return { fromUs, untilUs: fromUs + steps * everyUs, everyUs };
  }

  private answer(range: Range): Promise<RangeAnswer> {
    const { server, clock, query } = this.options;
    const action = `ask ${server.url}`;
    return answerWithin({ clock, ms: ANSWER_MS_MAX, stopping: this.stopping.signal, action }, (signal) =>
      rangeQuery(server, query, range, signal),
    );
  }

  /** The past comes at once: the sink says when it has room. */
  private async take(found: readonly Row[], rows: ReadingRows, writer: FeedWriter): Promise<void> {
    for (const { timeUs, readings } of found) {
      rows.declare(readings);
      rows.add(readings, timeUs);
      if (!rows.flush()) await this.pause.until(writer.drained());
    }
  }
}
