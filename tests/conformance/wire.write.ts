/**
 * Writes wire.json anew: after a new message or optional field, or with a step of PROTOCOL_VERSION and its steps in UPCASTERS. Refused when a
 * message or field changed without that step.
 *
 *     node --import tsx tests/conformance/wire.write.ts [FILE]
 */
import { readFileSync, writeFileSync } from "node:fs";
import { PROTOCOL_VERSION } from "../../protocol/versions.ts";
import { type KeptWire, unsteppedBreaks, wireTable } from "./wire-table.ts";

const file = process.argv[2] ?? new URL("wire.json", import.meta.url);
const now = { version: PROTOCOL_VERSION, messages: wireTable() };
const breaks = unsteppedBreaks(JSON.parse(readFileSync(file, "utf8")) as KeptWire, now);
if (breaks.length > 0)
  throw new Error(`Cannot keep the wire: ${breaks.join("; ")}; expected a step of PROTOCOL_VERSION`);
writeFileSync(file, `${JSON.stringify(now, null, 1)}\n`);
