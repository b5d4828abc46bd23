/**
 * Writes golden.json anew, with new cases or a step of PROTOCOL_VERSION: these bytes are what recordings and peers hold. Refused when the bytes of
 * a case changed without that step.
 *
 *     node --import tsx tests/conformance/golden.write.ts [FILE]
 */
import { readFileSync, writeFileSync } from "node:fs";
import { type GoldenBytes, goldenBytes, unsteppedBytes } from "./golden-bytes.ts";

const file = process.argv[2] ?? new URL("golden.json", import.meta.url);
const now = goldenBytes();
const changed = unsteppedBytes(JSON.parse(readFileSync(file, "utf8")) as GoldenBytes, now);
if (changed.length > 0)
  throw new Error(
    `Cannot keep golden bytes: others of ${changed.join(", ")}; expected a step of PROTOCOL_VERSION`,
  );
writeFileSync(file, `${JSON.stringify(now, null, 2)}\n`);
