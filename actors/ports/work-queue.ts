/**
 * Jobs that any of several processes may do.
 *
 *   put ─► stored ─take─► handed out ─┬─ done ─► gone
 *                                     └─ silent for QUEUE_SILENT_MS ─► handed out again, to whoever takes next
 *
 * Q1  A job that was put is handed out until somebody has said that it is done, whatever becomes of those who took it.
 * Q2  It may be handed out, and done, more than once: whoever put it counts its first answer.
 */
export interface WorkQueue {
  /** Resolves when it is stored. `id` names it: one that is put again within a minute is there once. Rejects when the servers do not take it. */
  put(id: string, bytes: Uint8Array): Promise<void>;
  /** The next job, or null when none came within `waitMs`. Rejects when the servers cannot be reached. */
  take(waitMs: number): Promise<QueuedJob | null>;
}

export interface QueuedJob {
  readonly bytes: Uint8Array;
  /** 1, 2, …: how often it was handed out. */
  readonly attempt: number;
  /** It is not handed out again, if the servers hear of it. */
  done(): void;
  /** It is still being done. */
  working(): void;
  /** Somebody else may have it, in a while. */
  giveBack(): void;
}

/** Whoever has a job says in so long that it is being done: a process that was killed costs its jobs no more. */
export const QUEUE_SILENT_MS = 3_000;
