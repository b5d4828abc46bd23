/** Node 24 runs sources without a loader, by blanking their types: what it leaves must be JavaScript. */
import { execFileSync } from "node:child_process";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { findNode24, ROOT } from "../../.ci/runtime.mjs";
import { skip } from "../support/skip.ts";

/** Prints the files that it cannot read, each with the reason. */
const STRIP_ALL = `
import { globSync, readFileSync } from "node:fs";
import { stripTypeScriptTypes } from "node:module";
import { SourceTextModule } from "node:vm";
for (const file of globSync(["main.ts", "{protocol,actors,collab,sim}/**/*.ts"]))
  try {
    new SourceTextModule(stripTypeScriptTypes(readFileSync(file, "utf8")), { identifier: file });
  } catch (error) {
    console.log(file + ": " + error.message);
  }
`;

test("Node 24 reads every source without its types", () => {
  const node = findNode24();
  if (node === null) return skip("Node 24 is not there");
  const args = ["--no-warnings", "--experimental-vm-modules", "--input-type=module", "--eval", STRIP_ALL];
  assert.is(execFileSync(node.path, args, { cwd: ROOT, encoding: "utf8" }), "");
});

test.run();
