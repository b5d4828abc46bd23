/**
 * Tells people outside of the program what a session announces: takes its events in order to each channel (webhook, e-mail, browser).
 *
 *   durable events of the session ─► those to be told ─► channel: sent, tried again, or given up ─► mark
 *                ▲                                                                                   │
 *                └──────────────────── after a restart from the mark ────────────────────────────────┘
 *
 * N1  An event is sent only when it is durable: it cannot be unsaid.
 * N2  What was sent is not sent again after a restart, and what was not is: the mark of each channel is kept beside the recording, or in the servers
 *     of a cluster. A process that is killed between sending and marking sends one notice twice, under the same key.
 * N3  A channel that does not answer holds up no other, nor the session.
 * N4  Secrets are in no log, no error and no recording.
 * N5  Channels may be added and removed while it runs. One that is removed is sent nothing more, and its mark is forgotten.
 */
import { Breaker } from "../../actors/mod.ts";
import type { Clock } from "../../actors/ports/clock.ts";
import type { LiveSession } from "../../actors/ports/session.ts";
import { errorText } from "../../protocol/errors.ts";
import type { EventMessage } from "../../protocol/messages.ts";
import type { Marks } from "./marks.ts";

/** What a channel is given. */
export interface Notice {
  /** The same for each attempt: the session and the id of the event. */
  readonly key: string;
  readonly session: string;
  readonly event: EventMessage;
}

export interface Channel {
  /** Of its mark; unlike that of any other channel of the session. */
  readonly name: string;
  /** Resolves when the receiver has taken it. Rejects with `NotTaken`, or with any other error, after which it is tried again. */
  send(notice: Notice): Promise<void>;
  close?(): void;
}

/** The receiver refuses the notice: it would refuse it again. */
export class NotTaken extends Error {
  override readonly name = "NotTaken";
}

export interface NotifierOptions {
  readonly session: LiveSession;
  readonly channels: readonly Channel[];
  readonly marks: Marks;
  readonly clock: Clock;
  /** Kinds of events of which people are told. */
  readonly kinds: readonly string[];
  /** Uniform on [0, 1): spreads attempts of several programs. */
  random(): number;
  log(message: string): void;
}

/** Events read at a time. */
const BATCH = 256;
/** Before the second attempt; doubled for each further one, up to the longest. */
const AGAIN_MS = 1_000;
const AGAIN_MS_MAX = 300_000;
/** A receiver that is away for a day is not coming back for this notice: newer ones matter more. */
const GIVE_UP_MS = 86_400_000;

/** A channel that is served. */
interface Served {
  readonly channel: Channel;
  readonly ending: AbortController;
  readonly ended: Promise<void>;
}

export class Notifier {
  private readonly options: NotifierOptions;
  private readonly unsubscribe: () => void;
  /** Counts deliveries of the session: what comes while events are read is not missed. */
  private deliveries = 0;
  private waiting: (() => void)[] = [];
  private readonly served = new Map<string, Served>();

  /** Begins at the marks. A channel without one begins with the events that come from now on. */
  constructor(options: NotifierOptions) {
    this.options = options;
    const { session, channels } = options;
    this.unsubscribe = session.subscribe({
      flush: () => this.wakeAll(),
    });
    for (const channel of channels) this.add(channel);
  }

  /** Serves a further channel. One of this name that is served already stays. */
  add(channel: Channel): void {
    if (this.served.has(channel.name)) return;
    const { lastEventSequence } = this.options.session.describe();
    const ending = new AbortController();
    const ended = this.serve(channel, lastEventSequence, ending.signal);
    this.served.set(channel.name, { channel, ending, ended });
  }

  /** Sends nothing more to the channel of a name. */
  remove(name: string): void {
    const served = this.served.get(name);
    if (served === undefined) return;
    this.served.delete(name);
    served.ending.abort();
    this.wakeAll();
    void served.ended.then(() => {
      served.channel.close?.();
      // It may have been added again meanwhile.
      if (!this.served.has(name)) return this.options.marks.forget(name);
    });
  }

  /** Sends nothing more. An attempt under way is given its time; what was not taken is sent after the next start. */
  async close(): Promise<void> {
    this.unsubscribe();
    const all = [...this.served.values()];
    for (const { ending } of all) ending.abort();
    this.wakeAll();
    await Promise.all(all.map(({ ended }) => ended));
    for (const { channel } of all) channel.close?.();
  }

  private async serve(channel: Channel, from: number, ending: AbortSignal): Promise<void> {
    const { session, marks, kinds, clock, log } = this.options;
    const random = (): number => this.options.random();
    const breaker = new Breaker({ clock, random, firstMs: AGAIN_MS, mostMs: AGAIN_MS_MAX });
    try {
      let mark = marks.of(channel.name) ?? from;
      await marks.set(channel.name, mark);
      while (!ending.aborted) {
        const { deliveries } = this;
        const events = await session.events(mark, BATCH);
        for (const event of events) {
          if (isTold(event, kinds) && !(await this.deliver(channel, breaker, event, ending))) return;
          mark = event.sequence;
          // A mark behind events that nobody is told of costs nothing but reading them again.
          if (isTold(event, kinds)) await marks.set(channel.name, mark);
        }
        if (events.length === 0) await this.newsSince(deliveries, ending);
      }
    } catch (error) {
      if (!ending.aborted) log(`${channel.name} sends nothing more: ${errorText(error)}`);
    }
  }

  /** False when the channel was ended before it took it. */
  private async deliver(
    channel: Channel,
    breaker: Breaker,
    event: EventMessage,
    ending: AbortSignal,
  ): Promise<boolean> {
    const { session, clock, log } = this.options;
    const notice: Notice = { key: `${session.session}/${event.id}`, session: session.session, event };
    const untilMs = clock.monotonicMs() + GIVE_UP_MS;
    while (!ending.aborted) {
      const error = await failureOf(channel.send(notice));
      if (error === null || error instanceof NotTaken) breaker.worked();
      if (error === null) return true;
      if (error instanceof NotTaken || clock.monotonicMs() >= untilMs) {
        log(
          `${channel.name} does not take ${event.kind} ${event.id}, which is passed over: ${error.message}`,
        );
        return true;
      }
      const delayMs = breaker.failed();
      if (breaker.failures === 1) log(`${channel.name}: ${error.message}; it is tried again`);
      await this.pause(delayMs, ending);
      breaker.due();
    }
    return false;
  }

  private pause(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal.aborted) {
        resolve();
        return;
      }
      const end = (): void => {
        cancel();
        signal.removeEventListener("abort", end);
        resolve();
      };
      const cancel = this.options.clock.after(ms, end);
      signal.addEventListener("abort", end);
    });
  }

  private newsSince(deliveries: number, ending: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (ending.aborted || this.deliveries > deliveries) resolve();
      else this.waiting.push(resolve);
    });
  }

  private wakeAll(): void {
    this.deliveries++;
    for (const resolve of this.waiting.splice(0)) resolve();
  }
}

/** Null when it succeeds. */
async function failureOf(attempt: Promise<void>): Promise<Error | null> {
  try {
    await attempt;
    return null;
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

/** Of an alert only what its actor says people are told. */
function isTold({ kind, detail }: EventMessage, kinds: readonly string[]): boolean {
  return kinds.includes(kind) && (detail["fate"] === undefined || detail["fate"] === "told");
}
