/** Expecting that bytes, names or settings are refused, and with which words. */
import * as assert from "uvu/assert";
import type { ProtocolError } from "../../protocol/errors.ts";

/** The error that `act` throws; it must be of this class and its message must match. */
export function refuses(
  act: () => unknown,
  kind: new (...parts: never[]) => ProtocolError,
  pattern: RegExp,
): ProtocolError {
  try {
    act();
  } catch (error) {
    assert.instance(error, kind);
    assert.match((error as ProtocolError).message, pattern);
    return error as ProtocolError;
  }
  throw new assert.Assertion({
    message: `expected a refusal like ${pattern}`,
    generated: false,
    operator: "throws",
    expects: pattern.source,
    actual: "nothing thrown",
  });
}
