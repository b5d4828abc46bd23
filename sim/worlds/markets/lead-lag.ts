/**
 * Pairs of assets that tick at random and unequal times. From the onset, the second of each pair follows the first with a lag.
 *
 *   leader    ln p(t) = √SHARED · W(t)     + √(1 − SHARED) · B(t)
 *   follower  ln p(t) = √SHARED · W(τ(t))  + √(1 − SHARED) · B′(t)     τ(t) = t before the onset, then max(onset, t − lag)
 *
 * W is drawn on a grid of GRID_TICKS usual spacings, so lags are multiples of the grid. B and B′ are exact at every tick.
 */
import type { Channels } from "../../../protocol/messages.ts";
import { disturbance } from "../model/disturbance.ts";
import type { Disturbance, DisturbanceOptions, Scenario, ScenarioOptions, Truth } from "../model/scenario.ts";
import { type Tick, type TickWorld, tickGridUs, ticksRun } from "../model/ticks.ts";
import { Variates } from "../model/variates.ts";
import { drawWindow, plan, type Window, within } from "../model/window.ts";
import { assets, priceOf, VOLATILITY } from "./prices.ts";

/** Share of the variance that both assets of a pair have in common. */
export const SHARED = 0.8;
/** Ticks of the leader, and of the follower, per tick of the usual rate. */
const LEADER_RATE = 1.5;
const FOLLOWER_RATE = 0.5;
/** Lag at strength 1, in usual spacings of ticks: longer than the grid of joint rows. */
const LAG_TICKS = 4;
/** Spacing of the grid, in usual spacings of ticks. */
const GRID_TICKS = 0.04;
/** Largest lag in steps of the grid. */
const LAG_STEPS_MOST = 6000;

export const leadLag: Scenario = {
  name: "lead-lag",
  family: "market",
  title: "pairs on unequal, asynchronous ticks; one of each begins to follow the other with a lag: collapse",
  source: "Hoffmann, Rosenbaum & Yoshida (2013)",
  channels: { least: 2, most: 64, usual: 4 },
  usualRate: 2,
  usualDurationUs: 3600e6,
  create(options) {
    const window = drawWindow(options, new Variates(options.seed, "happening"), 0.2);
    return ticksRun("lead-lag", options, new LeadLagPairs(options, window));
  },
  disturb: delayed,
};

class LeadLagPairs implements TickWorld {
  readonly channels: Channels["channels"];
  readonly innovation = "logReturn";
  readonly sized = false;
  readonly everyUs: number;
  readonly planned: readonly Truth[];
  private readonly startUs: number;
  private readonly window: Window;
  private readonly gridSeconds: number;
  private readonly lagSteps: number;
  private readonly ticking: readonly TickingAsset[];
  private readonly shared: readonly SharedPath[];

  constructor(options: ScenarioOptions, window: Window) {
    const { seed, channels, rate, startUs, strength } = options;
    this.channels = assets(channels);
    this.everyUs = tickGridUs(rate);
    this.startUs = startUs;
    this.window = window;
    this.gridSeconds = GRID_TICKS / rate;
    this.lagSteps = Math.min(LAG_STEPS_MOST, Math.round((strength * LAG_TICKS) / GRID_TICKS));
    this.ticking = this.channels.map((_, k) => {
      const perTick = k % 2 === 0 ? LEADER_RATE : FOLLOWER_RATE;
      return new TickingAsset(rate * perTick, new Variates(seed, `asset/${k}`));
    });
    this.shared = Array.from(
      { length: Math.ceil(channels / 2) },
      (_, pair) => new SharedPath(new Variates(seed, `pair/${pair}`), this.gridSeconds),
    );
    const followers = this.channels.filter((_, k) => k % 2 === 1).map(({ name }) => name);
    const lagSeconds = this.lagSteps * this.gridSeconds;
    this.planned = plan(options, window, {
      kind: "lag",
      detectors: ["collapse"],
      channels: followers,
      detail: { lagSeconds },
    });
  }

  next(tick: Tick): void {
    let k = 0;
    for (let other = 1; other < this.ticking.length; other++)
      if (this.ticking[other]!.due < this.ticking[k]!.due) k = other;
    const asset = this.ticking[k]!;
    const seconds = asset.due;
    tick.timeUs = this.startUs + Math.floor(seconds * 1e6);
    const follows = k % 2 === 1;
    const common = this.shared[k >> 1]!.at(this.stepOf(seconds, tick.timeUs, follows));
    tick.channel = k;
    tick.value = priceOf(VOLATILITY * (Math.sqrt(SHARED) * common + asset.tick()));
  }

  /** Step of the grid at which an asset reads the common path of its pair. */
  private stepOf(seconds: number, timeUs: number, follows: boolean): number {
    const step = Math.floor(seconds / this.gridSeconds);
    if (!follows || this.lagSteps === 0 || !within(this.window, timeUs)) return step;
    const onset = Math.floor((this.window.fromUs - this.startUs) / 1e6 / this.gridSeconds);
    return Math.max(onset, step - this.lagSteps);
  }
}

/** Tick times of an asset, and its own part of the price. */
class TickingAsset {
  /** Seconds. */
  due: number;
  private own = 0;
  private last = 0;
  private readonly rate: number;
  private readonly variates: Variates;

  constructor(rate: number, variates: Variates) {
    this.rate = rate;
    this.variates = variates;
    this.due = variates.exponential() / rate;
  }

  /** Its own part of the price at the tick that is due; moves to the next tick. */
  tick(): number {
    this.own += Math.sqrt((1 - SHARED) * (this.due - this.last)) * this.variates.normal();
    this.last = this.due;
    this.due += this.variates.exponential() / this.rate;
    return this.own;
  }
}

/** A Brownian motion on the grid. Keeps twice the longest lag. */
class SharedPath {
  private readonly variates: Variates;
  private readonly kept = new Float64Array(2 * LAG_STEPS_MOST);
  private readonly spread: number;
  private last = 0;

  constructor(variates: Variates, gridSeconds: number) {
    this.variates = variates;
    this.spread = Math.sqrt(gridSeconds);
  }

  /** O(steps since the last call). */
  at(step: number): number {
    const { kept } = this;
    while (this.last < step) {
      const before = kept[this.last % kept.length]!;
      kept[++this.last % kept.length] = before + this.spread * this.variates.normal();
    }
    return kept[step % kept.length]!;
  }
}

/** Every second channel repeats its values with a lag of some samples. */
function delayed(options: DisturbanceOptions): Disturbance {
  const past = Array.from({ length: options.channels }, (): number[] => []);
  const lag = Math.min(LAG_STEPS_MOST, Math.max(1, Math.round(LAG_TICKS * options.strength)));
  const truth = { kind: "lag", detectors: ["collapse"] } as const;
  return disturbance(options, truth, ({ channel, value }) => {
    // The only channel, or the second of each pair.
    if (channel % 2 === 0 && options.channels > 1) return value;
    const queue = past[channel]!;
    queue.push(value);
    return queue.length > lag ? queue.shift()! : queue[0]!;
  });
}
