/**
 * One error for every request that cannot be carried out. It stays data from where it arises to where it is shown.
 *
 *   EigenwatchError ── ProtocolError ─┬─ MalformedMessage   not of this protocol: answer with `refused`, or close that peer
 *                                     ├─ LimitExceeded      over a named limit: split it, or shed it
 *                                     ├─ UnknownVersion     written by a newer program: upgrade
 *                                     ├─ MalformedSubject   not a subject of this program: ignore the message
 *                                     └─ InvalidSetting     typed by a person: show it to them
 *
 * Decoders throw only ProtocolErrors, for any bytes. The edge that shows an error chooses HTTP status or exit code by its `kind`; nothing
 * parses its message.
 */

/** Why it could not be done. HTTP statuses by kind are in collab/gateway/http-error.ts, exit codes in `exitCodeOf`. */
export const ERROR_KINDS = [
  /** A request of a person or program is wrong: an option, path, name or value. */
  "usage",
  /** Bytes or data from outside that cannot be read. */
  "input",
  /** Over a limit that has a name. */
  "limit",
  /** No such session, file, command. */
  "notFound",
  /** Somebody else is using it, or it is in another state. */
  "conflict",
  /** Not allowed. */
  "denied",
  /** It does not work now: halted, not ready, gone. */
  "unavailable",
  /** A check failed: damage, a difference, a broken chain. */
  "failed",
] as const;

export type ErrorKind = (typeof ERROR_KINDS)[number];

/**
 * Exit code of a program that ends with an error of this kind: 1 when the request was sound but could not be carried out, 2 when the request
 * itself must change.
 */
export function exitCodeOf(kind: ErrorKind): 1 | 2 {
  return kind === "failed" || kind === "unavailable" || kind === "conflict" ? 1 : 2;
}

/** What somebody reads of anything that was thrown. */
export function errorText(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

export interface ErrorParts {
  /** What was being done, after "Cannot": "decode frame". */
  readonly action: string;
  /** What was found: "value[3] is NaN". */
  readonly value: string;
  /** What would have been right: "a finite number"; "" if that is obvious. */
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

/** A value from outside as an error shows it: short, on one line, and never a throw. */
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
