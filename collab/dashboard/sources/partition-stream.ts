/**
 * What the page requests of one partition, and how that reaches the model.
 *
 * For fast channels it requests only what the picture can show: extremes per interval, a fraction of a pixel long.
 */
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
  /** Since a recorded session moved: samples came; up to this input the past has them, and they are not wanted. */
  #isContinued = false;
  #knownInput = 0;
  #samplesSeen = 0;
  #samplesPerSecond = 0;
  #spanUs: number;

  constructor(partition: string, client: Client, sink: SourceSink, spanUs: number) {
    this.#partition = partition;
    this.#client = client;
    this.#sink = sink;
    this.#spanUs = spanUs;
    this.past = new PartitionPast(partition, {
      past: (answer, begins, input) => {
        if (input !== null && !this.#isContinued) this.#knownInput = input;
        sink.past(answer, partition, begins);
      },
      follow: (input) => this.#follow(input),
    });
    this.handlers = {
      welcome: (welcome) => this.#welcome(welcome),
      channels: (declaration) => sink.channels(declaration, partition),
      samples: (frame, inputSequence) => {
        this.#lastInput = inputSequence;
        this.#samplesSeen += frame.count;
        // The past had it before it was delivered.
        if (inputSequence <= this.#knownInput) return;
        this.#isContinued = true;
        sink.frame(frame);
      },
      decimated: (decimated) => this.#decimated(decimated),
      event: (event) => sink.event(event),
      state: (state) => sink.state(state),
      metrics: (metrics) => sink.metrics(metrics, partition),
      rewound: ({ timeUs, cursors }) => {
        this.#lastInput = cursors.input;
        this.#knownInput = 0;
        this.#isContinued = false;
        // Asked for first: the answer is on its way while the page empties its charts.
        void this.past.begin(timeUs, this.#spanUs, this.#subscription !== null);
        this.#rewound(cursors.event);
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
      this.#sink.rewound(event, this.#partition);
      return;
    }
    this.#eventsAfter = after;
    eventCursor.beginAt(after);
    this.#sink.rewound(0, this.#partition);
    this.#client.resubscribe(this.#events, { channel: "events", after });
  }

  #decimated(decimated: DecimatedMessage): void {
    this.#lastInput = decimated.inputSequence;
    const rows = decimated.samples.byteLength / 4;
    const counts = new DataView(decimated.samples.buffer, decimated.samples.byteOffset, 4 * rows);
    for (let r = 0; r < rows; r++) this.#samplesSeen += counts.getUint32(4 * r, true);
    this.#sink.decimated(decimated);
  }
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
