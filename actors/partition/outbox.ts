/**
 * What leaves a session: deliveries for listeners, and what clients that come later have missed.
 *
 *   live      output gate ──released block──┐
 *   replayed  Replayer ──input by input─────┼─► Outbox ──► listeners
 *                                           └──► events · recent frames · last states  (asked for)
 *
 *   const outbox = new Outbox({ journal, place: { input: core.sequence, event: core.eventSequence }, log });
 *   outbox.block(lastSequence, bytes);        a block's bytes, before or after its frames are delivered
 *   outbox.frame(delivered);                  then event, state, channels, metrics, in the order of the log
 *   outbox.flush();                           once after what belongs together
 *
 * O1  Each listener gets every delivery in order; one that throws is dropped and the others go on.
 * O2  `events` and `recentFrames` give only what has been delivered, or lies before the place where the outbox began.
 * O3  After `rewind` the outbox is as it was at that place: later events, frames and states are forgotten.
 *
 * A listener gets nothing before it is durable; that is the gate's business (output-gate.ts), not the outbox's.
 */
import type { Channels, EventMessage, MetricsMessage, StateMessage } from "../../protocol/messages.ts";
import type { EditedDocument } from "../ports/detector.ts";
import type { Journal } from "../ports/journal.ts";
import type {
  DeliveredFrame,
  LiveSession,
  PastRange,
  SessionListener,
  SessionPast,
  SessionPlace,
} from "../ports/session.ts";
import { EventHistory } from "./event-history.ts";
import type { Past } from "./past.ts";
import { RecentBlocks } from "./recent-blocks.ts";

/** Blocks kept for clients that come back, in bytes: some seconds at full load, hours of a host feed. */
const RECENT_BYTES_MAX = 24 << 20;

/** What stays in memory of edits: they have no frames, and only who hands their commands on asks for events, soon after each block. */
export const KEPT_OF_EDITS = { recentBytes: 0, recentEvents: 512 };

export interface OutboxOptions {
  /** Where events are read that are no longer in memory. */
  readonly journal: Pick<Journal, "read" | "first" | "last">;
  /** Sequences of the last input and event before the first delivery. */
  readonly place: Pick<SessionPlace, "input" | "event">;
  /** The last events before the place, oldest first, where they are known: they need not be read again. */
  readonly events?: EventMessage[];
  /** The past for pages; absent where nobody asks for it. */
  readonly past?: Past;
  /** A block at or before the one with an event, where that is known. */
  readonly blockOf?: (eventSequence: number) => number | undefined;
  /** Bytes of blocks that stay in memory; default RECENT_BYTES_MAX. */
  readonly recentBytes?: number;
  /** Events that do, of which older ones are read from the journal; default: those of the history. */
  readonly recentEvents?: number;
  log(message: string): void;
}

export class Outbox
  implements
    SessionListener,
    Pick<LiveSession, "events" | "recentFrames" | "lastStates" | "past" | "stateBefore" | "subscribe">
{
  private readonly listeners = new Set<SessionListener>();
  private readonly states = new Map<string, StateMessage>();
  private readonly log: (message: string) => void;
  private readonly history: EventHistory;
  private readonly kept: Past | null;
  private readonly recentBytes: number;
  private recent: RecentBlocks;
  /** Blocks for after the rewind that was announced by `prepareRewind`. */
  private upcoming: RecentBlocks | null = null;
  /** The last input of which a delivery was made, or before which the outbox began. */
  private deliveredInput: number;

  constructor({
    journal,
    place,
    events = [],
    past,
    blockOf,
    recentBytes = RECENT_BYTES_MAX,
    recentEvents,
    log,
  }: OutboxOptions) {
    this.log = log;
    this.kept = past ?? null;
    this.history = new EventHistory({
      journal,
      newest: place.event,
      events,
      kept: recentEvents,
      blockOf,
      log,
    });
    this.recentBytes = recentBytes;
    this.recent = new RecentBlocks(recentBytes, place.input);
    this.deliveredInput = place.input;
  }

  // ---- deliveries ---------------------------------------------------------------------------------------------

  /** Keeps a block for `recentFrames`; its frames are given out there once they have been delivered. */
  block(lastSequence: number, bytes: Uint8Array): void {
    (this.upcoming ?? this.recent).add(lastSequence, bytes);
    this.deliver((listener) => listener.block?.(lastSequence, bytes));
  }

  frame(delivered: DeliveredFrame): void {
    this.deliveredInput = delivered.inputSequence;
    this.kept?.frame(delivered);
    this.deliver((listener) => listener.frame?.(delivered));
  }

  event(event: EventMessage): void {
    this.history.add(event);
    this.deliver((listener) => listener.event?.(event));
  }

  state(state: StateMessage): void {
    this.states.set(state.group, state);
    this.kept?.state(state);
    this.deliver((listener) => listener.state?.(state));
  }

  channels(declaration: Channels): void {
    this.deliver((listener) => listener.channels?.(declaration));
  }

  metrics(metrics: MetricsMessage): void {
    this.deliver((listener) => listener.metrics?.(metrics));
  }

  edited(change: EditedDocument): void {
    this.deliver((listener) => listener.edited?.(change));
  }

  flush(): void {
    this.deliver((listener) => listener.flush?.());
  }

  /** A rewind follows: blocks that come before it are those around the new place. */
  prepareRewind(): void {
    this.upcoming = new RecentBlocks(this.recentBytes, 0);
  }

  /** Deliveries go on after `place`. */
  rewind(place: SessionPlace): void {
    this.recent = this.upcoming ?? new RecentBlocks(this.recentBytes, place.input);
    this.upcoming = null;
    this.deliveredInput = place.input;
    this.states.clear();
    this.kept?.rewind(place);
    this.history.rewind(place.event);
    this.deliver((listener) => listener.rewound?.(place));
  }

  // ---- what a session is asked for ------------------------------------------------------------------------------

  subscribe(listener: SessionListener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Sequence of the last event, 0 without one. */
  get lastEvent(): number {
    return this.history.last;
  }

  /** Bytes of the blocks kept. */
  get keptBytes(): number {
    return this.recent.bytes;
  }

  events(after: number, limit: number): Promise<EventMessage[]> {
    return this.history.after(after, limit);
  }

  recentFrames(
    after: number,
    limit = Number.POSITIVE_INFINITY,
  ): { complete: boolean; frames: DeliveredFrame[] } {
    return this.recent.framesAfter(after, limit, this.deliveredInput);
  }

  lastStates(): readonly StateMessage[] {
    return [...this.states.values()];
  }

  async past(range: PastRange, gone?: AbortSignal): Promise<SessionPast> {
    return (
      this.kept?.range(range, gone) ?? { input: this.deliveredInput, complete: true, groups: [], work: 0 }
    );
  }

  stateBefore(group: string, timeUs: number): StateMessage | null {
    return this.kept?.stateBefore(group, timeUs) ?? null;
  }

  private deliver(hand: (listener: SessionListener) => void): void {
    for (const listener of this.listeners) {
      try {
        hand(listener);
      } catch (error) {
        this.listeners.delete(listener);
        this.log(`a listener failed and was dropped: ${String(error)}`);
      }
    }
  }
}
