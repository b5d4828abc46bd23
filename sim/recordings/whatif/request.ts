/** What a branch is asked to be: where it begins and what is different in it. From the command line, the API and the page. */
import * as v from "valibot";
import { CommandError } from "../../../actors/mod.ts";
import { nearestTo } from "../../../protocol/nearest.ts";

const finite = v.pipe(v.number(), v.finite());
const whole = v.pipe(v.number(), v.safeInteger("a whole number"), v.minValue(0));

/** Scenarios, channels and settings of one branch: more is a slip, or somebody who wants our memory. */
const MANY = 128;

const injectionSchema = v.strictObject({
  /** A scenario that can be laid over real streams. */
  scenario: v.string(),
  /** Multiples of the usual size, in units of each channel's own noise. */
  strength: v.optional(v.pipe(finite, v.minValue(0.01), v.maxValue(100)), 1),
  /** Absent: the only group there is. */
  group: v.optional(v.string()),
  /** Names; absent: all channels of the group. */
  channels: v.optional(v.pipe(v.array(v.string()), v.minLength(1), v.maxLength(MANY))),
  durationSeconds: v.optional(v.pipe(finite, v.minValue(0.001), v.maxValue(7 * 86_400)), 60),
  seed: v.optional(v.pipe(whole, v.maxValue(0xffffffff)), 1),
  /** When it begins, µs or a time; absent: where the branch begins. */
  at: v.optional(v.union([v.number(), v.string()])),
});

export const whatIfRequestSchema = v.strictObject({
  /** A time (ISO 8601, or µs since the epoch from 10¹⁴ on), or the sequence of the first input that may be different. */
  at: v.union([v.number(), v.string()]),
  /** Settings by path, as they are to be from there on. */
  set: v.optional(
    v.pipe(
      v.record(v.string(), v.union([v.string(), finite, v.boolean()])),
      v.check((set) => Object.keys(set).length <= MANY, `at most ${MANY} settings`),
    ),
  ),
  /** Channels that fall silent: by name, or as group/name. */
  drop: v.optional(v.pipe(v.array(v.string()), v.maxLength(MANY))),
  inject: v.optional(v.pipe(v.array(injectionSchema), v.maxLength(MANY))),
  /** Seed of all random streams from there on. */
  seed: v.optional(whole),
  /** Time of the last input of both lanes, µs; absent: the end of the recording. */
  untilUs: v.optional(v.pipe(v.number(), v.safeInteger("a whole number"))),
  /** Two events further apart are not the same one; absent: 10 s, or a thousandth of what follows where that is more. */
  toleranceUs: v.optional(v.pipe(whole, v.minValue(1))),
});

export type WhatIfRequest = v.InferInput<typeof whatIfRequestSchema>;
/** With the defaults filled in. */
export type ParsedRequest = v.InferOutput<typeof whatIfRequestSchema>;
export type InjectionRequest = v.InferOutput<typeof injectionSchema>;

/** A request from outside. Throws CommandError that names the field, what it is and what was expected. */
export function parseWhatIfRequest(json: unknown): ParsedRequest {
  if (typeof json !== "object" || json === null || Array.isArray(json))
    throw new CommandError("Cannot branch: the request is no object; expected {at, set, drop, inject, …}");
  const { set } = json as { set?: unknown };
  // The schema passes over it.
  if (typeof set === "object" && set !== null && Object.hasOwn(set, "__proto__"))
    throw new CommandError("Cannot set __proto__: no such setting");
  const result = v.safeParse(whatIfRequestSchema, json, { abortEarly: true });
  if (result.success) return result.output;
  const issue = result.issues[0];
  const field = v.getDotPath(issue) ?? "the request";
  if (issue.expected === "never") throw unknownField(field);
  throw new CommandError(
    `Cannot branch: ${field} is ${issue.received}; expected ${issue.expected ?? issue.message}`,
  );
}

function unknownField(field: string): CommandError {
  const entries = field.startsWith("inject.") ? injectionSchema.entries : whatIfRequestSchema.entries;
  const known = Object.keys(entries);
  const near = nearestTo(field.slice(field.lastIndexOf(".") + 1), known);
  const expected = near.length > 0 ? `perhaps ${near.join(" or ")}` : `one of ${known.join(", ")}`;
  return new CommandError(`Cannot branch: there is no field ${field}; expected ${expected}`);
}
