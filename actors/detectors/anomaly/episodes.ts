/** The episodes of a group: the numbers of each, and the words that identify it. */
import type { Group } from "../../ports/detector.ts";
import { namedNumbers } from "../registered-numbers.ts";
import { VIEWS } from "./channel-views.ts";
import type { Opened } from "./signals.ts";

/** One episode for each channel, and at index n the joint one. `calm`: successive rows with less than half the threshold. */
export const Episodes = namedNumbers("active", "startedUs", "length", "calm", "peak", "view");

/** The view of a joint episode: it belongs to no single channel. */
export const JOINT_VIEW = VIEWS.length;

/** What the signals of episode i have in common; `concerned` are the numbers of its channels. */
export function describeEpisode(
  group: Group,
  i: number,
  view: number,
  concerned: readonly number[],
): Pick<Opened, "fingerprint" | "joint" | "channels" | "titles" | "view"> {
  const viewName = view < VIEWS.length ? VIEWS[view]! : "joint";
  const joint = i === group.n;
  return {
    fingerprint: joint ? "joint" : `${viewName}:${group.channels[i]!.name}`,
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
