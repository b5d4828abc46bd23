/**
 * What the channels of a group may lose, as the measures of its last state say it.
 *
 *   risk.var95.BTC, risk.es95.BTC, risk.confidence95.BTC …   of a channel, at each level
 *   risk.turbulence …                                        of the group
 */

/** At one level. NaN: not known yet. */
interface LevelRisk {
  readonly percent: number;
  readonly value: number;
  readonly shortfall: number;
  readonly confidence: number;
}

export interface ChannelRisk {
  readonly title: string;
  readonly volatility: number;
  readonly drawdown: number;
  readonly drawdownMax: number;
  /** The lower one first. */
  readonly levels: readonly LevelRisk[];
}

export interface GroupRisk {
  readonly channels: readonly ChannelRisk[];
  readonly turbulence: number;
  readonly absorption: number;
  readonly absorptionShift: number;
}

type Measures = Readonly<Record<string, number>>;

/** Measures of risk are shown as they are now: they need no past on the page. */
export function isRisk(measure: string): boolean {
  return measure.startsWith("risk.");
}

/** Null: the group has no such measures. */
export function riskOf(
  measures: Measures,
  channels: readonly { readonly name: string; readonly title: string }[],
): GroupRisk | null {
  const names = Object.keys(measures).filter(isRisk);
  if (names.length === 0) return null;
  const of = (name: string) => measures[`risk.${name}`] ?? Number.NaN;
  return {
    channels: channels.flatMap(({ name, title }, k) => {
      // Very long names are shortened to their place.
      const known = [name, `#${k}`].find((each) => Object.hasOwn(measures, `risk.drawdown.${each}`));
      if (known === undefined) return [];
      return [
        {
          title: title === "" ? name : title,
          volatility: of(`volatility.${known}`),
          drawdown: of(`drawdown.${known}`),
          drawdownMax: of(`drawdownMax.${known}`),
          levels: levelsOf(names, known).map((percent) => ({
            percent: Number(percent),
            value: of(`var${percent}.${known}`),
            shortfall: of(`es${percent}.${known}`),
            confidence: of(`confidence${percent}.${known}`),
          })),
        },
      ];
    }),
    turbulence: of("turbulence"),
    absorption: of("absorption"),
    absorptionShift: of("absorptionShift"),
  };
}

const VALUE = "risk.var";

/** The levels at which a channel has a value at risk, ascending. */
function levelsOf(names: readonly string[], channel: string): string[] {
  return names
    .filter((name) => name.startsWith(VALUE) && name.endsWith(`.${channel}`))
    .map((name) => name.slice(VALUE.length, -channel.length - 1))
    .filter((percent) => percent !== "" && Number.isFinite(Number(percent)))
    .sort((a, b) => Number(a) - Number(b));
}
