/**
 * Suite `crossings`: whether the interval of "reaches the level in 3 h" holds four times of five.
 *
 *   a line with noise of some memory, for long, with one level after the other ─► trend alone ─► passages inside, before and after the interval
 *
 * The next level stands half again as far away as the horizon reaches. Ends are learnt from the channel's own past, so the share of all is that of a
 * channel that goes on; the first forecast of a channel has the law of its course alone.
 */
import { StandaloneActor } from "../../../actors/core/standalone-actor.ts";
import { trend } from "../../../actors/detectors/trend/detector.ts";
import type { Level, Signal } from "../../../actors/ports/detector.ts";
import { parseSettings } from "../../../protocol/settings.ts";
import { Variates } from "../../worlds/model/variates.ts";
import { groupOfSeconds, oneRowBatch } from "./row-by-row.ts";
import { decimals, left, right, type Suite, type SuiteJob, tableOf } from "./suite.ts";

/** φ of the noise, whose steps have deviation 1, and the slope a row. */
const WORLDS = [
  { phi: 0, slope: 0.05 },
  { phi: 0, slope: 0.02 },
  { phi: 0.5, slope: 0.05 },
  { phi: 0.8, slope: 0.1 },
  { phi: 0.9, slope: 0.1 },
  { phi: 0.95, slope: 0.2 },
  { phi: 0.98, slope: 0.3 },
  { phi: 0.99, slope: 0.5 },
  { phi: 1, slope: 0.4 },
  { phi: 1, slope: 0.8 },
] as const;
const ROWS = 60_000;
const HORIZON_ROWS = 200;
const NEXT_LEVEL = 1.5;
/** Share that an interval should hold, and how far off it may be, %. */
const ASKED = 80;
const TOLERANCE = 2;

interface Job extends SuiteJob {
  readonly phi: number;
  readonly slope: number;
}

interface Result {
  readonly inside: number;
  readonly early: number;
  readonly late: number;
  /** Forecasts taken back. */
  readonly eased: number;
}

const reached = ({ inside, early, late }: Result): number => inside + early + late;
const share = (result: Result): number => (100 * result.inside) / reached(result);

export const crossings: Suite<Job, Result> = {
  options: ["seeds"],
  seeds: 3,
  jobs: () =>
    WORLDS.map(({ phi, slope }) => ({
      name: `${phi === 1 ? "random walk with drift" : phi === 0 ? "independent noise" : `AR(1), φ ${phi}`}, ${slope}`,
      phi,
      slope,
    })),
  run(job, { seeds }) {
    const sum = { inside: 0, early: 0, late: 0, eased: 0 };
    for (let seed = 1; seed <= seeds; seed++) follow(job, new Variates(seed, "crossings"), sum);
    return sum;
  },
  report(scored) {
    return {
      tables: [
        tableOf(`Levels reached, in intervals of ${ASKED} %`, scored, [
          left("line and noise, slope a row", ({ job }) => job.name),
          right("reached", ({ result }) => String(reached(result))),
          right("inside, %", ({ result }) => decimals(share(result), 1)),
          right("before", ({ result }) => String(result.early)),
          right("after", ({ result }) => String(result.late)),
          right("taken back", ({ result }) => String(result.eased)),
        ]),
      ],
      figures: [
        {
          name: `intervals of ${ASKED} %: largest distance, ${scored.length} worlds`,
          value: Math.max(...scored.map(({ result }) => Math.abs(share(result) - ASKED))),
          unit: "%",
          target: { atMost: TOLERANCE },
        },
      ],
    };
  },
};

/** A channel with one level above it. */
class Climber extends StandaloneActor {
  level: Level = { column: 0, sign: 1, limit: 0 };
  readonly heard: Signal[] = [];

  levels(): readonly Level[] {
    return [this.level];
  }

  override signal(signal: Signal): void {
    this.heard.push(signal);
    super.signal(signal);
  }
}

function follow(
  { phi, slope }: Job,
  random: Variates,
  sum: { -readonly [Name in keyof Result]: number },
): void {
  const settings = parseSettings({ trend: { falseAlarmSamples: 2000, horizonSeconds: HORIZON_ROWS } });
  const actor = new Climber(trend, settings, groupOfSeconds(1), () => random.uniform());
  const batch = oneRowBatch(1);
  const climb = (from: number) => {
    actor.level = { column: 0, sign: 1, limit: from + NEXT_LEVEL * HORIZON_ROWS * slope };
  };
  climb(0);
  let noise = 0;
  for (let t = 1; t <= ROWS; t++) {
    noise = phi * noise + random.normal();
    const value = slope * t + noise;
    batch.rowInnovation[0] = value - batch.rowValue[0]!;
    batch.rowValue[0] = value;
    batch.rowTime[0] = t * 1e6;
    actor.now = t * 1e6;
    actor.update(batch);
    if (value > actor.level.limit) climb(value);
  }
  for (const signal of actor.heard) {
    if (signal.type === "eased") sum.eased++;
    if (signal.type !== "reached") continue;
    const { isInside, timeUs, lowUs } = signal as Signal & { isInside: boolean; lowUs: number };
    sum[isInside ? "inside" : timeUs < lowUs ? "early" : "late"]++;
  }
}
