/** Converts the false-alarm rate of the settings to a mean number of samples between false alarms. */
import type { Settings } from "../../protocol/settings.ts";

const DAY_US = 86_400_000_000;

/** Least number of samples between false alarms. For daily data "one a day" would allow an alarm at every sample. */
const MIN_FALSE_ALARM_SAMPLES = 200;

/** Mean samples between false alarms: as configured, otherwise computed from alarms per day at a spacing of `spacingUs` (> 0). */
export function falseAlarmSamples(
  settings: Pick<Settings["collapse"], "falseAlarmSamples" | "falseAlarmsPerDay">,
  spacingUs: number,
): number {
  if (settings.falseAlarmSamples > 0) return settings.falseAlarmSamples;
  return Math.max(MIN_FALSE_ALARM_SAMPLES, DAY_US / spacingUs / settings.falseAlarmsPerDay);
}

/** Assumed spacing of rows while it is neither declared nor measured, µs. */
export const UNKNOWN_SPACING_US = 1_000_000;
