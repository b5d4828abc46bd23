/**
 * Says in time that the servers run out of room for the logs of a session: a full log takes nothing more, and its partition takes no input.
 *
 *   every minute: logs, account ─► how much of the limit ─┬─ less than LOW ─► nothing
 *                                                         └─ each further step ─► one line
 */
import type { StorageUse } from "../../actors/mod.ts";
import type { Clock } from "../../actors/ports/clock.ts";

/** The fifth that is left of a bound, when it is first said, takes any ordinary session hours. */
const LOOK_EVERY_MS = 60_000;

/** From here on it is said, and again at each step. */
const LOW = 0.8;
const STEP = 0.05;

/** A log is full before its last byte: the next entry does not fit. */
const FULL = 0.99;

export interface StorageWatchOptions {
  readonly bus: { storage(streams: readonly string[]): Promise<StorageUse[]> };
  readonly clock: Pick<Clock, "after">;
  /** Names of the logs. */
  readonly streams: readonly string[];
  say(level: "warning" | "error", message: string): void;
}

/** Looks at once, then every minute. The returned function ends it. */
export function watchStorage({ bus, clock, streams, say }: StorageWatchOptions): () => void {
  const said = new Map<string, number>();
  let ended = false;
  let cancel = () => {};
  const look = async () => {
    try {
      for (const use of await bus.storage(streams)) {
        const step = stepOf(use);
        if (step > (said.get(use.what) ?? 0)) say(isFull(use) ? "error" : "warning", storageMessage(use));
        said.set(use.what, step);
      }
    } catch {
      // The servers do not answer: that is said elsewhere.
    }
    if (!ended) cancel = clock.after(LOOK_EVERY_MS, () => void look());
  };
  void look();
  return () => {
    ended = true;
    cancel();
  };
}

/** 0 while there is room, then 1, 2, … */
function stepOf({ usedBytes, limitBytes }: StorageUse): number {
  const share = limitBytes === null ? 0 : usedBytes / limitBytes;
  if (share < LOW) return 0;
  return 1 + Math.floor((share - LOW) / STEP + 1e-9) + (share < FULL ? 0 : 1);
}

function isFull({ usedBytes, limitBytes }: StorageUse): boolean {
  return limitBytes !== null && usedBytes >= FULL * limitBytes;
}

export function storageMessage({ what, usedBytes, limitBytes }: StorageUse): string {
  const percent = Math.floor((100 * usedBytes) / limitBytes!);
  return `${what} has used ${percent} % of its ${limitBytes} bytes; when it is full no input is taken: raise the limit, or begin another session`;
}
