/**
 * A value that lives under a key of a session for as long as a process holds it. Of several that differ exactly one lives; who has the same one holds it
 * together with the others.
 *
 *   hold ─► agree ─┬─ ours lives ─► put again every RENEW_MS ─► end
 *                  └─ another one ─► asked again ─┬─ it ended with its holder ─► ours
 *                                                 └─ it outlives HINT_TTL_MS ─► its holder runs
 */
import { HINT_TTL_MS, type Hints } from "../../actors/ports/bus.ts";
import type { Clock } from "../../actors/ports/clock.ts";
import { EigenwatchError, errorText } from "../../protocol/errors.ts";

/** Three may be lost before the value ends. */
const RENEW_MS = 1_000;

/** Before a key is asked for again whose value is another. */
const AGAIN_MS = 250;

/** A value that nobody holds any more has ended by then, a busy server included. */
const GIVE_UP_MS = HINT_TTL_MS + 500;

export interface HoldOptions {
  readonly hints: Hints;
  readonly key: string;
  readonly value: string;
  readonly clock: Clock;
  /** The servers could not be reached for so long that another value lives now. Once. */
  lost(other: string): void;
}

export type Hold =
  | {
      readonly held: true;
      /** `remove`: nobody else holds the same value, so it ends at once. */
      end(remove: boolean): Promise<void>;
    }
  /** The value that lives instead. */
  | { readonly held: false; readonly other: string };

/** Rejects with an EigenwatchError when the servers do not answer. */
export async function hold(options: HoldOptions): Promise<Hold> {
  const { hints, key, value, clock } = options;
  const untilMs = clock.monotonicMs() + GIVE_UP_MS;
  for (;;) {
    const isLast = clock.monotonicMs() >= untilMs;
    try {
      const living = await agreed(hints, key, value);
      if (living === value) return renewed(options);
      if (isLast) return { held: false, other: living };
    } catch (cause) {
      if (isLast)
        throw new EigenwatchError(
          {
            action: `hold ${key} in the session`,
            value: errorText(cause),
            expected: "servers that answer, and a user with the rights that docs/cluster.md lists",
            kind: "unavailable",
          },
          { cause },
        );
    }
    await new Promise<void>((resolve) => void clock.after(AGAIN_MS, resolve));
  }
}

function renewed({ hints, key, value, clock, lost }: HoldOptions): Hold {
  let isOurs = true;
  let ended = false;
  let cancel: () => void = () => {};
  const renewLater = (): void => {
    cancel = clock.after(RENEW_MS, () => void renew());
  };
  const renew = async (): Promise<void> => {
    try {
      const living = await agreed(hints, key, value);
      if (isOurs && living !== value && !ended) lost(living);
      isOurs = living === value;
    } catch {
      // The servers do not answer: they are asked again.
    }
    if (!ended) renewLater();
  };
  renewLater();
  return {
    held: true,
    async end(remove) {
      ended = true;
      cancel();
      if (remove && isOurs) await hints.remove(key).catch(() => {});
    },
  };
}

async function agreed(hints: Hints, key: string, value: string): Promise<string> {
  return new TextDecoder().decode(await hints.agree(key, new TextEncoder().encode(value)));
}
