/**
 * Suite `market`: recorded markets and servers through the shipped core with default settings, as the file feed brings them.
 *
 *   files ─► feeds, merged by time ─► core ─► alarms ─┬─ inside the window of an expected event: found, with its delay
 *                                                     ├─ inside the window of another event: not counted
 *                                                     └─ outside of all: a day
 *
 * What happened is known: the crash of 2021-05-19 in minutes of crypto, the minutes of the Federal Reserve on 2013-10-09 in trades, three
 * shocks in two years of days, labelled windows of two kinds of telemetry. Events are in `market-data.ts`, scored by the rules of `score.ts`
 * without an allowed delay: each window says how long an alarm is of use.
 */
import type { Frame } from "../../../protocol/frame.ts";
import type { Channels } from "../../../protocol/messages.ts";
import { defaultSettings } from "../../../protocol/settings.ts";
import type { Truth } from "../../worlds/model/scenario.ts";
import { type Dataset, datasetsIn } from "./market-data.ts";
import { type Alarm, alarmOf, DEFAULT_DETECTORS, type DetectorName, score } from "./score.ts";
import {
  brief,
  DAY_US,
  decimals,
  type Figure,
  left,
  meanOf,
  medianOf,
  right,
  type Suite,
  type SuiteJob,
  tableOf,
} from "./suite.ts";
import { inputsOfFeeds, type TimedInput, throughCore } from "./through-core.ts";

interface Found {
  readonly data: string;
  readonly detector: DetectorName;
  readonly expected: number;
  readonly found: number;
  /** Of the found ones, in order. */
  readonly delaysUs: readonly number[];
  /** Alarms outside of all events, also without those whose detector said that its promise does not hold. */
  readonly outside: number;
  readonly outsidePromised: number;
  readonly daysOutside: number;
  /** Alarms a day where nothing happens, by the settings; null: nothing is promised. */
  readonly promisedPerDay: number | null;
}

interface Job extends SuiteJob {
  readonly dataset: string;
  /** Of the session: the detectors break ties at random. */
  readonly seed: number;
}

const CRYPTO = "crypto minutes";

export const market: Suite<Job, Found[]> = {
  options: ["seeds"],
  seeds: 3,
  data: {
    folder: "market",
    holds: ["A_equity_ticks", "B_crypto_1m", "C_sp500_daily", "E_telemetry"],
    source: "the market bundle with its MANIFEST.md",
  },
  jobs: ({ data, seeds }) =>
    datasetsIn(data).flatMap(({ name }) =>
      Array.from({ length: seeds }, (_, k) => ({
        name: `${name} seed ${k + 1}`,
        dataset: name,
        seed: k + 1,
      })),
    ),
  async run({ dataset: name, seed }, { data }) {
    const dataset = datasetsIn(data).find((each) => each.name === name)!;
    return scoreDataset(dataset, seed, await inputsOfFeeds(dataset.feeds));
  },
  report(scored, { seeds }) {
    const all = scored.flatMap(({ result }) => result);
    const crash = all.filter(({ data, detector }) => data === CRYPTO && detector === "collapse");
    return {
      tables: [tableOf(`Recorded markets and servers, sums of ${seeds} runs`, summed(all), COLUMNS)],
      figures: crash.length === 0 ? [] : crashFigures(crash),
    };
  },
};

/** Runs of the same data and detector as one. */
function summed(all: readonly Found[]): Found[] {
  const rows = new Map<string, Found>();
  for (const found of all) {
    const key = `${found.data}/${found.detector}`;
    const before = rows.get(key);
    rows.set(key, before === undefined ? found : sumOf(before, found));
  }
  return [...rows.values()];
}

function sumOf(a: Found, b: Found): Found {
  return {
    ...a,
    expected: a.expected + b.expected,
    found: a.found + b.found,
    delaysUs: [...a.delaysUs, ...b.delaysUs],
    outside: a.outside + b.outside,
    outsidePromised: a.outsidePromised + b.outsidePromised,
    daysOutside: a.daysOutside + b.daysOutside,
  };
}

/** `runs`: of `collapse`, where two events are expected, the first leg of the crash and the crash. */
function crashFigures(runs: readonly Found[]): Figure[] {
  const all = runs.reduce(sumOf);
  const firstDelays = runs.map(({ delaysUs }) => delaysUs[0] ?? Number.POSITIVE_INFINITY);
  return [
    {
      name: `${CRYPTO}, collapse: alarms outside of events`,
      value: all.outside / all.daysOutside,
      unit: "a day",
      target: { atMost: 1.5 },
    },
    {
      name: `${CRYPTO}, collapse: delay to 2021-05-19 11:20 or 12:43, longest`,
      value: Math.max(...firstDelays) / 60e6,
      unit: "min",
      target: { atMost: 12 },
    },
  ];
}

const COLUMNS = [
  left<Found>("data", ({ data }) => data),
  left<Found>("detector", ({ detector }) => detector),
  right<Found>("expected", ({ expected }) => String(expected)),
  right<Found>("found", ({ found }) => String(found)),
  right<Found>("delay, min", ({ delaysUs }) => decimals(medianOf(delaysUs) / 60e6, 1)),
  right<Found>("outside", ({ outside }) => String(outside)),
  right<Found>("a day", ({ outside, daysOutside }) => brief(outside / daysOutside)),
  right<Found>("not void", ({ outsidePromised, daysOutside }) => brief(outsidePromised / daysOutside)),
  right<Found>("promised", ({ promisedPerDay }) => (promisedPerDay === null ? "–" : String(promisedPerDay))),
];

async function scoreDataset(dataset: Dataset, seed: number, inputs: readonly TimedInput[]): Promise<Found[]> {
  const alarms: Alarm[] = [];
  const [startUs, endUs] = spanOf(inputs);
  throughCore({
    seed,
    source: dataset.name,
    startUs,
    inputs,
    event(event) {
      const alarm = alarmOf(event);
      if (alarm !== null) alarms.push(alarm);
    },
  });
  const groups = groupsOf(inputs);
  const truths = await dataset.truths(groups);
  return DEFAULT_DETECTORS.filter((name) => name !== "trajectory").map((detector): Found => {
    const { truths: expected, hits, delaysUs, false: outside } = score(detector, truths, alarms, 0);
    const promised = alarms.filter((alarm) => alarm.promised);
    return {
      data: dataset.name,
      detector,
      expected,
      found: hits,
      delaysUs,
      outside,
      outsidePromised: score(detector, truths, promised, 0).false,
      daysOutside: (endUs - startUs - coveredUs(detector, truths, groups)) / DAY_US,
      promisedPerDay: promisedBy(detector, groups),
    };
  });
}

/** Times of the first and the last sample. */
function spanOf(inputs: readonly TimedInput[]): [startUs: number, endUs: number] {
  const first = inputs.find(({ input }) => input.type === "frame")!;
  const frame = first.input as Frame;
  return [frame.time[0]!, inputs.at(-1)!.timeUs];
}

/** The last declaration of each group has all of its channels. */
function groupsOf(inputs: readonly TimedInput[]): Channels[] {
  const groups = new Map<string, Channels>();
  for (const { input } of inputs) if (input.type === "channels") groups.set(input.group, input);
  return [...groups.values()];
}

/** Time inside of events, µs: for anomalies the mean over the channels, because they concern single ones. */
function coveredUs(detector: DetectorName, truths: readonly Truth[], groups: readonly Channels[]): number {
  if (detector !== "anomaly") return unionUs(truths);
  const channels = groups.flatMap(({ group, channels }) => channels.map(({ name }) => ({ group, name })));
  const covered = channels.map(({ group, name }) =>
    unionUs(truths.filter((truth) => truth.group === group && truth.channels.includes(name))),
  );
  return meanOf(covered) ?? 0;
}

function unionUs(truths: readonly Truth[]): number {
  let [total, until] = [0, 0];
  for (const { onsetUs, endUs } of [...truths].sort((a, b) => a.onsetUs - b.onsetUs)) {
    total += Math.max(0, endUs - Math.max(onsetUs, until));
    until = Math.max(until, endUs);
  }
  return total;
}

function promisedBy(detector: DetectorName, groups: readonly Channels[]): number | null {
  const { anomaly, collapse, incidents } = defaultSettings();
  switch (detector) {
    case "anomaly":
      return groups.reduce((sum, { channels }) => sum + channels.length, 0) * anomaly.falseAlarmsPerDay;
    case "collapse":
      return groups.length * collapse.falseAlarmsPerDay;
    case "incidents":
      return incidents.budgetPerDay;
    default:
      return null;
  }
}
