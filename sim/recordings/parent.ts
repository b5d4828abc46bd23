/** The entry by which a branch recording names what it branches from: `parent` in the `createdFrom` of its segments. */
import * as v from "valibot";
import type { BranchParent } from "./whatif/result.ts";

const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const value = v.union([v.string(), v.number(), v.boolean()]);

const parentSchema = v.object({
  recording: v.string(),
  partition: v.string(),
  block: count,
  hash: v.string(),
  sequence: count,
  atUs: v.number(),
  changes: v.object({
    set: v.optional(v.record(v.string(), value)),
    drop: v.optional(v.array(v.string())),
    inject: v.optional(v.array(v.record(v.string(), v.unknown()))),
    seed: v.optional(v.number()),
    untilUs: v.optional(v.number()),
  }),
});

/** `createdFrom` of the parent with the entry in it: a branch of a branch names the nearest. */
export function createdFromParent(createdFrom: unknown, parent: BranchParent): Record<string, unknown> {
  const before = typeof createdFrom === "object" && createdFrom !== null ? createdFrom : {};
  return { ...before, parent };
}

/** What a recording branches from, or null when it is no branch. */
export function parentOf(createdFrom: unknown): BranchParent | null {
  const parent = (createdFrom as { parent?: unknown } | null | undefined)?.parent;
  const result = v.safeParse(parentSchema, parent);
  return result.success ? (result.output as BranchParent) : null;
}

/** One line for people. */
export function parentLine({ recording, block, sequence, changes }: BranchParent): string {
  const said = [
    ...Object.entries(changes.set ?? {}).map(([path, to]) => `${path}=${to}`),
    ...(changes.seed === undefined ? [] : [`seed=${changes.seed}`]),
    ...(changes.drop ?? []).map((name) => `without ${name}`),
    ...(changes.inject ?? []).map(({ scenario }) => `with ${scenario}`),
  ];
  return `${recording} behind block ${block}, from input ${sequence}: ${said.join(", ") || "nothing changed"}`;
}
