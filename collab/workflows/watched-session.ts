/**
 * What automatic steps of workflows look at: the partitions of a session, in this process or wherever they run.
 *
 *   watchPartitions   each look is of now
 *   watchOwners       owners are asked every ASK_EVERY_MS while somebody watches; a look is at what all of them answered last
 */
import { mergedStandings, type Partition, standingOf } from "../../actors/mod.ts";
import type { Clock } from "../../actors/ports/clock.ts";
import { CountedLines } from "../../actors/ports/counted-lines.ts";
import type { SessionStanding } from "../../protocol/controls.ts";

export interface WatchedSession {
  watch(): Watch;
}

/** Of one step, from its begin on. */
export interface Watch {
  /** Null while the owner of a partition has not answered since the watch began, or does not answer any more. */
  look(): Look | null;
  stop(): void;
}

export interface Look {
  readonly standing: SessionStanding;
  /** Rows since the watch began, of the group that has had most. */
  readonly rows: number;
}

/** A partition, as far as one can ask how far it has come. */
export interface StandingSource {
  /** Rejects when nobody answers. */
  standing(): Promise<SessionStanding>;
}

/** People see it as soon. Each question is a message to every partition's owner. */
const ASK_EVERY_MS = 500;

/** Those of this process. */
export function watchPartitions(partitions: readonly Partition[]): WatchedSession {
  return {
    watch: () => {
      const count = new RowCount();
      const look = (): Look => count.taken(standingOf(partitions));
      look();
      return { look, stop() {} };
    },
  };
}

/** Those that any nodes own. */
export function watchOwners(
  sources: readonly StandingSource[],
  { clock, log }: { readonly clock: Clock; log(message: string): void },
): WatchedSession {
  const lines = new CountedLines(clock, log);
  return {
    watch: () => {
      const count = new RowCount();
      let seen: Look | null = null;
      let isStopped = false;
      let cancel = (): void => {};
      const ask = async (): Promise<void> => {
        try {
          seen = count.taken(mergedStandings(await Promise.all(sources.map((each) => each.standing()))));
        } catch (error) {
          seen = null;
          if (!isStopped) lines.say("standing", `workflows wait for a partition: ${String(error)}`);
        }
        if (!isStopped) cancel = clock.after(ASK_EVERY_MS, () => void ask());
      };
      void ask();
      return {
        look: () => seen,
        stop: () => {
          isStopped = true;
          cancel();
        },
      };
    },
  };
}

/** Counts rows from the first standing on. */
class RowCount {
  private readonly last = new Map<string, number>();
  private readonly counted = new Map<string, number>();
  private isBegun = false;

  taken(standing: SessionStanding): Look {
    for (const { group, rows } of standing.groups) {
      const last = this.last.get(group) ?? (this.isBegun ? 0 : rows);
      // A new owner counts from zero.
      const more = rows >= last ? rows - last : rows;
      this.last.set(group, rows);
      this.counted.set(group, (this.counted.get(group) ?? 0) + more);
    }
    this.isBegun = true;
    return { standing, rows: Math.max(0, ...this.counted.values()) };
  }
}
