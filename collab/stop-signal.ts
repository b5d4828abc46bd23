/** The end that a user asks for: a signal, or an output that nobody reads any more. */
import process from "node:process";

/** Signals closer together than this are one. */
const IMPATIENT_AFTER_MS = 1_000;

/** Resolves with what came. A second signal does not wait for a clean end. */
export function stopSignal(): Promise<string> {
  return new Promise((resolve) => {
    for (const stream of [process.stdout, process.stderr]) {
      stream.on("error", (error: NodeJS.ErrnoException) => {
        if (error.code !== "EPIPE") throw error;
        resolve("nobody reads the output any more");
      });
    }
    let firstMs: number | null = null;
    for (const signal of ["SIGINT", "SIGTERM"] as const) {
      // One listener for all of them: to Deno, a listener added by the first signal's own is called for that signal as well.
      process.on(signal, () => {
        // A second one does not wait for a clean end. One Ctrl-C may come twice: from the terminal, and from who started us.
        firstMs ??= performance.now();
        if (performance.now() - firstMs > IMPATIENT_AFTER_MS) process.exit(130);
        resolve(signal);
      });
    }
  });
}
