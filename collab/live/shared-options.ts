/**
 * Options that all nodes of a session must share: those of the first node stand for as long as a node holds them (held-value.ts). Nodes that start at the same
 * moment do not see each other's heartbeats yet; of their options exactly one set is held.
 */
import * as v from "valibot";
import type { FAILOVER } from "../../actors/cluster/mod.ts";
import type { Bus } from "../../actors/ports/bus.ts";
import type { Clock } from "../../actors/ports/clock.ts";
import { EigenwatchError } from "../../protocol/errors.ts";
import { type Hold, hold } from "./held-value.ts";
import { heldBucket } from "./node-status.ts";

export interface SharedOptions {
  readonly partitions: number;
  readonly failover: keyof typeof FAILOVER;
  /** Default: none is assigned. */
  readonly partitionByGroup?: Readonly<Record<string, string>>;
  /** Those that the owner of the document offers. Default: none. */
  readonly workflows?: readonly { readonly name: string }[];
}

/** By the name of the option. */
const heldOptions = v.record(v.string(), v.union([v.string(), v.number()]));

export interface ShareContext {
  readonly session: string;
  /** Of the node. */
  readonly name: string;
  readonly clock: Clock;
  /** Hears that other options stand in the session now. */
  say(message: string): void;
}

/** Rejects with an EigenwatchError that names the option, its value here and that of the session. */
export async function shareOptions(
  bus: Pick<Bus, "hints">,
  { partitions, failover, partitionByGroup = {}, workflows = [] }: SharedOptions,
  { session, name, clock, say }: ShareContext,
): Promise<Extract<Hold, { held: true }>> {
  const assigned = Object.entries(partitionByGroup)
    .map(([group, partition]) => `${group}=${partition}`)
    .sort();
  const offered = workflows.map((workflow) => workflow.name).sort();
  const ours = {
    partitions,
    failover,
    "partition-of": assigned.join(" ") || "none",
    // Nodes of an earlier version name none.
    ...(offered.length === 0 ? {} : { workflow: offered.join(" ") }),
  };
  const held = await hold({
    hints: bus.hints(heldBucket(session)),
    key: "options",
    value: JSON.stringify(ours),
    clock,
    lost: (other) =>
      say(
        `${differenceOf(ours, other)}: nodes with other options took the session while this one was cut off; stop one of them`,
      ),
  });
  if (held.held) return held;
  throw new EigenwatchError({
    action: `join session ${session} as ${name}`,
    value: differenceOf(ours, held.other),
    expected: "the same on all nodes of a session",
    kind: "conflict",
  });
}

function differenceOf(ours: Readonly<Record<string, string | number>>, other: string): string {
  const theirs = optionsIn(other);
  if (theirs === null) return "what stands in the session in place of its options cannot be read";
  const option = Object.keys({ ...ours, ...theirs }).find((each) => ours[each] !== theirs[each])!;
  return `--${option} is ${ours[option] ?? "not known"} here and ${theirs[option] ?? "not known"} in the session`;
}

/** Null for what no node has put there. */
function optionsIn(text: string): Readonly<Record<string, string | number>> | null {
  try {
    return v.parse(heldOptions, JSON.parse(text));
  } catch {
    return null;
  }
}
