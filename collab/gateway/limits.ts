/**
 * Every limit of the gateway, each with the reason for its value. `createGateway({ limits })` overrides single ones.
 *
 * Bytes are bytes on our side of the socket, before TLS or a proxy adds its own.
 */
import { MAX_CLIENT_MESSAGE_BYTES } from "../../protocol/limits.ts";

export const GATEWAY_LIMITS = {
  /** Bytes of one message of a client: the protocol's own limit. */
  messageBytesMax: MAX_CLIENT_MESSAGE_BYTES,
  /** A client says hello within this time: until then it may not have signed in. */
  helloMsMax: 5_000,
  /** Messages a client may send at once: a page that opens subscribes to a dozen things. */
  messagesBurst: 60,
  /** Messages a client may send per second for long: a person who drags a slider sends 10. */
  messagesPerSecond: 20,
  /** Subscriptions of one client: a page shows a dozen panels. */
  subscriptionsMax: 64,
  /** WebSocket and SSE connections in all: 2 µs a frame each leaves the core its half of the machine. */
  connectionsMax: 512,
  /** Of one address: many tabs, programs and a team behind one proxy. */
  connectionsPerAddressMax: 128,
  /** SSE connections in all: each event is formatted as text for them, and a browser keeps at most 6 for a host. */
  sseConnectionsMax: 128,
  /** Open sockets of any kind, idle keep-alive ones too: below the usual limit of 1,024 descriptors. */
  socketsMax: 800,
  /** Request line and headers in bytes: Node's default, named so that both runtimes hold it. */
  headerBytesMax: 16_384,
  /** Time for the headers, and for a whole request: who sends a byte now and then holds a socket that others need. */
  headersMsMax: 10_000,
  requestMsMax: 30_000,
  /** How often these two times are looked at: Node's own 30 s would let a slow sender stay four times as long. */
  slowCheckMs: 1_000,
  /** Body of a sign-in: it carries a token and nothing else. */
  bodyBytesMax: 4_096,
  /** Body of a request that moves, disturbs or branches a session: the longest names a few hundred channels. */
  controlBytesMax: 65_536,
  /** Requests of one address at once: a page loads a few dozen files. */
  requestsBurst: 400,
  /** Requests of one address per second for long: polling at 10 Hz by twenty programs. */
  requestsPerSecond: 200,
  /** Wrong tokens of one address before it must wait: a person pastes the wrong link a few times. */
  loginsBurst: 10,
  /** Attempts won back per second: one in five seconds, 17,000 a day, against tokens of at least 16 characters. */
  loginsPerSecond: 0.2,
  /** Logins remembered: beyond it the oldest is signed out. */
  loginsMax: 1_024,
  /** Addresses whose rates are remembered; full buckets are forgotten first. */
  addressesMax: 4_096,
  /** Above this backlog a client gets only the newest state and no samples until it has read half of it: a second of dashboard traffic. */
  conflateAboveBytes: 262_144,
  /** Above this backlog, which then consists of events, a client is cut: it resumes from its cursor when it can read again. */
  cutAboveBytes: 4_194_304,
  /** A client that lags for so long without recovering is cut. */
  laggingMsMax: 15_000,
  /** Messages at least this long may be deflated when they belong to a back-fill: below it headers and 0.1 ms of CPU cost more. */
  compressAboveBytes: 1_024,
  /** Events read from the session at once when catching up. */
  eventsPage: 256,
  /** Frames of a back-fill written between two turns of the core: 64 frames of 256 samples take it under a millisecond. */
  backfillFrames: 64,
  /** Events in one answer of /api/events when the request names no limit, and at most. */
  pollEvents: 100,
  pollEventsMax: 1_000,
  /** Longest wait of a long poll: below the 30 s after which proxies give up. */
  pollWaitMsMax: 25_000,
  /** Silence after which an SSE stream gets a comment and a WebSocket a ping: below the usual 30-60 s of proxies. */
  keepAliveMs: 15_000,
  /** What an SSE client is told to wait before it reconnects. */
  sseRetryMs: 1_000,
  /** Time a client has to read why it was closed, before its socket is taken away. */
  closeGraceMs: 500,
  /** The same for one that was cut because it reads slowly. */
  cutGraceMs: 5_000,
  /** Bytes of all dashboard files: they are kept in memory. */
  staticBytesMax: 33_554_432,
} as const;

export type GatewayLimits = { readonly [Name in keyof typeof GATEWAY_LIMITS]: number };
