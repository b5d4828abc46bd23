/**
 * The life of one scan.
 *
 *   queued ─start─► running ⇄ paused          (pause, resume)
 *      │               │         │
 *      │               ├─────────┴─stop─► stopping ─settled─► done
 *      │               ├─finish─► done
 *      └───stop─► done └─expire─► expired     failed: from any, when it cannot go on
 *
 * S1  Items are handed out in `running` alone.
 * S2  `done`, `failed` and `expired` are final: no result follows.
 */
import { setup } from "xstate";

export type ScanState = "queued" | "running" | "paused" | "stopping" | "done" | "failed" | "expired";

export type ScanSignal = {
  type: "start" | "pause" | "resume" | "stop" | "settled" | "finish" | "expire" | "fail";
};

export const scanMachine = setup({ types: { events: {} as ScanSignal } }).createMachine({
  id: "scan",
  initial: "queued",
  states: {
    queued: { on: { start: "running", stop: "done", expire: "expired", fail: "failed" } },
    running: {
      on: { pause: "paused", stop: "stopping", finish: "done", expire: "expired", fail: "failed" },
    },
    paused: {
      on: { resume: "running", stop: "stopping", finish: "done", expire: "expired", fail: "failed" },
    },
    stopping: { on: { settled: "done", fail: "failed" } },
    done: { type: "final" },
    failed: { type: "final" },
    expired: { type: "final" },
  },
});

const FINAL: ReadonlySet<ScanState> = new Set(["done", "failed", "expired"]);

export function isFinal(state: ScanState): boolean {
  return FINAL.has(state);
}
