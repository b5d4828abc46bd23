// runtime: either
import { readFileSync } from "node:fs";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { scenarioTable } from "../../sim/worlds/command/scenario-table.ts";

test("SCENARIOS.md has the table of all scenarios (scenario-table.write.ts writes it)", () => {
  const text = readFileSync(new URL("../../sim/worlds/SCENARIOS.md", import.meta.url), "utf8");
  assert.ok(text.includes(`\n\n${scenarioTable()}\n\n`));
});

test.run();
