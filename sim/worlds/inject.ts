/**
 * An injection: a scenario's disturbance laid over channels of a running session, marked in its log from begin to end.
 *
 *   request (API, page, command line) ──parse──► InjectRequest ──startInjection──► overlay at the sequencer
 */
import * as v from "valibot";
import { CommandError } from "../../actors/errors.ts";
import type { Partition } from "../../actors/partition/partition.ts";
import type { Channels } from "../../protocol/messages.ts";
import { nearestTo } from "../../protocol/nearest.ts";
import { createOverlay } from "./overlay.ts";

const finite = v.pipe(v.number(), v.finite());

export const injectRequestSchema = v.strictObject({
  /** One of `injectableNames()`. */
  scenario: v.string(),
  /** Multiples of the usual size, in units of each channel's own noise. */
  strength: v.optional(v.pipe(finite, v.minValue(0.01), v.maxValue(100)), 1),
  group: v.string(),
  /** Names, each meant once; absent: all channels of the group. */
  channels: v.optional(
    v.pipe(
      v.array(v.string()),
      v.minLength(1),
      v.transform((names) => [...new Set(names)]),
    ),
  ),
  /** Absent: a minute, or 60 samples where those take longer. */
  durationSeconds: v.optional(v.pipe(finite, v.minValue(0.001), v.maxValue(7 * 86_400))),
  seed: v.optional(v.pipe(v.number(), v.safeInteger(), v.minValue(0), v.maxValue(0xffffffff))),
});

export type InjectRequest = v.InferOutput<typeof injectRequestSchema>;

/** What was begun. */
export interface StartedInjection {
  readonly scenario: string;
  readonly strength: number;
  readonly group: string;
  readonly channels: readonly string[];
  readonly seed: number;
  /** Times of samples that it changes, µs: from the first on, not the last. */
  readonly fromUs: number;
  readonly untilUs: number;
}

/** What an injection needs of a partition. */
export type InjectTarget = Pick<Partition, "inject" | "groups" | "describe" | "recentFrames">;

/** A request from outside; throws CommandError that names the field and what is expected. */
export function parseInjectRequest(json: unknown): InjectRequest {
  if (typeof json !== "object" || json === null || Array.isArray(json))
    throw new CommandError(
      "Cannot inject: the request is no object; expected {scenario, group, strength, …}",
    );
  const result = v.safeParse(injectRequestSchema, json, { abortEarly: true });
  if (result.success) return result.output;
  const issue = result.issues[0];
  const field = v.getDotPath(issue) ?? "the request";
  const keys = Object.keys(injectRequestSchema.entries);
  if (issue.expected === "never")
    throw new CommandError(`Cannot inject: there is no field ${field}; expected ${oneOf(field, keys)}`);
  if (issue.received === "undefined")
    throw new CommandError(`Cannot inject: there is no ${field}; expected {scenario, group, strength, …}`);
  throw new CommandError(`Cannot inject: ${field} is ${issue.received}; expected ${issue.expected}`);
}

/** Begins an injection now, in the session's time. `entered` resolves when its mark in the log is durable. Throws CommandError when scenario, group or channel is not there. */
export function startInjection(
  partition: InjectTarget,
  request: InjectRequest,
  author: string,
): { started: StartedInjection; entered: Promise<void> } {
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
  for (const { frame } of partition.recentFrames(lastInputSequence - LEARNT_INPUTS).frames)
    overlay.learn(frame);
  return { started, entered: partition.inject(overlay) };
}

/** Inputs looked back at to learn the channels' noise: some seconds at full load, decoded in a few milliseconds. */
const LEARNT_INPUTS = 2000;

/** Long enough to see, whatever the spacing of the samples. */
const USUAL_SAMPLES = 60;
const USUAL_DURATION_US = 60_000_000;

function durationUs({ durationSeconds }: InjectRequest, { everyUs }: Channels): number {
  if (durationSeconds !== undefined) return Math.round(durationSeconds * 1e6);
  return Math.max(USUAL_DURATION_US, USUAL_SAMPLES * everyUs);
}

function findGroup(groups: readonly Channels[], name: string): Channels {
  const found = groups.find(({ group }) => group === name);
  if (found !== undefined) return found;
  const known = groups.map(({ group }) => group);
  throw new CommandError(`Cannot inject into group ${name}: there is none; expected ${oneOf(name, known)}`);
}

function oneOf(name: string, known: readonly string[]): string {
  const near = nearestTo(name, known);
  return near.length > 0 ? `perhaps ${near.join(" or ")}` : `one of ${known.join(", ") || "none yet"}`;
}
