// runtime: either
// slow
/** Some deliberate bugs are built and run: the simulator catches them, and corpus cases break their rules under them. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { type EigenwatchError, exitCodeOf } from "../../../protocol/errors.ts";
import { run } from "../../../sim/cluster/run.ts";
import type { ScenarioName } from "../../../sim/cluster/scenarios.ts";
import { readCorpus } from "../corpus.ts";
import { MUTANTS, type Mutant } from "./all.ts";
import { bundleWorlds } from "./build.ts";
import { askWorlds, confirmCatches, runControl, runMutants, SCENARIOS_IN_TURN } from "./run.ts";

const TIMEOUT_MS = 120_000;

/** The first seeds catch them: one each of the core, the output gate, the journal, the gateway. */
const QUICK = ["high-water-too-low", "publish-before-durable", "batch-overwritten", "resume-off-by-one"];

test("bugs of four parts are caught within a few seeds", async () => {
  const mutants = MUTANTS.filter(({ name }) => QUICK.includes(name));
  const request = { scenarios: ["single"] as const, seeds: 10, shrinkMs: 0 };
  const results = await runMutants({ mutants, request, jobs: 2, timeoutMs: TIMEOUT_MS });
  assert.is(results.length, QUICK.length);
  for (const { mutant, failure } of results) assert.ok(failure !== null, `${mutant.name} was missed`);
  const worlds = new Set(results.map(({ failure }) => failure!.seed));
  assert.is(
    await confirmCatches(results, TIMEOUT_MS),
    worlds.size,
    "the program as it is finds nothing there",
  );
});

test("a world that finds something without a mutant catches none", async () => {
  let seed = 1;
  while ((await run({ seed, scenario: "canary" })).violation === null) seed++;
  const failure = { seed, scenario: "canary", rule: "J1", what: "lost" } as const;
  try {
    await confirmCatches([{ failure: null }, { failure }], TIMEOUT_MS);
  } catch (error) {
    const found = `scenario canary, seed ${seed}, finds `;
    return assert.ok((error as Error).message.includes(found), String(error));
  }
  assert.unreachable("it was confirmed");
});

/** A program that ends when it starts. */
const DEAD: Mutant = {
  name: "dead-at-start",
  bug: "the process throws when it starts",
  file: "tests/simulation/mutants/worlds-process.ts",
  find: "async function answer(request: WorldsRequest): Promise<WorldsAnswer> {",
  replace: `throw new Error("no world today");
async function answer(request: WorldsRequest): Promise<WorldsAnswer> {`,
};

test("a bug whose process dies is not caught, and the reason is kept", async () => {
  const request = { scenarios: ["single"] as const, seeds: 1, shrinkMs: 0 };
  const [result] = await runMutants({ mutants: [DEAD], request, jobs: 1, timeoutMs: TIMEOUT_MS });
  assert.is(result!.failure, null);
  assert.is(result!.broken?.how, "died");
  assert.match(result!.broken!.errors, /no world today/);
});

test("the control finds nothing in the program as it is, in the scenarios that hunt mutants", async () => {
  const control = await runControl({ scenarios: SCENARIOS_IN_TURN, seeds: 1, minutes: 0.5 }, TIMEOUT_MS);
  assert.equal(
    control.map(({ scenario, seeds }) => [scenario, seeds]),
    SCENARIOS_IN_TURN.map((scenario) => [scenario, 1]),
  );
  assert.ok(control.every(({ events }) => events > 0));
});

test("the control fails, with the scenario, where the program as it is dies or breaks a rule", async () => {
  const failure = async (scenario: ScenarioName, changed: Mutant | null): Promise<EigenwatchError> => {
    try {
      await runControl({ scenarios: [scenario], seeds: 5 }, TIMEOUT_MS, changed);
    } catch (error) {
      return error as EigenwatchError;
    }
    return assert.unreachable("the control passed") as never;
  };
  const dead = await failure("single", DEAD);
  assert.match(dead.message, /died in scenario single: .*no world today/s);
  assert.is(exitCodeOf(dead.kind), 1);
  // The disk of the canary loses what it acknowledged.
  assert.match(
    (await failure("canary", null)).message,
    /scenario canary, seed \d, finds .* in the program as it is/,
  );
});

test("the canary, a disk that acknowledges what it has not stored, is caught", async () => {
  let isCaught = false;
  for (let seed = 1; seed <= 5 && !isCaught; seed++)
    isCaught = (await run({ seed, scenario: "canary" })).violation !== null;
  assert.ok(isCaught);
});

/** Three are enough: building takes longer than running. */
const proofs = readCorpus()
  .filter(({ case: { mutant } }) => mutant !== null)
  .slice(0, 3);

for (const { file, case: one } of proofs) {
  test(`[C2] ${file} breaks its rule under its mutant`, async () => {
    const mutant = MUTANTS.find(({ name }) => name === one.mutant)!;
    const folder = await mkdtemp(join(tmpdir(), "eigenwatch-case-"));
    try {
      const bundle = join(folder, "worlds.mjs");
      await bundleWorlds(mutant, bundle);
      const request = { scenarios: [], seeds: 0, shrinkMs: 0, case: one };
      const { failure } = await askWorlds(bundle, request, TIMEOUT_MS);
      assert.is(failure?.rule, one.rule, failure?.what ?? "no rule was broken");
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
}

test.run();
