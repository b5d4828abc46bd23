/**
 * Which stretches of the past the page asks of one partition, and when.
 *
 *   welcome ──► the window on display ──answer──► live samples from exactly there on
 *                                            └──► an hour of measures, without samples: what is usual
 *   an answer that is not complete ──after a while, while its window is on display──► asked for again
 *   another window, another moment ──what is not known of it──► asked for, one request at a time, the last one wins
 *   a channel put into a chart ──known in coarse intervals──► the window again, with its fine ones
 *
 * Whatever was on its way when the session began anew is called off, and no longer counts.
 */
import { COARSE_INTERVALS } from "../../../protocol/interval-rows.ts";
import { type FetchedPast, fetchPast, type PastQuery } from "./past-request.ts";
import type { PastAnswer } from "./source.ts";

/** Lines of the last minute stand beside the channels, however short the window is. */
const SHORTEST_US = 60_000_000;

/** Intervals of a window: about one a pixel. Its margins have more. */
const COLUMNS = 800;

/**
 * Of measures, so that a page that just opened knows what is usual: of an hour, and the minutes before now that are judged by it
 * (model/measure-usual.ts), a value every three seconds.
 */
const USUAL_US = 3720e6;
const USUAL_COLUMNS = 1240;

/** What is asked for besides the window, of its length at each side: small moves need no request. */
const MARGIN = 0.25;

/** A known stretch is fine enough up to this many times the length that its intervals should have. */
const COARSER = 1.5;

/** Live samples are held for less than four hours (charts/series.ts). */
const HELD_US = 3.9 * 3600e6;

/** Stretches remembered: as many as a series keeps. */
const MOST_KNOWN = 3;

/** An answer that lacks what is still being read from the log is asked for again after so long, and then twice as long each time. */
const FIRST_WAIT_MS = 2_000;

/** A person who drags or points passes many places. */
const REST_MS = 80;

interface Known {
  readonly fromUs: number;
  readonly toUs: number;
  readonly columnUs: number;
  /** Channels whose intervals are so long, those of others are COARSE_INTERVALS times as long; empty: all are. */
  readonly fine: readonly string[];
}

export interface PastSink {
  /** `input`: up to it the answer has all samples, at a beginning. */
  past(answer: PastAnswer, begins: boolean, input: number | null): void;
  /** Samples are delivered after this input; null: from now on, because the past is not known. */
  follow(input: number | null): void;
  /** Samples were delivered already: the past before them is known, or never will be. */
  goOn(): void;
}

export class PartitionPast {
  readonly #partition: string;
  readonly #sink: PastSink;
  readonly #charted: () => readonly string[];
  readonly #fetch: (query: PastQuery, signal: AbortSignal) => Promise<FetchedPast>;
  /** Counts beginnings: an answer from before one no longer counts. */
  #beginnings = 0;
  /** Calls off what was asked for since the last one. */
  #asking = new AbortController();
  /** The window on display is not asked for before it is known which one that is. */
  #isBeginning = false;
  /** From when on live samples are held. */
  #liveFromUs = Number.POSITIVE_INFINITY;
  #headUs = 0;
  #known: readonly Known[] = [];
  /** What is to be asked next. */
  readonly #next = new Map<"window" | "moment", () => Promise<void>>();
  readonly #after: (ms: number, act: () => void) => () => void;
  #waitMs = FIRST_WAIT_MS;
  /** The last look. */
  #again = (): void => {};
  #busy = false;
  #cancel = (): void => {};

  /** `charted`: channels that charts show now, as group/name. */
  constructor(
    partition: string,
    sink: PastSink,
    charted: () => readonly string[],
    { fetch = fetchPast, after = afterTimeout } = {},
  ) {
    this.#partition = partition;
    this.#sink = sink;
    this.#charted = charted;
    this.#fetch = fetch;
    this.#after = after;
  }

  /**
   * The session is at `timeUs`, and nothing of it is known. `follows`: samples are delivered already, and `goOn` says when they join; else
   * `follow` says from where they are to be.
   */
  async begin(timeUs: number, spanUs: number, follows: boolean): Promise<void> {
    this.#callOff();
    const beginning = this.#beginnings;
    this.#known = [];
    this.#waitMs = FIRST_WAIT_MS;
    this.#liveFromUs = timeUs;
    this.#isBeginning = true;
    const shownUs = Math.max(SHORTEST_US, spanUs);
    const fromUs = timeUs - shownUs * (1 + MARGIN);
    const answer = await this.#ask(fromUs, Number.POSITIVE_INFINITY, timeUs, shownUs);
    if (beginning !== this.#beginnings) return;
    this.#isBeginning = false;
    if (answer !== null) this.#sink.past(answer, !follows, answer.input);
    if (follows) this.#sink.goOn();
    else this.#sink.follow(answer?.input ?? null);
    if (answer !== null) await this.#askUsual(timeUs, beginning);
  }

  async #askUsual(timeUs: number, beginning: number): Promise<void> {
    const query = {
      partition: this.#partition,
      fromUs: Math.max(0, timeUs - USUAL_US),
      toUs: timeUs,
      columns: USUAL_COLUMNS,
      onlyMeasures: true,
    } as const;
    const answer = await this.#answer(query);
    if (answer !== null && beginning === this.#beginnings)
      this.#sink.past({ ...answer, stays: true }, false, null);
  }

  /** The window on display, and whether it follows the newest sample. */
  look(fromUs: number, toUs: number, isFollowing: boolean): void {
    if (isFollowing) this.#headUs = toUs;
    this.#again = () => this.look(fromUs, toUs, isFollowing);
    const spanUs = toUs - fromUs;
    if (this.#isBeginning || this.#isKnown(fromUs, toUs, spanUs)) return;
    this.#soon("window", async () => {
      const margin = MARGIN * spanUs;
      const endUs = isFollowing ? Number.POSITIVE_INFINITY : toUs + margin;
      const beginning = this.#beginnings;
      const answer = await this.#ask(fromUs - margin, endUs, toUs, spanUs);
      if (answer !== null && beginning === this.#beginnings) this.#sink.past(answer, false, null);
    });
  }

  /** The moment that a person looks at. */
  lookAt(timeUs: number): void {
    this.#soon("moment", async () => {
      const beginning = this.#beginnings;
      const query = { partition: this.#partition, fromUs: timeUs, toUs: timeUs, columns: 1 };
      const answer = await this.#answer(query);
      if (answer !== null && beginning === this.#beginnings)
        this.#sink.past({ ...answer, decimated: [], measures: [] }, false, null);
    });
  }

  stop(): void {
    this.#cancel();
    this.#callOff();
  }

  #callOff(): void {
    this.#beginnings++;
    this.#next.clear();
    this.#asking.abort();
    this.#asking = new AbortController();
  }

  /** Null: none came. */
  #answer(query: PastQuery): Promise<FetchedPast | null> {
    return this.#fetch(query, this.#asking.signal).catch(() => null);
  }

  #isKnown(fromUs: number, toUs: number, spanUs: number): boolean {
    const endUs = Math.min(toUs, Math.max(this.#liveFromUs, this.#headUs - HELD_US));
    const mostUs = (COARSER * spanUs) / COLUMNS;
    const charted = this.#charted();
    const widthUs = ({ columnUs, fine }: Known) => {
      const isFine = fine.length === 0 || charted.every((channel) => fine.includes(channel));
      return isFine ? columnUs : columnUs * COARSE_INTERVALS;
    };
    return (
      fromUs >= endUs ||
      this.#known.some((each) => each.fromUs <= fromUs && each.toUs >= endUs && widthUs(each) <= mostUs)
    );
  }

  /** In intervals as a window of this length has them. What comes after `headUs` is held, but not for ever. */
  async #ask(fromUs: number, toUs: number, headUs: number, spanUs: number): Promise<FetchedPast | null> {
    const columnUs = spanUs / COLUMNS;
    const endUs = toUs === Number.POSITIVE_INFINITY ? headUs : toUs;
    const columns = Math.max(1, Math.round((endUs - fromUs) / columnUs));
    const fine = this.#charted();
    const query = { partition: this.#partition, fromUs: Math.max(0, fromUs), toUs, columns, fine };
    const answer = await this.#answer(query);
    if (answer === null) return null;
    const known = { fromUs, toUs: endUs, columnUs, fine };
    this.#known = [known, ...this.#known].slice(0, MOST_KNOWN);
    if (!answer.complete) this.#forgetLater(known);
    return answer;
  }

  #forgetLater(known: Known): void {
    const beginning = this.#beginnings;
    this.#after(this.#waitMs, () => {
      if (beginning !== this.#beginnings) return;
      this.#known = this.#known.filter((each) => each !== known);
      this.#again();
    });
    this.#waitMs *= 2;
  }

  #soon(what: "window" | "moment", ask: () => Promise<void>): void {
    this.#next.set(what, ask);
    this.#cancel();
    this.#cancel = this.#after(REST_MS, () => void this.#work());
  }

  async #work(): Promise<void> {
    if (this.#busy) return;
    this.#busy = true;
    // What is set while it waits comes after it.
    for (const [what, ask] of this.#next) {
      this.#next.delete(what);
      await ask();
    }
    this.#busy = false;
  }
}

function afterTimeout(ms: number, act: () => void): () => void {
  const timer = setTimeout(act, ms);
  return () => clearTimeout(timer);
}
