/**
 * Where the channels of a group go, as the measures of its last state say it.
 *
 *   trend.slope.disk, trend.slopeLow.disk, trend.significance.disk …   of a channel, a second
 *   trend.crossing.disk …                                              seconds until a threshold is reached, where one is near
 */

import { timeToMove } from "../../../protocol/slope-time.ts";

export interface ChannelTrend {
  readonly title: string;
  readonly unit: string;
  /** −1 falls, 0 neither, 1 rises. */
  readonly direction: number;
  /** In `every`, and the interval of 95 %. */
  readonly slope: number;
  readonly low: number;
  readonly high: number;
  readonly every: ReturnType<typeof timeToMove>[0];
  /** Standard errors from 0. */
  readonly significance: number;
  /** Seconds until a threshold is reached, with the interval that holds four times of five; null: none is near. */
  readonly crossing: { readonly expected: number; readonly low: number; readonly high: number } | null;
}

type Measures = Readonly<Record<string, number>>;

/** Measures of trends and patterns are shown as they are now: they need no past on the page. */
export function isTrend(measure: string): boolean {
  return measure.startsWith("trend.") || measure === "patterns.found";
}

/** Those channels that have a trend yet, the most significant one first. */
export function trendsOf(
  measures: Measures,
  channels: readonly { readonly name: string; readonly title: string; readonly unit: string }[],
): ChannelTrend[] {
  return channels
    .flatMap(({ name, title, unit }, k) => {
      // Very long names are shortened to their place.
      const known = [name, `#${k}`].find((each) => Object.hasOwn(measures, `trend.slope.${each}`));
      if (known === undefined) return [];
      const of = (measure: string) => measures[`trend.${measure}.${known}`] ?? Number.NaN;
      const slope = of("slope");
      const [every, seconds] = timeToMove(slope, 1);
      const expected = of("crossing");
      const crossing = { expected, low: of("crossingLow"), high: of("crossingHigh") };
      return [
        {
          title: title === "" ? name : title,
          unit,
          direction: of("direction"),
          slope: slope * seconds,
          low: of("slopeLow") * seconds,
          high: of("slopeHigh") * seconds,
          every,
          significance: of("significance"),
          crossing: Number.isNaN(expected) ? null : crossing,
        },
      ];
    })
    .sort((a, b) => Math.abs(b.significance) - Math.abs(a.significance));
}

/** Its t statistic with one decimal; none that rounds to nothing has a sign. */
export function significanceWords({ significance }: Pick<ChannelTrend, "significance">): string {
  const tenths = Math.round(10 * significance);
  return ((tenths === 0 ? 0 : tenths) / 10).toFixed(1);
}
