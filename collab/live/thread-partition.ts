/**
 * A partition of the session that runs in another thread, with others perhaps (partition-threads.ts starts it).
 *
 *   startFeeds ─► ThreadFeed for each ──messages──► thread          thread ──released──► ThreadSession ─► gateway
 *
 * A thread that ends by itself halts its partitions: what it had not made durable is lost, as with a process.
 */
import { type Feed, LoggedScan, type ScanLog } from "../../actors/mod.ts";
import type { SessionListener } from "../../actors/ports/session.ts";
import { receivedError } from "../../actors/workers/mod.ts";
import type { SessionStanding } from "../../protocol/controls.ts";
import type { OperatorNotice } from "../../protocol/messages.ts";
import type { Settings } from "../../protocol/settings.ts";
import type { CommandTarget } from "../rooms/forwarder.ts";
import { type AlertsSource, onAlertsChange } from "../rooms/in-force.ts";
import type { PartitionEnd, SessionPartition } from "./session-partition.ts";
import { ThreadFeed } from "./thread-feed.ts";
import type {
  FromPartition,
  OpenedPartition,
  Question,
  QuestionName,
  Questions,
  ToPartition,
} from "./thread-messages.ts";
import { ThreadSession, threadEnded } from "./thread-session.ts";

export interface ThreadPartitionOptions {
  readonly session: string;
  readonly partition: string;
  /** Its place in the thread's job. */
  readonly at: number;
  readonly opened: OpenedPartition;
  readonly listener: SessionListener;
  say(message: ToPartition, moved?: ArrayBuffer[]): void;
  log(message: string): void;
}

interface Asked {
  resolve(value: unknown): void;
  reject(error: Error): void;
}

export class ThreadPartition implements SessionPartition {
  readonly session: ThreadSession;
  readonly recording: string | null;
  readonly settings: Settings;
  readonly target: CommandTarget;
  readonly alerts: AlertsSource;
  private readonly options: ThreadPartitionOptions;
  private readonly feeds: ThreadFeed[] = [];
  private readonly asked = new Map<number, Asked>();
  private questions = 0;
  /** Those that were in its log when it was opened; those of this run are with the service that runs them. */
  private scans: readonly LoggedScan[];
  private halted: string | null = null;
  /** Why its thread is no more, or null. */
  private gone: string | null = null;
  private resolveHalted: (reason: string) => void = () => {};
  private readonly halting = new Promise<string>((resolve) => {
    this.resolveHalted = resolve;
  });

  constructor(options: ThreadPartitionOptions) {
    const { session, partition, opened, listener, log } = options;
    this.options = options;
    this.recording = opened.recording;
    this.settings = opened.settings;
    this.scans = opened.scans.map(LoggedScan.restored);
    this.session = new ThreadSession({
      session,
      partition,
      opened,
      listener,
      ask: (what, asked, signal) => this.ask(what, asked, signal),
      log,
    });
    this.target = { take: (commands) => this.ask("take", commands) };
    this.alerts = {
      alerts: () => this.ask("alerts", null),
      onChange: (look) => onAlertsChange(this.session, look),
    };
  }

  // ---- what comes from the thread -------------------------------------------------------------------------------

  hear(message: FromPartition): void {
    if ("released" in message) this.session.released(message.released);
    else if ("taken" in message) this.feeds[message.feed]!.taken(message.taken);
    else if ("stop" in message) void this.feeds[message.feed]!.stop();
    else if ("view" in message) this.session.looks(message.view);
    else if ("answer" in message) this.answered(message);
    else if ("halted" in message) this.halts(message.halted);
    else if ("log" in message) this.options.log(message.log);
  }

  /** Its thread is no more. */
  ended(reason: string): void {
    this.gone = reason;
    this.halts(`its thread has ended: ${reason}`);
    for (const feed of this.feeds) feed.gone();
    for (const { reject } of this.asked.values()) reject(threadEnded("ask the partition", reason));
    this.asked.clear();
  }

  private answered(message: Extract<FromPartition, { answer: number }>): void {
    const asked = this.asked.get(message.answer);
    this.asked.delete(message.answer);
    if ("error" in message) asked?.reject(receivedError(message.error));
    else asked?.resolve(message.value);
  }

  private halts(reason: string): void {
    this.halted ??= reason;
    this.session.ends(reason);
    this.resolveHalted(reason);
  }

  private ask<Name extends QuestionName>(
    what: Name,
    asked: Questions[Name]["ask"],
    signal?: AbortSignal,
  ): Promise<Questions[Name]["answer"]> {
    if (this.gone !== null) return Promise.reject(threadEnded("ask the partition", this.gone));
    const ask = ++this.questions;
    const { at } = this.options;
    const forget = (): void => this.say({ at, forget: ask });
    const answer = new Promise<Questions[Name]["answer"]>((resolve, reject) => {
      this.asked.set(ask, { resolve: resolve as Asked["resolve"], reject });
    });
    this.say({ at, ask, question: { what, ask: asked } as Question });
    if (signal === undefined) return answer;
    signal.addEventListener("abort", forget);
    return answer.finally(() => signal.removeEventListener("abort", forget));
  }

  /** What the thread answers, or what `otherwise` does when there is no thread any more: its halt is said already. */
  private async askWhileThere<Name extends QuestionName>(
    what: Name,
    asked: Questions[Name]["ask"],
    otherwise: () => Questions[Name]["answer"] | Promise<Questions[Name]["answer"]>,
  ): Promise<Questions[Name]["answer"]> {
    try {
      return await this.ask(what, asked);
    } catch (error) {
      if (this.gone === null) throw error;
      return otherwise();
    }
  }

  private say(message: ToPartition, moved?: ArrayBuffer[]): void {
    if (this.gone === null) this.options.say(message, moved);
  }

  // ---- SessionPartition -----------------------------------------------------------------------------------------

  standing(): Promise<SessionStanding> {
    return this.ask("standing", null);
  }

  readonly scanLog: ScanLog = {
    list: () => this.scans,
    enter: async (name, body, by) => {
      const entered = await this.ask("enterScan", { name, body, by });
      if (this.scans.some(({ requested }) => requested.scan === body.scan)) await this.readScans();
      return entered;
    },
  };

  private async readScans(): Promise<void> {
    const known = new Set(this.scans.map(({ requested }) => requested.scan));
    const scans = (await this.ask("scans", null)).map(LoggedScan.restored);
    this.scans = scans.filter(({ requested }) => known.has(requested.scan));
  }

  startFeeds(feeds: readonly Feed[]): void {
    const { at } = this.options;
    const from = this.feeds.length;
    const started = feeds.map(
      (feed, k) =>
        new ThreadFeed(feed, {
          send: (messages, shed) => this.say({ at, feed: from + k, messages, shed }, [messages]),
          ended: (ended) => this.say({ at, feed: from + k, ended }),
        }),
    );
    this.feeds.push(...started);
    const sent = feeds.map(({ source, kind, waits }) => ({
      source,
      kind,
      ...(waits === undefined ? {} : { waits }),
    }));
    this.say({ at, feeds: sent });
    for (const feed of started) feed.start();
  }

  feedsEnded(kind: Feed["kind"]): Promise<void> {
    return this.askWhileThere("feedsEnded", kind, () => new Promise<never>(() => {}));
  }

  operatorNotice(notice: Omit<OperatorNotice, "type">): Promise<void> {
    const entered = this.ask("notice", notice);
    // A caller that does not wait may drop the promise.
    entered.catch(() => {});
    return entered;
  }

  whenHalted(): Promise<string> {
    return this.halting;
  }

  get haltReason(): string | null {
    return this.halted;
  }

  shadowCaughtUp(): Promise<void> {
    return this.askWhileThere("shadowCaughtUp", null, () => {});
  }

  async close(): Promise<void> {
    this.session.ends("the session is closing");
    await this.askWhileThere("close", null, () => {});
  }

  end(): Promise<PartitionEnd> {
    // What it had taken and not stored is not known.
    const gone = () => ({ inputs: this.session.describe().lastInputSequence, lost: null, shadow: null });
    return this.askWhileThere("end", null, gone);
  }
}
