/**
 * The settings of a session: one schema with defaults and descriptions. docs/settings.md is generated from it.
 *
 * Settings are part of the log (sessionOpened, configChanged), so a replay has them. A path names a setting:
 * `--set collapse.falseAlarmsPerDay=0.1`.
 */
import * as v from "valibot";
import { expectedAmong } from "./closest-name.ts";
import { InvalidSetting, show } from "./errors.ts";
import { COSTS_EXPECTED, RATES_EXPECTED, readCosts, readRates } from "./exchange-table.ts";

const positive = v.pipe(v.number(), v.finite(), v.minValue(Number.MIN_VALUE));
const whole = v.pipe(v.number(), v.safeInteger(), v.minValue(0));

/** A setting with its default and one sentence for docs/settings.md. */
function setting<const Schema extends v.GenericSchema, const Initial extends v.InferInput<Schema>>(
  schema: Schema,
  initial: Initial,
  description: string,
) {
  return v.optional(v.pipe(schema, v.description(description)), initial);
}

/** Sixteen of the longest names a group, for several groups. */
const CHANNELS_TEXT_MAX = 8_192;
/** A quarter: nobody who looks at a live session waits longer for the next return. */
const HORIZON_SECONDS_MAX = 92 * 86_400;

const costs = v.pipe(
  v.string(),
  v.maxLength(CHANNELS_TEXT_MAX),
  v.check((text) => readCosts(text) !== undefined, COSTS_EXPECTED),
);

const enabled = setting(v.boolean(), true, "Whether this detector runs.");

/** Of a detector that runs only where somebody switches it on. */
function offByDefault(description: string) {
  return setting(v.boolean(), false, description);
}

/** Names of channels, or of pairs, in one text; "" where the detector chooses. */
function channelNames(description: string) {
  return setting(v.pipe(v.string(), v.maxLength(CHANNELS_TEXT_MAX)), "", description);
}

export const settingsSchema = v.strictObject({
  seed: setting(whole, 1, "Seed of all random streams of the session."),
  publishEveryUs: setting(
    whole,
    50_000,
    "Shortest logical time between two published states of a group, µs. 50 ms are 20 pictures a second.",
  ),
  estimator: v.optional(
    v.strictObject({
      enabled,
      memoryRows: setting(
        positive,
        128,
        "Memory of the density matrix, in rows; for ticks, in periods of the resonator.",
      ),
      norm: setting(
        v.picklist(["unit", "power"]),
        "unit",
        "Weight of a row. `unit`: every row has the same weight, which pulls eigenvalues towards 1/n. `power`: the weight is the row's power, which is unbiased, but a single row can dominate.",
      ),
      scaleRows: setting(
        positive,
        256,
        "Rows after which the weight of a value in the running scale of its channel is halved. Channels are divided by this scale, lagged by one row.",
      ),
      warmupRows: setting(whole, 64, "Rows before an estimate counts as warmed up."),
      periodSeconds: setting(
        v.pipe(v.number(), v.finite(), v.minValue(0)),
        0,
        "Groups of ticks: centre period of the resonator in seconds. 0: chosen from the observed rates.",
      ),
      quality: setting(positive, 4, "Groups of ticks: quality ω₀/γ of the resonator."),
      order: setting(v.picklist([1, 2]), 2, "Groups of ticks: order of the resonator."),
    }),
    {},
  ),
  collapse: v.optional(
    v.strictObject({
      enabled,
      falseAlarmsPerDay: setting(
        positive,
        1,
        "Guarantee: at most this many false alarms a day while rows are independent and their law does not change. Not used if `falseAlarmSamples` is set.",
      ),
      falseAlarmSamples: setting(
        whole,
        0,
        "The same guarantee in rows: at least this many rows between two false alarms on average. 0: derived from `falseAlarmsPerDay` and the rate of rows.",
      ),
      calibrationRows: setting(
        whole,
        0,
        "Rows from which the normal mean and covariance are learnt. 0: the larger of 500 and 30 n, at most 2,000.",
      ),
      statistic: setting(
        v.picklist(["sr", "cusum"]),
        "sr",
        "Statistic of change. `sr`: Shiryaev-Roberts; `cusum`: cumulative sum.",
      ),
      volatility: setting(
        v.picklist(["none", "ewma"]),
        "none",
        "Scale of the innovations. `none`: as they are; `ewma`: in units of their running volatility, so that slow changes of size are followed and not reported.",
      ),
      recoveryRows: setting(
        whole,
        200,
        "Rows without alarm after which a collapse is over and the old baseline holds again.",
      ),
    }),
    {},
  ),
  anomaly: v.optional(
    v.strictObject({
      enabled,
      falseAlarmsPerDay: setting(
        positive,
        1,
        "Expected false anomalies per channel and day. Not used if `falseAlarmSamples` is set.",
      ),
      falseAlarmSamples: setting(
        whole,
        0,
        "Expected samples of a channel between two false anomalies. 0: derived from `falseAlarmsPerDay` and the rate of samples.",
      ),
      windowSamples: setting(
        v.pipe(whole, v.minValue(32), v.maxValue(10_000)),
        8192,
        "Rows in which it is learnt how channels go together, and the sizes of what they leave.",
      ),
      warmupSamples: setting(v.pipe(whole, v.minValue(16)), 64, "Samples of a channel before it is scored."),
      cooldownSamples: setting(whole, 32, "Samples without a further alarm after which an anomaly ends."),
      averageUs: setting(
        whole,
        20_000,
        "Rows closer than this are averaged, µs, before all channels are judged together: at any rate of rows that costs little. Each channel alone is judged by every sample. 0: each row counts; files: 0.",
      ),
    }),
    {},
  ),
  changes: v.optional(
    v.strictObject({
      enabled: offByDefault(
        "Whether this detector runs. On metrics with seasons it reports ten to twenty changes a day where one is promised.",
      ),
      falseAlarmsPerDay: setting(
        positive,
        1,
        "Promise: at most this many false changes a day in a group while its channels keep their levels and slopes. Not used if `falseAlarmSamples` is set.",
      ),
      falseAlarmSamples: setting(
        whole,
        0,
        "The same promise in rows: at least this many rows between two false changes on average. 0: derived from `falseAlarmsPerDay` and the rate of rows; files: 100,000.",
      ),
      raiseNats: setting(
        v.pipe(v.number(), v.finite(), v.minValue(0)),
        2,
        "Nats by which a change makes the next one dearer, and more with each in excess of the promised ones, so that in the long run changes come no more often, also in seasons. 0: never; files: 0.",
      ),
      averageUs: setting(
        whole,
        100_000,
        "Rows closer than this are averaged, µs: ten values a second are enough for people, and cost little at any rate. 0: each row counts; files: 0.",
      ),
    }),
    {},
  ),
  measurementEffect: v.optional(
    v.strictObject({
      enabled: offByDefault(
        "Whether it is measured how the state of a group changes around marked events (`eigenwatch mark`).",
      ),
      events: setting(
        v.pipe(v.string(), v.maxLength(1_000)),
        "injection.started",
        "Kinds of events that count as marks too, with commas between them: `injection.started, incident.opened`. Events that the data choose, such as incidents, are no fair sample of times.",
      ),
      windowRows: setting(
        v.pipe(whole, v.minValue(24), v.maxValue(4_096)),
        48,
        "Rows before and after an event whose states are compared. The nearest ones on both sides, to which the filter reaches, are left out.",
      ),
      placebos: setting(
        v.pipe(whole, v.minValue(19), v.maxValue(4_096)),
        999,
        "Placebo times that an event is compared with: the p-value is at least 1 / (1 + so many). Each needs twice as many rows as a window; before there are so many an event has no p-value.",
      ),
      falseDiscoveryShare: setting(
        v.pipe(v.number(), v.finite(), v.minValue(0.001), v.maxValue(0.5)),
        0.1,
        "Share of the types of events found to go together with another state that may be so by chance.",
      ),
    }),
    {},
  ),
  risk: v.optional(
    v.strictObject({
      enabled: offByDefault(
        "Whether this detector runs. Its measures are in the published states of groups that have some, which the estimator makes.",
      ),
      channels: channelNames(
        "Names of the channels that are watched, with commas between them: their values are prices, or other levels that somebody holds. Empty: all channels of groups of prices. Of each group the first sixteen.",
      ),
      horizonSeconds: setting(
        v.pipe(v.number(), v.finite(), v.minValue(0), v.maxValue(HORIZON_SECONDS_MAX)),
        0,
        "Time of a return, in seconds: what may be lost is said of so long a time. Returns do not overlap. 0: from row to row.",
      ),
      decay: setting(
        v.pipe(v.number(), v.finite(), v.minValue(0.5), v.maxValue(0.999)),
        0.94,
        "Weight λ of the past in the running volatility, for each return. RiskMetrics has 0.94 for days and 0.97 for months.",
      ),
      windowReturns: setting(
        v.pipe(whole, v.minValue(200), v.maxValue(5_000)),
        500,
        "Returns whose standardised losses are the tail of the next one, and memory of the correlations.",
      ),
      backtestReturns: setting(
        v.pipe(whole, v.minValue(100), v.maxValue(5_000)),
        250,
        "Last losses in which the tests of Kupiec and Christoffersen count how many exceeded the value at risk.",
      ),
      lowPercent: setting(
        v.pipe(v.number(), v.finite(), v.minValue(80), v.maxValue(99.5)),
        95,
        "Lower level of the value at risk and the expected shortfall, %.",
      ),
      highPercent: setting(
        v.pipe(v.number(), v.finite(), v.minValue(80), v.maxValue(99.5)),
        99,
        "Higher level of them, %. A level of p % is known after 100 / (100 − p) returns.",
      ),
      falseAlarmsPerDay: setting(
        positive,
        1,
        "Promise: at most this many false announcements a day in a group while its forecasts are right. Not used if `falseAlarmSamples` is set.",
      ),
      falseAlarmSamples: setting(
        whole,
        0,
        "The same promise in returns: at least this many between two false announcements on average. 0: derived from `falseAlarmsPerDay` and the time of a return.",
      ),
    }),
    {},
  ),
  opportunity: v.optional(
    v.strictObject({
      enabled: offByDefault(
        "Whether this detector runs. Its measures are in the published states of groups that have some, which the estimator makes.",
      ),
      channels: channelNames(
        "Names of the channels of which pairs are tested, with commas between them. Empty: all channels of groups of prices. Of each group the first sixteen.",
      ),
      horizonSeconds: setting(
        v.pipe(v.number(), v.finite(), v.minValue(0), v.maxValue(HORIZON_SECONDS_MAX)),
        0,
        "Time between two closes of which pairs are tested, in seconds. 0: each row is one.",
      ),
      windowPeriods: setting(
        v.pipe(whole, v.minValue(100), v.maxValue(5_000)),
        500,
        "Closes in which it is tested whether prices are tied; it is tested ten times in so many.",
      ),
      fdrPercent: setting(
        v.pipe(positive, v.maxValue(50)),
        10,
        "Of the pairs that are called tied at one test, at most so many % are not, on average.",
      ),
      entryDeviations: setting(
        v.pipe(v.number(), v.finite(), v.minValue(0.5), v.maxValue(3.5)),
        2,
        "Standard deviations of its residual from which a pair is reported.",
      ),
      exitDeviations: setting(
        v.pipe(v.number(), v.finite(), v.minValue(0), v.maxValue(3)),
        0.5,
        "Standard deviations down to which it lasts.",
      ),
      rates: setting(
        v.pipe(
          v.string(),
          v.maxLength(CHANNELS_TEXT_MAX),
          v.check((text) => readRates(text) !== undefined, RATES_EXPECTED),
        ),
        "",
        "What channels trade, for ways round through markets: `btc=BTC/USD@kraken` is the price of a BTC in USD at kraken; with commas between them. Empty: none.",
      ),
      fees: setting(
        costs,
        "*=0.1",
        "% of a trade by venue, `kraken=0.25`; `*` for all others, and for pairs.",
      ),
      transfers: setting(
        costs,
        "",
        "% of moving an asset from one venue to another, `USD=0.05`; `*` for all others. What is not named cannot be moved.",
      ),
      minimumProfitPercent: setting(
        v.pipe(v.number(), v.finite(), v.minValue(0), v.maxValue(100)),
        0.05,
        "Least expected profit after costs, %, from which something is reported.",
      ),
      maximumAgeSeconds: setting(
        positive,
        5,
        "An older price is no offer: ways round have younger ones alone.",
      ),
    }),
    {},
  ),
  entanglement: v.optional(
    v.strictObject({
      enabled: offByDefault(
        "Whether this detector runs. Its measures are in the published states of groups that have some.",
      ),
      split: channelNames(
        "Names of the channels, with commas between them, that are one side of the split whose negativity and block coherence are measured; all others are the other side. Empty: the split across which the channels share most.",
      ),
      learnRows: setting(
        whole,
        500,
        "Rows in which the detector learns which pairs usually move together. Those are not announced.",
      ),
      falseAlarmsPerDay: setting(
        positive,
        1,
        "Promise: at most this many false announcements a day in a group, of pairs that begin or cease to move together. Not used if `falseAlarmSamples` is set.",
      ),
      falseAlarmSamples: setting(
        whole,
        0,
        "The same promise in rows: at least this many between two false announcements on average. 0: derived from `falseAlarmsPerDay` and the rate of rows.",
      ),
    }),
    {},
  ),
  interference: v.optional(
    v.strictObject({
      enabled: offByDefault(
        "Whether this detector runs. Its measures are in the published states of groups that have some.",
      ),
      pairs: channelNames(
        "Pairs that are watched, `a~b, c~d`, at most 28. Empty: all pairs of the first eight channels of a group.",
      ),
      periodSeconds: setting(
        v.pipe(v.number(), v.finite(), v.minValue(0)),
        0,
        "Period of the oscillation whose phases are compared, in seconds. 0: eight rows.",
      ),
      falseAlarmsPerDay: setting(
        positive,
        1,
        "Promise: at most this many false announcements a day in a group, of phases that become stable or unstable. Not used if `falseAlarmSamples` is set.",
      ),
      falseAlarmSamples: setting(
        whole,
        0,
        "The same promise in samples, one in two periods: at least this many between two false announcements on average. 0: derived from `falseAlarmsPerDay`.",
      ),
    }),
    {},
  ),
  arrivals: v.optional(v.strictObject({ enabled }), {}),
  prediction: v.optional(
    v.strictObject({
      enabled: offByDefault(
        "Whether this detector runs. Its measures are in the published states of groups that have some. Whole states are foretold by `trajectory`.",
      ),
      channels: channelNames(
        "Names of the channels that are foretold, with commas between them. Empty: all. Of each group the first sixteen.",
      ),
      stepSeconds: setting(
        v.pipe(v.number(), v.finite(), v.minValue(0), v.maxValue(HORIZON_SECONDS_MAX)),
        1,
        "Time of a step, in seconds: the mean of the next step is what is foretold of a channel. Rows further apart are a step each; 0: every row is.",
      ),
      aheadRows: setting(
        v.pipe(whole, v.minValue(2), v.maxValue(100_000)),
        21,
        "Rows of a block: the state is foretold one row ahead, and of the mean of the next block. 21 days are a month. Whole states are foretold one step and so many steps ahead.",
      ),
      coveragePercent: setting(
        v.pipe(v.number(), v.finite(), v.minValue(50), v.maxValue(99)),
        90,
        "Share of values that lie in the bands, %.",
      ),
      seasonSeconds: setting(
        v.pipe(v.number(), v.finite(), v.minValue(1), v.maxValue(HORIZON_SECONDS_MAX)),
        86_400,
        "Time after which channels may repeat themselves, in seconds: a day. It is divided into 48 parts.",
      ),
      memorySteps: setting(
        v.pipe(whole, v.minValue(100), v.maxValue(1_000_000)),
        1_000,
        "Steps, rows or blocks whose losses weights, skill and regret are of.",
      ),
      falseAlarmsPerDay: setting(
        positive,
        1,
        "Promise: at most this many times a day a group announces skill that its forecasts do not have. Not used if `falseAlarmSamples` is set.",
      ),
      falseAlarmSamples: setting(
        whole,
        0,
        "The same promise in steps: at least this many between two false announcements on average. 0: derived from `falseAlarmsPerDay` and the time of a step.",
      ),
    }),
    {},
  ),
  trend: v.optional(
    v.strictObject({
      enabled: offByDefault(
        "Whether this detector runs: slopes, where they turn, and when thresholds are reached. Its measures are in the published states of groups that have some.",
      ),
      horizonSeconds: setting(
        v.pipe(positive, v.maxValue(HORIZON_SECONDS_MAX)),
        21_600,
        "How far ahead a threshold is announced that a channel is expected to reach, in seconds.",
      ),
      falseAlarmsPerDay: setting(
        positive,
        1,
        "Promise: at most this many false turns a day in a group while its channels keep their levels and slopes. Not used if `falseAlarmSamples` is set.",
      ),
      falseAlarmSamples: setting(
        whole,
        0,
        "The same promise in rows: at least this many rows between two false turns on average. 0: derived from `falseAlarmsPerDay` and the rate of rows.",
      ),
      raiseNats: setting(
        v.pipe(v.number(), v.finite(), v.minValue(0)),
        2,
        "Nats by which the end of a segment makes the next one dearer, as for `changes`. 0: never.",
      ),
      averageUs: setting(
        whole,
        1_000_000,
        "Rows closer than this are averaged, µs: a trend is a matter of minutes. 0: each row counts.",
      ),
    }),
    {},
  ),
  patterns: v.optional(
    v.strictObject({
      enabled: offByDefault(
        "Whether this detector runs. It announces shapes that channels have drawn, such as a double top, and says nothing of what comes.",
      ),
      confidence: setting(
        v.pipe(v.number(), v.finite(), v.minValue(0.5), v.maxValue(0.999)),
        0.99,
        "Share of paths of each length without a shape or a spike by chance, while steps, and sizes of spikes, are exchangeable.",
      ),
      averageUs: setting(
        whole,
        1_000_000,
        "Rows closer than this are averaged, µs. The shortest path has 32 of these, the longest 2,048. 0: each row counts.",
      ),
    }),
    {},
  ),
  trajectory: v.optional(
    v.strictObject({
      enabled,
      memoryStates: setting(
        v.pipe(whole, v.minValue(1)),
        16,
        "Quantum states that the reference averages. 1: each state is compared with the state before it.",
      ),
      jumpedBelow: setting(
        v.pipe(positive, v.maxValue(1)),
        0.5,
        "Fidelity with the reference below which the state has jumped. A qubit has 0.5 with the maximally mixed state.",
      ),
      settledAbove: setting(
        v.pipe(positive, v.maxValue(1)),
        0.9,
        "Fidelity above which the state has settled. The gap to `jumpedBelow` prevents repeated jumps from noise.",
      ),
    }),
    {},
  ),
  incidents: v.optional(
    v.strictObject({
      enabled,
      budgetPerDay: setting(
        positive,
        3,
        "Incidents a day on average, of the session: each of its partitions has an equal share. Beyond a day's share each further one needs a tenth more priority (severity × confidence × novelty) than the one before; the others are held back and counted.",
      ),
      persistence: setting(
        v.pipe(v.number(), v.finite(), v.minValue(0)),
        0,
        "Seconds for which something must last to become an incident, unless it is extreme. 0: by feed, 10 s for the host feed and one row otherwise.",
      ),
      learningSeconds: setting(
        v.pipe(v.number(), v.finite(), v.minValue(0)),
        300,
        "Time in which a group of the host feed is learnt, in seconds: what is found in it is no alarm. In other groups the detectors' own warm-up counts.",
      ),
    }),
    {},
  ),
  alerts: v.optional(
    v.strictObject({
      perDay: setting(
        positive,
        24,
        "Alerts of thresholds a day of which people are told, on average. Beyond it the least severe are held back and counted; critical ones may spend a day in advance.",
      ),
      windowSeconds: setting(
        v.pipe(v.number(), v.finite(), v.minValue(0)),
        300,
        "Alerts of one group that fire within this time have one cause: people are told of it once, and again only of a more severe one.",
      ),
    }),
    {},
  ),
  monitor: v.optional(
    v.strictObject({
      enabled,
      degradedLatencyUs: setting(
        positive,
        50_000,
        "Latency above which the system is degraded, µs. It recovers below half of it.",
      ),
    }),
    {},
  ),
});

export type Settings = v.InferOutput<typeof settingsSchema>;

/** With the sections of actors that were added to the program. */
let schema = settingsSchema;

/** Adds the section of an actor that is not the program's own (actors/own-actors.ts). Each of its settings has a default. */
export function addSection(name: string, section: v.GenericSchema): void {
  if (Object.hasOwn(schema.entries, name))
    throw new InvalidSetting(`add settings of ${name}`, "there are such settings already", "another name");
  schema = v.strictObject({ ...schema.entries, [name]: v.optional(section, {}) }) as never;
}

/** Every setting at its default. */
export function defaultSettings(): Settings {
  return v.parse(schema, {});
}

/** Settings from outside (a file, a recording): a missing setting gets its default, an unknown path is refused. */
export function parseSettings(input: unknown): Settings {
  if (typeof input !== "object" || input === null || Array.isArray(input)) {
    throw new InvalidSetting("read settings", show(input), "a map of settings");
  }
  const result = v.safeParse(schema, input, { abortEarly: true });
  if (result.success) return result.output;
  const issue = result.issues[0];
  const path = v.getDotPath(issue) ?? "";
  if (settingAt(defaultSettings(), path) === undefined) throw unknownPath(path);
  throw new InvalidSetting(`set ${path}`, show(settingAt(input, path)), expectedBy(issue));
}

/**
 * A copy of the settings with one of them changed. A text is converted to the type of the setting, so that
 * `collapse.falseAlarmsPerDay=0.1` may come from a command line.
 */
export function applySetting(settings: Settings, path: string, value: unknown): Settings {
  const before = settingAt(settings, path);
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

  const result = v.safeParse(schema, changed, { abortEarly: true });
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

/** The value at a dotted path, undefined when there is none. */
export function settingAt(settings: unknown, path: string): unknown {
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

/** The text as a value of the type of `before`, or the text itself if it is not one: the schema then refuses it. */
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
  if (issue.type === "max_length") return `at most ${issue.requirement} characters`;
  return issue.expected ?? issue.message;
}

function unknownPath(path: string): InvalidSetting {
  return new InvalidSetting(`set ${path}`, "no such setting", expectedAmong(path, settingPaths()));
}
