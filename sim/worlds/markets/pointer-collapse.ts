/**
 * Everything falls onto one pointer: from the onset on one common mode carries nearly all variance of every channel.
 *
 * Injected into real streams, a common random walk of each channel's own size replaces its increments.
 */
import { disturbance, fading, Offsets } from "../model/disturbance.ts";
import type { Disturbance, DisturbanceOptions, Scenario } from "../model/scenario.ts";
import { leftAfter } from "../model/strength.ts";
import { Variates } from "../model/variates.ts";
import { drawWindow, plan, within } from "../model/window.ts";
import { assetNames, CALM_MARKET, factorRun, MARKET_USUALS } from "./factor-market.ts";

/** What is left beside the pointer at strength 1; at strength 2 its square. */
const LEFT = 0.1;

export const pointerCollapse: Scenario = {
  ...MARKET_USUALS,
  name: "pointer-collapse",
  title: "all channels fall onto one common mode, each moving as much as before: collapse",
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

/** A Brownian motion looked at by all channels, with variance 1 in the time between two samples of one. */
class CommonWalk {
  private readonly variates: Variates;
  private value = 0;
  private timeUs = Number.NaN;

  constructor(variates: Variates) {
    this.variates = variates;
  }

  at(timeUs: number, intervalUs: number): number {
    if (Number.isNaN(this.timeUs)) this.timeUs = timeUs;
    // Channels of one frame may be told one after the other: the past is the same for all.
    if (timeUs > this.timeUs) {
      this.value += Math.sqrt((timeUs - this.timeUs) / Math.max(1, intervalUs)) * this.variates.normal();
      this.timeUs = timeUs;
    }
    return this.value;
  }
}
