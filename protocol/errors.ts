/**
 * What can go wrong with bytes and names from outside: one class per thing a caller handles differently.
 *
 *   ProtocolError ─┬─ MalformedMessage   not our grammar: answer with `refused`, or close that peer
 *                  ├─ LimitExceeded      our grammar, but over a named limit: split it, or shed it
 *                  ├─ UnknownVersion     written by a newer program: upgrade
 *                  ├─ MalformedSubject   not a subject of ours: ignore the message
 *                  └─ InvalidSetting     a person's typing: show it to them
 *
 * Nothing else leaves a decoder, whatever the bytes.
 */
export class ProtocolError extends Error {
  override readonly name: string = "ProtocolError";
  /** What was being done: "decode frame". */
  readonly action: string;
  /** What was met: "value[3] is NaN". */
  readonly value: string;
  /** What would have been right: "a finite number". */
  readonly expected: string;

  constructor(action: string, value: string, expected: string, options?: ErrorOptions) {
    super(`Cannot ${action}: ${value}, expected ${expected}`, options);
    this.action = action;
    this.value = value;
    this.expected = expected;
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
