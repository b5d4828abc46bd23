/**
 * A take-over: writes where the log ends and under which epoch it continues, and waits until it reads its own entry back.
 *
 *   take-over appended ─┬─ read back admitted ─► the epoch is ours
 *                       ├─ another's admitted first ─► ClaimLost
 *                       └─ a block of the present owner came before it ─► again, after that block
 *
 * That the server stored the claim says nothing: it may have stored two.
 */

import type { Clock } from "../ports/clock.ts";
import type { AdmittedLog } from "./admitted-log.ts";
import { appendUntilStopped } from "./append-until-stopped.ts";
import { encodeTakeover } from "./log-entry.ts";

/** An owner that writes without pause wins half of the races for the next place: so many in a row are no accident. */
const OUTRUN_MAX = 20;

export interface ClaimOptions {
  /** Read to its end. Its watcher is the claim until that is settled. */
  readonly log: AdmittedLog;
  /** Unlike any other owner's, former lives of the same node included. */
  readonly owner: string;
  readonly clock: Clock;
  readonly retryMs: number;
  report(message: string): void;
  /** The stream has no room for the take-over, and why; null: it has. */
  full?(reason: string | null): void;
}

export interface Claim {
  /** Resolves with the epoch. Rejects with ClaimLost, or with LogRewound. */
  readonly settled: Promise<number>;
  /** Gives it up; `settled` stays open. The take-over may be admitted nevertheless: then the next owner follows that epoch. */
  abandon(): void;
}

export function claim({ log, owner, clock, retryMs, report, full = () => {} }: ClaimOptions): Claim {
  let stop: () => void = () => {};
  let outrun = 0;
  let open = true;

  const send = () => {
    const { partition, epoch, lastBlock, lastHash } = log.state;
    const bytes = encodeTakeover({ partition, epoch: epoch + 1, lastBlock, lastHash, owner });
    stop = appendUntilStopped(bytes, `${partition}/${epoch + 1}/takeover/${owner}/${lastBlock}`, {
      stream: log.stream,
      clock,
      retryMs,
      // Spares the log claims that cannot count. Two may pass all the same: the rule of admission decides.
      expectedLast: () => log.sequence,
      stored: (sequence) => sequence <= log.sequence && log.missed(sequence),
      endsWith: (sequence) => log.checkEnd(sequence),
      report,
      full,
    });
  };

  const settled = new Promise<number>((resolve, reject) => {
    const lose = (reason: string) => {
      stop();
      reject(new ClaimLost(`Cannot take over partition ${log.partition}: ${reason}`));
    };
    log.watch({
      entry(entry, verdict) {
        if (!open) return;
        if (verdict === "takeover" && entry.kind === "takeover") {
          open = false;
          stop();
          full(null);
          if (entry.owner === owner) resolve(entry.epoch);
          else lose(`${entry.owner} did, with epoch ${entry.epoch}`);
        } else if (verdict === "block") {
          stop();
          if (++outrun < OUTRUN_MAX) send();
          else lose(`its owner wrote ${outrun} blocks meanwhile`);
        }
      },
      broken(error) {
        stop();
        reject(error);
      },
    });
    send();
  });
  return {
    settled,
    abandon() {
      open = false;
      stop();
    },
  };
}

/** Another node was first. */
export class ClaimLost extends Error {
  override readonly name = "ClaimLost";
}
