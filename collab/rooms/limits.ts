/** Every limit of the connections to shared documents, with the reason for its value. */
import { MAX_PRESENCE_ENTRIES } from "../../protocol/limits.ts";

export const ROOM_LIMITS = {
  /** Bytes of one message: far more than an edit may have, so that the refusal can say so. */
  messageBytesMax: 1_048_576,
  /** Time until the first message: a stock client sends one when it is connected. */
  firstMessageMsMax: 10_000,
  /** Edits at once, and per second on average: a person who types makes ten a second, a program that fills a document a few hundred. */
  editsBurst: 600,
  editsPerSecond: 200,
  /**
   * Writers that a person may bring into a document at once, and per second on average: a page has one each time it is loaded and edited. Each is in
   * every state vector for as long as the document's epoch lasts.
   */
  newWritersBurst: 64,
  newWritersPerSecond: 1 / 30,
  /** People whose writers are counted; who has brought none for an hour is as good as new. */
  newWritersPeople: 4_096,
  /**
   * Writers above which a document is made anew, in the next epoch, when nobody is connected; and above which it is also when people are, whose pages
   * then load again. A thousand take 5 kB in each state vector and 50 ms in each page that loads; ten thousand 50 kB and a quarter of a second.
   */
  epochWriters: 1_024,
  epochWritersMax: 8_192,
  /** Edits of one client that are judged as one when they came in one turn, and their bytes: a fraction of what one edit may have. */
  togetherMax: 64,
  togetherBytesMax: 65_536,
  /** Requests for the state at once, and per second: a client asks once for each connection. */
  stateRequestsBurst: 8,
  stateRequestsPerSecond: 1,
  /** Presence messages at once, and per second. Stock clients send every change that they receive back, so one over it is dropped, not punished. */
  presenceBurst: 4_000,
  presencePerSecond: 2_000,
  /** Bytes at once, and per second, of all that a client sends. */
  bytesBurst: 8_388_608,
  bytesPerSecond: 1_048_576,
  /** Pings at once, and per second: each is answered. */
  pingsBurst: 20,
  pingsPerSecond: 2,
  /** Shortest time between two requests for what a client did not send. */
  gapEveryMs: 500,
  /** Characters of what one person shows of themselves. */
  presenceCharacters: 4_096,
  /** Entries of one presence message: a stock client sends back what one message brought, which is at most everybody. */
  presenceEntries: MAX_PRESENCE_ENTRIES,
  /** Ids that one connection may have: Yjs draws a new one when two clients had the same. */
  presenceIds: 4,
  /** The clock of a presence grows by one a change. */
  presenceClockStep: 1_000_000,
  /** Presence of people who have left is remembered, so that an echo does not bring them back. */
  presenceLeftMax: 4_096,
  /** Least time between two presence messages to all: 20 a second look smooth. */
  presenceEveryMs: 50,
  /** A sign of life without a change is passed on this rarely: clients forget somebody after 30 s. */
  presenceRenewMs: 14_000,
  /** Other gateways that said nothing for so long are gone, and entries of theirs that were not renewed: two renewals may be lost. */
  othersSilentMs: 40_000,
  /** An empty message keeps stock clients connected, which close after 30 s without one. */
  keepAliveMs: 15_000,
  /** Bytes of one message of a large state: stock clients close after 30 s without a whole message, also where the line is slow. */
  partBytes: 262_144,
  /**
   * Rest after a change was sent to all, in times of what that took, and the longest: with five hundred clients a frame takes some 4 ms. So sending takes
   * a third of the processor at most, edits have the rest, and nobody waits for longer than is felt.
   */
  restPerSend: 2,
  restMsMax: 50,
  /** Edits are judged and made durable so long before sending goes on: what comes later leaves with the frame after. */
  offerAheadMs: 5,
  /** With more unread bytes a client gets nothing, and one difference when it has read them. */
  skipAboveBytes: 1_048_576,
  /** With more unread bytes, or unread for so long, a client is ended; it connects again and asks for what it lacks. */
  endAboveBytes: 16_777_216,
  unreadMsMax: 20_000,
} as const;
