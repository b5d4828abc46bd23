/** The wire changes with a step of its version only: recordings and clients of this version stay readable. */
import { readFileSync } from "node:fs";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { PROTOCOL_VERSION } from "../../protocol/versions.ts";
import { type KeptWire, unsteppedBreaks, wireBreaks, wireTable } from "./wire-table.ts";

const kept = JSON.parse(readFileSync(new URL("wire.json", import.meta.url), "utf8")) as KeptWire;

const STEP =
  "step PROTOCOL_VERSION (protocol/versions.ts), write the step from the older body to the newer into UPCASTERS, " +
  "then `node --import tsx tests/conformance/wire.write.ts` and golden.write.ts";

test("what an earlier program wrote is read: no message and no field of the kept table changed without a step of the version", () => {
  const breaks = unsteppedBreaks(kept, { version: PROTOCOL_VERSION, messages: wireTable() });
  assert.equal(breaks, [], `${breaks.join("; ")}: ${STEP}`);
});

test("the kept table is that of today", () => {
  assert.is(kept.version, PROTOCOL_VERSION);
  const stale =
    "the wire got a message or an optional field: `node --import tsx tests/conformance/wire.write.ts`";
  assert.equal(wireTable(), kept.messages, stale);
});

test("a break is one until the version is a greater one", () => {
  const { shed: _, ...messages } = wireTable();
  const breaks = (version: number) => unsteppedBreaks(kept, { version, messages });
  assert.equal(breaks(kept.version), ["shed is gone"]);
  assert.equal(breaks(kept.version + 1), []);
  assert.equal(breaks(kept.version - 1), [`the version is ${kept.version - 1}, was ${kept.version}`]);
});

test("what breaks readers is told from what they take", () => {
  const { shed, ...others } = wireTable();
  const fields = shed!.fields!;
  const earlier = { ...others, shed: shed! };
  const later = (row: Partial<typeof shed>) => ({ ...others, shed: { ...shed!, ...row } });
  const { reason, ...fewer } = fields;
  assert.equal(wireBreaks(earlier, earlier), []);
  assert.equal(wireBreaks(earlier, { ...earlier, more: shed! }), []);
  assert.equal(wireBreaks(earlier, later({ fields: { ...fields, more: "string?" } })), []);
  assert.equal(wireBreaks(earlier, later({ fields: { ...fields, reason: `${reason}?` } })), []);
  assert.equal(wireBreaks(earlier, others), ["shed is gone"]);
  assert.equal(wireBreaks(earlier, later({ code: 8 })), ["shed has code 8, was 7"]);
  assert.equal(wireBreaks(earlier, later({ fields: fewer })), [`shed.reason is gone, was ${reason}`]);
  assert.equal(wireBreaks(earlier, later({ fields: { ...fields, more: "string" } })), [
    "shed.more is new and must be there: string",
  ]);
  assert.match(wireBreaks(earlier, later({ maxBytes: 1 })).join(), "shed is at most 1, was");
});

test.run();
