/**
 * A partition in another thread, as the gateway of this one serves it (partitions-in-thread.ts has its other end).
 *
 *   blocks, events, states ──released──► Outbox ──► listeners
 *   commands, past, old events ──question──► thread ──answer──►
 *
 * Frames come with their block, and events after it, as from another node (S2). Everything that was released before an answer was given is
 * here before the answer.
 */
import { decodeInput, LoggedFrame, Outbox } from "../../actors/mod.ts";
import { type CommandHandlers, SessionCommands } from "../../actors/ports/commands.ts";
import type {
  GroupUsual,
  LiveSession,
  PastRange,
  SessionDescription,
  SessionListener,
  SessionPast,
} from "../../actors/ports/session.ts";
import { decodeBlock } from "../../protocol/block.ts";
import { isFrame } from "../../protocol/codec.ts";
import type { Command } from "../../protocol/commands.ts";
import { readEnvelope } from "../../protocol/envelope.ts";
import { EigenwatchError } from "../../protocol/errors.ts";
import { IntervalRows } from "../../protocol/interval-rows.ts";
import { type Channels, type EventMessage, nameOfCode, type StateMessage } from "../../protocol/messages.ts";
import type { Author } from "../../protocol/principal.ts";
import type { OpenedPartition, PartitionView, QuestionName, Questions, Released } from "./thread-messages.ts";

export interface ThreadSessionOptions {
  readonly session: string;
  readonly partition: string;
  readonly opened: OpenedPartition;
  /** Gets every delivery. */
  readonly listener: SessionListener;
  /** Asks the thread. Rejects with what it answers, and when it is no more. */
  ask<Name extends QuestionName>(
    what: Name,
    asked: Questions[Name]["ask"],
    signal?: AbortSignal,
  ): Promise<Questions[Name]["answer"]>;
  log(message: string): void;
}

export class ThreadSession implements LiveSession {
  readonly session: string;
  readonly partition: string;
  readonly commands: SessionCommands;
  private readonly options: ThreadSessionOptions;
  private readonly outbox: Outbox;
  private readonly declarations: Map<string, Channels>;
  private view: PartitionView;
  private end: { readonly timeUs: number; readonly input: number };
  private lastGauges: Readonly<Record<string, number>> = {};
  /** Why it takes nothing any more, or null. */
  private over: string | null = null;

  constructor(options: ThreadSessionOptions) {
    const { session, partition, opened, listener, log } = options;
    this.options = options;
    this.session = session;
    this.partition = partition;
    this.declarations = new Map(opened.groups.map((each) => [each.group, each]));
    this.view = opened.view;
    this.end = { timeUs: opened.timeUs, input: opened.place.input };
    // The thread is asked for events.
    this.outbox = new Outbox({ journal: NOTHING_KEPT, place: opened.place, log });
    this.outbox.subscribe(listener);
    this.commands = new SessionCommands(session);
    this.commands.handle(this.handlers());
  }

  // ---- what comes from the thread -------------------------------------------------------------------------------

  released({ block, events, states, metrics }: Released): void {
    const { outbox } = this;
    if (block !== null) this.takeBlock(block);
    for (const event of events) outbox.event(event);
    for (const state of states) outbox.state(state);
    if (metrics !== null) {
      this.lastGauges = metrics.gauges;
      outbox.metrics(metrics);
    }
    outbox.flush();
  }

  looks(view: PartitionView): void {
    this.view = view;
  }

  /** It takes nothing any more. */
  ends(reason: string): void {
    this.over ??= reason;
  }

  private takeBlock(bytes: Uint8Array): void {
    const block = decodeBlock(bytes);
    this.end = { timeUs: block.timeUs, input: block.lastSequence };
    this.outbox.block(block.lastSequence, bytes);
    block.forEach((sequence, _timeUs, message) => {
      if (isFrame(message))
        this.outbox.frame(new LoggedFrame(sequence, { bytes: message, inputsAt: 0 }, 0, message.length));
      else if (nameOfCode(readEnvelope(message).code) === "channels")
        this.declared(decodeInput(message) as Channels);
    });
  }

  private declared(declaration: Channels): void {
    this.declarations.set(declaration.group, declaration);
    this.outbox.channels(declaration);
  }

  private handlers(): CommandHandlers {
    const { opened, ask } = this.options;
    return Object.fromEntries(
      opened.commands.map((name) => [
        name,
        (body: unknown, author: Author, signal: AbortSignal) =>
          ask("command", { command: { name, body } as Command, author }, signal),
      ]),
    );
  }

  // ---- LiveSession ----------------------------------------------------------------------------------------------

  describe(): SessionDescription {
    const { recording, durability } = this.options.opened;
    return {
      session: this.session,
      partition: this.partition,
      durability,
      timeUs: this.end.timeUs,
      lastInputSequence: this.end.input,
      lastEventSequence: this.outbox.lastEvent,
      recording,
      feeds: this.view.feeds,
    };
  }

  groups(): readonly Channels[] {
    return [...this.declarations.values()];
  }

  async events(after: number, limit: number): Promise<EventMessage[]> {
    return [...(await this.options.ask("events", { after, limit }))];
  }

  recentFrames(after: number, limit?: number): ReturnType<LiveSession["recentFrames"]> {
    return this.outbox.recentFrames(after, limit);
  }

  lastStates(): readonly StateMessage[] {
    return this.outbox.lastStates();
  }

  async past(range: PastRange): Promise<SessionPast> {
    const { input, complete, work, groups } = await this.options.ask("past", range);
    return {
      input,
      complete,
      work,
      groups: groups.map(({ group, samples, measures: { names, rows } }) => ({
        group,
        samples: IntervalRows.of(samples),
        measures: { names, rows: IntervalRows.of(rows) },
      })),
    };
  }

  stateBefore(group: string, timeUs: number): Promise<StateMessage | null> {
    return this.options.ask("stateBefore", { group, timeUs });
  }

  async usual(): Promise<readonly GroupUsual[]> {
    return this.options.ask("usual", null);
  }

  gauges(): Readonly<Record<string, number>> {
    return this.lastGauges;
  }

  notReady(): string | null {
    return this.over ?? this.view.notReady;
  }

  subscribe(listener: SessionListener): () => void {
    return this.outbox.subscribe(listener);
  }
}

const NOTHING_KEPT = {
  first: null,
  last: null,
  // biome-ignore lint/correctness/useYield: it has nothing to yield
  async *read(): AsyncGenerator<never> {},
};

/** The thread of a partition is no more. */
export function threadEnded(action: string, reason: string): EigenwatchError {
  return new EigenwatchError({ action, value: `its thread has ended: ${reason}`, kind: "unavailable" });
}
