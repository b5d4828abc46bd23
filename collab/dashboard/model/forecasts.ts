/**
 * What comes next in the channels and the state of a group, as the measures of its last state say it.
 *
 *   prediction.low.cpu, prediction.high.cpu, prediction.skill.cpu, prediction.weight.trend.cpu …   of a channel
 *   prediction.stateSkill.next, prediction.stateWeight.mean.next …                                 of the state, one row and a block ahead
 *   prediction.stateSteps.ahead, prediction.population0.ahead …                                    of whole states, some steps ahead, besides
 */

export interface ChannelForecast {
  readonly key: string;
  readonly title: string;
  readonly unit: string;
  /** Of the next step; the band is NaN while it is not known. */
  readonly value: number;
  readonly low: number;
  readonly high: number;
  readonly judged: Judged;
  /** Share of the last values in their bands. */
  readonly coverage: number;
  readonly regret: number;
}

/** How good forecasts are beside what anybody could say. NaN: not known yet. */
export interface Judged {
  readonly skill: number;
  readonly dieboldMariano: number;
  /** Whether skill was announced and is not lost. */
  readonly isGained: boolean;
  /** Those that are believed, with their weights, the most believed first. */
  readonly believed: readonly (readonly [name: string, weight: number])[];
}

export interface GroupForecasts {
  readonly channels: readonly ChannelForecast[];
  readonly states: readonly StateForecast[];
}

export interface StateForecast {
  readonly horizon: string;
  /** Skill over "as the last one". */
  readonly overLast: number;
  /** Beside the best average of states; of whole states beside what is better, that or "as the last one". */
  readonly judged: Judged;
  /** null: the state is estimated. */
  readonly whole: { readonly steps: number; readonly populations: readonly number[] } | null;
}

type Measures = Readonly<Record<string, number>>;

const PREFIX = "prediction.";
const LEAST_WEIGHT = 0.05;
const HORIZONS = ["next", "ahead"] as const;

export function isForecast(measure: string): boolean {
  return measure.startsWith(PREFIX);
}

/** Those whose past charts draw: the ends of bands. */
export function isBand(measure: string): boolean {
  return measure.startsWith("prediction.low.") || measure.startsWith("prediction.high.");
}

/** The names of the measures that are the ends of the band of channel number k. */
export function bandNames(
  measures: { has(name: string): boolean },
  name: string,
  k: number,
): [low: string, high: string] | null {
  // Very long names are shortened to their place.
  const known = [name, `#${k}`].find((each) => measures.has(`prediction.low.${each}`));
  return known === undefined ? null : [`prediction.low.${known}`, `prediction.high.${known}`];
}

/** Null: the group has no such measures. */
export function forecastsOf(
  measures: Measures,
  channels: readonly {
    readonly key: string;
    readonly name: string;
    readonly title: string;
    readonly unit: string;
  }[],
): GroupForecasts | null {
  const names = Object.keys(measures).filter(isForecast);
  if (names.length === 0) return null;
  const of = (name: string) => measures[PREFIX + name] ?? Number.NaN;
  const judged = (skill: string, of_: string, weight: string): Judged => ({
    skill: of(`${skill}.${of_}`),
    dieboldMariano: of(`${skill === "skill" ? "dieboldMariano" : "stateDieboldMariano"}.${of_}`),
    isGained: of(`${skill === "skill" ? "gained" : "stateGained"}.${of_}`) === 1,
    believed: believedOf(measures, names, `${PREFIX}${weight}.`, `.${of_}`),
  });
  return {
    channels: channels.flatMap(({ key, name, title, unit }, k) => {
      const known = [name, `#${k}`].find((each) => Object.hasOwn(measures, `${PREFIX}value.${each}`));
      if (known === undefined) return [];
      const [value, low, high] = [of(`value.${known}`), of(`low.${known}`), of(`high.${known}`)];
      const [coverage, regret] = [of(`coverage.${known}`), of(`regret.${known}`)];
      return [
        {
          key,
          title: title === "" ? name : title,
          unit,
          value,
          low,
          high,
          coverage,
          regret,
          judged: judged("skill", known, "weight"),
        },
      ];
    }),
    states: HORIZONS.filter((horizon) => names.includes(`${PREFIX}stateSkill.${horizon}`)).map((horizon) => {
      const overLast = of(`stateSkillOverLast.${horizon}`);
      const overAverages = judged("stateSkill", horizon, "stateWeight");
      const steps = of(`stateSteps.${horizon}`);
      if (Number.isNaN(steps)) return { horizon, overLast, judged: overAverages, whole: null };
      const dieboldMariano = of(`stateDieboldMarianoOverLast.${horizon}`);
      const isLastBetter = overLast < overAverages.skill;
      return {
        horizon,
        overLast,
        judged: isLastBetter ? { ...overAverages, skill: overLast, dieboldMariano } : overAverages,
        whole: { steps, populations: channels.map((_, i) => of(`population${i}.${horizon}`)) },
      };
    }),
  };
}

/** "34 % less error than anybody's guess", or that there is no skill. */
export function skillWords({ skill, isGained }: Judged): string {
  if (Number.isNaN(skill)) return "not known yet";
  return isGained ? `${percent(skill)} less error` : "no skill";
}

function believedOf(
  measures: Measures,
  names: readonly string[],
  start: string,
  end: string,
): [string, number][] {
  return names
    .filter(
      (name) =>
        name.startsWith(start) && name.endsWith(end) && !name.slice(start.length, -end.length).includes("."),
    )
    .map((name): [string, number] => [name.slice(start.length, -end.length), measures[name]!])
    .filter(([, weight]) => weight >= LEAST_WEIGHT)
    .sort(([, a], [, b]) => b - a);
}

export function percent(share: number): string {
  if (Number.isNaN(share)) return "–";
  const value = 100 * share;
  return `${value.toFixed(Math.abs(value) < 10 ? 1 : 0)} %`;
}
