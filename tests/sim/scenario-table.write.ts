/** Writes the table of sim/feeds/SCENARIOS.md anew: `node --import tsx tests/sim/scenario-table.write.ts`. */
import { readFileSync, writeFileSync } from "node:fs";
import { scenarioTable } from "../../sim/feed-command/scenario-table.ts";

const path = new URL("../../sim/feeds/SCENARIOS.md", import.meta.url);
const text = readFileSync(path, "utf8");
writeFileSync(
  path,
  text.replace(/\| scenario \|[\s\S]*?\n\n/, () => `${scenarioTable()}\n\n`),
);
