/**
 * All prices fall together within seconds, with several times the usual noise, and recover more slowly.
 *
 *   ───┐                    depth = DEPTH · strength · noise over the time of the fall
 *       ╲       ╭────────
 *        ╲__╭───╯           fall: a tenth of the window; back: exponentially over the rest
 */
import exp from "@stdlib/math-base-special-exp";
import { disturbance } from "../model/disturbance.ts";
import type { Disturbance, DisturbanceOptions, Scenario } from "../model/scenario.ts";
import { Variates } from "../model/variates.ts";
import { drawWindow, plan, progress, within } from "../model/window.ts";
import { assetNames, factorRun, MARKET_USUALS } from "./factor-market.ts";

/** Share of the window in which prices fall. */
const FALL = 0.1;
/** Depth in standard deviations of the change of a price over the time of the fall. */
const DEPTH = 20;
/** Volatility is multiplied by 1 + this · strength at the bottom, less before and after. */
const AGITATION = 2;
/** Time constant of the recovery, as a share of the window: 95 % after three of them. */
const RECOVERY = 0.25;

export const flashCrash: Scenario = {
  ...MARKET_USUALS,
  name: "flash-crash",
  title: "all prices fall together within seconds and recover: collapse, and anomalies in most channels",
  source: "Kirilenko, Kyle, Samadi & Tuzun (2017)",
  create(options) {
    const window = drawWindow(options, new Variates(options.seed, "happening"), 0.05);
    const planned = plan(options, window, {
      kind: "flashCrash",
      detectors: ["anomaly", "collapse"],
      channels: assetNames(options),
    });
    const rows = ((window.untilUs - window.fromUs) * options.rate) / 1e6;
    const depth = DEPTH * options.strength * Math.sqrt(Math.max(1, FALL * rows));
    return factorRun(flashCrash, options, planned, (law, timeUs) => {
      if (!within(window, timeUs)) return;
      const now = progress(window, timeUs);
      law.drift = -depth * (fallen(now + 1 / rows) - fallen(now));
      law.volatility = 1 + AGITATION * options.strength * fallen(now);
    });
  },
  disturb: laidOver,
};

/** Depth of a price after the share `passed` of the window: 0 before, 1 at the bottom. */
export function fallen(passed: number): number {
  if (passed <= 0 || passed >= 1) return 0;
  // The fall accelerates: it is quadratic in time.
  if (passed < FALL) return (passed / FALL) * (passed / FALL);
  return exp((FALL - passed) / RECOVERY);
}

function laidOver(options: DisturbanceOptions): Disturbance {
  const truth = { kind: "flashCrash", detectors: ["anomaly", "collapse"] } as const;
  return disturbance(options, truth, ({ value, floor, progress }) => {
    const samples = Math.max(1, (FALL * options.durationUs) / Math.max(1, floor.intervalUs));
    const depth = DEPTH * options.strength * floor.deviation * Math.sqrt(samples);
    return value - depth * fallen(progress);
  });
}
