/**
 * Every message, one row: name → code, flow, limit, schema. PROTOCOL.md shows the same rows; all message types derive from here.
 *
 * `flow` is the path of a message. Each hop states who may send it to whom: a gateway accepts from a client only messages whose path has
 * the hop "client→gateway". `frame` has no schema: frame-body.ts checks frames by lengths and ranges.
 *
 * Codes: 0x01-0x1f inputs (0x05 is retired), 0x20-0x2f derived, 0x30-0x3f gateway to client, 0x40-0x4f the log and what nodes say to each other, 0x50-0x5f client to gateway.
 */
import type { InferOutput } from "valibot";
import * as client from "./client-schemas.ts";
import type { Frame } from "./frame.ts";
import {
  MAX_BLOCK_BYTES,
  MAX_CLIENT_MESSAGE_BYTES,
  MAX_DERIVED_RECORD_BYTES,
  MAX_FRAME_BYTES,
  MAX_INPUT_BYTES,
  MAX_MESSAGE_BYTES,
  MAX_SNAPSHOT_BYTES,
  MAX_STREAM_RECORD_BYTES,
} from "./limits.ts";
import * as log from "./log-schemas.ts";
import * as s from "./schemas.ts";

// biome-ignore format: one row a line
export const MESSAGES = {
  sessionOpened: { code: 0x01, flow: "runtime→core", maxBytes: MAX_INPUT_BYTES, schema: s.sessionOpened },
  channels: { code: 0x02, flow: "feed→core→gateway→client", maxBytes: MAX_INPUT_BYTES, schema: s.channels },
  frame: { code: 0x03, flow: "feed→core→gateway", maxBytes: MAX_FRAME_BYTES, schema: null },
  feedStatus: { code: 0x04, flow: "feed→core", maxBytes: MAX_INPUT_BYTES, schema: s.feedStatus },
  configChanged: { code: 0x06, flow: "gateway→core", maxBytes: MAX_INPUT_BYTES, schema: s.configChanged },
  shed: { code: 0x07, flow: "runtime→core", maxBytes: MAX_INPUT_BYTES, schema: s.shed },
  measurement: { code: 0x08, flow: "runtime→core", maxBytes: MAX_INPUT_BYTES, schema: s.measurement },
  densityMatrix: { code: 0x09, flow: "feed→core", maxBytes: MAX_INPUT_BYTES, schema: s.densityMatrix },
  stateVector: { code: 0x0a, flow: "feed→core", maxBytes: MAX_INPUT_BYTES, schema: s.stateVector },
  measurementRecord: { code: 0x0b, flow: "feed→core", maxBytes: MAX_INPUT_BYTES, schema: s.measurementRecord },
  notice: { code: 0x0c, flow: "runtime→core", maxBytes: MAX_INPUT_BYTES, schema: s.notice },
  command: { code: 0x0d, flow: "gateway→core", maxBytes: MAX_INPUT_BYTES, schema: s.command },
  edit: { code: 0x0e, flow: "gateway→core", maxBytes: MAX_INPUT_BYTES, schema: s.edit },

  event: { code: 0x20, flow: "core→gateway→client", maxBytes: MAX_MESSAGE_BYTES, schema: s.event },
  state: { code: 0x21, flow: "core→gateway→client", maxBytes: MAX_MESSAGE_BYTES, schema: s.state },
  metrics: { code: 0x22, flow: "core→gateway→client", maxBytes: MAX_MESSAGE_BYTES, schema: s.metrics },

  samples: { code: 0x30, flow: "gateway→client", maxBytes: MAX_MESSAGE_BYTES, schema: client.samples },
  decimated: { code: 0x31, flow: "gateway→client", maxBytes: MAX_MESSAGE_BYTES, schema: client.decimated },
  welcome: { code: 0x32, flow: "gateway→client", maxBytes: MAX_MESSAGE_BYTES, schema: client.welcome },
  subscribed: { code: 0x33, flow: "gateway→client", maxBytes: MAX_MESSAGE_BYTES, schema: client.subscribed },
  lagging: { code: 0x34, flow: "gateway→client", maxBytes: MAX_MESSAGE_BYTES, schema: client.lagging },
  closing: { code: 0x35, flow: "gateway→client", maxBytes: MAX_MESSAGE_BYTES, schema: client.closing },
  refused: { code: 0x36, flow: "gateway→client", maxBytes: MAX_MESSAGE_BYTES, schema: client.refused },
  pong: { code: 0x37, flow: "gateway→client", maxBytes: MAX_MESSAGE_BYTES, schema: client.pong },
  rewound: { code: 0x38, flow: "gateway→client", maxBytes: MAX_MESSAGE_BYTES, schema: client.rewound },
  measures: { code: 0x39, flow: "gateway→client", maxBytes: MAX_MESSAGE_BYTES, schema: client.measures },

  block: { code: 0x40, flow: "runtime→journal", maxBytes: MAX_BLOCK_BYTES, schema: log.block },
  derived: { code: 0x41, flow: "runtime→journal", maxBytes: MAX_DERIVED_RECORD_BYTES, schema: log.derived },
  checkpoint: { code: 0x42, flow: "runtime→journal", maxBytes: MAX_DERIVED_RECORD_BYTES, schema: log.checkpoint },
  snapshot: { code: 0x43, flow: "runtime→journal", maxBytes: MAX_SNAPSHOT_BYTES, schema: log.snapshot },
  takeover: { code: 0x44, flow: "runtime→journal", maxBytes: MAX_MESSAGE_BYTES, schema: log.takeover },
  derivedRecord: { code: 0x45, flow: "runtime→journal", maxBytes: MAX_STREAM_RECORD_BYTES, schema: log.derivedRecord },
  heartbeat: { code: 0x46, flow: "node→node", maxBytes: MAX_MESSAGE_BYTES, schema: log.heartbeat },
  request: { code: 0x47, flow: "node→node", maxBytes: MAX_MESSAGE_BYTES, schema: log.request },
  answer: { code: 0x48, flow: "node→node", maxBytes: MAX_MESSAGE_BYTES, schema: log.answer },
  offer: { code: 0x49, flow: "node→node", maxBytes: MAX_MESSAGE_BYTES, schema: log.offer },
  blockWithRecords: { code: 0x4a, flow: "runtime→journal", maxBytes: MAX_MESSAGE_BYTES, schema: log.blockWithRecords },
  presence: { code: 0x4b, flow: "node→node", maxBytes: MAX_MESSAGE_BYTES, schema: log.presence },

  hello: { code: 0x50, flow: "client→gateway", maxBytes: MAX_CLIENT_MESSAGE_BYTES, schema: client.hello },
  subscribe: { code: 0x51, flow: "client→gateway", maxBytes: MAX_CLIENT_MESSAGE_BYTES, schema: client.subscribe },
  unsubscribe: { code: 0x52, flow: "client→gateway", maxBytes: MAX_CLIENT_MESSAGE_BYTES, schema: client.unsubscribe },
  ping: { code: 0x53, flow: "client→gateway", maxBytes: MAX_CLIENT_MESSAGE_BYTES, schema: client.ping },
} as const;

export type MessageName = keyof typeof MESSAGES;

/** The message of one row in memory: its fields and its name as `type`. */
export type MessageOf<Name extends MessageName> = Name extends "frame"
  ? Frame
  : { type: Name } & InferOutput<NonNullable<(typeof MESSAGES)[Name]["schema"]>>;

/** Every message. */
export type Message = { [Name in MessageName]: MessageOf<Name> }[MessageName];

/** A message whose code this program does not know, kept so that it can be passed on unchanged. */
export interface UnknownMessage {
  readonly type: "unknown";
  readonly version: number;
  readonly code: number;
  /** The encoded body. */
  readonly body: Uint8Array;
}

export type DecodedMessage = Message | UnknownMessage;

export type SessionOpened = MessageOf<"sessionOpened">;
export type Channels = MessageOf<"channels">;
export type FeedStatus = MessageOf<"feedStatus">;
export type ConfigChanged = MessageOf<"configChanged">;
export type Shed = MessageOf<"shed">;
export type Measurement = MessageOf<"measurement">;
export type DensityMatrix = MessageOf<"densityMatrix">;
export type StateVector = MessageOf<"stateVector">;
export type MeasurementRecord = MessageOf<"measurementRecord">;

export type OperatorNotice = MessageOf<"notice">;
export type CommandInput = MessageOf<"command">;
export type Author = CommandInput["author"];
export type Edit = MessageOf<"edit">;
export type EventMessage = MessageOf<"event">;
export type StateMessage = MessageOf<"state">;
export type MetricsMessage = MessageOf<"metrics">;

export type SamplesMessage = MessageOf<"samples">;
export type DecimatedMessage = MessageOf<"decimated">;
export type Welcome = MessageOf<"welcome">;
export type Subscribed = MessageOf<"subscribed">;
export type Lagging = MessageOf<"lagging">;
export type Closing = MessageOf<"closing">;
export type Refused = MessageOf<"refused">;
export type Pong = MessageOf<"pong">;
export type Rewound = MessageOf<"rewound">;
export type MeasuresMessage = MessageOf<"measures">;

export type Derived = MessageOf<"derived">;
export type Checkpoint = MessageOf<"checkpoint">;
export type Takeover = MessageOf<"takeover">;

export type Hello = MessageOf<"hello">;
export type Subscribe = MessageOf<"subscribe">;
export type Unsubscribe = MessageOf<"unsubscribe">;
export type Ping = MessageOf<"ping">;

/** Data of a quantum feed: a whole state, or the current of a continuous measurement. */
export type QuantumInput = DensityMatrix | StateVector | MeasurementRecord;

/** Messages that may be in the log and therefore reach the core. */
export type Input =
  | SessionOpened
  | Channels
  | Frame
  | FeedStatus
  | ConfigChanged
  | Shed
  | Measurement
  | QuantumInput
  | OperatorNotice
  | CommandInput
  | Edit;
/** Messages that the core derives. */
export type Output = EventMessage | StateMessage | MetricsMessage;
export type ClientMessage = Hello | Subscribe | Unsubscribe | Ping;
export type Severity = EventMessage["severity"];
export type CloseReason = Closing["reason"];

type Hops<Path extends string> = Path extends `${infer From}→${infer To}→${infer Rest}`
  ? `${From}→${To}` | Hops<`${To}→${Rest}`>
  : Path;

/** One hop: who sends to whom. */
export type Hop = Hops<(typeof MESSAGES)[MessageName]["flow"]>;

/** Whether a message may take this hop. Every receiver checks it. */
export function mayFlow(name: MessageName | "unknown", hop: Hop): boolean {
  return HOPS.get(hop)?.has(name) ?? false;
}

/** The row with this code, or undefined. */
export function nameOfCode(code: number): MessageName | undefined {
  return NAMES_BY_CODE[code];
}

const INPUTS: ReadonlySet<string> = new Set<Input["type"]>([
  "sessionOpened",
  "channels",
  "frame",
  "feedStatus",
  "configChanged",
  "shed",
  "measurement",
  "densityMatrix",
  "stateVector",
  "measurementRecord",
  "notice",
  "command",
  "edit",
]);

/** Whether a decoded message is an input of the core. */
export function isInput(message: DecodedMessage): message is Input {
  return INPUTS.has(message.type);
}

const NAMES = Object.keys(MESSAGES) as MessageName[];
const NAMES_BY_CODE: (MessageName | undefined)[] = new Array<MessageName | undefined>(0x60).fill(undefined);
const HOPS = new Map<string, Set<string>>();
for (const name of NAMES) {
  NAMES_BY_CODE[MESSAGES[name].code] = name;
  const stations = MESSAGES[name].flow.split("→");
  for (let k = 1; k < stations.length; k++) {
    const hop = `${stations[k - 1]}→${stations[k]}`;
    HOPS.set(hop, (HOPS.get(hop) ?? new Set()).add(name));
  }
}
