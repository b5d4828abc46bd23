/**
 * One error for everything that cannot be done as asked, as data from where it arises to where it is shown.
 *
 *   EigenwatchError ── ProtocolError ─┬─ MalformedMessage   not our grammar: answer with `refused`, or close that peer
 *                                     ├─ LimitExceeded      our grammar, but over a named limit: split it, or shed it
 *                                     ├─ UnknownVersion     written by a newer program: upgrade
 *                                     ├─ MalformedSubject   not a subject of ours: ignore the message
 *                                     └─ InvalidSetting     a person's typing: show it to them
 *
 * Decoders throw only ProtocolErrors, whatever the bytes. HTTP status and exit code are chosen from `kind` at the edge that shows the error;
 * nothing parses the message.
 */

/** Why it could not be done; the edge chooses status and exit code by it. */
export type ErrorKind =
  /** The words of a person or program: a wrong option, path, name or value. */
  | "usage"
  /** Bytes or data from outside that cannot be read. */
  | "input"
  /** Over a limit that has a name. */
  | "limit"
  /** No such session, file, command. */
  | "notFound"
  /** Something else is using it, or it is in another state. */
  | "conflict"
  /** May not. */
  | "denied"
  /** It cannot do anything now: halted, not ready, gone. */
  | "unavailable"
  /** What was checked does not hold: damage, a difference, a broken chain. */
  | "failed";

/**
 * Exit code of a program that ends with an error of this kind: 1 when the request was sound but could not be carried out, 2 when the request
 * itself must change.
 */
export function exitCodeOf(kind: ErrorKind): 1 | 2 {
  return kind === "failed" || kind === "unavailable" || kind === "conflict" ? 1 : 2;
}

export interface ErrorParts {
  /** What was being done, after "Cannot": "decode frame". */
  readonly action: string;
  /** What was met: "value[3] is NaN". */
  readonly value: string;
  /** What would have been right: "a finite number"; "" where there is nothing to say. */
  readonly expected?: string;
  /** Default "usage". */
  readonly kind?: ErrorKind;
}

export class EigenwatchError extends Error {
  override readonly name: string = "EigenwatchError";
  readonly action: string;
  readonly value: string;
  readonly expected: string;
  readonly kind: ErrorKind;

  constructor({ action, value, expected = "", kind = "usage" }: ErrorParts, options?: ErrorOptions) {
    super(`Cannot ${action}: ${value}${expected === "" ? "" : `; expected ${expected}`}`, options);
    this.action = action;
    this.value = value;
    this.expected = expected;
    this.kind = kind;
  }
}

/** What can go wrong with bytes and names from outside. */
export class ProtocolError extends EigenwatchError {
  override readonly name: string = "ProtocolError";

  constructor(action: string, value: string, expected: string, options?: ErrorOptions) {
    super({ action, value, expected, kind: "input" }, options);
  }
}

export class MalformedMessage extends ProtocolError {
  override readonly name = "MalformedMessage";
}

export class LimitExceeded extends ProtocolError {
  override readonly name = "LimitExceeded";
}

export class UnknownVersion extends ProtocolError {
  override readonly name = "UnknownVersion";
}

export class MalformedSubject extends ProtocolError {
  override readonly name = "MalformedSubject";
}

export class InvalidSetting extends ProtocolError {
  override readonly name = "InvalidSetting";
}

/** Long enough to recognise a value, short enough for one line of a log. */
const MAX_SHOWN = 60;

/** A value from outside as it may stand in an error: short, on one line, and never a throw. */
export function show(value: unknown): string {
  if (typeof value === "string") return quote(value);
  if (value === null || typeof value === "number" || typeof value === "boolean") return String(value);
  if (value instanceof Uint8Array) return `${value.length} bytes`;
  if (Array.isArray(value)) return `an array of ${value.length}`;
  return typeof value === "object" ? "a map" : typeof value;
}

function quote(text: string): string {
  const shown = text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text;
  return JSON.stringify(shown);
}
