/** Random messages of every kind, for properties and fuzzing: a new row without an arbitrary does not compile. */
import fc from "fast-check";
import { CLOSE_CODES, subscribe } from "../../protocol/client-schemas.ts";
import { float32Bytes, float64Bytes, uint16Bytes, uint32Bytes } from "../../protocol/columns.ts";
import { ERROR_KINDS } from "../../protocol/errors.ts";
import { FORBIDDEN_KEYS } from "../../protocol/fields.ts";
import type { Frame } from "../../protocol/frame.ts";
import type { Message, MessageName, MessageOf } from "../../protocol/messages.ts";
import { ROLES } from "../../protocol/principal.ts";
import { SEVERITIES } from "../../protocol/schemas.ts";

const plainObjects = { noNullPrototype: true } as const;

export const name = fc
  .oneof(
    fc.constantFrom("host", "walk#1", "BTC-USD", "a.b c>*", "é", "量子", "🌒", "x".repeat(128)),
    fc.string({ minLength: 1, maxLength: 16 }),
    fc.string({ minLength: 1, maxLength: 8, unit: "grapheme" }),
  )
  .filter((text) => !FORBIDDEN_KEYS.has(text) && new TextEncoder().encode(text).length <= 128);
const authored = { author: name, authorId: name, authorRole: fc.constantFrom(...ROLES) };
const text = fc.oneof(fc.string({ maxLength: 80 }), fc.string({ maxLength: 20, unit: "grapheme" }));
export const count = fc.oneof(fc.nat(300), fc.maxSafeNat());
export const timeUs = fc.oneof(
  fc.integer({ min: 1_600_000_000_000_000, max: 1_900_000_000_000_000 }),
  fc.maxSafeInteger().map(positiveZero),
);
export const finite = fc.double({ noNaN: true, noDefaultInfinity: true });
/** −0 travels as 0 outside columns. */
const number = finite.map(positiveZero);
const bytesOf = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const gauges = fc.dictionary(name, number, { maxKeys: 5, ...plainObjects });
const json = fc.jsonValue({ maxDepth: 3 }).map(withoutTraps);
const plainMap = fc.dictionary(name, fc.oneof(text, number, fc.boolean(), fc.constant(null)), {
  maxKeys: 5,
  ...plainObjects,
});
const channel = fc.record({ name, title: text, unit: text }, plainObjects);

export const frame: fc.Arbitrary<Frame> = fc
  .tuple(
    name,
    name,
    count,
    fc.integer({ min: -(2 ** 50), max: 2 ** 50 }),
    fc.integer({ min: 1, max: 40 }),
    fc.boolean(),
  )
  .chain(([group, source, sequence, t0, samples, sized]) => {
    const columnOf = (element: fc.Arbitrary<number>) =>
      fc.array(element, { minLength: samples, maxLength: samples });
    return fc
      .tuple(columnOf(fc.nat(0xffff_ffff)), columnOf(fc.nat(127)), columnOf(finite), columnOf(finite))
      .map(
        ([offsets, channels, values, sizes]): Frame => ({
          type: "frame",
          group,
          source,
          sequence,
          count: samples,
          time: Float64Array.from(offsets, (offset) => t0 + offset),
          channel: Uint16Array.from(channels),
          value: Float64Array.from(values),
          size: sized ? Float64Array.from(sizes) : null,
        }),
      );
  });

const channels = fc.record(
  {
    type: fc.constant("channels" as const),
    group: name,
    source: name,
    channels: fc.array(channel, { minLength: 1, maxLength: 5 }),
    sampling: fc.constantFrom("rows" as const, "ticks" as const),
    everyUs: count,
    innovation: fc.constantFrom("logReturn" as const, "difference" as const, "ar1" as const),
  },
  plainObjects,
);

const event = fc.record(
  {
    type: fc.constant("event" as const),
    sequence: count,
    id: name,
    timeUs,
    kind: name,
    severity: fc.constantFrom(...SEVERITIES),
    actor: name,
    group: text,
    channels: fc.array(name, { maxLength: 3 }),
    title: text,
    detail: plainMap,
  },
  plainObjects,
);

const state = fc.nat(4).chain((n) =>
  fc.record(
    {
      type: fc.constant("state" as const),
      group: name,
      timeUs,
      n: fc.constant(n),
      modes: fc.array(name, { minLength: n, maxLength: n }),
      source: fc.constantFrom("direct" as const, "estimated" as const),
      reading: fc.constantFrom("native" as const, "single-excitation" as const),
      norm: fc.constantFrom("unit" as const, "power" as const),
      re: fc.array(fc.float(), { minLength: n * n, maxLength: n * n }).map((column) => float32Bytes(column)),
      im: fc.array(fc.float(), { minLength: n * n, maxLength: n * n }).map((column) => float32Bytes(column)),
      populations: fc.array(number, { maxLength: n }),
      spectrum: fc.array(number, { maxLength: n }),
      pointer: fc.array(number, { maxLength: n }),
      pointerPhase: fc.array(number, { maxLength: n }),
      measures: gauges,
      significant: fc.boolean(),
    },
    plainObjects,
  ),
);

const quantum = <Name extends "densityMatrix" | "stateVector">(type: Name, elements: (n: number) => number) =>
  fc.integer({ min: 1, max: 4 }).chain((n) =>
    fc.record(
      {
        type: fc.constant(type),
        group: name,
        source: name,
        sequence: count,
        timeUs,
        n: fc.constant(n),
        re: bytesOf(8 * elements(n)),
        im: bytesOf(8 * elements(n)),
      },
      plainObjects,
    ),
  );

const columnOf = (element: fc.Arbitrary<number>, rows: number) =>
  fc.array(element, { minLength: rows, maxLength: rows });
const intervalsOf = (rows: number) => ({
  group: name,
  fromUs: timeUs,
  everyUs: fc.integer({ min: 1, max: 1e9 }),
  interval: columnOf(fc.nat(0xffff_ffff), rows).map((column) => uint32Bytes(column)),
  min: columnOf(finite, rows).map((column) => float64Bytes(column)),
  max: columnOf(finite, rows).map((column) => float64Bytes(column)),
  last: columnOf(finite, rows).map((column) => float64Bytes(column)),
  samples: columnOf(fc.nat(1000), rows).map((column) => uint32Bytes(column)),
});

const decimated = fc.nat(4).chain((rows) =>
  fc.record(
    {
      type: fc.constant("decimated" as const),
      id: count,
      inputSequence: count,
      channel: columnOf(fc.nat(127), rows).map((column) => uint16Bytes(column)),
      ...intervalsOf(rows),
    },
    plainObjects,
  ),
);

const measures = fc.nat(4).chain((rows) =>
  fc.record(
    {
      type: fc.constant("measures" as const),
      names: fc.array(name, { maxLength: 4 }),
      measure: columnOf(fc.nat(63), rows).map((column) => uint16Bytes(column)),
      ...intervalsOf(rows),
    },
    plainObjects,
  ),
);

function message<Name extends MessageName>(
  type: Name,
  fields: { [Field in Exclude<keyof MessageOf<Name>, "type">]-?: fc.Arbitrary<MessageOf<Name>[Field]> },
  optional: readonly (keyof MessageOf<Name>)[] = [],
): fc.Arbitrary<MessageOf<Name>> {
  const model: Record<string, fc.Arbitrary<unknown>> = { type: fc.constant(type), ...fields };
  const requiredKeys = Object.keys(model).filter((key) => !(optional as readonly string[]).includes(key));
  return fc.record(model, { requiredKeys, ...plainObjects }) as unknown as fc.Arbitrary<MessageOf<Name>>;
}

export const MESSAGE: { readonly [Name in MessageName]: fc.Arbitrary<MessageOf<Name>> } = {
  sessionOpened: message(
    "sessionOpened",
    {
      session: name,
      partition: name,
      partitions: fc.integer({ min: 1, max: 64 }),
      seed: count,
      settings: fc.dictionary(name, json, { maxKeys: 4, ...plainObjects }),
      versions: fc.dictionary(name, text, { maxKeys: 4, ...plainObjects }),
    },
    ["partitions"],
  ),
  channels,
  frame,
  feedStatus: message("feedStatus", {
    source: name,
    status: fc.constantFrom(
      "opened" as const,
      "running" as const,
      "gap" as const,
      "stalled" as const,
      "failed" as const,
      "ended" as const,
    ),
    detail: text,
    counts: fc.dictionary(name, count, { maxKeys: 4, ...plainObjects }),
  }),
  configChanged: message("configChanged", { path: name, value: json, ...authored, command: name }, [
    "authorId",
    "authorRole",
    "command",
  ]),
  shed: message("shed", { offered: count, admitted: count, shed: count, duplicates: count, reason: name }),
  measurement: message("measurement", { gauges }),
  notice: message(
    "notice",
    {
      kind: name,
      severity: fc.constantFrom(...SEVERITIES),
      group: text,
      channels: fc.array(name, { maxLength: 3 }),
      title: text,
      detail: plainMap,
      ...authored,
      command: name,
    },
    ["authorId", "authorRole", "command"],
  ),
  command: message(
    "command",
    {
      name,
      body: json,
      author: fc.oneof(
        fc.record({ id: name }, plainObjects),
        fc.record({ id: name, name, role: name }, plainObjects),
      ),
      source: name,
      sequence: count,
      command: name,
    },
    ["command"],
  ),
  edit: message("edit", {
    update: fc.uint8Array({ maxLength: 64 }),
    author: name,
    name,
    role: fc.constantFrom(...ROLES),
    connection: name,
    epoch: count,
  }),
  densityMatrix: quantum("densityMatrix", (n) => n * n),
  stateVector: quantum("stateVector", (n) => n),
  measurementRecord: message("measurementRecord", {
    group: name,
    source: name,
    sequence: count,
    timeUs,
    everyUs: count,
    operator: name,
    efficiency: fc.double({ min: 0, max: 1, noNaN: true }).map(positiveZero),
    current: fc.nat(4).chain((samples) => bytesOf(8 * samples)),
  }),
  event,
  state,
  metrics: message("metrics", { timeUs, gauges }),
  samples: message("samples", { inputSequence: count, frame: fc.uint8Array({ maxLength: 400 }) }),
  decimated,
  welcome: message(
    "welcome",
    {
      session: name,
      partition: name,
      server: name,
      version: count,
      durability: name,
      timeUs,
      groups: fc.array(name, { maxLength: 3 }),
      cursors: fc.record({ input: count, event: count }, plainObjects),
      limits: fc.record(
        {
          messageBytes: count,
          messagesPerSecond: count,
          subscriptions: count,
          conflateBytes: count,
          closeBytes: count,
        },
        plainObjects,
      ),
      partitions: fc.array(name, { maxLength: 3 }),
    },
    ["partitions"],
  ),
  subscribed: message("subscribed", {
    id: count,
    channel: fc.constantFrom(...subscribe.entries.channel.options),
    after: count,
    complete: fc.boolean(),
  }),
  lagging: message("lagging", { samples: count, state: count, metrics: count, bufferedBytes: count }),
  closing: message(
    "closing",
    {
      reason: fc.constantFrom(...(Object.keys(CLOSE_CODES) as (keyof typeof CLOSE_CODES)[])),
      code: count,
      detail: text,
      retryAfterMs: count,
    },
    ["retryAfterMs"],
  ),
  refused: message("refused", { request: text, id: count, action: text, value: text, wanted: text }, ["id"]),
  pong: message("pong", { nonce: count, timeUs }),
  measures,
  rewound: message("rewound", { timeUs, cursors: fc.record({ input: count, event: count }, plainObjects) }),
  block: message("block", {
    partition: name,
    epoch: count,
    number: fc.integer({ min: 1, max: 2 ** 40 }),
    previousHash: bytesOf(32),
    firstSequence: fc.integer({ min: 1, max: 2 ** 40 }),
    timeUs,
    count: fc.integer({ min: 1, max: 256 }),
    times: fc.nat(4).chain((inputs) => bytesOf(8 * inputs)),
    inputs: fc.uint8Array({ maxLength: 100 }),
  }),
  derived: message("derived", {
    block: count,
    events: fc.array(
      event.map(({ type: _, ...body }) => body),
      { maxLength: 3 },
    ),
  }),
  checkpoint: message(
    "checkpoint",
    {
      block: count,
      sequence: count,
      timeUs,
      stateVersion: count,
      hash: bytesOf(16),
      parts: fc.array(fc.record({ actor: name, field: name, hash: bytesOf(8) }, plainObjects), {
        maxLength: 3,
      }),
    },
    ["stateVersion"],
  ),
  snapshot: message("snapshot", {
    block: count,
    sequence: count,
    timeUs,
    hash: bytesOf(16),
    state: fc.uint8Array({ maxLength: 100 }),
  }),
  takeover: message("takeover", {
    partition: name,
    epoch: fc.integer({ min: 1, max: 1000 }),
    lastBlock: count,
    lastHash: bytesOf(32),
    owner: name,
  }),
  derivedRecord: message(
    "derivedRecord",
    {
      partition: name,
      epoch: count,
      number: fc.integer({ min: 1, max: 2 ** 40 }),
      block: fc.integer({ min: 1, max: 2 ** 40 }),
      kind: fc.constantFrom("derived", "checkpoint"),
      body: fc.uint8Array({ maxLength: 100 }),
      bytesToCome: fc.integer({ min: 1, max: 4_194_304 }),
    },
    ["bytesToCome"],
  ),
  blockWithRecords: message("blockWithRecords", {
    block: fc.uint8Array({ maxLength: 100 }),
    records: fc.array(fc.uint8Array({ maxLength: 50 }), { minLength: 1, maxLength: 3 }),
  }),
  presence: message(
    "presence",
    {
      gateway: name,
      connections: count,
      asks: fc.boolean(),
      entries: fc.array(
        fc.record({ writer: count, clock: count, person: name, state: fc.string() }, plainObjects),
        { maxLength: 3 },
      ),
    },
    ["asks"],
  ),
  heartbeat: message(
    "heartbeat",
    {
      node: name,
      sinceUs: timeUs,
      owns: fc.array(
        fc.record(
          { partition: name, epoch: count, opening: fc.boolean() },
          { ...plainObjects, requiredKeys: ["partition", "epoch"] },
        ),
        { maxLength: 3 },
      ),
      roles: fc.array(name, { maxLength: 3 }),
      catchingUp: fc.boolean(),
      partitions: count,
      memberTtlMs: count,
      blocked: fc.array(fc.record({ partition: name, reason: text }, plainObjects), { maxLength: 3 }),
    },
    ["roles", "catchingUp", "partitions", "memberTtlMs", "blocked"],
  ),
  request: message("request", { id: name, epoch: count, command: name, ...authored, body: text }, [
    "authorId",
    "authorRole",
  ]),
  answer: message(
    "answer",
    {
      epoch: count,
      body: text,
      error: fc.record(
        { action: text, value: text, expected: text, kind: fc.constantFrom(...ERROR_KINDS) },
        plainObjects,
      ),
    },
    ["body", "error"],
  ),
  offer: message(
    "offer",
    {
      id: name,
      after: name,
      messages: fc.array(fc.uint8Array({ maxLength: 50 }), { minLength: 1, maxLength: 4 }),
    },
    ["after"],
  ),
  hello: message(
    "hello",
    { client: name, versions: fc.array(count, { minLength: 1, maxLength: 3 }), token: text },
    ["token"],
  ),
  subscribe: message(
    "subscribe",
    {
      id: count,
      channel: fc.constantFrom(...subscribe.entries.channel.options),
      group: name,
      channels: fc.array(name, { maxLength: 3 }),
      decimationUs: count,
      after: count,
    },
    ["group", "channels", "decimationUs", "after"],
  ),
  unsubscribe: message("unsubscribe", { id: count }),
  ping: message("ping", { nonce: count }),
};

export const anyMessage: fc.Arbitrary<Message> = fc.oneof(
  ...(Object.values(MESSAGE) as fc.Arbitrary<Message>[]),
);

function positiveZero(x: number): number {
  return x === 0 ? 0 : x;
}

/** JSON as a message can carry it: no −0, and no keys that reach into prototypes. */
function withoutTraps(value: unknown): unknown {
  if (typeof value === "number") return positiveZero(value);
  if (Array.isArray(value)) return value.map(withoutTraps);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => !FORBIDDEN_KEYS.has(key))
      .map(([key, inner]) => [key, withoutTraps(inner)]),
  );
}
