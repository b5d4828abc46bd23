/**
 * How much of what a live feed publishes enters the log: the feed is not told of what the owner sheds, so its process asks.
 *
 *   feed ─► counted ─► bus ─► owner ─► log
 *              │                 │ samples of the source, on request
 *              └── offered ──────┴─► offered − in the log = left out: shed, or lost while nobody owned the partition
 */
import type { Feed } from "../../actors/mod.ts";
import type { Clock } from "../../actors/ports/clock.ts";
import type { OwnerStatus } from "./node-status.ts";

/** Each second a person may be told something new. */
const ASK_EVERY_MS = 1_000;

/** What is on its way is in the log, or shed, within this. */
const SETTLED_AFTER_MS = 250;

/** An owner that is that far behind has shed what it will shed. */
const SETTLE_MS = 3_000;

/** Of no owner. */
const NO_EPOCH = -1;

export interface SentOptions {
  readonly clock: Clock;
  /** The owner's answer for the source. */
  ask(): Promise<Pick<OwnerStatus, "epoch" | "samplesOfSource">>;
  /** More was left out than when it was said last. */
  leftOut(samples: number, offered: number): void;
}

export class SentSamples {
  /** Samples that the feed has sent. */
  offered = 0;
  /** Of them, those that are known to be in the log. */
  inLog = 0;
  private readonly options: SentOptions;
  /** The owner's last answer; null before the first. */
  private last: { readonly epoch: number; readonly samples: number } | null = null;
  /** When it was asked last. */
  private offeredThen = 0;
  private said = 0;
  private isStopped = false;
  private cancel: () => void = () => {};

  static async begin(options: SentOptions): Promise<SentSamples> {
    const sent = new SentSamples(options);
    await sent.look().catch(() => {
      // It is still opening, and will count from zero.
      sent.last = { epoch: NO_EPOCH, samples: 0 };
    });
    sent.askLater();
    return sent;
  }

  private constructor(options: SentOptions) {
    this.options = options;
  }

  /** Of what was sent, so much is not in the log. */
  get missing(): number {
    return Math.max(0, this.offered - this.inLog);
  }

  /** The same feed, counted. */
  counting(feed: Feed): Feed {
    return {
      ...feed,
      stop: () => feed.stop(),
      run: (sink) =>
        feed.run({
          channels: (declaration) => sink.channels(declaration),
          frame: (frame) => {
            this.offered += frame.count;
            return sink.frame(frame);
          },
          quantum: (input) => {
            this.offered += input.type === "measurementRecord" ? input.current.length / 8 : input.n;
            return sink.quantum(input);
          },
          status: (status) => sink.status(status),
          drained: () => sink.drained(),
        }),
    };
  }

  /** Asks no more. */
  stop(): void {
    this.isStopped = true;
    this.cancel();
  }

  /** Resolves when nothing more of it comes into the log. */
  async end(): Promise<void> {
    const { clock } = this.options;
    this.stop();
    const untilMs = clock.monotonicMs() + SETTLE_MS;
    for (let before = -1; this.inLog !== before && this.inLog < this.offered; ) {
      if (clock.monotonicMs() > untilMs) return;
      before = this.inLog;
      await new Promise<void>((resolve) => void clock.after(SETTLED_AFTER_MS, resolve));
      await this.look().catch(() => {});
    }
  }

  private askLater(): void {
    this.cancel = this.options.clock.after(ASK_EVERY_MS, () => {
      void this.look()
        .then(() => this.say())
        // Nobody owns the partition at the moment.
        .catch(() => {})
        .finally(() => {
          this.offeredThen = this.offered;
          if (!this.isStopped) this.askLater();
        });
    });
  }

  private async look(): Promise<void> {
    const { epoch, samplesOfSource } = await this.options.ask();
    const { last } = this;
    // A new owner counts from zero; so does the first answer for what came before this feed.
    if (last !== null) this.inLog += samplesOfSource - (last.epoch === epoch ? last.samples : 0);
    this.last = { epoch, samples: samplesOfSource };
  }

  /** What was sent a second ago is there by now, or left out. */
  private say(): void {
    const leftOut = this.offeredThen - this.inLog;
    if (leftOut <= this.said) return;
    this.said = leftOut;
    this.options.leftOut(leftOut, this.offeredThen);
  }
}
