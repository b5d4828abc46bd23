// runtime: either
import process from "node:process";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { fuzz } from "./fuzz.ts";

const INPUTS = process.env["EIGENWATCH_LONG"] === "1" ? 1_000_000 : 50_000;

test("[K3] mutated messages are decoded or refused, and most reach a body", () => {
  const counts = fuzz(INPUTS, 20_240_501);
  console.log(JSON.stringify(counts));
  assert.ok(
    counts.envelope >= 0.3 * counts.inputs,
    `${counts.envelope} of ${counts.inputs} passed the envelope`,
  );
  assert.is(
    counts.decoded + counts.unknown + counts.malformed + counts.limit + counts.version,
    counts.inputs,
  );
  for (const outcome of ["decoded", "unknown", "malformed", "limit", "version"] as const)
    assert.ok(counts[outcome] > 0, `no input was ${outcome}`);
});

test("the same seed gives the same inputs", () => {
  assert.equal(fuzz(2000, 5), fuzz(2000, 5));
});

test.run();
