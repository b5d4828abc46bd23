/** The corpus: every case that was kept. */
import { readdirSync, readFileSync } from "node:fs";
import { type CorpusCase, parseCase } from "../../sim/cluster/corpus.ts";

const FOLDER = new URL("corpus/", import.meta.url);

export function readCorpus(): { file: string; case: CorpusCase }[] {
  return readdirSync(FOLDER)
    .filter((name) => name.endsWith(".json"))
    .sort()
    .map((file) => ({ file, case: parseCase(readFileSync(new URL(file, FOLDER), "utf8"), file) }));
}
