/**
 * Leaving a test out, aloud: the runner counts the skip and prints the reason.
 *
 *     if (path === null) skip("no reference data");        // at the top of a file, in place of the test
 *     test("…", () => { if (x === null) return skip("…"); … });   // inside a test: it counts as skipped, not as passed
 */
declare global {
  /** Reasons given so far in this process; the runner reads it. */
  var EIGENWATCH_SKIPS: string[] | undefined;
}

export function skip(reason: string): void {
  globalThis.EIGENWATCH_SKIPS ??= [];
  globalThis.EIGENWATCH_SKIPS.push(reason);
  console.log(`skipped: ${reason}`);
}
