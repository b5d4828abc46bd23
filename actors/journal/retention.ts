/**
 * What is given up to stay within bounds: whole sealed segments, oldest first.
 *
 * T1  The segments after the newest snapshot stay: recovery from it needs them.
 * T2  Without any snapshot everything stays: recovery starts at the first block.
 * T3  If something must be kept although the limit is exceeded, that is reported.
 * T4  The log says up to where it was removed, durably, before anything is: what is missing beyond that was not given up.
 */
import type { Segment } from "./segment.ts";
import type { SnapshotInfo } from "./snapshots.ts";

export interface RetentionLimits {
  /** Bytes of segments and snapshots together. */
  retainBytes: number;
  /** Logical time kept before the last input, µs. */
  retainUs: number;
}

export interface RetentionPlan {
  remove: Segment[];
  removeSnapshots: SnapshotInfo[];
  /** The last block that is given up; 0: none is. */
  upTo: number;
  /** Bytes left after it. */
  bytes: number;
  /** Why more is kept than the limits ask for, or null. */
  heldBy: string | null;
}

/** `segments` oldest first, the last one being written. */
export function planRetention(
  segments: readonly Segment[],
  snapshots: readonly SnapshotInfo[],
  limits: RetentionLimits,
): RetentionPlan {
  const newestSnapshot = snapshots.at(-1)?.block ?? null;
  const now = segments.findLast((segment) => segment.last !== null)?.last?.timeUs ?? 0;
  let bytes = 0;
  for (const segment of segments) bytes += segment.size;
  for (const snapshot of snapshots) bytes += snapshot.bytes;
  const plan: RetentionPlan = { remove: [], removeSnapshots: [], upTo: 0, bytes, heldBy: null };
  for (const [i, segment] of segments.entries()) {
    const tooOld = segment.last !== null && segment.last.timeUs < now - limits.retainUs;
    if (plan.bytes <= limits.retainBytes && !tooOld) break;
    plan.heldBy = holder(segments, i, newestSnapshot);
    if (plan.heldBy !== null) break;
    plan.remove.push(segment);
    plan.bytes -= segment.size;
    const firstKept = segments[i + 1]!.firstBlock;
    plan.upTo = firstKept - 1;
    for (const snapshot of snapshots) {
      if (snapshot.block >= firstKept - 1 || plan.removeSnapshots.includes(snapshot)) continue;
      plan.removeSnapshots.push(snapshot);
      plan.bytes -= snapshot.bytes;
    }
  }
  return plan;
}

/** Why segment `i` must stay, or null. */
function holder(segments: readonly Segment[], i: number, newestSnapshot: number | null): string | null {
  const next = segments[i + 1];
  if (next === undefined) return "the newest segment";
  if (!segments.slice(i + 1).some((segment) => segment.blocks > 0)) return "the newest blocks";
  if (newestSnapshot === null) return "there is no snapshot to start from without them";
  if (next.firstBlock - 1 > newestSnapshot) return `the newest snapshot is of block ${newestSnapshot}`;
  return null;
}
