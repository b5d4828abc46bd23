/**
 * A simulated source: a Feed (actors/ports/feed.ts) of correlated walks, with faults.
 *
 *   gaps · duplicates · late and backward samples · bursts, also of full frames · NaN · clock steps · silence · spikes · a restart that counts from 1
 *
 * Every kind of fault is a decision. Valid frames sent after healing are observed as `offered`: they must enter the log.
 */
import type { Feed, FeedSink } from "../../actors/mod.ts";
import type { Clock } from "../../actors/ports/clock.ts";
import type { Frame } from "../../protocol/frame.ts";
import type { Fault } from "./decisions.ts";
import type { SimulatedCluster } from "./simulated-cluster.ts";
import { POISON } from "./witness-actor.ts";

/** After healing, nodes, subscriptions and clients have this long before frames must arrive. */
const SETTLE_US = 12_000_000;
/** Frames sent this shortly before the end may still be in flight. */
const IN_FLIGHT_US = 4_000_000;

/** What a feed sends at once, at the usual time: frames, and rows of each. */
const BURST = { frames: 10, rows: 1 };
/** Some 400 KiB: more than one block, one offer, or what an owner takes before the log has it. */
const BACKLOG = { frames: 128, rows: 64 };
/** Between rows that are sent at once: all are of the time since the last ones. */
const ROW_US = 40;

export interface SimulatedFeedOptions {
  readonly world: SimulatedCluster;
  readonly partition: string;
  readonly source: string;
  readonly group: string;
  /** Clock of the machine it runs on. */
  readonly clock: Clock;
  /** Number of the process: each has values of its own. */
  readonly life: number;
  /** Default: "live". */
  readonly delivery?: "live" | "once";
  /** Maps the source's numbers to those in the log. */
  readonly numbered: (sequence: number) => number;
  /** Sends a frame as malformed bytes. Absent where a feed delivers frames, not bytes: then the frame gets a NaN. */
  readonly sendBroken?: (frame: Frame) => void;
  /** Ends the process and starts another. Absent where the feed runs in the node's process. */
  readonly restart?: () => void;
}

type Faults = Record<
  | "gap"
  | "duplicated"
  | "late"
  | "backward"
  | "burst"
  | "backlog"
  | "notANumber"
  | "clockStepped"
  | "silent"
  | "restarted"
  | "spike"
  | "poison"
  | "foreignChannel",
  Fault
>;

const KINDS: Record<keyof Faults, string> = {
  gap: "feed gap",
  duplicated: "frame duplicated",
  late: "frame late",
  backward: "frame backward",
  burst: "feed burst",
  backlog: "feed backlog",
  notANumber: "not a number",
  clockStepped: "feed clock stepped",
  silent: "feed silent",
  restarted: "feed restarted",
  spike: "spike",
  poison: "poison",
  foreignChannel: "foreign channel",
};

export class SimulatedFeed implements Feed {
  readonly source: string;
  readonly kind = "live";
  readonly delivery: "live" | "once";
  readonly #options: SimulatedFeedOptions;
  readonly #faults: Faults;
  readonly #random: { next(): number };
  readonly #values: Float64Array;
  #sequence = 0;
  #stopped: (() => void) | null = null;
  /** Sends nothing until then. */
  #silentUntilUs = 0;
  #clockUs = 0;
  #held: Frame | null = null;
  #isHealed = false;

  constructor(options: SimulatedFeedOptions) {
    this.#options = options;
    this.source = options.source;
    this.delivery = options.delivery ?? "live";
    const { world, source } = options;
    const names = Object.keys(KINDS) as (keyof Faults)[];
    this.#faults = Object.fromEntries(
      names.map((name) => [name, world.decisions.of(`feed ${source}`, KINDS[name])]),
    ) as Faults;
    this.#random = world.random(`feed ${source} ${options.life}`);
    this.#values = new Float64Array(world.options.channels).fill(100);
  }

  run(sink: FeedSink): Promise<void> {
    this.#declareTo(sink);
    sink.status({
      type: "feedStatus",
      source: this.source,
      status: "opened",
      detail: "simulated",
      counts: {},
    });
    this.#scheduleTick(sink);
    return new Promise((resolve) => {
      this.#stopped = resolve;
    });
  }

  stop(): Promise<void> {
    this.#stopped?.();
    this.#stopped = null;
    return Promise.resolve();
  }

  #declareTo(sink: FeedSink): void {
    const { group, world } = this.#options;
    sink.channels({
      type: "channels",
      source: this.source,
      group,
      channels: Array.from({ length: world.options.channels }, (_, k) => ({
        name: `${group}${k}`,
        title: `${group} ${k}`,
        unit: "",
      })),
      sampling: "rows",
      everyUs: Math.round(1e6 / world.options.framesPerSecond),
      innovation: "difference",
    });
  }

  #scheduleTick(sink: FeedSink): void {
    const { clock, world } = this.#options;
    clock.after(1000 / world.options.framesPerSecond, () => {
      if (this.#stopped === null) return;
      this.#tick(sink);
      this.#scheduleTick(sink);
    });
  }

  #tick(sink: FeedSink): void {
    const { clock, restart, world } = this.#options;
    const { feed } = world.options;
    const faults = this.#faults;
    if (world.decisions.healed) this.#silentUntilUs = this.#clockUs = 0;
    if (clock.nowUs() < this.#silentUntilUs) return;
    if (faults.silent.happens(feed.silent))
      this.#silentUntilUs = clock.nowUs() + faults.silent.size(2e6, 15e6);
    if (faults.clockStepped.happens(feed.clockStepped))
      this.#clockUs = Math.round(faults.clockStepped.size(-2e7, 6e7));
    if (faults.restarted.happens(feed.restarted)) {
      if (restart !== undefined) {
        restart();
        return;
      }
      this.#declareTo(sink);
    }
    const { frames, rows } = this.#size();
    for (let k = frames; k > 0; k--) this.#send(sink, rows, k * rows);
  }

  #size(): { readonly frames: number; readonly rows: number } {
    const { feed } = this.#options.world.options;
    const { burst, backlog } = this.#faults;
    if (backlog.happens(feed.backlog) || this.#catchesUp()) return BACKLOG;
    return burst.happens(feed.burst) ? BURST : { frames: 1, rows: 1 };
  }

  /** Once after the faults, in a world that has such feeds: what it then sends comes to an owner that stays. */
  #catchesUp(): boolean {
    const { decisions, options } = this.#options.world;
    const isFirst = decisions.healed && !this.#isHealed;
    this.#isHealed ||= isFirst;
    return isFirst && options.feed.backlog > 0;
  }

  /** The next frame. `rowsLeft`: of those that are sent at once, its own among them. */
  #send(sink: FeedSink, rows: number, rowsLeft: number): void {
    const { feed } = this.#options.world.options;
    const faults = this.#faults;
    if (faults.gap.happens(feed.gap)) this.#sequence += Math.ceil(faults.gap.size(0, 5));
    const frame = this.#frame(rows, rowsLeft);
    if (faults.notANumber.happens(feed.notANumber)) this.#offerBroken(sink, frame);
    if (faults.foreignChannel.happens(feed.foreignChannel))
      sink.frame({ ...frame, channel: frame.channel.map((channel) => channel + 1) });
    const held = this.#held;
    this.#held = null;
    if (faults.late.happens(feed.late)) this.#held = frame;
    else this.#offer(sink, frame);
    // The next frame has overtaken it.
    if (held !== null) sink.frame(held);
    if (faults.duplicated.happens(feed.duplicated)) sink.frame(frame);
  }

  /** Sent before the valid frame, with the same number: it must not count. */
  #offerBroken(sink: FeedSink, frame: Frame): void {
    const { sendBroken } = this.#options;
    if (sendBroken !== undefined) sendBroken(frame);
    else sink.frame({ ...frame, value: frame.value.map(() => Number.NaN) });
  }

  #offer(sink: FeedSink, frame: Frame): void {
    const { world, partition, numbered, life } = this.#options;
    const { source } = this;
    const { nowUs, options } = world;
    if (this.delivery === "once")
      world.observe({
        kind: "queued",
        atUs: nowUs,
        partition,
        source,
        life,
        sourceSequence: numbered(frame.sequence),
      });
    const endUs = world.startUs + options.minutes * 60e6;
    const calmUs = endUs - options.calmSeconds * 1e6;
    if (nowUs > calmUs + SETTLE_US && nowUs < endUs - IN_FLIGHT_US) {
      const sourceSequence = numbered(frame.sequence);
      world.observe({ kind: "offered", atUs: nowUs, partition, source: this.source, sourceSequence });
    }
    sink.frame(frame);
  }

  #frame(rows: number, rowsLeft: number): Frame {
    const { clock, group, world } = this.#options;
    const { feed, channels } = world.options;
    const faults = this.#faults;
    const count = rows * channels;
    const value = new Float64Array(count);
    for (let row = 0; row < rows; row++) value.set(this.#walk(), row * channels);
    if (faults.spike.happens(feed.spike)) value[0] = value[0]! + faults.spike.size(-30, 30);
    if (faults.poison.happens(feed.poison)) value[0] = POISON;
    const backwardUs = faults.backward.happens(feed.backward) ? faults.backward.size(0, 3e6) : 0;
    const lastUs = Math.round(clock.nowUs() + this.#clockUs - backwardUs);
    const timeOf = (row: number): number => lastUs - (rowsLeft - 1 - row) * ROW_US;
    return {
      type: "frame",
      group,
      source: this.source,
      sequence: ++this.#sequence,
      count,
      time: Float64Array.from({ length: count }, (_, k) => timeOf(Math.floor(k / channels))),
      channel: Uint16Array.from({ length: count }, (_, k) => k % channels),
      value,
      size: null,
    };
  }

  #walk(): Float64Array {
    const values = this.#values;
    const common = this.#random.next() - 0.5;
    for (let k = 0; k < values.length; k++)
      values[k] = values[k]! + 0.7 * common + 0.5 * (this.#random.next() - 0.5);
    return values;
  }
}
