/** The data of the suite `market`: the feeds of each, and what is known to have happened. The bundle's MANIFEST.md names the sources. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Channels } from "../../../protocol/messages.ts";
import type { Truth } from "../../worlds/model/scenario.ts";
import { readRows } from "./rows.ts";

export interface Dataset {
  readonly name: string;
  /** Specs as `up --feed` takes them. */
  readonly feeds: readonly string[];
  /** Each concerns all channels of its group, unless it names one. */
  truths(groups: readonly Channels[]): Promise<Truth[]>;
}

export function datasetsIn(folder: string): Dataset[] {
  const at = (path: string) => join(folder, path);
  const file = (path: string, options: string) => `file:${escaped(at(path))}?${options}`;
  const telemetry = (name: string, path: string, kind: string): Dataset => ({
    name,
    feeds: [file(path, "skip=anomaly,changepoint")],
    truths: async (groups) => labelledIn(at(path), groups, kind),
  });
  return [
    {
      name: "crypto minutes",
      feeds: [
        file("B_crypto_1m/warmup_close_1m.csv.gz", "group=crypto&innovation=logReturn"),
        file("B_crypto_1m/bars_1m.csv.gz", "group=crypto"),
      ],
      truths: (groups) => cryptoEvents(at("B_crypto_1m/events.csv"), groups),
    },
    {
      name: "equity ticks",
      feeds: [file("A_equity_ticks/trades.csv.gz", "")],
      truths: async (groups) => groups.map((group) => lockstep(group, MINUTES_OF_THE_FED)),
    },
    {
      name: "S&P 500 days",
      feeds: [file("C_sp500_daily/daily.csv.gz", "")],
      truths: async (groups) => groups.flatMap((group) => SHOCKS.map((span) => lockstep(group, span))),
    },
    {
      name: "mentions of companies",
      feeds: [file("E_telemetry/nab_twitter_volume_5m.csv.gz", "")],
      truths: (groups) => mentionWindows(at("E_telemetry/nab_twitter_windows.csv"), groups),
    },
    telemetry("water rig, rotor", "E_telemetry/skab_other_7.csv.gz", "pointerCollapse"),
    telemetry("water rig, valve", "E_telemetry/skab_valve1_1.csv.gz", "levelShift"),
  ];
}

type Span = readonly [start: string, end: string];

/** 18:00 UTC; correlations are high until half past and usual again at 19:00. */
const MINUTES_OF_THE_FED: Span = ["2013-10-09T18:00:00Z", "2013-10-09T18:30:00Z"];

/** Of 2015-08-24, 2016-06-24 and 2016-09-09: until the mean correlation of 22 days is at its height, and three days more. */
const SHOCKS: readonly Span[] = [
  ["2015-08-24T00:00:00Z", "2015-08-29T00:00:00Z"],
  ["2016-06-24T00:00:00Z", "2016-07-02T00:00:00Z"],
  ["2016-09-09T00:00:00Z", "2016-09-18T00:00:00Z"],
];

/** How long after its peak an event of minutes may be reported: its correlations are of 60 minutes. */
const AFTER_PEAK_US = 3600e6;

/** The crash of 2021-05-19: its first leg, and the collapse itself. */
const CRASH: ReadonlySet<string> = new Set(["E2", "E3"]);

/**
 * The crash is expected of `collapse`, and its second half, in which coins part, of `coherence`. The other events are moves of all coins together, whose
 * windows count neither as found nor as false.
 */
async function cryptoEvents(path: string, groups: readonly Channels[]): Promise<Truth[]> {
  // The first four cells have no quotes.
  const events = (await linesOf(path)).map((line) => line.split(",", 4) as [string, string, string, string]);
  return groups.flatMap((group) =>
    events.map(([id, start, peak, kind]) => ({
      kind: kind === "COLLAPSE" ? "decoherence" : kind,
      detectors: CRASH.has(id) ? ["collapse"] : [],
      ...allOf(group),
      onsetUs: timeUs(start),
      endUs: timeUs(peak) + (CRASH.has(id) ? 0 : AFTER_PEAK_US),
    })),
  );
}

async function mentionWindows(path: string, groups: readonly Channels[]): Promise<Truth[]> {
  const windows = (await linesOf(path)).map((line) => line.split(",") as [string, string, string]);
  return windows.map(([channel, start, end]) => ({
    kind: "window",
    detectors: ["anomaly"],
    group: groups[0]!.group,
    channels: [channel],
    onsetUs: timeUs(start),
    endUs: timeUs(end),
  }));
}

/** Runs of labelled rows. */
async function labelledIn(path: string, groups: readonly Channels[], kind: string): Promise<Truth[]> {
  const { count, labels, timeUs } = await readRows(path, { label: "anomaly" });
  const truths: Truth[] = [];
  for (let r = 0; r < count; r++) {
    if (labels[r] === 0 || labels[r - 1] === 1) continue;
    let last = r;
    while (labels[last + 1] === 1) last++;
    const when = { onsetUs: timeUs[r]!, endUs: timeUs[last]! };
    truths.push({ kind, detectors: ["anomaly", "collapse"], ...allOf(groups[0]!), ...when });
  }
  return truths;
}

/** Channels that begin to move together: `collapse` and `coherence` should find it. */
function lockstep(group: Channels, [start, end]: Span): Truth {
  const when = { onsetUs: timeUs(start), endUs: timeUs(end) };
  return { kind: "pointerCollapse", detectors: ["collapse"], ...allOf(group), ...when };
}

function allOf({ group, channels }: Channels): Pick<Truth, "group" | "channels"> {
  return { group, channels: channels.map(({ name }) => name) };
}

/** Without the header. */
async function linesOf(path: string): Promise<string[]> {
  return (await readFile(path, "utf8")).trimEnd().split("\n").slice(1);
}

function timeUs(text: string): number {
  return Date.parse(text) * 1000;
}

/** A path as the target of a feed. */
function escaped(path: string): string {
  return path.replaceAll("%", "%25").replaceAll("?", "%3F");
}
