/** How a user ends the program: by a signal, or by closing its output. */
import process from "node:process";

/** Signals closer together than this count as one: a Ctrl-C may come twice, from the terminal and from the parent process. */
const REPEATED_WITHIN_MS = 1_000;

/** Resolves with the signal, or with the reason. A second signal ends the process at once. */
export function stopSignal(): Promise<string> {
  return new Promise((resolve) => {
    for (const stream of [process.stdout, process.stderr]) {
      stream.on("error", (error: NodeJS.ErrnoException) => {
        if (error.code !== "EPIPE") throw error;
        resolve("the output was closed");
      });
    }
    let firstMs: number | null = null;
    for (const signal of ["SIGINT", "SIGTERM"] as const) {
      // One listener for all signals: Deno calls a listener that was added by another one for the same signal.
      process.on(signal, () => {
        firstMs ??= performance.now();
        if (performance.now() - firstMs > REPEATED_WITHIN_MS) process.exit(130);
        resolve(signal);
      });
    }
  });
}
