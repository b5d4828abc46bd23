/**
 * What is kept under version control stays small: a file above {@link MOST_BYTES} came in by mistake (a package, a recording, a core dump),
 * and stays in the history of every clone.
 */
import type { Finding } from "./source.ts";

/** The largest that belongs here, a recorded session of the conformance tests, has 0.7 MB. */
const MOST_BYTES = 1_000_000;

/** `files` may be all of the tree, with their sizes in bytes. */
export function checkSizes(files: readonly { path: string; bytes: number }[]): Finding[] {
  return files
    .filter(({ bytes }) => bytes > MOST_BYTES)
    .map(({ path, bytes }) => ({
      path,
      line: 1,
      message: `has ${bytes} bytes; at most ${MOST_BYTES} are expected of a file under version control`,
    }));
}
