/**
 * An injection: the disturbance of a scenario laid over channels of a live session. Its begin and its end are events in the log.
 *
 *   command startInjection ──► prepareInjection ──► overlay, which Partition.inject lays over the frames that enter the log
 */
import type { Partition } from "../../actors/mod.ts";
import type { FrameOverlay } from "../../actors/ports/overlay.ts";
import { expectedAmong } from "../../protocol/closest-name.ts";
import type { InjectionRequest } from "../../protocol/commands.ts";
import type { InjectableScenario, StartedInjection } from "../../protocol/controls.ts";
import { EigenwatchError } from "../../protocol/errors.ts";
import type { Channels } from "../../protocol/messages.ts";
import type { Authored } from "../../protocol/principal.ts";
import { createOverlay } from "./overlay.ts";
import { findScenario, injectableNames } from "./scenarios.ts";

/** What an injection needs of a partition. */
export type InjectTarget = Pick<Partition, "groups" | "describe" | "recentFrames">;

/** Scenarios that can be laid over live or recorded streams. */
export function injectableScenarios(): InjectableScenario[] {
  return injectableNames().map((name) => {
    const { title, family } = findScenario(name);
    return { name, title, family };
  });
}

/** The injection that starts now, in the session's time. Throws when scenario, group or channel does not exist. */
export function prepareInjection(
  partition: InjectTarget,
  request: InjectionRequest,
  author: Authored,
): { started: StartedInjection; overlay: FrameOverlay } {
  const declaration = findGroup(partition.groups(), request.group);
  const { timeUs, lastInputSequence } = partition.describe();
  const started: StartedInjection = {
    scenario: request.scenario,
    strength: request.strength,
    group: request.group,
    channels: request.channels ?? declaration.channels.map(({ name }) => name),
    seed: request.seed ?? lastInputSequence % 0x1_0000_0000,
    fromUs: timeUs + 1,
    untilUs: timeUs + 1 + durationUs(request, declaration),
  };
  const overlay = createOverlay({ ...started, declaration, author });
  for (const { frame } of partition.recentFrames(lastInputSequence - LEARNED_INPUTS).frames)
    overlay.learn(frame);
  return { started, overlay };
}

/** Recent inputs from which the overlay learns the channels' noise: some seconds at full load, decoded in a few milliseconds. */
const LEARNED_INPUTS = 2000;

/** Long enough to see at any spacing of the samples. */
const DEFAULT_SAMPLES = 60;
const DEFAULT_DURATION_US = 60_000_000;

function durationUs({ durationSeconds }: InjectionRequest, { everyUs }: Channels): number {
  if (durationSeconds !== undefined) return Math.round(durationSeconds * 1e6);
  return Math.max(DEFAULT_DURATION_US, DEFAULT_SAMPLES * everyUs);
}

function findGroup(groups: readonly Channels[], name: string): Channels {
  const found = groups.find(({ group }) => group === name);
  if (found !== undefined) return found;
  const known = groups.map(({ group }) => group);
  throw new EigenwatchError({
    action: `inject into group ${name}`,
    value: "no such group",
    expected: expectedAmong(name, known, known.join(", ") || "none yet"),
  });
}
