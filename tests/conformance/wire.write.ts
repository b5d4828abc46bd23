/**
 * Writes wire.json anew: after a new message or optional field, or with a step of PROTOCOL_VERSION and its steps in UPCASTERS.
 *
 *     node --import tsx tests/conformance/wire.write.ts
 */
import { writeFileSync } from "node:fs";
import { PROTOCOL_VERSION } from "../../protocol/versions.ts";
import { wireTable } from "./wire-table.ts";

const table = { version: PROTOCOL_VERSION, messages: wireTable() };
writeFileSync(new URL("wire.json", import.meta.url), `${JSON.stringify(table, null, 1)}\n`);
