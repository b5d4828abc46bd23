/** A session that delivers what a test orders, at once and in order. It keeps all events, and `framesKept` frames. */

import { Past } from "../../actors/partition/past.ts";
import { SessionCommands } from "../../actors/ports/commands.ts";
import type {
  DeliveredFrame,
  LiveSession,
  PastRange,
  SessionDescription,
  SessionListener,
  SessionPast,
} from "../../actors/ports/session.ts";
import { encodeMessage } from "../../protocol/codec.ts";
import type { Frame } from "../../protocol/frame.ts";
import type { Channels, EventMessage, MetricsMessage, StateMessage } from "../../protocol/messages.ts";

/** 2026-01-01T00:00:00Z in µs. */
export const START_US = 1_767_225_600_000_000;

export class FakeSession implements LiveSession {
  readonly session: string;
  readonly partition: string;
  readonly commands: SessionCommands;
  framesKept = 1_000;
  reasonNotReady: string | null = null;
  /** Logical time of the last input. */
  nowUs = START_US;
  /** Set where other nodes may take the session over. */
  certainThrough?: () => number;
  gaugesNow: Record<string, number> = { samplesPerSecond: 1000, "actorUs.collapse": 12.5 };
  readonly allEvents: EventMessage[] = [];
  /** Runs inside `events()` before it answers: what happens while a client reads back. */
  whileReading: (() => void) | null = null;
  #inputSequence = 0;
  #frames: DeliveredFrame[] = [];
  #past = new Past({ input: 0 });
  #states = new Map<string, StateMessage>();
  #groups: Channels[] = [];
  #inTurn = false;
  #listeners = new Set<SessionListener>();

  constructor(session = "test", partition = "p0") {
    this.session = session;
    this.partition = partition;
    this.commands = new SessionCommands(session);
  }

  get listeners(): number {
    return this.#listeners.size;
  }

  // ---- what a test makes happen: each is a turn of its own ------------------------------------------------------

  declare(group: string, names: readonly string[], sampling: Channels["sampling"] = "rows"): Channels {
    const channels = names.map((name) => ({ name, title: name, unit: "" }));
    const declaration: Channels = {
      type: "channels",
      group,
      source: "fake",
      channels,
      sampling,
      everyUs: 1_000,
      innovation: "difference",
    };
    this.#groups.push(declaration);
    return this.#deliver(declaration, (listener) => listener.channels?.(declaration));
  }

  announce(title: string, detail: EventMessage["detail"] = {}): EventMessage {
    const sequence = this.allEvents.length + 1;
    const event: EventMessage = {
      type: "event",
      sequence,
      id: `${this.partition}/${this.#inputSequence}/${sequence}`,
      timeUs: START_US + sequence,
      kind: "test.happened",
      severity: "notice",
      actor: "fake",
      group: "",
      channels: [],
      title,
      detail,
    };
    this.allEvents.push(event);
    return this.#deliver(event, (listener) => listener.event?.(event));
  }

  /** One frame; `samples` as [time offset µs, channel, value]. */
  measure(group: string, samples: readonly (readonly [number, number, number])[]): DeliveredFrame {
    this.#inputSequence += 1;
    const frame: Frame = {
      type: "frame",
      group,
      source: "fake",
      sequence: this.#inputSequence,
      count: samples.length,
      time: Float64Array.from(samples, ([time]) => START_US + time),
      channel: Uint16Array.from(samples, ([, channel]) => channel),
      value: Float64Array.from(samples, ([, , value]) => value),
      size: null,
    };
    return this.deliverFrame({ inputSequence: this.#inputSequence, frame, bytes: encodeMessage(frame) });
  }

  deliverFrame(delivered: DeliveredFrame): DeliveredFrame {
    this.#frames.push(delivered);
    this.#past.frame(delivered);
    if (this.#frames.length > this.framesKept) this.#frames.shift();
    return this.#deliver(delivered, (listener) => listener.frame?.(delivered));
  }

  /** A state of a group with n modes: 8 n² bytes. */
  publishState(group: string, timeUs: number, n = 1): StateMessage {
    const state: StateMessage = {
      type: "state",
      group,
      timeUs,
      n,
      modes: Array.from({ length: n }, (_, k) => `m${k}`),
      source: "estimated",
      reading: "single-excitation",
      norm: "unit",
      re: new Uint8Array(4 * n * n),
      im: new Uint8Array(4 * n * n),
      populations: [1],
      spectrum: [1],
      pointer: [1],
      pointerPhase: [0],
      measures: { purity: 1 },
      significant: true,
    };
    this.#states.set(group, state);
    this.#past.state(state);
    return this.#deliver(state, (listener) => listener.state?.(state));
  }

  publishMetrics(gauges: Record<string, number>): MetricsMessage {
    const metrics: MetricsMessage = { type: "metrics", timeUs: START_US, gauges };
    return this.#deliver(metrics, (listener) => listener.metrics?.(metrics));
  }

  /** Everything that `act` makes happen is one turn. */
  inOneTurn(act: () => void): void {
    this.#inTurn = true;
    act();
    this.#inTurn = false;
    for (const listener of this.#listeners) listener.flush?.();
  }

  /** The recording was replaced by an empty one, as after a restart without a journal. */
  beginAnew(): void {
    this.allEvents.length = 0;
    this.#frames = [];
    this.#past = new Past({ input: 0 });
    this.#inputSequence = 0;
  }

  /** As a recorded session that is moved back: everything after input and event is forgotten. */
  rewind(input: number, event: number): void {
    this.#inputSequence = input;
    this.#frames = this.#frames.filter((frame) => frame.inputSequence <= input);
    this.allEvents.length = Math.min(event, this.allEvents.length);
    const place = { timeUs: START_US + event, input, event };
    this.#past.rewind(place);
    for (const listener of this.#listeners) listener.rewound?.(place);
  }

  // ---- LiveSession ----------------------------------------------------------------------------------------------

  describe(): SessionDescription {
    return {
      session: this.session,
      partition: this.partition,
      durability: "memory",
      timeUs: this.nowUs,
      lastInputSequence: this.#inputSequence,
      lastEventSequence: this.allEvents.length,
      recording: null,
      feeds: [{ source: "fake", status: "running", detail: "" }],
    };
  }

  groups(): readonly Channels[] {
    return this.#groups;
  }

  async events(after: number, limit: number): Promise<EventMessage[]> {
    const page = this.allEvents.slice(after, after + limit);
    await Promise.resolve();
    this.whileReading?.();
    return page;
  }

  recentFrames(
    after: number,
    limit = Number.POSITIVE_INFINITY,
  ): { complete: boolean; frames: DeliveredFrame[] } {
    const first = this.#frames[0]?.inputSequence ?? this.#inputSequence + 1;
    return {
      complete: after + 1 >= first,
      frames: this.#frames.filter(({ inputSequence }) => inputSequence > after).slice(0, limit),
    };
  }

  lastStates(): readonly StateMessage[] {
    return [...this.#states.values()];
  }

  past(range: PastRange): Promise<SessionPast> {
    return this.#past.range(range);
  }

  stateBefore(group: string, timeUs: number): StateMessage | null {
    return this.#past.stateBefore(group, timeUs);
  }

  gauges(): Readonly<Record<string, number>> {
    return this.gaugesNow;
  }

  notReady(): string | null {
    return this.reasonNotReady;
  }

  subscribe(listener: SessionListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #deliver<Delivered>(delivered: Delivered, hand: (listener: SessionListener) => void): Delivered {
    for (const listener of this.#listeners) {
      hand(listener);
      if (!this.#inTurn) listener.flush?.();
    }
    return delivered;
  }
}
