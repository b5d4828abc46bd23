/** The processes of a benchmark. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "uvu";
import { Child } from "../../sim/bench/child.ts";

test("a child process may be stopped twice, and after it has ended", async () => {
  const folder = mkdtempSync(join(tmpdir(), "eigenwatch-child-"));
  const script = join(folder, "child.mjs");
  writeFileSync(script, 'import process from "node:process"; process.stdin.resume();');
  const child = new Child(script, []);
  await child.stop();
  await child.stop();
  rmSync(folder, { recursive: true });
});

test.run();
