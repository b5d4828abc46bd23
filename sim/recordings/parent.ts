/** The entry by which a branch recording names what it branches from: `parent` in the `createdFrom` of its segments. */
import * as v from "valibot";

/** What a branch recording says of where it comes from; stands in `createdFrom` of its segments. */
export interface BranchParent {
  /** Folder of the recording that it branches from, as it was called then. */
  recording: string;
  partition: string;
  /** The last block that both share, its hash (hex), and the sequence of its last input. Block 0: they share none. */
  block: number;
  hash: string;
  /** The first input that may be different, and the time from which it is. */
  sequence: number;
  atUs: number;
  /** What was asked to be different. */
  changes: BranchChanges;
}

export interface BranchChanges {
  set?: Record<string, string | number | boolean>;
  drop?: string[];
  inject?: Record<string, unknown>[];
  commands?: { name: string; body: unknown }[];
  dropCommands?: string[];
  seed?: number;
  untilUs?: number;
}

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
    commands: v.optional(v.array(v.object({ name: v.string(), body: v.unknown() }))),
    dropCommands: v.optional(v.array(v.string())),
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
    ...(changes.commands ?? []).map(({ name }) => `with ${name}`),
    ...(changes.dropCommands ?? []).map((name) => `without ${name}`),
  ];
  return `${recording} behind block ${block}, from input ${sequence}: ${said.join(", ") || "nothing changed"}`;
}
