/**
 * What the page requests of one partition, and how that reaches the model.
 *
 * For fast channels it requests only what the picture can show: extremes per interval, a fraction of a pixel long.
 *
 *   rewound ──events of then go──► the past of the place is asked for ──answer──► picture of before gone, past, what was delivered meanwhile
 *
 * M1  Until the past of a new place is there, the page shows what it showed: it is never blank, and draws once.
 */
import type { Frame } from "../../../protocol/frame.ts";
import type { DecimatedMessage, Welcome } from "../../../protocol/messages.ts";
import type { Client } from "../../client.ts";
import type { PartitionHandlers } from "../../session-client.ts";
import { PartitionPast } from "./partition-past.ts";
import type { SourceSink } from "./source.ts";

/** Events fetched at the start: a screenful many times over. */
const FIRST_EVENTS = 500;

/** Inputs that a page missed while its connection was broken, which it takes one by one: a minute of this machine's own channels. */
const RESUMED_INPUTS = 600;

/** Below this rate, samples per second, the page takes every sample: that costs less than a percent of a core. */
const EVERY_SAMPLE_BELOW = 20_000;
/** Intervals per picture: more than one a pixel on wide screens. */
const INTERVALS = 2400;
/** Shorter intervals do not save enough. */
const SHORTEST_INTERVAL_US = 4_000;
/** The finest level of the charts: zooming in would show coarser intervals. */
const LONGEST_INTERVAL_US = 100_000;

export class PartitionStream {
  readonly handlers: PartitionHandlers;
  readonly past: PartitionPast;
  readonly #partition: string;
  readonly #client: Client;
  readonly #sink: SourceSink;
  /** To everything but samples. */
  #subscribed = false;
  /** To samples: once the past is known that they continue. */
  #subscription: number | null = null;
  /** The subscription to events, and the event that it began after. */
  #events = 0;
  #eventsAfter = 0;
  #intervalUs = 0;
  #lastInput = 0;
  /** Since a recorded session moved: up to this input the past has the samples, and they are not wanted. */
  #knownInput = 0;
  /** Whether the page still shows the samples and states of before a recorded session moved. */
  #isBefore = false;
  /** What was delivered since a recorded session moved, until the past is there; null: it is. */
  #meanwhile: (() => void)[] | null = null;
  #samplesSeen = 0;
  #samplesPerSecond = 0;
  #spanUs: number;

  /** `charted`: channels that charts show now, as group/name. */
  constructor(
    partition: string,
    client: Client,
    sink: SourceSink,
    spanUs: number,
    charted: () => readonly string[],
  ) {
    this.#partition = partition;
    this.#client = client;
    this.#sink = sink;
    this.#spanUs = spanUs;
    this.past = new PartitionPast(
      partition,
      {
        past: (answer, begins, input) => {
          if (input !== null) {
            this.#knownInput = input;
            this.#forgetBefore();
          }
          sink.past(answer, partition, begins);
        },
        follow: (input) => this.#follow(input),
        goOn: () => this.#goOn(),
      },
      charted,
    );
    this.handlers = {
      welcome: (welcome) => this.#welcome(welcome),
      channels: (declaration) => sink.channels(declaration, partition),
      samples: (frame, inputSequence) => {
        this.#lastInput = inputSequence;
        this.#samplesSeen += frame.count;
        if (this.#meanwhile === null) this.#frame(frame, inputSequence);
        else {
          const copy = copyOf(frame);
          this.#meanwhile.push(() => this.#frame(copy, inputSequence));
        }
      },
      decimated: (decimated) => {
        this.#count(decimated);
        this.#take(() => sink.decimated(decimated));
      },
      event: (event) => sink.event(event),
      state: (state) => this.#take(() => sink.state(state)),
      metrics: (metrics) => sink.metrics(metrics, partition),
      rewound: ({ timeUs, cursors }) => {
        this.#lastInput = cursors.input;
        this.#knownInput = 0;
        this.#isBefore = true;
        this.#meanwhile = [];
        this.#rewound(cursors.event);
        void this.past.begin(timeUs, this.#spanUs, this.#subscription !== null);
      },
      missed: ({ channel, reset }) => {
        if (reset && channel === "events") sink.restarted(partition);
      },
    };
  }

  /** To be called every `seconds`, with the stretch of time on display. */
  measureRate(seconds: number, spanUs: number): void {
    this.#samplesPerSecond = this.#samplesSeen / seconds;
    this.#samplesSeen = 0;
    this.chooseInterval(spanUs);
  }

  chooseInterval(spanUs: number): void {
    this.#spanUs = spanUs;
    if (this.#subscription === null) return;
    const expected = intervalFor(this.#samplesPerSecond, spanUs);
    if (expected === this.#intervalUs || this.#client.state.state !== "open") return;
    this.#intervalUs = expected;
    this.#client.resubscribe(this.#subscription, {
      channel: "samples",
      after: this.#lastInput,
      ...(expected > 0 ? { decimationUs: expected } : {}),
    });
  }

  #welcome({ session, partition, partitions = [partition], cursors, timeUs }: Welcome): void {
    this.#sink.session({ session, partition, partitions, timeUs });
    if (!this.#subscribed) this.#subscribe(firstEventBefore(cursors.event));
    const missed = cursors.input - this.#lastInput;
    if (this.#subscription !== null && missed >= 0 && missed <= RESUMED_INPUTS) return;
    if (this.#subscription !== null) this.#client.unsubscribe(this.#subscription);
    this.#subscription = null;
    this.#meanwhile = null;
    this.#forgetBefore();
    void this.past.begin(timeUs, this.#spanUs, false);
  }

  #subscribe(eventsAfter: number): void {
    this.#subscribed = true;
    this.#eventsAfter = eventsAfter;
    this.#events = this.#client.subscribe({ channel: "events", after: eventsAfter });
    this.#client.subscribe({ channel: "state" });
    this.#client.subscribe({ channel: "metrics", decimationUs: 500_000 });
  }

  /** Samples after this input, null: from now on. */
  #follow(input: number | null): void {
    this.#intervalUs = 0;
    this.#subscription = this.#client.subscribe({
      channel: "samples",
      ...(input === null ? {} : { after: input }),
    });
  }

  /** After a far move the page requests a new list of events; after a near one the missing events come by themselves. */
  #rewound(event: number): void {
    const { eventCursor } = this.#client;
    const after = eventsAfter({ after: this.#eventsAfter, upTo: eventCursor.sequence ?? 0 }, event);
    if (after === this.#eventsAfter) {
      this.#sink.eventsRewound(event, this.#partition);
      return;
    }
    this.#eventsAfter = after;
    eventCursor.beginAt(after);
    this.#sink.eventsRewound(0, this.#partition);
    this.#client.resubscribe(this.#events, { channel: "events", after });
  }

  /** Now, or when the past is there that it comes after. */
  #take(take: () => void): void {
    if (this.#meanwhile === null) take();
    else this.#meanwhile.push(take);
  }

  #frame(frame: Frame, input: number): void {
    // The past may have had it before it was delivered.
    if (input > this.#knownInput) this.#sink.frame(frame);
  }

  #forgetBefore(): void {
    if (this.#isBefore) this.#sink.samplesRewound(this.#partition);
    this.#isBefore = false;
  }

  #goOn(): void {
    this.#forgetBefore();
    const meanwhile = this.#meanwhile ?? [];
    this.#meanwhile = null;
    for (const take of meanwhile) take();
  }

  #count(decimated: DecimatedMessage): void {
    this.#lastInput = decimated.inputSequence;
    const rows = decimated.samples.byteLength / 4;
    const counts = new DataView(decimated.samples.buffer, decimated.samples.byteOffset, 4 * rows);
    for (let r = 0; r < rows; r++) this.#samplesSeen += counts.getUint32(4 * r, true);
  }
}

/** A frame is decoded into the place of the one before it. */
function copyOf(frame: Frame): Frame {
  const { count } = frame;
  return {
    ...frame,
    time: frame.time.slice(0, count),
    channel: frame.channel.slice(0, count),
    value: frame.value.slice(0, count),
    size: frame.size?.slice(0, count) ?? null,
  };
}

/**
 * The event that the list of events begins after, in a recording that moved to just after event `last`, when the page has the events in
 * (after, upTo]. It stays where it is unless the list would be too short, or too many events would have to come.
 */
export function eventsAfter({ after, upTo }: { after: number; upTo: number }, last: number): number {
  const first = firstEventBefore(last);
  return first < after || first > upTo ? first : after;
}

function firstEventBefore(last: number): number {
  return Math.max(0, last - FIRST_EVENTS);
}

/** Interval to request, µs; 0 = every sample. The shortest times a power of two, so that small zooms change nothing. */
export function intervalFor(samplesPerSecond: number, spanUs: number): number {
  const pixelUs = spanUs / INTERVALS;
  if (samplesPerSecond < EVERY_SAMPLE_BELOW || pixelUs < SHORTEST_INTERVAL_US) return 0;
  const steps = Math.floor(Math.log2(Math.min(pixelUs, LONGEST_INTERVAL_US) / SHORTEST_INTERVAL_US));
  return SHORTEST_INTERVAL_US * 2 ** steps;
}
