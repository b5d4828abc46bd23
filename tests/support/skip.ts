/**
 * Skips a test: the runner counts the skip and prints the reason.
 *
 *     if (path === null) skip("no reference data");        // at the top of a file, in place of the test
 *     test("…", () => { if (x === null) return skip("…"); … });   // inside a test: it counts as skipped, not as passed
 */
declare global {
  /** Reasons given in this process; the runner reads them. */
  var EIGENWATCH_SKIPS: string[] | undefined;
}

export function skip(reason: string): void {
  globalThis.EIGENWATCH_SKIPS ??= [];
  globalThis.EIGENWATCH_SKIPS.push(reason);
  console.log(`skipped: ${reason}`);
}
