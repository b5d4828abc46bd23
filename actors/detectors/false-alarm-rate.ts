/**
 * From what the user is promised, "at most so many false alarms", to a number of samples between two of them.
 */
import type { Settings } from "../../protocol/settings.ts";

const DAY_US = 86_400_000_000;

/** Fewer samples than this between false alarms would be no alarm: for daily data "one a day" means nothing. */
const MIN_FALSE_ALARM_SAMPLES = 200;

/** Mean samples between false alarms: as set, else from alarms per day at a spacing of `spacingUs` (> 0). */
export function falseAlarmSamples(
  settings: Pick<Settings["collapse"], "falseAlarmSamples" | "falseAlarmsPerDay">,
  spacingUs: number,
): number {
  if (settings.falseAlarmSamples > 0) return settings.falseAlarmSamples;
  return Math.max(MIN_FALSE_ALARM_SAMPLES, DAY_US / spacingUs / settings.falseAlarmsPerDay);
}

/** Spacing of rows when nobody named it and nothing was seen yet, µs. */
export const UNKNOWN_SPACING_US = 1_000_000;
