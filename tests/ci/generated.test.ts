/** The documents that are made from the program say what it does: names, defaults and help of commands, settings and their ranges. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { checkGenerated } from "../../.ci/checks/generated.ts";
import { GENERATED } from "../../.ci/documents/mod.ts";
import { ROOT } from "../../.ci/runtime.mjs";

for (const { path, make } of GENERATED)
  test(`${path} is what the program makes of itself`, async () => {
    assert.equal(checkGenerated(path, await make(), readFileSync(join(ROOT, path), "utf8")), []);
  });

test.run();
