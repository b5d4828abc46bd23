/**
 * A session on whatever node owns it, as the gateway of any node serves it.
 *
 *   log of the partition ──admitted blocks, derived records──► Outbox ──► listeners
 *   state, metrics ─────────────messages of the owner──────────►┘
 *   commands ──request──► owner (session-server.ts) ──answer──► who sent them
 *
 * Y1  Frames, declarations and events come from the admitted log alone, each once and in its order, whoever owns the partition: clients
 *     stay connected while it changes hands, and resume at any gateway.
 * Y2  Frames come with their block, events with the record that follows it.
 * Y3  States and metrics come by messages that may be lost. The owner repeats them.
 * Y4  When the servers lose the end of the log, the session goes back to the last block that is still there (S4), and goes on from it.
 */
import { decodeBlock, decodeDerived } from "../../protocol/block.ts";
import { decodeMessage } from "../../protocol/codec.ts";
import { readEnvelope } from "../../protocol/envelope.ts";
import { errorText, ProtocolError } from "../../protocol/errors.ts";
import {
  type Channels,
  type EventMessage,
  type Input,
  type MessageName,
  type MetricsMessage,
  nameOfCode,
  type StateMessage,
} from "../../protocol/messages.ts";
import { subjectOf, subjectPatterns } from "../../protocol/subjects.ts";
import { decodeInput } from "../log/read.ts";
import { Slices } from "../log/slices.ts";
import { LoggedFrame } from "../partition/delivered-frame.ts";
import { Outbox, type OutboxOptions } from "../partition/outbox.ts";
import { Past } from "../partition/past.ts";
import type { Bus, StreamEntry } from "../ports/bus.ts";
import type { Clock } from "../ports/clock.ts";
import type { SessionCommands } from "../ports/commands.ts";
import { CountedLines } from "../ports/counted-lines.ts";
import type {
  DeliveredFrame,
  LiveSession,
  PastRange,
  SessionDescription,
  SessionListener,
  SessionPast,
} from "../ports/session.ts";
import type { Tracer } from "../ports/trace.ts";
import type { Verdict } from "./admission.ts";
import { AdmittedLog, type LogWatcher } from "./admitted-log.ts";
import { BlockIndex } from "./block-index.ts";
import { blockBytes, RecordAssembler, type StreamedBlock, type StreamedEntry } from "./log-entry.ts";
import { RemoteCommands } from "./remote-commands.ts";

/** Before a log that could not be read is read again. */
const RETRY_MS = 250;

export interface RemoteSessionOptions {
  readonly bus: Bus;
  readonly clock: Clock;
  readonly session: string;
  readonly partition: string;
  /** This process, unlike any other in the cluster, former lives of the same node included: its commands have ids that begin with it. */
  readonly gateway: string;
  /** The node that says it owns the partition, or null: then the session is not ready. Default: not looked at. */
  owner?(): string | null;
  /** Why the partition takes no input, by what the nodes say, or null. Default: not looked at. */
  blocked?(): string | null;
  /** Closes the session, also before its log is read. */
  readonly signal?: AbortSignal;
  /** Of blocks with a traced input. Default: none is traced. */
  readonly tracer?: Tracer | undefined;
  /** How long a command is tried; default COMMAND_MS (remote-commands.ts). */
  readonly commandMs?: number;
  log(message: string): void;
}

export class RemoteSession implements LiveSession {
  readonly session: string;
  readonly partition: string;
  readonly commands: SessionCommands;
  private readonly options: RemoteSessionOptions;
  private readonly outbox: Outbox;
  private readonly asked: RemoteCommands;
  private readonly records = new RecordAssembler();
  private readonly declarations = new Map<string, Channels>();
  private readonly feeds = new Map<string, SessionDescription["feeds"][number]>();
  /** The log as it was read last; null before the first time. */
  private admitted: AdmittedLog | null = null;
  private readonly delivered = new BlockIndex();
  /** While the log is read from its first entry: how many of its blocks were delivered before, and the last event derived from them. */
  private common: { blocks: number; event: number } | null = null;
  private unread: string | null = "its log is being read";
  private lastGauges: Readonly<Record<string, number>> = {};
  private certain = 0;
  /** When the log is read up to the entry `end`, all that was in it after input `input` was known is read. */
  private awaited: { end: number; input: number } | null = null;
  private closed = false;
  private readonly reported = new Set<string>();
  private readonly garbage: CountedLines;
  private readonly watcher: LogWatcher = {
    entry: (entry, verdict, stored) => this.entry(entry, verdict, stored),
    broken: (error) => this.broken(error),
  };
  private readonly unsubscribe: (() => void)[];

  /** Resolves when the log was read to its end, or the session closed; tries again until the servers can be reached. */
  static async open(options: RemoteSessionOptions): Promise<RemoteSession> {
    const session = new RemoteSession(options);
    options.signal?.addEventListener("abort", () => session.close());
    await session.read();
    return session;
  }

  private constructor(options: RemoteSessionOptions) {
    const { bus, clock, session, partition, gateway, commandMs } = options;
    this.options = options;
    this.garbage = new CountedLines(clock, (message) => options.log(message));
    this.session = session;
    this.partition = partition;
    this.outbox = new Outbox({
      journal: this.journal(),
      place: { input: 0, event: 0 },
      // Its log is read from the first entry, so all of it is delivered.
      past: new Past({ input: 0 }),
      log: (message) => options.log(message),
    });
    this.asked = new RemoteCommands({
      bus,
      clock,
      gateway,
      session,
      subject: subjectOf(session, partition, "command"),
      epoch: () => this.admitted?.state.epoch ?? 0,
      ...(commandMs === undefined ? {} : { commandMs }),
    });
    this.commands = this.asked.commands;
    const [, states] = subjectPatterns(session, partition, "state");
    const [metrics] = subjectPatterns(session, partition, "metrics");
    this.unsubscribe = [states, metrics].map((pattern) =>
      bus.subscribe(pattern, (subject, bytes) => this.takeView(subject, bytes)),
    );
  }

  /** Ends the reading; nothing is delivered any more. */
  close(): void {
    this.closed = true;
    for (const end of this.unsubscribe) end();
    this.admitted?.end();
  }

  // ---- the log --------------------------------------------------------------------------------------------------

  /** Reads the log from its first entry, delivers what is new in it, and follows it. */
  private async read(): Promise<void> {
    const { bus, clock, session, partition } = this.options;
    const stream = bus.stream(subjectOf(session, partition, "log"));
    while (!this.closed) {
      this.common = { blocks: 0, event: 0 };
      this.records.forget();
      try {
        this.opened(await AdmittedLog.open(stream, partition, this.watcher, [], new Slices(clock)));
        return;
      } catch (error) {
        this.reportOnce(`log of ${partition} cannot be read yet: ${errorText(error)}`);
        await new Promise<void>((resolve) => void clock.after(RETRY_MS, resolve));
      }
    }
  }

  private opened(log: AdmittedLog): void {
    if (this.closed) {
      log.end();
      return;
    }
    this.goBack();
    this.admitted = log;
    this.unread = null;
    // Says so when it broke meanwhile.
    log.watch(this.watcher);
  }

  private broken(error: Error): void {
    // While it is read, the reading fails with this.
    if (this.unread !== null) return;
    this.unread = `its log is being read again: ${error.message}`;
    this.awaited = null;
    this.options.log(`session ${this.session}: ${this.unread}`);
    void this.read();
  }

  private entry(entry: StreamedEntry, verdict: Verdict, stored: StreamEntry): void {
    if (this.closed) return;
    if (verdict === "block" && entry.kind === "block") this.admit(entry, stored);
    else if (verdict === "derivedRecord" && entry.kind === "derivedRecord") {
      const record = this.records.add(entry);
      if (record?.kind === "derived") this.derived(decodeDerived(record.bytes).events);
    } else if (verdict === "takeover") this.records.forget();
    if (this.awaited === null || this.admitted === null || this.admitted.sequence < this.awaited.end) return;
    this.certain = this.awaited.input;
    this.awaited = null;
  }

  private admit(block: StreamedBlock, stored: StreamEntry): void {
    if (this.common !== null) {
      if (this.delivered.holds(block)) {
        this.common.blocks = block.number;
        return;
      }
      this.goBack();
    }
    this.delivered.add(block, 0, 0);
    const { traceparent } = stored;
    const span = traceparent === undefined ? null : this.options.tracer?.resume("gateway send", traceparent);
    const bytes = blockBytes(block, stored);
    this.outbox.block(block.lastSequence, bytes);
    decodeBlock(bytes).forEach((sequence, _timeUs, message) => {
      this.input(sequence, message);
    });
    this.outbox.flush();
    span?.end({ block: block.number });
  }

  private derived(events: readonly EventMessage[]): void {
    if (this.common !== null) this.common.event = events.at(-1)?.sequence ?? this.common.event;
    // A record that the servers lost is written again by the next owner.
    const fresh = events.filter(({ sequence }) => sequence > this.outbox.lastEvent);
    for (const event of fresh) this.outbox.event(event);
    if (fresh.length > 0) this.outbox.flush();
  }

  /** The blocks that the log has in common with those delivered end here. Those after them no longer count. */
  private goBack(): void {
    if (this.common === null) return;
    const { blocks, event } = this.common;
    this.common = null;
    if (blocks === this.delivered.count) return;
    this.delivered.dropAfter(blocks);
    const { timeUs, lastSequence: input } = this.end;
    this.options.log(`session ${this.session} goes back to input ${input}: the servers lost what followed`);
    this.outbox.rewind({ timeUs, input, event });
  }

  /** The last block that was delivered. */
  private get end(): { readonly timeUs: number; readonly lastSequence: number } {
    const { count } = this.delivered;
    return count === 0 ? { timeUs: 0, lastSequence: 0 } : this.delivered.get(count);
  }

  private input(sequence: number, message: Uint8Array): void {
    const name = nameOfCode(readEnvelope(message).code);
    if (name === "frame")
      this.outbox.frame(new LoggedFrame(sequence, { bytes: message, inputsAt: 0 }, 0, message.length));
    else if (name !== undefined && READ.has(name)) this.control(sequence, decodeInput(message));
  }

  private control(sequence: number, input: Input): void {
    switch (input.type) {
      case "channels":
        this.declarations.set(input.group, input);
        this.outbox.channels(input);
        break;
      case "feedStatus": {
        const { source, status, detail } = input;
        this.feeds.set(source, { source, status, detail });
        break;
      }
      case "configChanged":
      case "notice":
      case "command":
        if (input.command !== undefined) this.asked.entered(input.command, sequence);
        break;
      default:
    }
  }

  /** What the outbox reads events back from. */
  private journal(): OutboxOptions["journal"] {
    const log = () => this.admitted;
    return {
      get first() {
        return log()?.first ?? null;
      },
      get last() {
        return log()?.last ?? null;
      },
      async *read(from = 1) {
        yield* log()?.entries(Math.max(1, from)) ?? [];
      },
    };
  }

  // ---- messages of the owner ------------------------------------------------------------------------------------

  private takeView(subject: string, bytes: Uint8Array): void {
    // A state of a session that is not read yet would be older than what is known when it is.
    if (this.unread !== null) return;
    try {
      const message = decodeMessage(bytes);
      if (message.type === "state") this.takeState(message);
      else if (message.type === "metrics") this.takeMetrics(message);
      else this.garbage.say("view", `a message of type ${message.type} under ${subject} is passed over`);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.garbage.say("view", `a message under ${subject} is passed over: ${error.message}`);
    }
  }

  private takeState(state: StateMessage): void {
    const known = this.outbox.lastStates().find(({ group }) => group === state.group);
    // Repeated, or overtaken by a newer one.
    if (known !== undefined && state.timeUs <= known.timeUs) return;
    this.outbox.state(state);
    this.outbox.flush();
  }

  private takeMetrics(metrics: MetricsMessage): void {
    this.lastGauges = metrics.gauges;
    this.outbox.metrics(metrics);
    this.outbox.flush();
  }

  private reportOnce(message: string): void {
    if (this.reported.has(message)) return;
    this.reported.add(message);
    this.options.log(message);
  }

  // ---- LiveSession ----------------------------------------------------------------------------------------------

  describe(): SessionDescription {
    return {
      session: this.session,
      partition: this.partition,
      durability: "stream",
      timeUs: this.end.timeUs,
      lastInputSequence: this.end.lastSequence,
      lastEventSequence: this.outbox.lastEvent,
      recording: null,
      feeds: [...this.feeds.values()],
    };
  }

  groups(): readonly Channels[] {
    return [...this.declarations.values()];
  }

  events(after: number, limit: number): Promise<EventMessage[]> {
    return this.outbox.events(after, limit);
  }

  recentFrames(after: number, limit?: number): { complete: boolean; frames: DeliveredFrame[] } {
    return this.outbox.recentFrames(after, limit);
  }

  lastStates(): readonly StateMessage[] {
    return this.outbox.lastStates();
  }

  past(range: PastRange, gone?: AbortSignal): Promise<SessionPast> {
    return this.outbox.past(range, gone);
  }

  stateBefore(group: string, timeUs: number): StateMessage | null {
    return this.outbox.stateBefore(group, timeUs);
  }

  gauges(): Readonly<Record<string, number>> {
    return this.lastGauges;
  }

  notReady(): string | null {
    if (this.closed) return "the session is closing";
    if (this.unread !== null) return this.unread;
    if (!this.options.bus.connected) return "the message bus cannot be reached";
    const { blocked, owner } = this.options;
    const reason = blocked?.() ?? null;
    if (reason !== null) return `partition ${this.partition} takes no input: ${reason}`;
    return owner?.() === null ? "no node owns the session at the moment" : null;
  }

  readonly certainThrough = (): number => {
    void this.askForEnd();
    return this.certain;
  };

  subscribe(listener: SessionListener): () => void {
    return this.outbox.subscribe(listener);
  }

  private async askForEnd(): Promise<void> {
    const log = this.admitted;
    if (this.awaited !== null || this.unread !== null || log === null) return;
    const awaited = { end: Number.POSITIVE_INFINITY, input: this.end.lastSequence };
    this.awaited = awaited;
    try {
      awaited.end = await log.stream.lastSequence();
    } catch {
      // The servers cannot be reached: nothing is certain, and whoever asked comes again.
    }
    if (this.awaited !== awaited) return;
    if (awaited.end <= log.sequence) this.certain = awaited.input;
    if (awaited.end <= log.sequence || awaited.end === Number.POSITIVE_INFINITY) this.awaited = null;
  }
}

/** Inputs that a gateway reads; all others it passes over undecoded. */
const READ: ReadonlySet<string> = new Set<MessageName>([
  "channels",
  "feedStatus",
  "configChanged",
  "notice",
  "command",
]);
