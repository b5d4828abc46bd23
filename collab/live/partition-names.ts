/** The partitions of a session by name: p0, p1 …, as many as are asked for, or as its recording has. */
import { existsSync, statSync } from "node:fs";
import { partitionFolders } from "../../actors/mod.ts";
import { EigenwatchError } from "../../protocol/errors.ts";

export function partitionNames(count: number): string[] {
  return Array.from({ length: count }, (_, k) => `p${k}`);
}

const NUMBERED = /^p(0|[1-9]\d{0,3})$/;

/**
 * Those of a session that goes on in a recording, or begins one; null: in memory. Throws when `asked` leaves out a partition that the recording
 * has: its groups would begin anew in another.
 */
export async function partitionsToRun(
  asked: number | undefined,
  recording: string | null,
): Promise<string[]> {
  const recorded = recording === null ? 0 : await recordedCount(recording);
  if (asked !== undefined && asked < recorded)
    throw new EigenwatchError({
      action: `record ${asked} ${asked === 1 ? "partition" : "partitions"} to ${recording}`,
      value: `it has ${recorded}`,
      expected: `--partitions ${recorded} or more, or another folder`,
    });
  return partitionNames(asked ?? Math.max(1, recorded));
}

async function recordedCount(recording: string): Promise<number> {
  if (!existsSync(recording)) return 0;
  if (!statSync(recording).isDirectory())
    throw new EigenwatchError({
      action: `record to ${recording}`,
      value: "it is a file",
      expected: "a folder, or a name for a new one",
    });
  const numbers = (await partitionFolders(recording)).map(({ partition }) => NUMBERED.exec(partition)?.[1]);
  return Math.max(0, ...numbers.map((number) => (number === undefined ? 0 : Number(number) + 1)));
}
