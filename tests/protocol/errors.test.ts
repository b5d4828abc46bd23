// runtime: either
import { test } from "uvu";
import * as assert from "uvu/assert";
import * as errors from "../../protocol/errors.ts";
import { EigenwatchError, type ErrorKind, exitCodeOf, ProtocolError } from "../../protocol/errors.ts";

test("an error says what could not be done, the value, and what was expected where that is known", () => {
  const whole = new EigenwatchError({ action: "read x", value: "7", expected: "8" });
  assert.is(whole.message, "Cannot read x: 7; expected 8");
  assert.is(new EigenwatchError({ action: "read x", value: "7" }).message, "Cannot read x: 7");
});

test("an error is one of usage unless it says another kind; bytes that cannot be decoded are bad input", () => {
  assert.is(new EigenwatchError({ action: "a", value: "b" }).kind, "usage");
  assert.is(new EigenwatchError({ action: "a", value: "b", kind: "denied" }).kind, "denied");
  assert.is(new ProtocolError("a", "b", "c").kind, "input");
});

test("each class of errors has its own name, by which logs and answers tell them apart", () => {
  const classes = Object.entries(errors).filter(([, value]) => String(value).startsWith("class"));
  assert.ok(classes.length >= 7);
  for (const [name, value] of classes) {
    const parts = name === "EigenwatchError" ? [{ action: "a", value: "b" }] : ["a", "b", "c"];
    assert.is(Reflect.construct(value as typeof ProtocolError, parts).name, name);
  }
});

test("an error keeps its cause", () => {
  const cause = new Error("below");
  assert.is(new EigenwatchError({ action: "a", value: "b" }, { cause }).cause, cause);
});

test("exit code 1 means a sound request that could not be carried out, 2 a request that was wrong", () => {
  const codes: Record<ErrorKind, 1 | 2> = {
    usage: 2,
    input: 2,
    limit: 2,
    notFound: 2,
    conflict: 1,
    denied: 2,
    unavailable: 1,
    failed: 1,
  };
  for (const [kind, code] of Object.entries(codes)) assert.is(exitCodeOf(kind as ErrorKind), code, kind);
});

test.run();
