/** The share of mutations that tests notice, in all and for each folder. Equivalent ones do not count. */
import type { LotResult } from "./run.ts";

export interface FolderScore {
  readonly folder: string;
  readonly drawn: number;
  readonly caught: number;
  readonly equivalent: number;
}

/** Folders are those of the architecture: `protocol`, `actors/core`, `collab/gateway`. */
export function scoresOf(results: readonly LotResult[]): FolderScore[] {
  const byFolder = new Map<string, LotResult[]>();
  for (const result of results) {
    const folder = folderOf(result.mutation.path);
    byFolder.set(folder, [...(byFolder.get(folder) ?? []), result]);
  }
  return [...byFolder]
    .map(([folder, own]) => ({
      folder,
      drawn: own.length,
      caught: own.filter(({ caught }) => caught !== null).length,
      equivalent: own.filter(({ equivalent }) => equivalent !== null).length,
    }))
    .sort((a, b) => (a.folder < b.folder ? -1 : 1));
}

/** Caught mutations among those that can be seen, in [0, 1]; 1 where there are none. */
export function shareOf(results: readonly LotResult[]): number {
  const visible = results.filter(({ equivalent }) => equivalent === null);
  return visible.length === 0 ? 1 : visible.filter(({ caught }) => caught !== null).length / visible.length;
}

function folderOf(path: string): string {
  const parts = path.split("/").slice(0, -1);
  return parts.slice(0, parts[0] === "protocol" ? 1 : 2).join("/") || ".";
}
