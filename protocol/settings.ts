/**
 * The settings of a session: one schema with defaults and reasons. They are part of the log (sessionOpened, configChanged), so a replay
 * has them, and `--set path=value` names them by path: `collapse.falseAlarmsPerDay=0.1`.
 */
import * as v from "valibot";

const positive = v.pipe(v.number(), v.finite(), v.minValue(Number.MIN_VALUE));
const whole = v.pipe(v.number(), v.safeInteger(), v.minValue(0));

export const settingsSchema = v.strictObject({
  /** Seed of every random stream of the session. */
  seed: v.optional(whole, 1),
  /** Shortest logical time between two published states of a group, µs: 50 ms is 20 pictures a second. */
  publishEveryUs: v.optional(whole, 50_000),
  estimator: v.optional(
    v.strictObject({
      enabled: v.optional(v.boolean(), true),
      /** Memory of the density matrix in rows (rows) or in periods of the resonator (ticks). */
      memoryRows: v.optional(positive, 128),
      /** `unit`: bounded influence, biased towards I/n; `power`: unbiased shape, one row can dominate. */
      norm: v.optional(v.picklist(["unit", "power"]), "unit"),
      /** Rows after which the running scale of a channel has half its weight: channels are standardised by it, lagged. */
      scaleRows: v.optional(positive, 256),
      /** Rows before an estimate counts as warmed up. */
      warmupRows: v.optional(whole, 64),
      /** Resonator of tick-driven groups: centre period in seconds (0 = chosen from the observed rates), quality ω₀/γ, order 1 or 2. */
      periodSeconds: v.optional(v.pipe(v.number(), v.minValue(0)), 0),
      quality: v.optional(positive, 4),
      order: v.optional(v.picklist([1, 2]), 2),
    }),
    {},
  ),
  collapse: v.optional(
    v.strictObject({
      enabled: v.optional(v.boolean(), true),
      /** Promise: at most this many false alarms a day while the null holds. Used when `falseAlarmSamples` is 0. */
      falseAlarmsPerDay: v.optional(positive, 1),
      /** Promise in rows: mean rows between false alarms (ARL ≥ this); 0 = derive from falseAlarmsPerDay and the row rate. */
      falseAlarmSamples: v.optional(whole, 0),
      /** Rows used to learn μ₀ and Σ₀; 0 = max(500, 30 n), at most 2,000. */
      calibrationRows: v.optional(whole, 0),
      statistic: v.optional(v.picklist(["sr", "cusum"]), "sr"),
      /** Rows of quiet before a recovering state counts as tracking again. */
      recoveryRows: v.optional(whole, 200),
    }),
    {},
  ),
  anomaly: v.optional(
    v.strictObject({
      enabled: v.optional(v.boolean(), true),
      /** Expected false anomalies per channel and day. Used when `falseAlarmSamples` is 0. */
      falseAlarmsPerDay: v.optional(positive, 1),
      falseAlarmSamples: v.optional(whole, 0),
      /** Scores kept for conformal calibration, per channel and view. */
      windowSamples: v.optional(v.pipe(whole, v.minValue(32), v.maxValue(10_000)), 512),
      warmupSamples: v.optional(v.pipe(whole, v.minValue(16)), 64),
      /** Quiet time after which an anomaly is over, samples. */
      cooldownSamples: v.optional(whole, 32),
    }),
    {},
  ),
  monitor: v.optional(
    v.strictObject({
      enabled: v.optional(v.boolean(), true),
      /** Latency above which the system calls itself degraded, µs, and below half of which it recovers. */
      degradedLatencyUs: v.optional(positive, 50_000),
    }),
    {},
  ),
});

export type Settings = v.InferOutput<typeof settingsSchema>;
