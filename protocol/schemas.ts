/**
 * The body of every message, as a schema: checked where it comes in from outside, trusted after that.
 *
 * The frame's columns are binary and are not checked here but in frame.ts, by lengths and ranges.
 * Times are integer µs since the epoch; ids are `partition/inputSequence/k`. Numbers are finite everywhere; −0 travels as 0 outside columns.
 * Binary fields of a decoded message are views of the bytes it was decoded from: copy what outlives them.
 */
import * as v from "valibot";
import {
  MAX_BLOCK_INPUTS,
  MAX_CHECKPOINT_PARTS,
  MAX_GROUP_CHANNELS,
  MAX_GROUPS,
  MAX_MATRIX_DIMENSION,
  MAX_NAME_BYTES,
  MAX_NESTING,
  MAX_NOTE_EVENTS,
  MAX_TEXT_BYTES,
  MAX_VECTOR_DIMENSION,
} from "./limits.ts";

export const name = v.pipe(v.string(), v.nonEmpty(), v.maxBytes(MAX_NAME_BYTES));
export const text = v.pipe(v.string(), v.maxBytes(MAX_TEXT_BYTES));
export const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
export const timeUs = v.pipe(v.number(), v.safeInteger());
export const finite = v.pipe(v.number(), v.finite());
export const bytes = v.custom<Uint8Array>((value) => value instanceof Uint8Array, "Expected binary");
/** SHA-256. */
export const hash32 = v.pipe(bytes, v.length(32));
/** Binary columns, little-endian: whole elements, not checked further. */
export const float32s = v.pipe(
  bytes,
  v.check((column) => column.length % 4 === 0, "Expected whole float32 elements"),
);
export const float64s = v.pipe(
  bytes,
  v.check((column) => column.length % 8 === 0, "Expected whole float64 elements"),
);
export const uint32s = v.pipe(
  bytes,
  v.check((column) => column.length % 4 === 0, "Expected whole uint32 elements"),
);
export const uint16s = v.pipe(
  bytes,
  v.check((column) => column.length % 2 === 0, "Expected whole uint16 elements"),
);
/** Anything JSON can say. */
export const json = v.custom<unknown>((value) => isJson(value, 0), "Expected plain JSON");
/** Plain values that fit JSON, for details and settings. */
export const plain = v.union([v.string(), finite, v.boolean(), v.null()]);
export const plainMap = v.record(name, plain);

export const SEVERITIES = ["info", "notice", "warning", "critical"] as const;

// ---- inputs -----------------------------------------------------------------------------------------------------

/** The session begins (or goes on after a restart with other settings): everything the core needs to know from outside. */
export const sessionOpened = v.object({
  session: name,
  partition: name,
  seed: count,
  /** The whole settings object (protocol/settings.ts), plain JSON. */
  settings: v.record(v.string(), json),
  /** Versions whose change may change the bits: eigenwatch, protocol, @stdlib packages. */
  versions: v.record(v.string(), v.string()),
});

export const channel = v.object({
  name,
  /** Display name; the name where empty. */
  title: text,
  /** UCUM-like unit, "" when dimensionless: "%", "B/s", "USD". */
  unit: text,
});

/** A source declares the channels of a group; a later declaration may only add channels at the end. */
export const channels = v.object({
  group: name,
  source: name,
  channels: v.pipe(v.array(channel), v.minLength(1), v.maxLength(MAX_GROUP_CHANNELS)),
  /** `rows`: all channels are sampled together (equal times); `ticks`: each at its own times. */
  sampling: v.picklist(["rows", "ticks"]),
  /** Nominal spacing of rows, µs; for ticks the grid on which joint rows are formed. 0 = not known. */
  everyUs: count,
  /** How a sample becomes an innovation. */
  innovation: v.picklist(["logReturn", "difference", "ar1"]),
});

/** What happened to a feed, and what it had to leave out since its last report, per reason. */
export const feedStatus = v.object({
  source: name,
  status: v.picklist(["opened", "running", "gap", "stalled", "failed", "ended"]),
  detail: text,
  /** e.g. { nan: 3, unparsable: 1, backward: 2, duplicate: 0 } */
  counts: v.record(name, count),
});

/** Nothing came, but time passed: lets timers fire. */
export const tick = v.object({});

/** A setting was changed by somebody who may. */
export const configChanged = v.object({
  path: name,
  value: json,
  author: name,
});

/** Inputs offered to the sequencer since the last report, and how many of them it had to shed (offered = admitted + shed). */
export const shed = v.object({
  offered: count,
  admitted: count,
  shed: count,
  duplicates: count,
  reason: name,
});

/** Measurements of the machine and of ourselves, taken by the runtime; gauges by name. */
export const measurement = v.object({
  /** e.g. samplesPerSecond, inputsPerSecond, latencyP50Us, latencyP99Us, queueDepth, shed, bufferBytes, degraded (0/1), actorUs.collapse */
  gauges: v.record(name, finite),
});

// ---- derived ----------------------------------------------------------------------------------------------------

/** Something worth a person's attention, announced by an actor. */
export const event = v.object({
  /** 1, 2, … within the session: the cursor by which clients resume. */
  sequence: count,
  /** `partition/inputSequence/k`. */
  id: name,
  timeUs,
  /** e.g. "collapse.declared", "anomaly.started", "feed.gap", "actor.restarted". */
  kind: name,
  severity: v.picklist(SEVERITIES),
  actor: name,
  group: v.string(),
  channels: v.array(name),
  /** One plain sentence. */
  title: text,
  detail: plainMap,
});

/** The joint state of a group, at the publish rate. `re`/`im`: n² little-endian float32, row-major. */
export const state = v.object({
  group: name,
  timeUs,
  n: v.pipe(count, v.maxValue(MAX_GROUP_CHANNELS)),
  /** Names of the modes, in the order of the matrix. */
  modes: v.array(name),
  source: v.picklist(["direct", "estimated"]),
  reading: v.picklist(["native", "single-excitation"]),
  norm: v.picklist(["unit", "power"]),
  re: float32s,
  im: float32s,
  populations: v.array(finite),
  spectrum: v.array(finite),
  /** |v₁|² per mode and phase relative to the largest. */
  pointer: v.array(finite),
  pointerPhase: v.array(finite),
  /** Scalars by name: purity, purityCorrected, cohL1, cohL1Norm, cohRel, entropy, effRank, lambdaMax, visibility, kappa, nEff, significantPairs, groupDelaySeconds … */
  measures: v.record(name, finite),
  /** False while the estimate is below its noise floor or still warming. */
  significant: v.boolean(),
});

/** What the monitor shows: gauges by name. */
export const metrics = v.object({ timeUs, gauges: v.record(name, finite) });

// ---- true quantum data from feeds: rows are reserved, no release sends them yet ----------------------------------

/** A density matrix that a simulation or a tomography gives: n² little-endian float64 each, row-major. */
export const densityMatrix = v.pipe(
  v.object({
    group: name,
    source: name,
    sequence: count,
    timeUs,
    n: v.pipe(count, v.minValue(1), v.maxValue(MAX_MATRIX_DIMENSION)),
    re: float64s,
    im: float64s,
  }),
  v.check(
    (m) => m.re.length === 8 * m.n * m.n && m.im.length === m.re.length,
    "Expected re and im of n² float64",
  ),
);

/** A pure state: n little-endian float64 amplitudes each. */
export const stateVector = v.pipe(
  v.object({
    group: name,
    source: name,
    sequence: count,
    timeUs,
    n: v.pipe(count, v.minValue(1), v.maxValue(MAX_VECTOR_DIMENSION)),
    re: float64s,
    im: float64s,
  }),
  v.check((s) => s.re.length === 8 * s.n && s.im.length === s.re.length, "Expected re and im of n float64"),
);

/** A continuous measurement's record: current `current[k]` at `timeUs + k·everyUs`, of the operator named. */
export const measurementRecord = v.object({
  group: name,
  source: name,
  sequence: count,
  timeUs,
  everyUs: count,
  operator: name,
  /** Detection efficiency in [0, 1]. */
  efficiency: v.pipe(finite, v.minValue(0), v.maxValue(1)),
  current: float64s,
});

// ---- the log ----------------------------------------------------------------------------------------------------

/** Inputs of one partition in order (block.ts). */
export const block = v.object({
  partition: name,
  /** Owner's epoch: counts take-overs. */
  epoch: count,
  /** 1, 2, … without gaps. */
  number: v.pipe(count, v.minValue(1)),
  /** SHA-256 of the encoded block before; 32 zero bytes before the first. */
  previousHash: hash32,
  /** Sequence of the first input; the k-th has `firstSequence + k`. */
  firstSequence: v.pipe(count, v.minValue(1)),
  /** Logical time of the last input. */
  timeUs,
  count: v.pipe(count, v.minValue(1), v.maxValue(MAX_BLOCK_INPUTS)),
  /** Logical time of each input, float64, never falling. */
  times: float64s,
  /** Each input: its length as uint32, then its encoded message. */
  inputs: bytes,
});

/** What the core announced while it worked on a block. A block may have several such notes, in order. */
export const derived = v.object({
  block: count,
  events: v.pipe(v.array(event), v.maxLength(MAX_NOTE_EVENTS)),
});

/** Hash of the whole registered state after `block`, and of each part, so that a replay can name what differs. */
export const checkpoint = v.object({
  block: count,
  /** Last input folded in, and its logical time. */
  sequence: count,
  timeUs,
  hash: v.pipe(bytes, v.length(16)),
  parts: v.pipe(
    v.array(v.object({ actor: name, field: name, hash: v.pipe(bytes, v.length(8)) })),
    v.maxLength(MAX_CHECKPOINT_PARTS),
  ),
});

/** The core's state after `block`; `state` is the core's own business. */
export const snapshot = v.object({
  block: count,
  sequence: count,
  timeUs,
  hash: v.pipe(bytes, v.length(16)),
  state: bytes,
});

/** A node takes a partition over: a control record of the log, with no input sequence and no logical time. Reserved. */
export const takeover = v.object({
  partition: name,
  /** The epoch before plus one. */
  epoch: v.pipe(count, v.minValue(1)),
  lastBlock: count,
  lastHash: hash32,
  owner: name,
});

// ---- client → gateway -------------------------------------------------------------------------------------------

export const CLIENT_CHANNELS = ["samples", "state", "events", "metrics"] as const;
const clientChannel = v.picklist(CLIENT_CHANNELS);

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
  reason: v.picklist([
    "shutdown",
    "malformed",
    "rate",
    "tooBig",
    "internal",
    "slow",
    "unauthorized",
    "version",
  ]),
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

// ---- checks -----------------------------------------------------------------------------------------------------

/** Object keys that reach into prototypes when copied carelessly: refused in bytes, so refused here too. */
export const FORBIDDEN_KEYS: ReadonlySet<string> = new Set(["__proto__", "constructor", "prototype"]);

function isJson(value: unknown, depth: number): boolean {
  if (value === null || typeof value === "string" || typeof value === "boolean") return true;
  if (typeof value === "number") return Number.isFinite(value);
  if (typeof value !== "object" || depth >= MAX_NESTING) return false;
  if (Array.isArray(value)) return value.every((element) => isJson(element, depth + 1));
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return false;
  return Object.entries(value).every(
    ([key, element]) => !FORBIDDEN_KEYS.has(key) && isJson(element, depth + 1),
  );
}

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
