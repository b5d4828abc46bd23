/**
 * Text reaches standard output and standard error through `actors/command-line/terminal.ts` alone: it writes names from outside with escapes for
 * what is not seen. Elsewhere `process.stdout.write` and `process.stderr.write` are findings.
 */
import { type Finding, liesIn, lineAt, type SourceFile } from "./source.ts";

const TERMINAL = "actors/command-line/terminal.ts";

/** Files that write to them and print no text of others, or escape it themselves. */
const EXCUSED = [
  TERMINAL,
  // Flushes both before the program ends.
  "actors/command-line/run.ts",
  // May not know the command line; escapes the line.
  "actors/journal/recording.ts",
  // A program reads it.
  "actors/workers/work.ts",
  // Its prompt.
  "sim/recordings/replay/step.ts",
  "sim/bench/",
];

const PLACES = ["actors/", "collab/", "sim/", "protocol/", "main.ts"];

/** `files` may be all of the tree. */
export function checkOutput(files: readonly SourceFile[]): Finding[] {
  return files
    .filter(({ path }) => isAmong(path, PLACES) && !isAmong(path, EXCUSED))
    .flatMap((file) =>
      [...file.text.matchAll(/\bprocess\.(stdout|stderr)\.write\(/g)].map(({ index, 1: name }) => ({
        path: file.path,
        line: lineAt(file, index),
        message: `writes to ${name} itself: print, report and printJson of ${TERMINAL} escape names`,
      })),
    );
}

function isAmong(path: string, places: readonly string[]): boolean {
  return places.some((place) => liesIn(path, place));
}
