/**
 * Whether something outside that may fail is tried: a server that is scraped, an exchange, a webhook.
 *
 *   closed ──failed──► open ──due──► trying ──worked──► closed
 *                        ▲             │
 *                        └───failed────┘
 *
 * B1  After a failure nothing is tried until the delay has passed.
 * B2  The delay doubles with each failure in a row, up to a longest one.
 * B3  A success ends the row only when it has lasted: what works for a moment and fails again is in the same row.
 */
import { assign, setup } from "xstate";

export type BreakerState = "closed" | "open" | "trying";

export type BreakerSignal =
  | { readonly type: "worked" | "due" }
  /** `lasted`: it had worked long enough before. */
  | { readonly type: "failed"; readonly lasted: boolean };

interface BreakerContext {
  /** Failures in a row. */
  readonly failures: number;
}

const failed = {
  target: "open",
  actions: { type: "count", params: ({ event }: { event: BreakerSignal }) => event },
} as const;

export const breakerMachine = setup({
  types: { context: {} as BreakerContext, events: {} as BreakerSignal },
  actions: {
    count: assign(({ context }, signal: BreakerSignal) => ({
      failures: signal.type === "failed" && signal.lasted ? 1 : context.failures + 1,
    })),
  },
}).createMachine({
  id: "breaker",
  context: { failures: 0 },
  initial: "closed",
  states: {
    closed: { on: { failed, worked: {} } },
    open: { on: { due: "trying" } },
    trying: { on: { failed, worked: "closed" } },
  },
});
