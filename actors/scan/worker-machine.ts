/**
 * One scan worker, as the coordinator sees it.
 *
 *   starting ─ready─► idle ─given─► busy ─answered─► idle
 *       └────────────── lost ◄──────── (it ended, or was too late)
 *
 * W1  A batch is given to a worker that is idle alone.
 * W2  A lost worker is never used again: another one starts in its place.
 */
import { setup } from "xstate";

export type WorkerState = "starting" | "idle" | "busy" | "lost";

export type WorkerSignal = { type: "ready" | "given" | "answered" | "lose" };

export const workerMachine = setup({ types: { events: {} as WorkerSignal } }).createMachine({
  id: "scanWorker",
  initial: "starting",
  states: {
    starting: { on: { ready: "idle", lose: "lost" } },
    idle: { on: { given: "busy", lose: "lost" } },
    busy: { on: { answered: "idle", lose: "lost" } },
    lost: { type: "final" },
  },
});
