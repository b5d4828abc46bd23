/**
 * The bodies of what a client and a gateway say to each other. PROTOCOL.md shows an exchange.
 *
 *   client                                gateway
 *   hello ──────────────────────────────►
 *                                       ◄ welcome, channels per group          (or closing)
 *   subscribe { id, channel, after? } ──►
 *                                       ◄ subscribed, then what was asked for
 *                                       ◄ lagging when samples or states had to be left out
 *                                       ◄ rewound when a recorded session was moved to another place
 *   ping ───────────────────────────────►
 *                                       ◄ pong
 *                                       ◄ closing { reason }, then the socket's close
 */
import * as v from "valibot";
import { bytes, count, float64s, name, text, timeUs, uint16s, uint32s } from "./fields.ts";
import { MAX_GROUP_CHANNELS, MAX_GROUPS } from "./limits.ts";

// ---- client → gateway -------------------------------------------------------------------------------------------

const clientChannel = v.picklist(["samples", "state", "events", "metrics"]);

/** First message of a client. */
export const hello = v.object({
  /** Program and version, for the log: "dashboard 0.1.0". */
  client: name,
  /** Protocol versions the client reads; the gateway takes the highest that both know, else `closing` with reason "version". */
  versions: v.pipe(v.array(count), v.minLength(1), v.maxLength(16)),
  /** Bearer token, where the client could not send it as a header or cookie. */
  token: v.optional(text),
});

/**
 * Asks for one channel. A later subscription with the same id replaces the former.
 *
 *   samples   every frame, as `samples` messages, byte for byte as recorded; with `decimationUs` > 0 `decimated` messages instead
 *   state     the last state of each group at once, then each as published; with `decimationUs` at most one per group and interval, the newest
 *   events    all, in order, none left out; `after` resumes behind a known event
 *   metrics   like state
 */
export const subscribe = v.object({
  /** Chosen by the client; named in `subscribed`, `decimated`, `unsubscribe`. */
  id: count,
  channel: clientChannel,
  /** Only this group; absent: all. */
  group: v.optional(name),
  /** samples with decimation: only these channels of the group. Whole frames are never cut: they are forwarded unchanged. */
  channels: v.optional(v.pipe(v.array(name), v.maxLength(MAX_GROUP_CHANNELS))),
  /** Interval in µs of logical time. 0 or absent: everything. Samples: one row of min, max and last per channel and interval. */
  decimationUs: v.optional(count),
  /** Cursor to resume behind: input sequence for samples, event sequence for events. Absent: from now on. */
  after: v.optional(count),
});

export const unsubscribe = v.object({ id: count });

/** Asks for a `pong` with the same nonce. */
export const ping = v.object({ nonce: count });

// ---- gateway → client -------------------------------------------------------------------------------------------

/** First message of the gateway, in answer to `hello`. A `channels` message per group follows. */
export const welcome = v.object({
  session: name,
  partition: name,
  /** Program and version of the gateway. */
  server: name,
  /** The protocol version used from here on. */
  version: count,
  /** "memory", "file". */
  durability: name,
  /** Logical time of the last input; 0 before the first. */
  timeUs,
  groups: v.pipe(v.array(name), v.maxLength(MAX_GROUPS)),
  /** Last input and event there are: what `after` may start from. */
  cursors: v.object({ input: count, event: count }),
  limits: v.object({
    messageBytes: count,
    messagesPerSecond: count,
    subscriptions: count,
    /** Bytes not yet taken by the client after which samples and state are conflated, and after which it is cut off. */
    conflateBytes: count,
    closeBytes: count,
  }),
});

export const subscribed = v.object({
  id: count,
  channel: clientChannel,
  /** Cursor from which the gateway really serves. */
  after: count,
  /** False: what lies between the cursor asked for and `after` is not kept any more. */
  complete: v.boolean(),
});

/** One frame as recorded. `frame` is the whole encoded `frame` message. */
export const samples = v.object({
  /** Sequence of the input in the log: the cursor for `after`. */
  inputSequence: count,
  frame: bytes,
});

/**
 * Samples in intervals: row r says that channel `channel[r]` had `samples[r]` samples in
 * [fromUs + interval[r]·everyUs, fromUs + (interval[r] + 1)·everyUs), from `min[r]` to `max[r]`, `last[r]` the last of them.
 *
 * `fromUs` is a multiple of `everyUs`, so all clients see the same intervals. An interval is sent once, when it is over; rows are ordered
 * by interval, then channel; an interval without samples has no row.
 */
export const decimated = v.pipe(
  v.object({
    /** The subscription it answers. */
    id: count,
    /** Last input that went in: the cursor for `after`. */
    inputSequence: count,
    group: name,
    fromUs: timeUs,
    everyUs: v.pipe(count, v.minValue(1)),
    interval: uint32s,
    channel: uint16s,
    min: float64s,
    max: float64s,
    last: float64s,
    samples: uint32s,
  }),
  v.check((d) => sameRows(d), "Expected columns of equal count"),
);

/** The client reads too slowly: what was left out since the last such message. Events are never left out. */
export const lagging = v.object({
  samples: count,
  state: count,
  metrics: count,
  /** Bytes waiting for the client now. */
  bufferedBytes: count,
});

/** Why a gateway closes, and the WebSocket close code that goes with it. */
export const CLOSE_CODES = {
  /** The gateway stops; come again. */
  shutdown: 1001,
  /** Not this protocol: broken bytes, no hello. */
  malformed: 1002,
  /** Too many messages, subscriptions or connections. */
  rate: 1008,
  /** A message over its limit. */
  tooBig: 1009,
  /** A fault of the gateway. */
  internal: 1011,
  /** The client did not keep up even with events; it may resume from its cursor. */
  slow: 1013,
  /** Token or session not valid. */
  unauthorized: 4401,
  /** No protocol version in common. */
  version: 4426,
} as const;

/** Last message of the gateway. */
export const closing = v.object({
  reason: v.picklist(Object.keys(CLOSE_CODES) as (keyof typeof CLOSE_CODES)[]),
  /** The WebSocket close code that follows. */
  code: count,
  detail: text,
  /** Wait at least this long before coming again; absent: do not come again by yourself. */
  retryAfterMs: v.optional(count),
});

/** A message of the client was not taken; the connection stays. */
export const refused = v.object({
  /** Name of the refused message, "" when it could not be read. */
  request: text,
  /** Its id, when it had one. */
  id: v.optional(count),
  action: text,
  value: text,
  wanted: text,
});

export const pong = v.object({
  nonce: count,
  /** Logical time of the last input. */
  timeUs,
});

/**
 * A recorded session was moved to another place: what was delivered behind it counts no more, and all subscriptions go on from these
 * cursors. Samples, states and metrics up to here are not sent again; events with a greater sequence come once more.
 */
export const rewound = v.object({
  /** Logical time of the last input before the place. */
  timeUs,
  /** Last input and event before the place. */
  cursors: v.object({ input: count, event: count }),
});

function sameRows(
  d: Record<"interval" | "channel" | "min" | "max" | "last" | "samples", Uint8Array>,
): boolean {
  const rows = d.interval.length / 4;
  return (
    d.channel.length === 2 * rows &&
    d.min.length === 8 * rows &&
    d.max.length === 8 * rows &&
    d.last.length === 8 * rows &&
    d.samples.length === 4 * rows
  );
}
