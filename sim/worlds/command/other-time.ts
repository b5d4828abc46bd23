/** Whether a world goes with what a session has: the owner would leave out samples of another time (actors/partition/logical-time.ts). */
import { areApart, type TimeRange } from "../../../actors/partition/mod.ts";
import { EigenwatchError } from "../../../protocol/errors.ts";
import { timeText } from "../../../protocol/text-values.ts";

export interface SessionTimes extends TimeRange {
  readonly isLive: boolean;
}

/** Throws an EigenwatchError that names both ranges. `recorded`: of the world's samples; null for one that begins now. `data`: null where the session has none. */
export function refuseOtherTime(
  action: string,
  recorded: TimeRange | null,
  data: SessionTimes | null,
  nowUs: number,
): void {
  if (data === null || data.isLive === (recorded === null)) return;
  const past = recorded ?? data;
  if (!areApart(past.fromUs, nowUs) && !areApart(past.toUs, nowUs)) return;
  const now = `of now, ${timeText(nowUs)}`;
  const then = `from ${timeText(past.fromUs)} to ${timeText(past.toUs)}`;
  const [own, its, expected] =
    recorded === null
      ? [now, then, "another --session"]
      : [then, now, "another --session, or a live world: without --speed and --start"];
  throw new EigenwatchError({
    action,
    value: `the samples of this world are ${own}, those of the session ${its}`,
    expected,
    kind: "conflict",
  });
}
