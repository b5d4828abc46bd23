/** How a user ends the program: by a signal, or by closing its output. */
import process from "node:process";
import { endInOrderWhenUnread } from "./unread-output.ts";

/** Signals closer together than this count as one: a Ctrl-C may come twice, from the terminal and from the parent process. */
const REPEATED_WITHIN_MS = 1_000;

/**
 * Resolves with the signal, or with the reason. A second signal ends the process at once. The end of its terminal counts with `hangUp` only: to
 * listen for it undoes `nohup`.
 */
export function stopSignal({ hangUp = false } = {}): Promise<string> {
  return new Promise((resolve) => {
    endInOrderWhenUnread(() => resolve("the output was closed"));
    let firstMs: number | null = null;
    const signals: NodeJS.Signals[] = ["SIGINT", "SIGTERM"];
    if (hangUp) signals.push("SIGHUP");
    for (const signal of signals) {
      // One listener for all signals: Deno calls a listener that was added by another one for the same signal.
      process.on(signal, () => {
        firstMs ??= performance.now();
        if (performance.now() - firstMs > REPEATED_WITHIN_MS) process.exit(130);
        resolve(signal);
      });
    }
  });
}
