/**
 * The name of a feed that a process of its own brings to a session: one at a time has it. Two of one name would number the same source, and the samples of
 * one would count as duplicates of the other's.
 */
import type { Bus } from "../../actors/ports/bus.ts";
import type { Clock } from "../../actors/ports/clock.ts";
import { EigenwatchError } from "../../protocol/errors.ts";
import { escapeName } from "../../protocol/subjects.ts";
import { type Hold, hold } from "./held-value.ts";
import { heldBucket } from "./node-status.ts";

export interface FeedNameOptions {
  readonly bus: Pick<Bus, "hints">;
  readonly session: string;
  readonly partition: string;
  readonly source: string;
  /** Unlike that of any other process. */
  readonly holder: string;
  readonly clock: Clock;
  /** The servers could not be reached for so long that another feed has the name now. */
  lost(error: EigenwatchError): void;
}

/** Rejects with an EigenwatchError where another feed has the name. It is free again when that has ended, or was not heard of for four seconds. */
export async function holdFeedName(options: FeedNameOptions): Promise<Extract<Hold, { held: true }>> {
  const { bus, session, partition, source, holder, clock, lost } = options;
  const taken = (expected: string): EigenwatchError =>
    new EigenwatchError({
      action: `bring ${source} to partition ${partition} of session ${session}`,
      value: `another feed has the name ${source} there`,
      expected,
      kind: "conflict",
    });
  const held = await hold({
    hints: bus.hints(heldBucket(session)),
    key: `feed.${escapeName(partition)}.${escapeName(source)}`,
    value: holder,
    clock,
    lost: () => lost(taken("servers that can be reached: it took the name while they could not")),
  });
  if (held.held) return held;
  throw taken("another --name, or the end of that feed");
}
