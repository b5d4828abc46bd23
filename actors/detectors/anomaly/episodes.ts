/**
 * The episodes of a group: the numbers of each, how far it is from over, and the words that identify it.
 *
 *   opened ─► out of range ─ STAYS_AFTER rows ─► stays ─ ACCEPTED_AFTER ─► accepted
 *                  │                               │
 *                  └──── back for cooldown rows ───┴─► closed
 *
 * The range is that before the episode: what the anomaly taught the detector since does not make it normal. A value is back when it is
 * nearer to that range than half of the farthest that the episode was.
 */
import type { Group } from "../../ports/detector.ts";
import { namedNumbers } from "../registered-numbers.ts";
import { VIEWS } from "./channel-views.ts";
import type { OfEpisode } from "./signals.ts";

/**
 * One episode for each channel, and at index n the joint one. `calm`: successive rows that are back. `low` and `high`: the range of the view
 * before it, `levelLow` and `levelHigh` that of the level around the
 * `expected` value, which goes on with the time if `seasonal` is 1; `farthest`: the largest distance from them, in ranges. `stays`: 1 once reported. `calmUs`: since when it is back.
 */
export const Episodes = namedNumbers(
  "active",
  "startedUs",
  "length",
  "calm",
  "view",
  "peakEffect",
  "peakEvidence",
  "low",
  "high",
  "levelLow",
  "levelHigh",
  "expected",
  "seasonal",
  "farthest",
  "stays",
  "calmUs",
);

/** The view of a joint episode: it belongs to no single channel. */
export const JOINT_VIEW = VIEWS.length;
/** That of a level that lasts (lasting/lasting-levels.ts). */
export const LASTING_VIEW = VIEWS.length + 1;
/** That of steps that last: the channel rises or falls as it never did for so long. */
export const TREND_VIEW = VIEWS.length + 2;
/** That of a joint episode of prices that all move to one side. */
export const COMMON_VIEW = VIEWS.length + 3;
const OTHER_VIEWS = ["joint", "lasting", "trend", "common"] as const;

/** Rows out of range, in cooldowns, after which a value stays: by default twice what the mean over 64 rows needs to be back. */
export const STAYS_AFTER = 4;
/** Rows after which what stays is taken as normal: as long as a range needs to follow, and at least an hour. */
export const ACCEPTED_AFTER_ROWS = 2000;
export const ACCEPTED_AFTER_US = 3_600_000_000;

/** How far x is outside [low, high], in lengths of that range; a range of one point has the length of its distance. */
export function outside(x: number, low: number, high: number): number {
  const distance = x > high ? x - high : low - x;
  if (!(distance > 0)) return 0;
  return high > low ? distance / (high - low) : 1;
}

/** What the signals of episode i have in common; `concerned` are the numbers of its channels. */
export function describeEpisode(
  group: Group,
  i: number,
  view: number,
  concerned: readonly number[],
): Pick<OfEpisode, "fingerprint" | "joint" | "channels" | "titles" | "view"> {
  const viewName = view < VIEWS.length ? VIEWS[view]! : OTHER_VIEWS[view - VIEWS.length]!;
  const joint = i === group.n;
  return {
    fingerprint: joint ? viewName : `${viewName}:${group.channels[i]!.name}`,
    joint,
    channels: concerned.map((c) => group.channels[c]!.name),
    titles: concerned.map((c) => displayName(group, c)),
    view: viewName,
  };
}

function displayName(group: Group, c: number): string {
  const { name, title } = group.channels[c]!;
  return title === "" ? name : title;
}
