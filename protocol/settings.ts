/**
 * The settings of a session: one schema with defaults and reasons. They are part of the log (sessionOpened, configChanged), so a replay
 * has them, and `--set path=value` names them by path: `collapse.falseAlarmsPerDay=0.1`.
 */
import * as v from "valibot";
import { InvalidSetting, show } from "./errors.ts";
import { expectedAmong } from "./nearest.ts";

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
      periodSeconds: v.optional(v.pipe(v.number(), v.finite(), v.minValue(0)), 0),
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
      /** Innovations as they are (`none`), or in units of their running volatility (`ewma`: slow changes of size are followed, not reported). */
      volatility: v.optional(v.picklist(["none", "ewma"]), "none"),
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
  trajectory: v.optional(
    v.strictObject({
      enabled: v.optional(v.boolean(), true),
      /** States that the reference remembers; 1 = each state is compared with the one before. */
      memoryStates: v.optional(v.pipe(whole, v.minValue(1)), 16),
      /** Fidelity with the reference below which the state jumped: half is what a qubit has with nothing in particular. */
      jumpedBelow: v.optional(v.pipe(positive, v.maxValue(1)), 0.5),
      /** Fidelity above which it has settled: the gap between the two keeps noise from jumping to and fro. */
      settledAbove: v.optional(v.pipe(positive, v.maxValue(1)), 0.9),
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

/** The settings of a session that says nothing. */
export function defaultSettings(): Settings {
  return v.parse(settingsSchema, {});
}

/** Settings from outside (a file, a recording): what is left out gets its default, what is not known is refused by its path. */
export function parseSettings(input: unknown): Settings {
  if (typeof input !== "object" || input === null || Array.isArray(input)) {
    throw new InvalidSetting("read settings", show(input), "a map of settings");
  }
  const result = v.safeParse(settingsSchema, input, { abortEarly: true });
  if (result.success) return result.output;
  const issue = result.issues[0];
  const path = v.getDotPath(issue) ?? "";
  if (valueAt(defaultSettings(), path) === undefined) throw unknownPath(path);
  throw new InvalidSetting(`set ${path}`, show(valueAt(input, path)), expectedBy(issue));
}

/**
 * New settings with one of them changed; `settings` stays. A text is read as the kind of value that stands at the path, so
 * `collapse.falseAlarmsPerDay=0.1` may come from a command line.
 */
export function applySetting(settings: Settings, path: string, value: unknown): Settings {
  const before = valueAt(settings, path);
  if (before === undefined) throw unknownPath(path);
  if (typeof before === "object") {
    const inside = settingPaths().filter((known) => known.startsWith(`${path}.`));
    throw new InvalidSetting(`set ${path}`, show(value), `one of its settings: ${inside.join(", ")}`);
  }
  const keys = path.split(".");
  const changed = structuredCopy(settings);
  let parent = changed;
  for (const key of keys.slice(0, -1)) parent = parent[key] as Record<string, unknown>;
  parent[keys[keys.length - 1]!] = typeof value === "string" ? readAs(before, value) : value;

  const result = v.safeParse(settingsSchema, changed, { abortEarly: true });
  if (!result.success) throw new InvalidSetting(`set ${path}`, show(value), expectedBy(result.issues[0]));
  return result.output;
}

/** Paths of all settings, in the order of the schema. */
export function settingPaths(): string[] {
  return pathsIn(defaultSettings(), "");
}

function pathsIn(settings: object, prefix: string): string[] {
  return Object.entries(settings).flatMap(([key, value]) =>
    typeof value === "object" && value !== null ? pathsIn(value, `${prefix}${key}.`) : [`${prefix}${key}`],
  );
}

function valueAt(settings: unknown, path: string): unknown {
  let value = settings;
  for (const key of path.split(".")) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Record<string, unknown>)[key];
  }
  return value;
}

function structuredCopy(settings: Settings): Record<string, unknown> {
  return JSON.parse(JSON.stringify(settings)) as Record<string, unknown>;
}

/** The text as a value of the same kind as `before`; the text itself when it is none, for the schema to refuse. */
function readAs(before: unknown, text: string): unknown {
  const trimmed = text.trim();
  if (typeof before === "boolean") return trimmed === "true" ? true : trimmed === "false" ? false : text;
  if (typeof before === "number")
    return trimmed !== "" && Number.isFinite(Number(trimmed)) ? Number(trimmed) : text;
  return trimmed;
}

/** What the schema expected, in words. */
function expectedBy(issue: v.BaseIssue<unknown>): string {
  if (issue.type === "safe_integer") return "a whole number";
  if (issue.type === "finite") return "a finite number";
  if (issue.requirement === Number.MIN_VALUE) return "a number > 0";
  if (issue.type === "min_value") return `a number ≥ ${issue.requirement}`;
  if (issue.type === "max_value") return `a number ≤ ${issue.requirement}`;
  return issue.expected ?? issue.message;
}

function unknownPath(path: string): InvalidSetting {
  return new InvalidSetting(`set ${path}`, "no such setting", expectedAmong(path, settingPaths()));
}
