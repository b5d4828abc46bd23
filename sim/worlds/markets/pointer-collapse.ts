/**
 * All channels collapse onto one pointer: from the onset, one common mode carries nearly all variance of every channel.
 *
 * As an injection, a common random walk, scaled to each channel, replaces the increments of the channels.
 */
import { disturbance, fading, Offsets } from "../model/disturbance.ts";
import type { Disturbance, DisturbanceOptions, Scenario } from "../model/scenario.ts";
import { leftAfter } from "../model/strength.ts";
import { Variates } from "../model/variates.ts";
import { drawWindow, plan, within } from "../model/window.ts";
import { assetNames, CALM_MARKET, factorRun, MARKET_USUALS } from "./factor-market.ts";

/** Share of the variance outside the pointer at strength 1; its square at strength 2. */
const LEFT = 0.1;

export const pointerCollapse: Scenario = {
  ...MARKET_USUALS,
  name: "pointer-collapse",
  title: "all channels collapse onto one common mode, each moving as much as before: collapse",
  source: "Zurek (1981): pointer states",
  create(options) {
    const window = drawWindow(options, new Variates(options.seed, "happening"), 0.2);
    const share = 1 - (1 - CALM_MARKET) * leftAfter(LEFT, options.strength);
    const planned = plan(options, window, {
      kind: "pointerCollapse",
      detectors: ["collapse"],
      channels: assetNames(options),
      detail: { correlation: share },
    });
    return factorRun(pointerCollapse, options, planned, (law, timeUs) => {
      if (within(window, timeUs)) law.market = share;
    });
  },
  disturb: mixedIn,
};

function mixedIn(options: DisturbanceOptions): Disturbance {
  const walk = new CommonWalk(new Variates(options.seed, "pointer-collapse"));
  const offsets = new Offsets(options.channels);
  const seen = new Float64Array(options.channels).fill(Number.NaN);
  const left = leftAfter(LEFT, options.strength);
  const truth = { kind: "pointerCollapse", detectors: ["collapse"] } as const;
  return disturbance(options, truth, (sample) => {
    const { channel, timeUs, increment, floor, progress } = sample;
    const at = walk.at(timeUs, floor.intervalUs);
    const step = Number.isNaN(seen[channel]) ? 0 : at - seen[channel]!;
    seen[channel] = at;
    const own = (Math.sqrt(left) - 1) * (increment - floor.mean);
    const common = Math.sqrt(1 - left) * floor.deviation * step;
    return offsets.move(sample, fading(progress) * (own + common));
  });
}

/** A Brownian motion common to all channels, with variance 1 between two samples of a channel. */
class CommonWalk {
  private readonly variates: Variates;
  private value = 0;
  private timeUs = Number.NaN;

  constructor(variates: Variates) {
    this.variates = variates;
  }

  at(timeUs: number, intervalUs: number): number {
    if (Number.isNaN(this.timeUs)) this.timeUs = timeUs;
    // Channels of one frame may arrive one after the other, so an earlier time must return the same value.
    if (timeUs > this.timeUs) {
      this.value += Math.sqrt((timeUs - this.timeUs) / Math.max(1, intervalUs)) * this.variates.normal();
      this.timeUs = timeUs;
    }
    return this.value;
  }
}
