/** The messages whose bytes are kept in golden.json: one of every row, and the edges of frames and numbers. A new row without a case does not compile. */
import { BlockBuilder, GENESIS_HASH } from "../../protocol/block.ts";
import { encodeMessage } from "../../protocol/codec.ts";
import { float32Bytes, float64Bytes, uint16Bytes, uint32Bytes } from "../../protocol/columns.ts";
import type { DecodedMessage, Message, MessageName, MessageOf } from "../../protocol/messages.ts";

const T = 1_700_000_000_000_000;
const hashOf = (length: number) => Uint8Array.from({ length }, (_, k) => 17 * k);

const tick: Message = { type: "tick" };
const twoTicks = new BlockBuilder({
  partition: "p0",
  epoch: 1,
  number: 1,
  previousHash: GENESIS_HASH,
  firstSequence: 1,
});
twoTicks.add(T, encodeMessage(tick));
twoTicks.add(
  T + 50_000,
  encodeMessage({ type: "shed", offered: 10, admitted: 7, shed: 2, duplicates: 1, reason: "queue" }),
);

const frame: MessageOf<"frame"> = {
  type: "frame",
  group: "host",
  source: "walk#1",
  sequence: 300,
  count: 3,
  time: Float64Array.of(T + 1000, T, T + 2_000_000_000),
  channel: Uint16Array.of(0, 1, 127),
  value: Float64Array.of(1.5, -0, 5e-324),
  size: null,
};

const event: MessageOf<"event"> = {
  type: "event",
  sequence: 12,
  id: "p0/345/0",
  timeUs: T,
  kind: "collapse.declared",
  severity: "critical",
  actor: "collapse",
  group: "host",
  channels: ["cpu0", "cpu1"],
  title: "host stopped moving together",
  detail: { score: 1234.5, changedAt: T - 500_000, reliable: true, member: "cpu1", previous: null },
};

const EVERY_ROW: { readonly [Name in MessageName]: MessageOf<Name> } = {
  sessionOpened: {
    type: "sessionOpened",
    session: "s-1",
    partition: "p0",
    seed: 42,
    settings: { seed: 42, collapse: { falseAlarmsPerDay: 0.1, statistic: "sr" } },
    versions: { eigenwatch: "0.1.0", protocol: "1" },
  },
  channels: {
    type: "channels",
    group: "host",
    source: "host",
    channels: [
      { name: "cpu0", title: "CPU 0", unit: "%" },
      { name: "temp", title: "Temperatur über alles 🌡", unit: "°C" },
    ],
    sampling: "rows",
    everyUs: 100_000,
    innovation: "difference",
  },
  frame,
  feedStatus: {
    type: "feedStatus",
    source: "host",
    status: "gap",
    detail: "no sample for 1.2 s",
    counts: { nan: 3, backward: 1 },
  },
  tick: { type: "tick" },
  configChanged: { type: "configChanged", path: "collapse.falseAlarmsPerDay", value: 0.1, author: "ana" },
  shed: { type: "shed", offered: 70_000, admitted: 69_990, shed: 9, duplicates: 1, reason: "queue" },
  measurement: { type: "measurement", gauges: { samplesPerSecond: 1e6, latencyP50Us: 128.5, degraded: 0 } },
  densityMatrix: {
    type: "densityMatrix",
    group: "qubit",
    source: "tomograph",
    sequence: 1,
    timeUs: T,
    n: 2,
    re: float64Bytes([0.5, 0.25, 0.25, 0.5]),
    im: float64Bytes([0, -0.125, 0.125, 0]),
  },
  stateVector: {
    type: "stateVector",
    group: "qubit",
    source: "simulator",
    sequence: 2,
    timeUs: T,
    n: 2,
    re: float64Bytes([0.6, 0]),
    im: float64Bytes([0, 0.8]),
  },
  measurementRecord: {
    type: "measurementRecord",
    group: "qubit",
    source: "homodyne",
    sequence: 3,
    timeUs: T,
    everyUs: 1,
    operator: "sigma_z",
    efficiency: 0.5,
    current: float64Bytes([0.1, -0.2]),
  },
  event,
  state: {
    type: "state",
    group: "host",
    timeUs: T,
    n: 2,
    modes: ["cpu0", "cpu1"],
    source: "estimated",
    reading: "single-excitation",
    norm: "unit",
    re: float32Bytes([0.5, 0.25, 0.25, 0.5]),
    im: float32Bytes([0, -0.25, 0.25, 0]),
    populations: [0.5, 0.5],
    spectrum: [0.8535533905932737, 0.14644660940672627],
    pointer: [0.5, 0.5],
    pointerPhase: [0, 0.7853981633974483],
    measures: { purity: 0.75, entropy: 0.4164955306996 },
    significant: true,
  },
  metrics: { type: "metrics", timeUs: T, gauges: { queueDepth: 3 } },
  samples: { type: "samples", inputSequence: 65_536, frame: encodeMessage(frame) },
  decimated: {
    type: "decimated",
    id: 2,
    inputSequence: 65_540,
    group: "host",
    fromUs: T,
    everyUs: 1_000_000,
    interval: uint32Bytes([0, 0, 2]),
    channel: uint16Bytes([0, 1, 0]),
    min: float64Bytes([1, 2, 3]),
    max: float64Bytes([1.5, 2, 9]),
    last: float64Bytes([1.25, 2, 4]),
    samples: uint32Bytes([10, 1, 9]),
  },
  welcome: {
    type: "welcome",
    session: "s-1",
    partition: "p0",
    server: "eigenwatch 0.1.0",
    version: 1,
    durability: "file",
    timeUs: T,
    groups: ["host"],
    cursors: { input: 65_540, event: 12 },
    limits: {
      messageBytes: 32_768,
      messagesPerSecond: 100,
      subscriptions: 64,
      conflateBytes: 1_048_576,
      closeBytes: 16_777_216,
    },
  },
  subscribed: { type: "subscribed", id: 1, channel: "events", after: 12, complete: true },
  lagging: { type: "lagging", samples: 300, state: 2, metrics: 0, bufferedBytes: 1_100_000 },
  closing: { type: "closing", reason: "slow", code: 1013, detail: "16 MiB were waiting", retryAfterMs: 1000 },
  refused: {
    type: "refused",
    request: "subscribe",
    id: 7,
    action: "decode subscribe",
    value: 'channel is "sample"',
    wanted: '"samples"',
  },
  pong: { type: "pong", nonce: 9, timeUs: T },
  block: {
    type: "block",
    partition: "p0",
    epoch: 3,
    number: 2,
    previousHash: hashOf(32),
    firstSequence: 3,
    timeUs: T + 1,
    count: 1,
    times: float64Bytes([T + 1]),
    inputs: Uint8Array.of(4, 0, 0, 0, ...encodeMessage(tick)),
  },
  derived: { type: "derived", block: 2, events: [withoutType(event)] },
  checkpoint: {
    type: "checkpoint",
    block: 256,
    sequence: 4096,
    timeUs: T,
    hash: hashOf(16),
    parts: [{ actor: "host/estimator", field: "rho", hash: hashOf(8) }],
  },
  snapshot: {
    type: "snapshot",
    block: 256,
    sequence: 4096,
    timeUs: T,
    hash: hashOf(16),
    state: Uint8Array.of(1, 2, 3),
  },
  takeover: {
    type: "takeover",
    partition: "p0",
    epoch: 4,
    lastBlock: 256,
    lastHash: hashOf(32),
    owner: "node-b",
  },
  hello: { type: "hello", client: "dashboard 0.1.0", versions: [1] },
  subscribe: {
    type: "subscribe",
    id: 2,
    channel: "samples",
    group: "host",
    channels: ["cpu0"],
    decimationUs: 1_000_000,
    after: 65_536,
  },
  unsubscribe: { type: "unsubscribe", id: 2 },
  ping: { type: "ping", nonce: 9 },
};

/** name → message; the bytes of each stand in golden.json under the same name. */
export const CASES: Readonly<Record<string, DecodedMessage>> = {
  ...EVERY_ROW,
  "frame with sizes": { ...frame, size: Float64Array.of(100, 0, 2.5) },
  "frame of one sample": {
    ...frame,
    sequence: 0,
    count: 1,
    time: Float64Array.of(T),
    channel: Uint16Array.of(5),
    value: Float64Array.of(Number.MAX_VALUE),
  },
  "frame before 1970, long names, over 255 bytes of values": {
    ...frame,
    group: "é".repeat(20),
    source: "x".repeat(128),
    sequence: Number.MAX_SAFE_INTEGER,
    count: 40,
    time: Float64Array.from({ length: 40 }, (_, k) => -9_000_000_000 + 1000 * k),
    channel: Uint16Array.from({ length: 40 }, (_, k) => k),
    value: Float64Array.from({ length: 40 }, (_, k) => k / 3),
  },
  "numbers of every length": {
    type: "measurement",
    gauges: Object.fromEntries(
      [
        0,
        127,
        128,
        255,
        256,
        65_535,
        65_536,
        4_294_967_295,
        4_294_967_296,
        Number.MAX_SAFE_INTEGER,
        -1,
        -32,
        -33,
        -128,
        -129,
        -32_768,
        -32_769,
        -2_147_483_648,
        -2_147_483_649,
        0.1,
        -1e300,
      ].map((x, k) => [`g${k}`, x]),
    ),
  },
  "subscription without options": { type: "subscribe", id: 1, channel: "events" },
  "kind of a later release": { type: "unknown", version: 1, code: 0x1234, body: Uint8Array.of(0x91, 0xc0) },
};

/** Bytes that come from a builder rather than from one message. */
export const BLOCK_OF_TWO: Uint8Array = twoTicks.close().bytes;

function withoutType({ type: _, ...body }: MessageOf<"event">): Omit<MessageOf<"event">, "type"> {
  return body;
}
