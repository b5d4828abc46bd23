/**
 * Codes with which the server closes a connection to a shared document. Stock clients stop for good at 44xx and connect again after any other.
 */
export const CLOSE_CODES = {
  /** Bytes that are no message, or text where bytes are expected. */
  malformed: 4400,
  /** No ticket, a ticket that has ended, or somebody who was revoked. */
  unauthenticated: 4401,
  /** A viewer's change, somebody else's writer, a root or a type that the document does not have. */
  forbidden: 4403,
  /** There is no such session. */
  notFound: 4404,
  /** The document was replaced: what was edited before belongs to an earlier epoch. */
  epoch: 4409,
  /** More bytes or structs than the document takes. */
  tooLarge: 4413,
  /** The person has another role now: who connects again has that one, by a cookie at once, by a ticket with a new one. */
  otherRole: 4501,
  /** More messages than a person sends. */
  rate: 4529,
  /** The server stops, its log has halted, or the client reads too slowly. */
  unavailable: 1013,
} as const;

export type CloseCode = (typeof CLOSE_CODES)[keyof typeof CLOSE_CODES];
