/**
 * Every limit of the gateway, with the reason for its value. `createGateway({ limits })` overrides some.
 *
 * Bytes are counted in this process, before TLS or a proxy adds to them.
 */
import { MAX_CLIENT_MESSAGE_BYTES, MAX_INGEST_BYTES } from "../../protocol/limits.ts";

export const GATEWAY_LIMITS = {
  /** Bytes of one message of a client: the protocol's own limit. */
  messageBytesMax: MAX_CLIENT_MESSAGE_BYTES,
  /** Time for a client to say hello: before it, the client may not have signed in. */
  helloMsMax: 5_000,
  /** Messages a client may send at once: a page subscribes a dozen times when it opens. */
  messagesBurst: 60,
  /** Messages a client may send per second on average: a person who drags a slider sends 10. */
  messagesPerSecond: 20,
  /** Subscriptions of one client: a page shows a dozen panels. */
  subscriptionsMax: 64,
  /** Shortest interval of decimated samples, µs: the page's closest view. Whoever needs more detail takes every sample, which costs less. */
  decimationUsMin: 4_000,
  /** Work of decimation for one client a second (`payerOf`: a guest, or an address), in units of about 10 ns: a tenth of a core. A page that follows 200,000 samples/s uses a tenth of it. */
  decimationPerSecond: 10_000_000,
  /** The same at once: a page that opens is filled with minutes of samples. Half a second of a core. */
  decimationBurst: 50_000_000,
  /** Intervals in an answer of /api/history: by default a chart on a laptop, and at most one on a wall. */
  historyColumns: 1_000,
  historyColumnsMax: 4_096,
  /** Rows told and samples read from the log for one address a second, of about 50 ns: a tenth of a core. */
  historyPerSecond: 2_000_000,
  /** The same at once: a team that loads the page, with 50,000 rows each, and looks at old moments. */
  historyBurst: 20_000_000,
  /** Recordings that are open at once: each keeps up to 48 MiB of its past, and all share a processor with the live session. */
  recordingsOpenMax: 4,
  /** A recording that nobody has looked at for so long is closed: a page that is loaded again finds it where it was. */
  recordingIdleMs: 60_000,
  /** Results of a scan in one answer: some 100 kB. */
  scanResultsMax: 1_000,
  /** WebSocket and SSE connections in all that have signed in: at 2 µs a frame each, the core keeps half of the machine. */
  connectionsMax: 512,
  /** The same of one address: a program that follows 200 scans, beside many tabs and a team that shares a proxy. */
  connectionsPerAddressMax: 320,
  /** SSE connections in all: events are formatted as text for them, and a browser opens at most 6 to a host. */
  sseConnectionsMax: 128,
  /** Open sockets of any kind, idle ones included: below the usual limit of 1,024 descriptors. */
  socketsMax: 800,
  /** Of these, sockets on which nobody has signed in: enough for a whole team that loads the page at once. One more ends the oldest of them. */
  strangerSocketsMax: 256,
  /** The same of one address: a program that follows 200 scans opens all its sockets at one instant, and each is a stranger's until its request is read. */
  strangerSocketsPerAddressMax: 224,
  /** Signed-in sockets of one address: its connections, and as many requests at the same time. */
  socketsPerAddressMax: 512,
  /** Request line and headers in bytes: the default of Node, set explicitly so that both runtimes use it. */
  headerBytesMax: 16_384,
  /** Time for the headers, from the connection on, and for a whole request: a slow or silent sender occupies a socket that others need. */
  headersMsMax: 10_000,
  requestMsMax: 30_000,
  /** How often these two times are checked: with Node's default of 30 s a slow sender could stay four times as long. */
  slowCheckMs: 1_000,
  /** Body of a sign-in: it contains only a token. */
  bodyBytesMax: 4_096,
  /** Body of a command: the longest names a few hundred channels. */
  controlBytesMax: 65_536,
  /** Body of a push of samples: as much as a message of samples over the bus. */
  ingestBytesMax: MAX_INGEST_BYTES,
  /** Pushes of samples of one address at once, and per second on average: twice what a core shall take, for agents that catch up. */
  pushesBurst: 40_000,
  pushesPerSecond: 40_000,
  /** Requests of one address at once: a page loads a few dozen files. Those of strangers are counted apart, those of /healthz not at all. */
  requestsBurst: 400,
  /** Requests of one address per second on average: twenty programs that poll at 10 Hz. */
  requestsPerSecond: 200,
  /** Wrong tokens of one address before the answer is 429: a person may paste the wrong link a few times. The right token is always taken. */
  loginsBurst: 10,
  /** Wrong tokens regained per second. */
  loginsPerSecond: 0.2,
  /** Logins remembered: one more ends the oldest. */
  loginsMax: 1_024,
  /** Invitations that have not ended: a person can still look through so many. */
  invitationsMax: 256,
  /** Guests that have not ended: with the connections of a large team each. All are written at each change, in some milliseconds. */
  guestsMax: 1_024,
  /** Times that one invitation can be redeemed: a lecture hall. */
  invitationUsesMax: 1_000,
  /** Longest life of an invitation, s: a quarter. What is forgotten ends. */
  invitationSecondsMax: 7_776_000,
  /** Life of a ticket, s: it stands in a URL, which proxies may log, so it opens nothing after a minute. */
  ticketSeconds: 60,
  /** Addresses whose rates are remembered; those with full buckets are forgotten first. */
  addressesMax: 4_096,
  /** With more unread bytes a client gets no samples and only the newest states, until it has read half of them: a second of dashboard traffic. */
  conflateAboveBytes: 262_144,
  /** With more unread bytes, which are then mostly events, a client is cut; it resumes from its cursor when it can read again. */
  cutAboveBytes: 4_194_304,
  /** A client that lags for so long without recovering is cut. */
  laggingMsMax: 15_000,
  /** Messages of a back-fill are deflated from this length: for shorter ones the overhead and 0.1 ms of CPU cost more than they save. */
  compressAboveBytes: 1_024,
  /** Events read from the session at once when catching up. */
  eventsPage: 256,
  /** Frames of a back-fill written at once, while the core waits: 64 frames of 256 samples take under a millisecond. */
  backfillFrames: 64,
  /** Events in one answer of /api/events: by default, and at most. */
  pollEvents: 100,
  pollEventsMax: 1_000,
  /** Longest wait of a long poll: below the 30 s after which proxies give up. */
  pollWaitMsMax: 25_000,
  /** Interval of comments on SSE streams and of pings: below the usual 30-60 s after which proxies close silent connections. */
  keepAliveMs: 15_000,
  /** Time an SSE client waits before it reconnects. */
  sseRetryMs: 1_000,
  /** Time a client has to read the reason for its close, or for a refusal, before its socket ends. */
  closeGraceMs: 500,
  /** The same for a client that was cut because it reads slowly. */
  cutGraceMs: 5_000,
  /** Bytes of all dashboard files, which are held in memory. */
  staticBytesMax: 33_554_432,
} as const;

export type GatewayLimits = { readonly [Name in keyof typeof GATEWAY_LIMITS]: number };
