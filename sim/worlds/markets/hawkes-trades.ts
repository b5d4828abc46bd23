/**
 * Trades that excite trades: arrivals are a Hawkes process, and each trade moves the price of its asset by its sign and size.
 *
 *   log price += IMPACT · sign · √(size)          size: lognormal, whole; sign: that of the previous trade with probability SAME_SIGN
 *
 * The event: the branching ratio rises from CALM towards 1 for a while, and trades come in avalanches over all assets.
 */
import exp from "@stdlib/math-base-special-exp";
import type { Channels } from "../../../protocol/messages.ts";
import type { Scenario, ScenarioOptions, Truth } from "../model/scenario.ts";
import { leftAfter } from "../model/strength.ts";
import { type Tick, type TickWorld, tickGridUs, ticksRun } from "../model/ticks.ts";
import { Variates } from "../model/variates.ts";
import { drawWindow, plan, type Window, within } from "../model/window.ts";
import { type Branching, Hawkes } from "./hawkes.ts";
import { assets, priceOf } from "./prices.ts";

/** Children of a trade in calm times; a fifth of them are spread over all assets. */
export const CALM: Branching = { own: 0.4, shared: 0.1 };
/** Share of the distance to 1 that the branching ratio keeps at strength 1: 0.5 becomes 0.9, five times as many trades. */
const LEFT = 0.2;
/** 1/s. */
const DECAY = 2;
/** Log price per √size: a trade of usual size moves the price by 0.02 %. */
const IMPACT = 5e-5;
const USUAL_SIZE = 20;
const SAME_SIGN = 0.6;

export const hawkesTrades: Scenario = {
  name: "hawkes-trades",
  family: "market",
  title: "trades excite trades and move prices; a burst of activity over all assets: collapse (volatility)",
  source: "Hawkes (1971); Ogata (1981); Bacry, Mastromatteo & Muzy (2015)",
  channels: { least: 1, most: 64, usual: 4 },
  usualRate: 2,
  usualDurationUs: 3600e6,
  create(options) {
    const window = drawWindow(options, new Variates(options.seed, "happening"), 0.1);
    return ticksRun("hawkes-trades", options, new HawkesTrades(options, window));
  },
};

class HawkesTrades implements TickWorld {
  readonly channels: Channels["channels"];
  readonly innovation = "logReturn";
  readonly sized = true;
  readonly everyUs: number;
  readonly planned: readonly Truth[];
  private readonly hawkes: Hawkes;
  private readonly marks: Variates;
  private readonly sign: Int8Array;
  private readonly logPrice: Float64Array;
  private readonly startUs: number;
  private readonly branching: (seconds: number) => Branching;

  constructor(options: ScenarioOptions, window: Window) {
    const { seed, channels, rate, startUs, strength } = options;
    this.channels = assets(channels);
    this.everyUs = tickGridUs(rate);
    const burst = burstBranching(strength);
    this.planned = plan(options, window, {
      kind: "activityBurst",
      detectors: ["collapse"],
      channels: this.channels.map(({ name }) => name),
      detail: { branchingRatio: burst.own + burst.shared },
    });
    const calmRatio = CALM.own + CALM.shared;
    const baseRate = rate * (1 - calmRatio);
    this.hawkes = new Hawkes(
      { kinds: channels, baseRate, decay: DECAY * rate },
      new Variates(seed, "arrivals"),
    );
    this.marks = new Variates(seed, "marks");
    this.sign = new Int8Array(channels).fill(1);
    this.logPrice = new Float64Array(channels);
    this.startUs = startUs;
    this.branching = (seconds) => (within(window, startUs + seconds * 1e6) ? burst : CALM);
  }

  next(tick: Tick): void {
    const { hawkes, marks } = this;
    hawkes.next(this.branching);
    const k = hawkes.kind;
    const size = Math.max(1, Math.round(USUAL_SIZE * exp(marks.normal())));
    if (marks.uniform() >= SAME_SIGN) this.sign[k] = -this.sign[k]!;
    this.logPrice[k] = this.logPrice[k]! + IMPACT * this.sign[k]! * Math.sqrt(size);
    tick.timeUs = this.startUs + Math.floor(hawkes.time * 1e6);
    tick.channel = k;
    tick.value = priceOf(this.logPrice[k]!);
    tick.size = size;
  }
}

/** Own and shared children in the same proportion, with a sum closer to 1. */
function burstBranching(strength: number): Branching {
  const calm = CALM.own + CALM.shared;
  const ratio = 1 - (1 - calm) * leftAfter(LEFT, strength);
  return { own: (CALM.own / calm) * ratio, shared: (CALM.shared / calm) * ratio };
}
