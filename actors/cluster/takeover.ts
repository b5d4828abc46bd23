/**
 * How a node takes over a partition and gives it up, as a table: state and event → next state and actions.
 *
 *            assigned           free, or out of patience          read                 claimed              opened
 *      idle ─────────► waiting ─────────────────────────► reading ─────► claiming ──────────────► opening ─────────► owning
 *       ▲                 ▲                                  │failed        │lost, failed            │                  │
 *       │                 └──── rested ──── resting ◄────────┴──────────────┘                        │                  │
 *       │                                      ▲                                                     │                  │
 *       │                                      └─ released ── yielding ◄── ended, lease lost, failed ┴──────────────────┤
 *       └──────────────────────────────────────── released ── closing ◄─────────────── unassigned ────────────────────────┘
 *
 * `unassigned` leads to idle from everywhere; `closing` and `yielding` change into each other as the assignment changes. In `opening` it leads there
 * by way of `passing`: the partition is opened first and handed over then.
 *
 * W1  The partition runs in `owning` only, and only after the node's own take-over was read back.
 * W2  No node takes over from one that reports itself as owner before that one had time to release the partition.
 * W3  Whoever lost, failed or was fenced rests before it tries again, longer each time in a row: two nodes that do not see each
 *     other then take turns of seconds, not of milliseconds.
 * W4  A late outcome of an abandoned attempt changes nothing (the ownership numbers its attempts).
 * W5  An opening is not given up because placement moved: when nodes join in turn, each would throw away what the one before had nearly done, and nobody
 *     would own the partition.
 */

export type TakeoverState =
  | "idle"
  /** For the present owner to release the partition. */
  | "waiting"
  /** After a failure. */
  | "resting"
  /** The stream, to its end. */
  | "reading"
  /** A take-over was appended, its reading back is awaited. */
  | "claiming"
  /** The core is being recovered. */
  | "opening"
  /** The core is being recovered, to be handed over at once. */
  | "passing"
  | "owning"
  /** Lets go, and is not to come back. */
  | "closing"
  /** Lets go, and would come back. */
  | "yielding";

export type TakeoverEvent =
  /** By placement. */
  | "assigned"
  | "unassigned"
  /** No live member announces that it owns the partition. */
  | "free"
  | "outOfPatience"
  | "rested"
  | "read"
  | "claimed"
  /** Another node's take-over or block came first. */
  | "lost"
  | "failed"
  | "opened"
  /** Fenced, or halted. */
  | "ended"
  /** The node could not renew its heartbeat. */
  | "leaseLost"
  | "released";

export type TakeoverAction =
  /** Watch for `free`, and become impatient. */
  | "wait"
  | "rest"
  | "read"
  | "claim"
  | "open"
  /** In order: settle, snapshot, close; then `released`. */
  | "handOver"
  /** What is not durable yet is given up; then `released`. */
  | "drop"
  /** End the try: what it still brings is not looked at. */
  | "abandon";

export interface TakeoverStep {
  readonly state: TakeoverState;
  readonly actions: readonly TakeoverAction[];
}

/** Null: the event means nothing in this state. */
export function step(state: TakeoverState, event: TakeoverEvent): TakeoverStep | null {
  return TABLE[state][event] ?? null;
}

/** How long to rest after so many failures, or refusals of an entry, in a row. */
export function restMs(retryMs: number, failures: number): number {
  return retryMs * (1 << Math.min(Math.max(failures - 1, 0), DOUBLINGS_MAX));
}

/** After owning for this long, several times the longest rest, a node counts its failures from zero. */
export const STEADY_MS = 30_000;

/** 250 ms become 8 s: as long as the longest election of the servers. */
const DOUBLINGS_MAX = 5;

// biome-ignore format: one event a line
const TABLE: Record<TakeoverState, Partial<Record<TakeoverEvent, TakeoverStep>>> = {
  idle: {
    assigned: to("waiting", "wait"),
  },
  waiting: {
    unassigned: to("idle", "abandon"),
    free: to("reading", "read"),
    outOfPatience: to("reading", "read"),
  },
  resting: {
    unassigned: to("idle", "abandon"),
    rested: to("waiting", "wait"),
  },
  reading: {
    unassigned: to("idle", "abandon"),
    leaseLost: to("resting", "abandon", "rest"),
    read: to("claiming", "claim"),
    failed: to("resting", "abandon", "rest"),
  },
  claiming: {
    unassigned: to("idle", "abandon"),
    leaseLost: to("resting", "abandon", "rest"),
    claimed: to("opening", "open"),
    lost: to("resting", "abandon", "rest"),
    failed: to("resting", "abandon", "rest"),
  },
  opening: {
    unassigned: to("passing"),
    leaseLost: to("yielding", "drop"),
    ended: to("yielding", "drop"),
    failed: to("yielding", "drop"),
    opened: to("owning"),
  },
  passing: {
    assigned: to("opening"),
    leaseLost: to("closing", "drop"),
    ended: to("closing", "drop"),
    failed: to("closing", "drop"),
    opened: to("closing", "handOver"),
  },
  owning: {
    unassigned: to("closing", "handOver"),
    leaseLost: to("yielding", "drop"),
    ended: to("yielding", "drop"),
  },
  closing: {
    assigned: to("yielding"),
    leaseLost: to("closing", "drop"),
    ended: to("closing", "drop"),
    released: to("idle"),
  },
  yielding: {
    unassigned: to("closing"),
    leaseLost: to("yielding", "drop"),
    ended: to("yielding", "drop"),
    released: to("resting", "rest"),
  },
};

function to(state: TakeoverState, ...actions: TakeoverAction[]): TakeoverStep {
  return { state, actions };
}
