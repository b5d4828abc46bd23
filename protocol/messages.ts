/** Every message, one row: name → code, flow, schema. PROTOCOL.md shows the same rows; all message types derive from here. */
import type { InferOutput } from "valibot";
import type { Frame } from "./frame.ts";
import * as s from "./schemas.ts";

export const MESSAGES = {
  sessionOpened: { code: 0x01, flow: "runtime→core", schema: s.sessionOpened },
  channels: { code: 0x02, flow: "feed→core", schema: s.channels },
  frame: { code: 0x03, flow: "feed→core", schema: null },
  feedStatus: { code: 0x04, flow: "feed→core", schema: s.feedStatus },
  tick: { code: 0x05, flow: "runtime→core", schema: s.tick },
  configChanged: { code: 0x06, flow: "gateway→core", schema: s.configChanged },
  shed: { code: 0x07, flow: "runtime→core", schema: s.shed },
  measurement: { code: 0x08, flow: "runtime→core", schema: s.measurement },

  event: { code: 0x20, flow: "core→gateway", schema: s.event },
  state: { code: 0x21, flow: "core→gateway", schema: s.state },
  metrics: { code: 0x22, flow: "core→gateway", schema: s.metrics },
} as const;

export type MessageName = keyof typeof MESSAGES;

export type SessionOpened = { type: "sessionOpened" } & InferOutput<typeof s.sessionOpened>;
export type Channels = { type: "channels" } & InferOutput<typeof s.channels>;
export type FeedStatus = { type: "feedStatus" } & InferOutput<typeof s.feedStatus>;
export type Tick = { type: "tick" };
export type ConfigChanged = { type: "configChanged" } & InferOutput<typeof s.configChanged>;
export type Shed = { type: "shed" } & InferOutput<typeof s.shed>;
export type Measurement = { type: "measurement" } & InferOutput<typeof s.measurement>;

export type EventMessage = { type: "event" } & InferOutput<typeof s.event>;
export type StateMessage = { type: "state" } & InferOutput<typeof s.state>;
export type MetricsMessage = { type: "metrics" } & InferOutput<typeof s.metrics>;

/** What may stand in the log, and so reach the core. */
export type Input = SessionOpened | Channels | Frame | FeedStatus | Tick | ConfigChanged | Shed | Measurement;
/** What the core announces. */
export type Output = EventMessage | StateMessage | MetricsMessage;
export type Severity = EventMessage["severity"];
