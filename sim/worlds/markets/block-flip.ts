/** Half of the channels turn against the market: correlations between the two halves change sign, those within a half stay. */
import { disturbance, fading, Offsets } from "../model/disturbance.ts";
import type { Disturbance, DisturbanceOptions, Scenario } from "../model/scenario.ts";
import { Variates } from "../model/variates.ts";
import { drawWindow, plan, within } from "../model/window.ts";
import { assetNames, CALM_MARKET, factorRun, MARKET_USUALS } from "./factor-market.ts";

export const blockFlip: Scenario = {
  ...MARKET_USUALS,
  name: "block-flip",
  title: "correlations across two halves of the channels change sign, no channel by itself does: collapse",
  source: "Galeano & Wied (2014): breaks of the correlation structure",
  create(options) {
    const window = drawWindow(options, new Variates(options.seed, "happening"), 0.2);
    // At strength 1 the loading has the opposite sign; a higher strength does not change it further. Below 1, the share of the market shrinks on its way through 0.
    const loading = 1 - 2 * Math.min(1, options.strength);
    const planned = plan(options, window, {
      kind: "blockFlip",
      detectors: ["collapse"],
      channels: assetNames(options),
      detail: { correlationAcross: CALM_MARKET * loading },
    });
    const firstTurned = Math.ceil(options.channels / 2);
    return factorRun(blockFlip, options, planned, (law, timeUs) => {
      if (within(window, timeUs)) law.sign.fill(loading, firstTurned);
    });
  },
  disturb: mirrored,
};

/** Changes the sign of the increments of the second half of the channels. */
function mirrored(options: DisturbanceOptions): Disturbance {
  const offsets = new Offsets(options.channels);
  const firstTurned = Math.ceil(options.channels / 2);
  const turned = 2 * Math.min(1, options.strength);
  const truth = { kind: "blockFlip", detectors: ["collapse"] } as const;
  return disturbance(options, truth, (sample) => {
    if (sample.channel < firstTurned) return sample.value;
    const { increment, floor, progress } = sample;
    return offsets.move(sample, -turned * fading(progress) * (increment - floor.mean));
  });
}
