/** What a sweep runs: a branch of each partition that is branched, and the truth that its alarms are judged by. */
import type { SeekPlace } from "../place.ts";
import { readTruths } from "./alarm-score.ts";
import { type BranchOptions, requestOf } from "./branch-options.ts";
import { placesOfBranch } from "./branch-partition.ts";
import type { Sweep } from "./sweep.ts";

/** Time after its end in which a truth still counts as found: a detector of a group may say it some rows late. */
const GRACE_US = 60_000_000;

export interface SweepAsked extends BranchOptions {
  /** Absent: from the first data on. */
  readonly at?: SeekPlace | undefined;
  /** File of what happened. */
  readonly truth?: string | undefined;
}

export interface OpenedSweep extends Sweep {
  /** Time of the last data. */
  readonly toUs: number;
}

export async function openSweep(recording: string, asked: SweepAsked): Promise<OpenedSweep> {
  const places = await placesOfBranch(recording, asked, asked.at ?? null);
  const branches = places.map(({ directory, at, fromUs }) => ({
    recording: directory,
    request: requestOf(asked, at),
    fromUs,
  }));
  return {
    branches,
    truths: asked.truth === undefined ? null : await readTruths(asked.truth),
    graceUs: asked.tolerance ?? GRACE_US,
    toUs: Math.max(...places.map(({ toUs }) => toUs)),
  };
}
