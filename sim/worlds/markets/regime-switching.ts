/**
 * Calm and stress alternate, each for a random time. In stress all prices move together, and twice as much.
 *
 *   calm ──exponential, mean CALM_MEAN──► stress ──exponential, mean STRESS_MEAN──► calm …      correlation .4 (.6 in a sector)
 *                                                                                          ─► .85 (.9), volatility ×2
 */

import type { Scenario, ScenarioOptions } from "../model/scenario.ts";
import { leftAfter } from "../model/strength.ts";
import { Variates } from "../model/variates.ts";
import { plan, type Window, windowBetween, within } from "../model/window.ts";
import { assetNames, CALM_MARKET, factorRun, MARKET_USUALS } from "./factor-market.ts";

/** Mean durations as shares of the run; the first half is calm. */
const CALM_MEAN = 0.1;
const STRESS_MEAN = 0.1;
const FIRST = 0.5;
const SECTOR = 0.2;
/** Share of the distance to complete dependence that is left at strength 1; its square at strength 2. */
const LEFT = 0.25;

export const regimeSwitching: Scenario = {
  ...MARKET_USUALS,
  name: "regime-switching",
  title: "calm and stress alternate; in stress one factor carries nearly all variance: collapse",
  source: "Hamilton (1989); one factor and sectors: Sharpe (1963), King (1966)",
  create(options) {
    const windows = options.strength === 0 ? [] : stressWindows(options);
    const left = leftAfter(LEFT, options.strength);
    const planned = windows.flatMap((window) =>
      plan(options, window, {
        kind: "stress",
        detectors: ["collapse"],
        channels: assetNames(options),
        detail: { correlation: 1 - (1 - CALM_MARKET) * left },
      }),
    );
    return factorRun(regimeSwitching, options, planned, (law, timeUs) => {
      law.sector = SECTOR;
      if (!windows.some((window) => within(window, timeUs))) return;
      law.market = 1 - (1 - CALM_MARKET) * left;
      law.sector = SECTOR * left;
      law.volatility = 1 + options.strength;
    });
  },
};

/** Windows of stress that do not overlap. */
export function stressWindows(options: ScenarioOptions): Window[] {
  const variates = new Variates(options.seed, "regimes");
  const windows: Window[] = [];
  let share = FIRST + CALM_MEAN * variates.uniform();
  while (share < 1) {
    const until = share + STRESS_MEAN * variates.exponential();
    windows.push(windowBetween(options, share, until));
    share = until + CALM_MEAN * variates.exponential();
  }
  // Windows shorter than a row would begin at the same row.
  return windows.filter((window, k) => k === 0 || window.fromUs >= windows[k - 1]!.untilUs);
}
