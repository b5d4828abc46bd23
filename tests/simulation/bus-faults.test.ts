// runtime: either
/** Each fault of the simulated bus is one that real servers were seen to have: SIMULATION.md says where, and that is there. */
import { readFileSync } from "node:fs";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { BRANCHES } from "../../sim/cluster/branches.ts";

/** Branches that only these faults reach: what the code does about them, or what the servers promise. */
const CONSEQUENCES: ReadonlySet<string> = new Set([
  "append found duplicate",
  "append uncertain",
  "append refused by the stream",
]);

const TABLE = /^\| fault \|.*\n\|[-|]+\n((?:\|.*\n)+)/m;

test("the table of the bus has each of its faults once, and nothing else", () => {
  const faults = [...BRANCHES]
    .filter(([name, { needs }]) => isOfBus(needs) && !CONSEQUENCES.has(name))
    .map(([name]) => name);
  // Of a bus it is that of the servers; of a disk it is another one.
  assert.equal(
    rows()
      .map(({ fault }) => fault)
      .sort(),
    [...faults, "snapshot lost"].sort(),
  );
});

test("each test and each section of the bench that the table names is there", () => {
  for (const { fault, shown } of rows()) {
    const [, file, name] = /^`(tests\/[^`]+)`, ([^;:]+)/.exec(shown) ?? [];
    if (file !== undefined) assert.match(read(file), `test("${name}`, `${fault}: ${name}`);
    else if (shown.startsWith("`bench cluster --only "))
      assert.match(read("sim/bench/cluster.ts"), `${/--only (\w+)/.exec(shown)![1]}: (`, fault);
    else assert.match(shown, /^the same/, `${fault}: expected a test, a section of the bench, or "the same"`);
  }
});

function isOfBus(needs: string | null): boolean {
  return needs === "network" || needs === "bus" || needs === "tail";
}

function rows(): { fault: string; shown: string }[] {
  const [, table = ""] = TABLE.exec(read("sim/SIMULATION.md")) ?? [];
  return table
    .trim()
    .split("\n")
    .map((line) => line.split("|").map((cell) => cell.trim()))
    .map(([, fault = "", , shown = ""]) => ({ fault: fault.replaceAll("`", ""), shown }));
}

function read(path: string): string {
  return readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");
}

test.run();
