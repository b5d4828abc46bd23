/**
 * The groups of the golden session: what their channels do row by row, and the faults in it.
 *
 *   group      rows of              what it is for
 *   machine    6, a second          a host: learning, persistence, own health, short bursts, AR(1) innovations
 *   prices     3, a second          log returns with volatility in clusters
 *   plant      16, 1.5 seconds      every detector in full: all that is in FAULTS
 *   fast       2, 10 ms             memories of more than 32,768 rows
 *   wide       70, a second         the largest calibration, many channels at fault at once, more incidents than a session follows
 *   seasonal   4, five minutes      days and weeks, and what lasts for days
 *
 * Values are multiples of a half or a quarter, from a generator of integers: every engine makes the same ones, and they compress.
 */
import type { Channels } from "../../protocol/messages.ts";

export interface RowGroup {
  readonly name: string;
  readonly channels: readonly string[];
  readonly everyUs: number;
  readonly innovation: Channels["innovation"];
  /** Time of row 0 since the beginning of the session, µs. */
  readonly startUs: number;
  readonly rows: number;
  readonly rowsPerFrame: number;
  /** Writes row k, which follows row k − 1; NaN: the channel does not report. False: there is no such row. */
  row(k: number, out: Float64Array): boolean;
}

const SECOND_US = 1_000_000;
const HOUR_US = 3_600 * SECOND_US;
const DAY_US = 24 * HOUR_US;

/** When the seasonal group begins: after all others. */
export const SEASONS_FROM_US = 3 * HOUR_US;
export const SEASONS_DAYS = 23;
/** When the plant goes on with other settings: after the seasons. */
export const SECOND_STAGE_US = SEASONS_FROM_US + SEASONS_DAYS * DAY_US;

const PLANT_EVERY_US = 1_500_000;
/** Rows of the plant before the seasons and after them. */
const PLANT_ROWS = 4_200;
const PLANT_LATER_ROWS = 500;

export function rowGroups(): RowGroup[] {
  return [machine(), prices(), plant(), fast(), wide(), seasonal(), plantLater()];
}

/** Steps of a generator (Mulberry32) as noise of mean 0 and variance 1, nearly normal: the sum of four uniforms. */
export class Noise {
  private state: number;

  constructor(seed: number) {
    this.state = seed;
  }

  next(): number {
    const bits = this.bits();
    const sum = (bits & 255) + ((bits >>> 8) & 255) + ((bits >>> 16) & 255) + (bits >>> 24);
    return (sum - 510) / 148;
  }

  /** A whole number below `count`. */
  below(count: number): number {
    return Math.floor((this.bits() / 4_294_967_296) * count);
  }

  private bits(): number {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.state ^ (this.state >>> 15), this.state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return (t ^ (t >>> 14)) >>> 0;
  }
}

/** From row `from` to before row `to`, the values of some channels are others. `since`: rows since `from`. */
interface Fault {
  readonly from: number;
  readonly to: number;
  /** Absent: all. */
  readonly channels?: readonly number[];
  value(value: number, since: number, channel: number): number;
}

const shift =
  (by: number): Fault["value"] =>
  (value) =>
    value + by;
const ramp =
  (perRow: number): Fault["value"] =>
  (value, since) =>
    value + perRow * since;
const missing: Fault["value"] = () => Number.NaN;
const held =
  (at: number): Fault["value"] =>
  () =>
    at;
const flickering =
  (by: number): Fault["value"] =>
  (value, since) =>
    since % 12 < 3 ? value + by : value;

function withFaults(faults: readonly Fault[], k: number, out: Float64Array): void {
  for (const { from, to, channels, value } of faults) {
    if (k < from || k >= to) continue;
    for (let c = 0; c < out.length; c++)
      if (channels === undefined || channels.includes(c)) out[c] = value(out[c]!, k - from, c);
  }
}

function rounded(values: Float64Array, perUnit: number): void {
  for (let c = 0; c < values.length; c++) values[c] = Math.round(values[c]! * perUnit) / perUnit;
}

// ---- the plant --------------------------------------------------------------------------------------------------

const PLANT_CHANNELS = 16;
/** The channel with a lasting shift, and all but it. */
const LASTING = 1;
const OTHERS = Array.from({ length: PLANT_CHANNELS }, (_, c) => c).filter((c) => c !== LASTING);
const FAULTS: readonly Fault[] = [
  // It does not vary while it is learnt, is left out, and moves later.
  { from: 0, to: 1_280, channels: [15], value: held(60) },
  { from: 560, to: 561, channels: [3], value: shift(40) },
  { from: 600, to: 640, channels: [5], value: shift(18) },
  // An hour and more without a larger one: it stays, and is taken as normal.
  { from: 700, to: PLANT_ROWS, channels: [LASTING], value: shift(40) },
  // They stay, and grow.
  ...[10, 12, 14].map((channel, k) => ({
    from: 1_000,
    to: 1_150,
    channels: [channel],
    value: shift(20 + 2 * k),
  })),
  ...[10, 12, 14].map((channel, k) => ({
    from: 1_150,
    to: 1_250,
    channels: [channel],
    value: shift(70 + 25 * k),
  })),
  { from: 760, to: 900, channels: [7], value: held(52) },
  { from: 820, to: 900, channels: [13], value: flickering(16) },
  { from: 1_100, to: 1_400, channels: [9], value: ramp(0.25) },
  { from: 1_150, to: 1_250, channels: [11], value: (value, since) => (since % 7 === 0 ? Number.NaN : value) },
  { from: 1_260, to: 1_275, channels: [11], value: missing },
  { from: 1_320, to: 1_321, channels: [4, 6], value: shift(25) },
  { from: 1_420, to: 1_422, channels: OTHERS, value: shift(30) },
  // All at once, by far: extreme, and critical.
  { from: 1_500, to: 1_530, channels: OTHERS, value: shift(45) },
  { from: 1_600, to: 1_720, channels: [2], value: shift(7) },
  { from: 2_060, to: 2_120, channels: [0, 2, 3], value: shift(-20) },
  // One after the other, more than the budget of a day.
  ...[2, 4, 6, 8, 10, 12, 14].map((channel, k) => ({
    from: 3_000 + 50 * k,
    to: 3_640 + 7 * k,
    channels: [channel],
    value: shift(k % 2 === 0 ? 9 : -9),
  })),
  // It brings nothing, three times, and once more when that is usual for it.
  ...[0, 1, 2, 3].map((k) => ({
    from: 3_700 + 80 * k,
    to: 3_740 + 80 * k,
    channels: [13],
    value: missing,
  })),
  { from: 4_100, to: 4_180, value: ramp(0.2) },
];

function plant(): RowGroup {
  const process = plantProcess(11);
  return {
    ...PLANT,
    startUs: 0,
    rows: PLANT_ROWS,
    row(k, out) {
      process(out, {
        // The joint law changes and comes back, changes for good, and again while that is learnt; at last the sizes change.
        together: (k >= 900 && k < 990) || (k >= 2_300 && k < 2_800) ? 0 : 1,
        size: k >= 1_800 && k < 2_900 ? 1.8 : k >= 4_000 && k < 4_080 ? 2.5 : 1,
      });
      withFaults(FAULTS, k, out);
      rounded(out, 2);
      return k < 2_900 || k >= 2_920;
    },
  };
}

function plantLater(): RowGroup {
  const process = plantProcess(12);
  const faults: readonly Fault[] = [
    { from: 300, to: 360, channels: [3], value: shift(20) },
    { from: 380, to: 430, channels: [8, 9, 10], value: shift(-15) },
    { from: 450, to: 452, value: shift(25) },
  ];
  return {
    ...PLANT,
    startUs: SECOND_STAGE_US,
    rows: PLANT_LATER_ROWS,
    row(k, out) {
      process(out, { together: k >= 330 && k < 400 ? 0 : k >= 400 ? 0.6 : 1, size: 1 });
      withFaults(faults, k, out);
      rounded(out, 2);
      return true;
    },
  };
}

const PLANT = {
  name: "plant",
  channels: numbered("p", PLANT_CHANNELS),
  everyUs: PLANT_EVERY_US,
  innovation: "difference",
  rowsPerFrame: 12,
} as const;

/** A common load, a second factor of half of the channels, and noise of each. `together` 0: each has a load of its own. */
function plantProcess(seed: number): (out: Float64Array, law: { together: number; size: number }) => void {
  const noise = new Noise(seed);
  const own = new Float64Array(PLANT_CHANNELS);
  let load = 0;
  let second = 0;
  return (out, { together, size }) => {
    load = 0.7 * load + noise.next();
    second = 0.4 * second + noise.next();
    for (let c = 0; c < PLANT_CHANNELS; c++) {
      const noiseOfC = noise.next();
      own[c] = 0.7 * own[c]! + noiseOfC;
      const shared = together * load + (1 - together) * own[c]!;
      out[c] = 40 + 2 * c + size * ((1 + (c % 4) / 4) * shared + (c % 2) * second + 1.2 * noiseOfC);
    }
  };
}

// ---- the others -------------------------------------------------------------------------------------------------

function machine(): RowGroup {
  const noise = new Noise(21);
  const levels = new Float64Array(6);
  const faults: readonly Fault[] = [
    // While the machine is learnt.
    { from: 120, to: 150, channels: [0], value: shift(20) },
    { from: 200, to: 215, channels: [3], value: shift(12) },
    // Too short to be an incident.
    { from: 500, to: 505, channels: [0], value: shift(30) },
    ...[5, 6, 7, 8].map((rows, k) => ({
      from: 540 + 24 * k,
      to: 540 + 24 * k + rows,
      channels: [2],
      value: shift(18 + 2 * k),
    })),
    { from: 660, to: 740, channels: [0, 1, 2], value: shift(25) },
    // The second counts when the first has lasted for long enough, or not.
    { from: 780, to: 850, channels: [0], value: shift(28) },
    { from: 784, to: 850, channels: [3], value: shift(24) },
    { from: 860, to: 880, channels: [4], value: shift(30) },
    { from: 900, to: 990, channels: [3], value: shift(9) },
    { from: 1_040, to: 1_050, channels: [3], value: shift(14) },
  ];
  return {
    name: "machine",
    channels: ["cpu", "memory", "disk", "network", "own.loopDelay", "own.heap"],
    everyUs: SECOND_US,
    innovation: "ar1",
    startUs: 0,
    rows: 1_200,
    rowsPerFrame: 4,
    row(k, out) {
      for (let c = 0; c < out.length; c++) {
        levels[c] = 0.9 * levels[c]! + noise.next();
        out[c] = 30 + 8 * c + levels[c]!;
      }
      // A memory that is never freed.
      out[1] = out[1]! + k / 100;
      withFaults(faults, k, out);
      rounded(out, 2);
      return true;
    },
  };
}

function prices(): RowGroup {
  const noise = new Noise(31);
  const price = Float64Array.of(200, 120, 80);
  let volatility = 1;
  return {
    name: "prices",
    channels: ["ABC", "DEF", "GHI"],
    everyUs: SECOND_US,
    innovation: "logReturn",
    startUs: 0,
    rows: 2_700,
    rowsPerFrame: 20,
    row(k, out) {
      // Sizes depend on those before, and from row 1,200 on no more.
      if (k < 1_200 && k % 10 === 0) volatility = noise.below(2) === 0 ? 0.5 : 1.5;
      if (k === 1_200) volatility = 1;
      const market = volatility * noise.next();
      for (let c = 0; c < out.length; c++) {
        price[c] = Math.max(10, price[c]! + (market + volatility * noise.next()) * 0.25);
        out[c] = price[c]!;
      }
      rounded(out, 16);
      return true;
    },
  };
}

/** The same five seconds again and again, with spikes that grow: long, and small in a file. */
function fast(): RowGroup {
  const noise = new Noise(41);
  const pattern = Float64Array.from({ length: 2 * FAST_FRAME_ROWS }, () => Math.round(2 * noise.next()));
  const spikes = new Map<number, number>();
  for (let at = 900; at < FAST_ROWS; at += 300 + noise.below(700))
    spikes.set(at, 6 + at / 2_000 + noise.below(4));
  return {
    name: "fast",
    channels: ["left", "right"],
    everyUs: 10_000,
    innovation: "difference",
    startUs: 1_600 * SECOND_US,
    rows: FAST_ROWS,
    rowsPerFrame: FAST_FRAME_ROWS,
    row(k, out) {
      const at = 2 * (k % FAST_FRAME_ROWS);
      // Left for longer than two thousand means of ten rows, and back.
      const level = k >= 3_000 && k < 32_500 ? 9 : 0;
      out[0] = pattern[at]! + Math.round(spikes.get(k) ?? 0) + (k >= 10_000 && k < 10_600 ? 12 : 0);
      out[1] = pattern[at + 1]! + level;
      return true;
    },
  };
}

const FAST_ROWS = 34_000;
const FAST_FRAME_ROWS = 500;

/** Most channels repeat what they did half a minute ago. */
function wide(): RowGroup {
  const noise = new Noise(51);
  const pattern = Float64Array.from({ length: WIDE_CHANNELS * WIDE_FRAME_ROWS }, () =>
    Math.round(2 * noise.next()),
  );
  const faults: readonly Fault[] = [
    // More at once than incidents are followed.
    ...Array.from({ length: 20 }, (_, k) => ({
      from: 1_000 + 40 * k,
      to: 1_840,
      channels: [10 + k],
      value: shift(k % 2 === 0 ? 10 : -10),
    })),
    { from: 700, to: 790, value: shift(25) },
    { from: 2_200, to: 2_290, value: shift(14) },
  ];
  let load = 0;
  return {
    name: "wide",
    channels: numbered("w", WIDE_CHANNELS),
    everyUs: SECOND_US,
    innovation: "difference",
    startUs: 2_600 * SECOND_US,
    rows: 2_400,
    rowsPerFrame: WIDE_FRAME_ROWS,
    row(k, out) {
      load = 0.8 * load + noise.next();
      const at = WIDE_CHANNELS * (k % WIDE_FRAME_ROWS);
      for (let c = 0; c < out.length; c++) out[c] = 20 + pattern[at + c]!;
      for (let c = 0; c < 5; c++) out[c] = 20 + Math.round(2 * load + noise.next());
      withFaults(faults, k, out);
      return true;
    },
  };
}

const WIDE_CHANNELS = 70;
const WIDE_FRAME_ROWS = 29;

function seasonal(): RowGroup {
  const noise = new Noise(61);
  return {
    name: "seasonal",
    channels: ["visits", "orders", "bursts", "stock"],
    everyUs: 300 * SECOND_US,
    innovation: "ar1",
    startUs: SEASONS_FROM_US,
    rows: SEASONS_DAYS * ROWS_A_DAY,
    rowsPerFrame: 12,
    row(k, out) {
      const ofDay = (k % ROWS_A_DAY) / ROWS_A_DAY;
      const day = Math.floor(k / ROWS_A_DAY);
      const isWeekend = day % 7 >= 5;
      // A wave of the day by parabolas: sines differ between engines.
      const wave = 4 * (ofDay < 0.5 ? ofDay * (0.5 - ofDay) : (ofDay - 0.5) * (ofDay - 1)) * 4;
      out[0] = 50 + 20 * wave + noise.next();
      out[1] = 30 + (isWeekend ? 0 : 12) + (ofDay > 0.4 && ofDay < 0.6 ? 6 : 0) + noise.next();
      out[2] = 5 + noise.next() + (noise.below(60) === 0 ? noise.below(110) : 0);
      out[3] = 40 + noise.next() + (day >= 8 ? 9 : 0);
      // A day without its wave, an hour too many, and a weekday that is a Sunday.
      if (day === 16) out[0] = 50 + noise.next();
      if (day === 19 && ofDay > 0.2 && ofDay < 0.25) out[0] = out[0]! + 25;
      if (day === 21) out[1] = 30 + noise.next();
      rounded(out, 4);
      return true;
    },
  };
}

const ROWS_A_DAY = 288;

function numbered(prefix: string, count: number): string[] {
  return Array.from({ length: count }, (_, k) => `${prefix}${k}`);
}
