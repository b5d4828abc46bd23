/** `--inject SCENARIO`: a disturbance laid over a group's frames, marked where it begins and ends as in a running session. */
import type { BranchInjection } from "../../../protocol/commands.ts";
import { EigenwatchError } from "../../../protocol/errors.ts";
import type { Channels } from "../../../protocol/messages.ts";
import { exactTimeText } from "../../../protocol/text-values.ts";
import { createOverlay, type ScenarioOverlay } from "../../worlds/overlay.ts";
import { parsePlace } from "../place.ts";
import type { InputRewriter } from "./input-rewriter.ts";
import { AUTHOR } from "./set-settings.ts";

export function injectScenario(overlay: ScenarioOverlay): InputRewriter {
  let state: "before" | "active" | "over" = "before";
  return {
    before(timeUs, input, insert) {
      if (state === "before" && timeUs >= overlay.fromUs) {
        state = "active";
        insert(overlay.fromUs, { type: "notice", ...overlay.begin });
      }
      if (state === "active" && input.type === "frame" && input.time[0]! > overlay.untilUs) {
        state = "over";
        insert(overlay.untilUs, { type: "notice", ...overlay.end });
      }
    },
    change(input) {
      if (state !== "active" || input.type !== "frame" || input.group !== overlay.group) return input;
      return overlay.apply(input);
    },
  };
}

/** The overlay that a request means, in a session with these groups. Throws an error that names an unknown group or time. */
export function overlayOf(
  request: BranchInjection,
  declared: readonly Channels[],
  atUs: number,
  endUs: number,
): ScenarioOverlay {
  const { scenario, strength, seed, channels, durationSeconds } = request;
  const fromUs = request.at === undefined ? atUs : timeOf(request.at);
  if (fromUs < atUs) {
    throw new EigenwatchError({
      action: `inject ${scenario} at ${request.at}`,
      value: "the branch begins later",
      expected: `a time from ${exactTimeText(atUs)}`,
    });
  }
  if (fromUs > endUs) {
    throw new EigenwatchError({
      action: `inject ${scenario} at ${request.at}`,
      value: "it is outside of the recording",
      expected: `a time up to ${exactTimeText(endUs)}`,
    });
  }
  const untilUs = fromUs + Math.round(durationSeconds * 1e6);
  const declaration = groupOf(request, declared);
  return createOverlay({
    scenario,
    strength,
    seed,
    fromUs,
    untilUs,
    declaration,
    channels,
    author: { author: AUTHOR },
  });
}

function timeOf(at: number | string): number {
  const place = parsePlace("inject at", String(at));
  if ("timeUs" in place) return place.timeUs;
  throw new EigenwatchError({
    action: "inject",
    value: `at is ${at}`,
    expected: "ISO 8601 or µs since the epoch",
  });
}

function groupOf({ scenario, group }: BranchInjection, declared: readonly Channels[]): Channels {
  const known = declared.map((each) => each.group);
  const found = group === undefined && declared.length === 1 ? declared[0] : undefined;
  const named = found ?? declared.find((each) => each.group === group);
  if (named !== undefined) return named;
  throw new EigenwatchError({
    action: `inject ${scenario}`,
    value: group === undefined ? "no group is given" : `there is no group ${group}`,
    expected: known.length > 0 ? `one of ${known.join(", ")}` : "a later time: no group is declared yet",
  });
}
