/** Writes the documents that are made from the program itself. By itself: node .ci/task.mjs docs */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { GENERATED } from "./documents/mod.ts";
import { ROOT } from "./runtime.mjs";

for (const { path, make } of GENERATED) {
  writeFileSync(join(ROOT, path), await make());
  console.log(`wrote ${path}`);
}
