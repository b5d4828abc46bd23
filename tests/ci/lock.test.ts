/** package-lock.json serves `npm ci` on every platform, whichever registry it was made from. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { missingEntries } from "../../.ci/complete-lock.mjs";
import { ROOT } from "../../.ci/runtime.mjs";

test("the lock file contains the binaries of all platforms (node .ci/complete-lock.mjs adds what is missing)", () => {
  const lock = JSON.parse(readFileSync(join(ROOT, "package-lock.json"), "utf8"));
  assert.equal(missingEntries(lock), []);
});

test("a missing binary is added with version and platform from its name", () => {
  const optionalDependencies = {
    "@a/cli-linux-x64-musl": "1.2.3",
    "@a/cli-win32-arm64": "1.2.3",
    "@a/arm-eabi": "1.0.0",
  };
  const packages = {
    "node_modules/a": { dev: true, optionalDependencies },
    "node_modules/@a/cli-win32-arm64": {},
  };
  assert.equal(missingEntries({ packages }), [
    [
      "node_modules/@a/cli-linux-x64-musl",
      { version: "1.2.3", dev: true, optional: true, os: ["linux"], cpu: ["x64"], libc: ["musl"] },
    ],
  ]);
});

test.run();
