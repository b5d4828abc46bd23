/**
 * Candles of a stretch of time: what a price did in each interval of a length that people count in.
 *
 *   trades                 open: the first one, where the samples of then are there, else the close before; high, low, close: of the interval
 *   bars (open, high …)    open: of the first bar in it, high and low of the extremes, close of the last one
 */
import { Columns } from "./columns.ts";
import type { Series } from "./series.ts";
import type { Volumes } from "./volumes.ts";

export interface Candle {
  readonly startUs: number;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  /** NaN: not known. */
  readonly volume: number;
}

/** Where the values of candles come from. Trades have a close alone. */
export interface CandleSource {
  readonly close: Series;
  readonly open?: Series | undefined;
  readonly high?: Series | undefined;
  readonly low?: Series | undefined;
  readonly volumes: Volumes | null;
}

/** Lengths that charts of prices have, µs. */
const LENGTHS_US = [
  1e6, 5e6, 15e6, 30e6, 60e6, 300e6, 900e6, 1_800e6, 3_600e6, 14_400e6, 86_400e6, 604_800e6,
] as const;

/** Narrower candles cannot be told apart. */
const LEAST_PX = 7;

/** The length of candles where a pixel is so long, and samples (or what is known of them) are so far apart. */
export function candleLengthUs(columnUs: number, sourceUs: number): number {
  const least = Math.max(LEAST_PX * columnUs, sourceUs);
  return LENGTHS_US.find((us) => us >= least * 0.999) ?? LENGTHS_US[LENGTHS_US.length - 1]!;
}

/** "1 min", "5 s", "1 d". */
export function candleWords(lengthUs: number): string {
  const [unitUs, unit] =
    lengthUs >= 86_400e6
      ? [86_400e6, "d"]
      : lengthUs >= 3_600e6
        ? [3_600e6, "h"]
        : lengthUs >= 60e6
          ? [60e6, "min"]
          : [1e6, "s"];
  return `${lengthUs / unitUs} ${unit}`;
}

/** The candles that begin in [fromUs, toUs), of the given length or one that what is known allows. */
export function candlesOf(
  { close, open, high, low, volumes }: CandleSource,
  { fromUs, toUs, columnUs }: { fromUs: number; toUs: number; columnUs: number },
): { lengthUs: number; candles: Candle[] } {
  const isBar = open !== undefined || high !== undefined || low !== undefined;
  let lengthUs = candleLengthUs(columnUs, isBar ? close.spacingUs : 0);
  let [closes, sourceUs] = filled(close, lengthUs, fromUs, toUs);
  if (sourceUs > lengthUs) {
    lengthUs = candleLengthUs(columnUs, sourceUs);
    [closes, sourceUs] = filled(close, lengthUs, fromUs, toUs);
  }
  const of = (series: Series | undefined) =>
    series === undefined ? closes : filled(series, lengthUs, fromUs, toUs)[0];
  const [opens, highs, lows] = [of(open), of(high), of(low)];
  const candles: Candle[] = [];
  let before = Number.NaN;
  for (let a = closes.oldest; a <= closes.newest; a++) {
    const last = closes.last(a);
    if (Number.isNaN(last)) continue;
    const startUs = a * lengthUs;
    const first = firstIn(open ?? close, startUs, startUs + lengthUs);
    const begin = first ?? (open !== undefined && close.spacingUs >= lengthUs ? opens.last(a) : before);
    const opened = Number.isNaN(begin) ? last : begin;
    before = last;
    if (startUs + lengthUs <= fromUs) continue;
    candles.push({
      startUs,
      open: opened,
      high: Math.max(highs.high(a), opened, last),
      low: Math.min(lows.low(a), opened, last),
      close: last,
      volume: volumes === null ? Number.NaN : volumes.between(startUs, startUs + lengthUs),
    });
  }
  return { lengthUs, candles };
}

/** Also the interval before the first one, whose close may be an open. */
function filled(series: Series, lengthUs: number, fromUs: number, toUs: number): [Columns, number] {
  const begin = Math.floor(fromUs / lengthUs) * lengthUs - lengthUs;
  const columns = new Columns(lengthUs, Math.ceil((toUs - begin) / lengthUs) + 1);
  return [columns, series.fill(columns, begin, toUs)];
}

/** The first sample of the interval; null where the samples do not reach back so far. */
function firstIn(series: Series, fromUs: number, toUs: number): number | null {
  const oldest = series.written - series.kept;
  if (series.kept === 0 || series.timeAt(oldest) > fromUs) return null;
  const k = series.firstAtOrAfter(fromUs);
  return k < series.written && series.timeAt(k) < toUs ? series.valueAt(k) : null;
}
