/**
 * One asset at several venues: an efficient price, and at each venue a temporary error. Sometimes the price of one venue leaves the others
 * until arbitrage brings it back.
 *
 *   ln p_v = m + u_v + gap_v,   m: random walk,   u_v: AR(1),   gap: opens at once, stays, then halves every GAP_HALF_LIFE_ROWS
 */
import type { Channels } from "../../../protocol/messages.ts";
import { type RowWorld, rowsRun } from "../model/rows.ts";
import type { Scenario, ScenarioOptions, Truth } from "../model/scenario.ts";
import { leftAfter } from "../model/strength.ts";
import { Variates } from "../model/variates.ts";
import { plan, type Window, windowBetween, within } from "../model/window.ts";
import { priceOf, rowVolatility } from "./prices.ts";

/** Temporary error of a venue: spread in standard deviations of the return of a row, and correlation from row to row. */
export const ERROR_SPREAD = 0.5;
export const ERROR_PERSISTENCE = 0.8;
/** Size of a gap at strength 1, in standard deviations of the return of a row. */
const GAP = 10;
const GAP_HALF_LIFE_ROWS = 10;
/** Gaps of a run, in slots of its second half. */
const GAPS = 4;
/** Duration of a gap as a share of the run; it stays fully open for a third of that. */
const LENGTH = 0.02;
const OPEN = 1 / 3;

interface Gap {
  readonly window: Window;
  readonly venue: number;
  readonly sign: number;
}

export const venueGap: Scenario = {
  name: "venue-gap",
  family: "market",
  title: "one asset at several venues; the price of one venue leaves the others and returns: anomaly there",
  source: "Hasbrouck (1995); Makarov & Schoar (2020)",
  channels: { least: 2, most: 32, usual: 4 },
  usualRate: 1,
  usualDurationUs: 3600e6,
  create: (options) => rowsRun("venue-gap", options, new Venues(options)),
};

class Venues implements RowWorld {
  readonly channels: Channels["channels"];
  readonly innovation = "logReturn";
  readonly planned: readonly Truth[];
  private readonly gaps: readonly Gap[];
  private readonly variates: Variates;
  private readonly deviation: number;
  private readonly strength: number;
  private readonly spacingUs: number;
  private readonly error: Float64Array;
  private efficient = 0;

  constructor(options: ScenarioOptions) {
    const { seed, channels, rate, strength } = options;
    this.channels = Array.from({ length: channels }, (_, k) => ({
      name: `A01@V${k + 1}`,
      title: `Asset 1 at venue ${k + 1} (synthetic)`,
      unit: "USD",
    }));
    this.gaps = strength === 0 ? [] : drawGaps(options);
    this.planned = this.gaps.flatMap(({ window, venue, sign }) =>
      plan(options, window, {
        kind: "venueGap",
        detectors: ["anomaly"],
        channels: [this.channels[venue]!.name],
        detail: { logGap: sign * GAP * strength * rowVolatility(rate) },
      }),
    );
    this.variates = new Variates(seed, "venues");
    this.deviation = rowVolatility(rate);
    this.strength = strength;
    this.spacingUs = 1e6 / rate;
    this.error = Float64Array.from({ length: channels }, () => ERROR_SPREAD * this.variates.normal());
  }

  row(timeUs: number, values: Float64Array): number {
    const { variates, error } = this;
    this.efficient += variates.normal();
    const fresh = ERROR_SPREAD * Math.sqrt(1 - ERROR_PERSISTENCE * ERROR_PERSISTENCE);
    for (let venue = 0; venue < values.length; venue++) {
      error[venue] = ERROR_PERSISTENCE * error[venue]! + fresh * variates.normal();
      const away = this.gapAt(timeUs, venue);
      values[venue] = priceOf(this.deviation * (this.efficient + error[venue]! + away));
    }
    return timeUs;
  }

  /** Distance of a venue from the others, in standard deviations of the return of a row. */
  private gapAt(timeUs: number, venue: number): number {
    const gap = this.gaps.find((each) => each.venue === venue && within(each.window, timeUs));
    if (gap === undefined) return 0;
    const { fromUs, untilUs } = gap.window;
    const closingUs = Math.max(0, timeUs - fromUs - OPEN * (untilUs - fromUs));
    const left = leftAfter(0.5, closingUs / this.spacingUs / GAP_HALF_LIFE_ROWS);
    return gap.sign * GAP * this.strength * left;
  }
}

function drawGaps(options: ScenarioOptions): Gap[] {
  const variates = new Variates(options.seed, "gaps");
  const slot = 0.5 / GAPS;
  return Array.from({ length: GAPS }, (_, k) => {
    const from = 0.5 + slot * (k + 0.5 * variates.uniform());
    return {
      window: windowBetween(options, from, from + LENGTH),
      venue: variates.whole(options.channels),
      sign: variates.sign(),
    };
  });
}
