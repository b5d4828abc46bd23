/**
 * Pairs of cointegrated prices, one of which decouples.
 *
 *   Δx = a,   y = x + z,   z ← φ z + b        half-life of z: HALF_LIFE_ROWS;  b half as large as a, so corr(Δx, Δy) ≈ .88
 *
 * Decoupled, y no longer corrects its error (φ = 1) and follows only the share w of the returns of x: Δy = w a + √(1 − w²) a′ + b.
 */
import type { Channels } from "../../../protocol/messages.ts";
import { type RowWorld, rowsRun } from "../model/rows.ts";
import type { Scenario, ScenarioOptions, Truth } from "../model/scenario.ts";
import { leftAfter } from "../model/strength.ts";
import { Variates } from "../model/variates.ts";
import { drawWindow, plan, type Window, within } from "../model/window.ts";
import { assets, fillPrices, rowVolatility } from "./prices.ts";

/** Rows after which half of an error is left. */
export const HALF_LIFE_ROWS = 30;
/** Standard deviation of the noise of the error, in standard deviations of a return. */
export const ERROR_NOISE = 0.5;
/** Share of the returns of the other price that is followed at strength 1. */
const FOLLOWED = 0.2;

export const cointegratedPairs: Scenario = {
  name: "cointegrated-pairs",
  family: "market",
  title: "pairs tied by error correction; one pair comes apart: collapse names the pair",
  source: "Engle & Granger (1987); Gatev, Goetzmann & Rouwenhorst (2006)",
  channels: { least: 2, most: 128, usual: 6 },
  usualRate: 1,
  usualDurationUs: 3600e6,
  create(options) {
    const variates = new Variates(options.seed, "happening");
    const window = drawWindow(options, variates, 0.25);
    const pair = variates.whole(Math.floor(options.channels / 2));
    return rowsRun("cointegrated-pairs", options, new Pairs(options, window, pair));
  },
};

class Pairs implements RowWorld {
  readonly channels: Channels["channels"];
  readonly innovation = "logReturn";
  readonly planned: readonly Truth[];
  private readonly window: Window;
  private readonly parted: number;
  private readonly followed: number;
  private readonly deviation: number;
  private readonly persistence = leftAfter(0.5, 1 / HALF_LIFE_ROWS);
  private readonly variates: Variates;
  private readonly error: Float64Array;
  private readonly logPrices: Float64Array;
  private readonly returns: Float64Array;

  constructor(options: ScenarioOptions, window: Window, parted: number) {
    const { seed, channels, rate, strength } = options;
    this.channels = assets(channels);
    this.window = window;
    this.parted = strength === 0 ? -1 : parted;
    this.followed = leftAfter(FOLLOWED, strength);
    this.deviation = rowVolatility(rate);
    this.variates = new Variates(seed, "pairs");
    this.error = new Float64Array(Math.ceil(channels / 2));
    this.logPrices = new Float64Array(channels);
    this.returns = new Float64Array(channels);
    this.planned = plan(options, window, {
      kind: "decoupling",
      detectors: ["collapse"],
      channels: this.channels.slice(2 * parted, 2 * parted + 2).map(({ name }) => name),
      detail: { followed: this.followed },
    });
  }

  row(timeUs: number, values: Float64Array): number {
    const { variates, returns, error } = this;
    for (let pair = 0; pair < error.length; pair++) {
      const first = variates.normal();
      const other = variates.normal();
      const noise = ERROR_NOISE * variates.normal();
      returns[2 * pair] = this.deviation * first;
      // The last of an odd number of channels has no partner.
      if (2 * pair + 1 === returns.length) break;
      const apart = pair === this.parted && within(this.window, timeUs);
      const w = this.followed;
      const common = apart ? w * first + Math.sqrt(1 - w * w) * other : first;
      const back = apart ? 0 : (this.persistence - 1) * error[pair]!;
      error[pair] = error[pair]! + back + noise;
      returns[2 * pair + 1] = this.deviation * (common + back + noise);
    }
    fillPrices(this.logPrices, returns, values);
    return timeUs;
  }
}
