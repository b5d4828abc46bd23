/**
 * Assets that move together: a market factor, sector factors, and a part of each asset's own.
 *
 *   return_i = volatility · (√market · M + √sector · S_{sector of i} + √(1 − market − sector) · ε_i)
 *
 * The correlation of two assets is `market`, and `market + sector` within a sector. Every law draws the same variates, so that worlds with
 * the same seed differ only by the law.
 */
import type { Channels } from "../../../protocol/messages.ts";
import { type RowWorld, rowsRun } from "../model/rows.ts";
import type { Scenario, ScenarioOptions, ScenarioRun, Truth } from "../model/scenario.ts";
import { Variates } from "../model/variates.ts";
import { assets, fillPrices, rowVolatility } from "./prices.ts";

/** The joint law of one row; a scenario changes it in time. */
export interface FactorLaw {
  /** Shares of the variance of an asset; their sum is at most 1. */
  market: number;
  sector: number;
  /** Multiple of the usual volatility. */
  volatility: number;
  /** Added to every return, in usual volatilities. */
  drift: number;
  /** Sign of each asset's loading on the market. */
  readonly sign: Float64Array;
}

/** Share of the market in calm times. */
export const CALM_MARKET = 0.4;
const SECTOR_SIZE = 4;

export class FactorMarket implements RowWorld {
  readonly channels: Channels["channels"];
  readonly innovation = "logReturn";
  readonly planned: readonly Truth[];
  private readonly setLaw: (law: FactorLaw, timeUs: number) => void;
  private readonly law: FactorLaw;
  private readonly variates: Variates;
  private readonly deviation: number;
  private readonly logPrices: Float64Array;
  private readonly returns: Float64Array;

  /** `setLaw` is called before each row, with the calm law to change. */
  constructor(
    { seed, channels, rate }: ScenarioOptions,
    planned: readonly Truth[],
    setLaw: (law: FactorLaw, timeUs: number) => void,
  ) {
    this.channels = assets(channels);
    this.planned = planned;
    this.setLaw = setLaw;
    this.law = { market: 0, sector: 0, volatility: 1, drift: 0, sign: new Float64Array(channels) };
    this.variates = new Variates(seed, "market");
    this.deviation = rowVolatility(rate);
    this.logPrices = new Float64Array(channels);
    this.returns = new Float64Array(channels);
  }

  row(timeUs: number, values: Float64Array): number {
    const { law, variates, returns } = this;
    law.market = CALM_MARKET;
    law.sector = 0;
    law.volatility = 1;
    law.drift = 0;
    law.sign.fill(1);
    this.setLaw(law, timeUs);
    // Rounding may make a small remainder negative.
    const own = Math.sqrt(Math.max(0, 1 - law.market - law.sector));
    const market = Math.sqrt(law.market) * variates.normal();
    let sector = 0;
    for (let k = 0; k < returns.length; k++) {
      if (k % SECTOR_SIZE === 0) sector = Math.sqrt(law.sector) * variates.normal();
      const move = law.sign[k]! * market + sector + own * variates.normal();
      returns[k] = this.deviation * (law.volatility * move + law.drift);
    }
    fillPrices(this.logPrices, returns, values);
    return timeUs;
  }
}

/** Common fields of the scenarios of this market: an hour with a row per second. */
export const MARKET_USUALS = {
  family: "market",
  channels: { least: 2, most: 128, usual: 8 },
  usualRate: 1,
  usualDurationUs: 3600e6,
} as const;

export function factorRun(
  { name }: Pick<Scenario, "name">,
  options: ScenarioOptions,
  planned: readonly Truth[],
  setLaw: (law: FactorLaw, timeUs: number) => void,
): ScenarioRun {
  return rowsRun(name, options, new FactorMarket(options, planned, setLaw));
}

/** Names of all channels of this market. */
export function assetNames({ channels }: ScenarioOptions): string[] {
  return assets(channels).map(({ name }) => name);
}
