/**
 * The bodies of messages between a client and a gateway. PROTOCOL.md shows a whole exchange.
 *
 *   client                                gateway
 *   hello ──────────────────────────────►
 *                                       ◄ welcome, channels per group          (or closing)
 *   subscribe { id, channel, after? } ──►
 *                                       ◄ subscribed, then the messages of the channel
 *                                       ◄ lagging when samples or states were left out
 *                                       ◄ rewound when a recorded session was moved to another time
 *   ping ───────────────────────────────►
 *                                       ◄ pong
 *                                       ◄ closing { reason }, then the socket's close
 */
import * as v from "valibot";
import { bytes, count, float64s, name, text, timeUs, uint16s, uint32s } from "./fields.ts";
import { MAX_GROUP_CHANNELS, MAX_GROUPS, MAX_PARTITIONS, MAX_STATE_MEASURES } from "./limits.ts";

// ---- client → gateway -------------------------------------------------------------------------------------------

const clientChannel = v.picklist(["samples", "state", "events", "metrics"]);

/** First message of a client. */
export const hello = v.object({
  /** Program and version, for the log: "dashboard 0.1.0". */
  client: name,
  /** Protocol versions that the client reads. The gateway uses the highest in common, or closes with reason "version". */
  versions: v.pipe(v.array(count), v.minLength(1), v.maxLength(16)),
  /** Bearer token, if the client cannot send it as a header or cookie. */
  token: v.optional(text),
});

/**
 * Subscribes to one channel. A later subscription with the same id replaces the earlier one.
 *
 *   samples   every frame, as `samples` messages, byte for byte as recorded; with `decimationUs` > 0 `decimated` messages instead
 *   state     the latest state of each group at once, then every published one; with `decimationUs` at most one per group and interval, the newest
 *   events    all events, in order; `after` resumes after a known event
 *   metrics   as state
 */
export const subscribe = v.object({
  /** Chosen by the client and repeated in `subscribed`, `decimated`, `unsubscribe`. */
  id: count,
  channel: clientChannel,
  /** Only this group; absent: all groups. */
  group: v.optional(name),
  /** Decimated samples: only these channels of the group. Frames are forwarded unchanged, so they always have all channels. */
  channels: v.optional(v.pipe(v.array(name), v.maxLength(MAX_GROUP_CHANNELS))),
  /** Interval in µs of logical time; 0 or absent: everything. Samples: one row of min, max and last per channel and interval. */
  decimationUs: v.optional(count),
  /** Cursor after which to resume: input sequence for samples, event sequence for events. Absent: starts now. */
  after: v.optional(count),
});

export const unsubscribe = v.object({ id: count });

/** Requests a `pong` with the same nonce. */
export const ping = v.object({ nonce: count });

// ---- gateway → client -------------------------------------------------------------------------------------------

/** First message of the gateway, the answer to `hello`. A `channels` message per group follows. */
export const welcome = v.object({
  session: name,
  partition: name,
  /** Program and version of the gateway. */
  server: name,
  /** The protocol version of all later messages. */
  version: count,
  /** "memory", "file". */
  durability: name,
  /** Logical time of the last input; 0 before the first. */
  timeUs,
  groups: v.pipe(v.array(name), v.maxLength(MAX_GROUPS)),
  /** Sequence of the last input and event. */
  cursors: v.object({ input: count, event: count }),
  limits: v.object({
    messageBytes: count,
    messagesPerSecond: count,
    subscriptions: count,
    /** Unsent bytes above which samples and states are left out, and above which the connection is closed. */
    conflateBytes: count,
    closeBytes: count,
  }),
  /** All partitions of the session, the first one first; absent where there is only this one. Each is reached by its name. */
  partitions: v.optional(v.pipe(v.array(name), v.maxLength(MAX_PARTITIONS))),
});

export const subscribed = v.object({
  id: count,
  channel: clientChannel,
  /** Cursor after which the gateway starts. */
  after: count,
  /** False: messages between the requested cursor and `after` are no longer available. */
  complete: v.boolean(),
});

/** One frame as recorded. `frame` is an encoded `frame` message. */
export const samples = v.object({
  /** Sequence of the input in the log, the cursor for `after`. */
  inputSequence: count,
  frame: bytes,
});

/**
 * Samples by interval. Row r: channel `channel[r]` had `samples[r]` samples in
 * [fromUs + interval[r]·everyUs, fromUs + (interval[r] + 1)·everyUs), between `min[r]` and `max[r]`, the last of them `last[r]`.
 *
 * `fromUs` is a multiple of `everyUs`, so all clients have the same intervals. An interval is sent once, after its end. Rows are ordered by
 * interval, then channel. An interval without samples has no row.
 */
export const decimated = v.pipe(
  v.object({
    /** The id of the subscription. */
    id: count,
    /** Sequence of the last input that is included, the cursor for `after`. */
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
    /** Sum of the sizes; absent where no sample has one. */
    volume: v.optional(float64s),
  }),
  v.check(
    (d) => sameRows(d) && (d.volume === undefined || d.volume.length === d.last.length),
    "Expected columns of equal count",
  ),
);

/**
 * Measures of published states by interval, of the past of a session. Row r: the measure `names[measure[r]]` of the group was published
 * `samples[r]` times in the interval, as in `decimated`.
 */
export const measures = v.pipe(
  v.object({
    group: name,
    /** `significant` is among them as 0 or 1. */
    names: v.pipe(v.array(name), v.maxLength(MAX_STATE_MEASURES)),
    fromUs: timeUs,
    everyUs: v.pipe(count, v.minValue(1)),
    interval: uint32s,
    measure: uint16s,
    min: float64s,
    max: float64s,
    last: float64s,
    samples: uint32s,
  }),
  v.check(({ measure, ...d }) => sameRows({ ...d, channel: measure }), "Expected columns of equal count"),
);

/**
 * How many messages were left out since the last `lagging`, because the client reads too slowly or its decimated samples cost more than its
 * budget. Events are never left out.
 */
export const lagging = v.object({
  samples: count,
  state: count,
  metrics: count,
  /** Bytes that wait for the client now. */
  bufferedBytes: count,
});

/** Why a gateway closes a connection, and the WebSocket close code. */
export const CLOSE_CODES = {
  /** The gateway stops; the client may reconnect. */
  shutdown: 1001,
  /** Not this protocol: malformed bytes, no hello. */
  malformed: 1002,
  /** Too many messages, subscriptions or connections. */
  rate: 1008,
  /** A message over its limit. */
  tooBig: 1009,
  /** A fault of the gateway. */
  internal: 1011,
  /** The client was too slow even for events; it may resume from its cursor. */
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
  /** Least wait before the client reconnects; absent: the client must not reconnect without a person. */
  retryAfterMs: v.optional(count),
});

/** A message of the client was refused; the connection stays open. */
export const refused = v.object({
  /** Name of the refused message, "" if it could not be decoded. */
  request: text,
  /** Its id, if it had one. */
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
 * A recorded session was moved to another time. The client discards what it received after these cursors, and all subscriptions continue
 * from them. Samples, states and metrics up to the cursors are not sent again; events with a greater sequence are sent again.
 */
export const rewound = v.object({
  /** Logical time of the last input before that time. */
  timeUs,
  /** Sequence of the last input and event before that time. */
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
