/**
 * Lines of a log that others can cause as often as they like, such as messages that cannot be read: the first of a kind is said at once, the
 * others are counted, and after a minute the next one is said with their number.
 */
import type { Clock } from "./clock.ts";

/** A log that is read by people says within an hour what a screen holds. */
const AGAIN_MS = 60_000;

export class CountedLines {
  readonly #clock: Pick<Clock, "monotonicMs">;
  readonly #log: (message: string) => void;
  readonly #kinds = new Map<string, { saidMs: number; unsaid: number }>();

  constructor(clock: Pick<Clock, "monotonicMs">, log: (message: string) => void) {
    this.#clock = clock;
    this.#log = log;
  }

  /** `kind`: one of a few. */
  say(kind: string, message: string): void {
    const nowMs = this.#clock.monotonicMs();
    const known = this.#kinds.get(kind);
    if (known !== undefined && nowMs - known.saidMs < AGAIN_MS) {
      known.unsaid++;
      return;
    }
    const unsaid = known?.unsaid ?? 0;
    this.#kinds.set(kind, { saidMs: nowMs, unsaid: 0 });
    this.#log(unsaid === 0 ? message : `${message} (and ${unsaid} more since the last line)`);
  }
}
