/**
 * The work of a thread of `up`: it runs some of the session's partitions, for the thread that has the gateway and the feeds (thread-partition.ts).
 *
 *   feeds ──messages──► partition: sequencer, core, journal ──released blocks, events, states──► gateway
 *   questions ─────────►        (own-partition.ts)          ──answers──►
 *
 * The job ends when each of them has been asked for its end. It fails when one of them cannot be opened; those before it are closed then.
 */
import { systemClock } from "../../actors/mod.ts";
import type { SessionListener } from "../../actors/ports/session.ts";
import { type Line, sentError, type Work } from "../../actors/workers/mod.ts";
import { decodeBlock } from "../../protocol/block.ts";
import type { EventMessage, MetricsMessage, StateMessage } from "../../protocol/messages.ts";
import { FeedInThread } from "./feed-in-thread.ts";
import { OwnPartition } from "./own-partition.ts";
import type { PartitionPlan } from "./session-partition.ts";
import type {
  FromPartition,
  PartitionsJob,
  PartitionView,
  Question,
  QuestionName,
  Questions,
  Released,
  SentPast,
  ToPartition,
} from "./thread-messages.ts";

/** Between two looks at what has changed besides deliveries. */
const LOOK_MS = 50;

type Message = FromPartition extends infer Each ? (Each extends unknown ? Omit<Each, "at"> : never) : never;
type Say = (message: Message, moved?: ArrayBuffer[]) => void;

export const partitionsWork: Work<unknown, PartitionsJob, null> = async (_common, job, line) => {
  const { plan, partitions } = job;
  const open: HostedPartition[] = [];
  try {
    for (const [at, name] of partitions.entries())
      open.push(await HostedPartition.open(name, plan, sayFor(line!, at)));
  } catch (error) {
    await Promise.all(open.map((each) => each.abandon()));
    throw error;
  }
  line!.hear((message) => open[(message as ToPartition).at]!.hear(message as ToPartition));
  await Promise.all(open.map(({ ended }) => ended));
  return null;
};

function sayFor(line: Line, at: number): Say {
  return (message, moved) => line.say({ at, ...message }, moved);
}

class HostedPartition {
  readonly ended: Promise<void>;
  readonly #own: OwnPartition;
  readonly #say: Say;
  readonly #feeds: FeedInThread[] = [];
  /** Of questions under way. */
  readonly #asked = new Map<number, AbortController>();
  #view = "";
  #cancelLook: (() => void) | null = null;
  #resolveEnded: () => void = () => {};

  static async open(name: string, plan: PartitionPlan, say: Say): Promise<HostedPartition> {
    const deliveries = new Deliveries();
    const log = (message: string): void => say({ log: message });
    const own = await OwnPartition.open({ name, plan, listener: deliveries.listener, log });
    const hosted = new HostedPartition(own, say);
    const { session } = own;
    const first = deliveries.held[0];
    const event = deliveries.held.flatMap(({ events }) => events)[0];
    say({
      opened: {
        recording: own.recording,
        durability: session.describe().durability,
        timeUs: session.describe().timeUs,
        settings: own.settings,
        groups: session.groups(),
        commands: session.commands.names(),
        scans: own.scanLog.list().map((scan) => scan.save()),
        place: {
          input: first?.block
            ? decodeBlock(first.block).firstSequence - 1
            : session.describe().lastInputSequence,
          event: event === undefined ? session.describe().lastEventSequence : event.sequence - 1,
        },
        view: hosted.#look(),
      },
    });
    deliveries.to((released) => {
      say({ released }, released.block === null ? [] : [released.block.buffer]);
      hosted.#lookSoon();
    });
    return hosted;
  }

  private constructor(own: OwnPartition, say: Say) {
    this.#own = own;
    this.#say = say;
    this.ended = new Promise((resolve) => {
      this.#resolveEnded = resolve;
    });
    void own.whenHalted().then((halted) => {
      this.#sayView();
      say({ halted });
    });
  }

  hear(message: ToPartition): void {
    if ("feeds" in message) {
      const from = this.#feeds.length;
      this.#feeds.push(
        ...message.feeds.map((feed, k) => {
          const line = { feed: from + k };
          return new FeedInThread(feed, {
            taken: (taken) => this.#say({ ...line, taken }),
            stop: () => this.#say({ ...line, stop: true }),
          });
        }),
      );
      this.#own.startFeeds(this.#feeds.slice(from));
    } else if ("feed" in message) this.#feeds[message.feed]!.hear(message);
    else if ("ask" in message) void this.#answer(message.ask, message.question);
    else this.#asked.get(message.forget)?.abort();
  }

  async abandon(): Promise<void> {
    await this.#own.close();
    await this.#own.end();
  }

  async #answer(ask: number, { what, ask: asked }: Question): Promise<void> {
    const given = new AbortController();
    this.#asked.set(ask, given);
    try {
      const answer = this.#answers[what] as (ask: unknown, signal: AbortSignal) => unknown;
      this.#say({ answer: ask, value: await answer(asked, given.signal) });
    } catch (error) {
      this.#say({ answer: ask, error: sentError(error) });
    }
    this.#asked.delete(ask);
    if (what === "end") this.#resolveEnded();
  }

  readonly #answers: {
    readonly [Name in QuestionName]: (
      ask: Questions[Name]["ask"],
      signal: AbortSignal,
    ) => Questions[Name]["answer"] | Promise<Questions[Name]["answer"]>;
  } = {
    command: ({ command, author }, signal) => this.#own.session.commands.carryOut(command, author, signal),
    events: ({ after, limit }) => this.#own.session.events(after, limit),
    past: async (range) => sentPast(await this.#own.session.past(range)),
    stateBefore: ({ group, timeUs }) => this.#own.session.stateBefore(group, timeUs),
    usual: () => this.#own.session.usual(),
    alerts: () => this.#own.alerts.alerts(),
    standing: () => this.#own.standing(),
    scans: () => this.#own.scanLog.list().map((scan) => scan.save()),
    enterScan: ({ name, body, by }) => this.#own.scanLog.enter(name, body, by),
    take: (commands) => this.#own.target.take(commands),
    notice: (notice) => this.#own.operatorNotice(notice),
    feedsEnded: (kind) => this.#own.feedsEnded(kind),
    shadowCaughtUp: () => this.#own.shadowCaughtUp(),
    close: async () => {
      await this.#own.close();
      this.#sayView();
    },
    end: () => this.#own.end(),
  };

  // ---- what others than clients look at -------------------------------------------------------------------------

  #look(): PartitionView {
    const { session } = this.#own;
    return { feeds: session.describe().feeds, notReady: session.notReady() };
  }

  #lookSoon(): void {
    this.#cancelLook ??= systemClock.after(LOOK_MS, () => this.#sayView());
  }

  #sayView(): void {
    this.#cancelLook?.();
    this.#cancelLook = null;
    const view = this.#look();
    const text = JSON.stringify(view);
    if (text === this.#view) return;
    this.#view = text;
    this.#say({ view });
  }
}

/** What a partition releases, gathered by block. It is held until somebody takes it. */
class Deliveries {
  readonly held: Released[] = [];
  #take: (released: Released) => void = (released) => void this.held.push(released);
  #block: Released["block"] = null;
  #events: EventMessage[] = [];
  #states: StateMessage[] = [];
  #metrics: MetricsMessage | null = null;

  readonly listener: SessionListener = {
    block: (_lastSequence, bytes) => {
      // A copy: this thread keeps the bytes for its own commands.
      this.#block = bytes.slice();
    },
    event: (event) => void this.#events.push(event),
    state: (state) => void this.#states.push(state),
    metrics: (metrics) => {
      this.#metrics = metrics;
    },
    flush: () => {
      const released = {
        block: this.#block,
        events: this.#events,
        states: this.#states,
        metrics: this.#metrics,
      };
      this.#block = this.#metrics = null;
      this.#events = [];
      this.#states = [];
      this.#take(released);
    },
  };

  /** From now on, what is held first. */
  to(take: (released: Released) => void): void {
    this.#take = take;
    for (const released of this.held.splice(0)) take(released);
  }
}

function sentPast({
  input,
  complete,
  work,
  groups,
}: Awaited<ReturnType<OwnPartition["session"]["past"]>>): SentPast {
  return {
    input,
    complete,
    work,
    groups: groups.map(({ group, samples, measures: { names, rows } }) => ({
      group,
      samples: samples.columns,
      measures: { names, rows: rows.columns },
    })),
  };
}
