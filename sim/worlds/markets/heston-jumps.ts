/** Prices of stochastic volatility with rare jumps: the jumps are events, changes of volatility are not. */
import type { Channels } from "../../../protocol/messages.ts";
import { type RowWorld, rowCount, rowsRun, rowTimeUs } from "../model/rows.ts";
import type { Scenario, ScenarioOptions, Truth } from "../model/scenario.ts";
import { Variates } from "../model/variates.ts";
import { Heston } from "./heston.ts";
import { assets, fillPrices, VOLATILITY } from "./prices.ts";

/** Memory of the variance in rows: a thirtieth of an hour with a row per second. */
const MEMORY_ROWS = 120;
/** Feller's 2κθ/ξ²: 2 keeps the variance off 0 and lets it double and halve. */
export const FELLER = 2;
/** Falling prices raise volatility. */
const RHO = -0.7;
/** Mean number of jumps of a run over all channels, all in its second half. */
const JUMPS = 6;
/** Mean and spread of the size of a jump, in long-run standard deviations of the return of a row; its sign is random. */
const JUMP_MEAN = 12;
const JUMP_SPREAD = 2;

interface Jump {
  readonly row: number;
  readonly channel: number;
  readonly size: number;
}

export const hestonJumps: Scenario = {
  name: "heston-jumps",
  family: "market",
  title: "clustered stochastic volatility and rare jumps of single prices: anomaly at the jumps only",
  source: "Heston (1993); Bates (1996); Lord, Koekkoek & van Dijk (2010)",
  channels: { least: 1, most: 128, usual: 6 },
  usualRate: 1,
  usualDurationUs: 3600e6,
  create: (options) => rowsRun("heston-jumps", options, new HestonMarket(options)),
};

class HestonMarket implements RowWorld {
  readonly channels: Channels["channels"];
  readonly innovation = "logReturn";
  readonly planned: readonly Truth[];
  private readonly jumps: readonly Jump[];
  private readonly assets: readonly Heston[];
  private readonly variates: readonly Variates[];
  private readonly logPrices: Float64Array;
  private readonly returns: Float64Array;
  private readonly scale: number;
  private rows = 0;
  private jumped = 0;

  constructor(options: ScenarioOptions) {
    const { seed, channels, rate, strength } = options;
    this.channels = assets(channels);
    const kappa = rate / MEMORY_ROWS;
    const theta = VOLATILITY * VOLATILITY;
    const xi = Math.sqrt((2 * kappa * theta) / FELLER);
    this.assets = this.channels.map(() => new Heston({ kappa, theta, xi, rho: RHO, step: 1 / rate }));
    this.variates = this.channels.map((_, k) => new Variates(seed, `heston/${k}`));
    this.logPrices = new Float64Array(channels);
    this.returns = new Float64Array(channels);
    this.scale = (strength * VOLATILITY) / Math.sqrt(rate);
    this.jumps = strength === 0 ? [] : drawJumps(options);
    this.planned = this.jumps.map(({ row, channel, size }) => ({
      kind: "jump",
      detectors: ["anomaly"],
      group: options.group,
      channels: [this.channels[channel]!.name],
      onsetUs: rowTimeUs(options, row),
      endUs: rowTimeUs(options, row),
      detail: { logReturn: size * this.scale },
    }));
  }

  row(timeUs: number, values: Float64Array): number {
    const { returns } = this;
    for (let k = 0; k < returns.length; k++) returns[k] = this.assets[k]!.next(this.variates[k]!);
    for (; this.jumps[this.jumped]?.row === this.rows; this.jumped++) {
      const { channel, size } = this.jumps[this.jumped]!;
      returns[channel] = returns[channel]! + size * this.scale;
    }
    this.rows++;
    fillPrices(this.logPrices, returns, values);
    return timeUs;
  }
}

/** Exponential times between jumps, rounded up to rows: none before the second half, at most one per row. */
function drawJumps(options: ScenarioOptions): Jump[] {
  const variates = new Variates(options.seed, "jumps");
  const rows = rowCount(options);
  const half = rows / 2;
  const jumps: Jump[] = [];
  for (let row = Math.ceil(half + (half / JUMPS) * variates.exponential()); row < rows; ) {
    const size = variates.sign() * (JUMP_MEAN + JUMP_SPREAD * variates.normal());
    jumps.push({ row, channel: variates.whole(options.channels), size });
    row += Math.ceil((half / JUMPS) * variates.exponential());
  }
  return jumps;
}
