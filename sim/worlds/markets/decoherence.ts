/**
 * Fading correlations: the share of the common factor falls as exp(−t/τ), while each channel moves as much as before.
 *
 * As an injection, independent noise of the same size replaces the increments of the channels: their correlation falls by the factor 1 − w²,
 * where w grows from 0 to 1 over the first fifth of the window.
 */
import exp from "@stdlib/math-base-special-exp";
import { disturbance, fading, Offsets } from "../model/disturbance.ts";
import type { Disturbance, DisturbanceOptions, Scenario } from "../model/scenario.ts";
import { Variates } from "../model/variates.ts";
import { drawWindow, plan } from "../model/window.ts";
import { assetNames, CALM_MARKET, factorRun, MARKET_USUALS } from "./factor-market.ts";

/** Time constant at strength 1, as a share of the run. The event ends after three of them, when 5 % are left. */
const TIME_CONSTANT = 0.04;
const WHOLLY = 3;
const RAMP = 0.2;

export const decoherence: Scenario = {
  ...MARKET_USUALS,
  name: "decoherence",
  title: "the common factor fades, no channel moves more or less than before: collapse of the joint state",
  source: "Zurek (2003); Longin & Solnik (1995): correlation in time",
  create(options) {
    const share = (WHOLLY * TIME_CONSTANT) / Math.max(1e-9, options.strength);
    const window = drawWindow(options, new Variates(options.seed, "happening"), share);
    const tauUs = (TIME_CONSTANT * options.durationUs) / Math.max(1e-9, options.strength);
    const planned = plan(options, window, {
      kind: "decoherence",
      detectors: ["collapse", "entanglement"],
      channels: assetNames(options),
      detail: { tauSeconds: tauUs / 1e6 },
    });
    return factorRun(decoherence, options, planned, (law, timeUs) => {
      if (options.strength > 0 && timeUs > window.fromUs)
        law.market = CALM_MARKET * exp((window.fromUs - timeUs) / tauUs);
    });
  },
  disturb: replacedByNoise,
};

function replacedByNoise(options: DisturbanceOptions): Disturbance {
  const variates = new Variates(options.seed, "decoherence");
  const offsets = new Offsets(options.channels);
  const truth = { kind: "decoherence", detectors: ["collapse", "entanglement"] } as const;
  return disturbance(options, truth, (sample) => {
    const { increment, floor, progress } = sample;
    const replaced = fading(progress) * Math.min(1, (options.strength * progress) / RAMP);
    const kept = Math.sqrt(1 - replaced * replaced);
    const noise = replaced * floor.deviation * variates.normal();
    return offsets.move(sample, (kept - 1) * fading(progress) * (increment - floor.mean) + noise);
  });
}
