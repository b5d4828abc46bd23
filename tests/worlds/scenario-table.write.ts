/** Writes the table of sim/worlds/SCENARIOS.md anew: `node --import tsx tests/worlds/scenario-table.write.ts`. */
import { readFileSync, writeFileSync } from "node:fs";
import { scenarioTable } from "../../sim/worlds/command/scenario-table.ts";

const path = new URL("../../sim/worlds/SCENARIOS.md", import.meta.url);
const text = readFileSync(path, "utf8");
writeFileSync(
  path,
  text.replace(/\| scenario \|[\s\S]*?\n\n/, () => `${scenarioTable()}\n\n`),
);
