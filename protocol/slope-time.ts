/** The time for which a slope is said: events and the page say "3.2 MB a minute" of the same slope. */

const TIMES = [
  ["second", 1],
  ["minute", 60],
  ["hour", 3600],
  ["day", 86_400],
] as const;

export type SlopeTime = (typeof TIMES)[number];

/** The shortest of these times in which a slope, a second, moves by `least`, else the longest: its name and seconds. */
export function timeToMove(slope: number, least: number): SlopeTime {
  return TIMES.find(([, seconds]) => Math.abs(slope) * seconds >= least) ?? TIMES[TIMES.length - 1]!;
}
