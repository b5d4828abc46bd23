// timeout: 300
// runtime: node
/** Some deliberate bugs are built and run: the simulator catches them, and corpus cases break their rules under them. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { run } from "../../../sim/cluster/run.ts";
import { readCorpus } from "../corpus.ts";
import { MUTANTS } from "./all.ts";
import { bundleWorlds } from "./build.ts";
import { askWorlds, runMutants } from "./run.ts";

const TIMEOUT_MS = 120_000;

/** The first seeds catch them: one each of the core, the output gate, the journal, the gateway. */
const QUICK = ["high-water-too-low", "publish-before-durable", "batch-overwritten", "resume-off-by-one"];

test("bugs of four parts are caught within a few seeds", async () => {
  const mutants = MUTANTS.filter(({ name }) => QUICK.includes(name));
  const request = { scenarios: ["single"] as const, seeds: 10, shrinkMs: 0 };
  const results = await runMutants({ mutants, request, jobs: 2, timeoutMs: TIMEOUT_MS });
  assert.is(results.length, QUICK.length);
  for (const { mutant, failure } of results) assert.ok(failure !== null, `${mutant.name} was missed`);
});

test("the canary, a disk that acknowledges what it has not stored, is caught", async () => {
  let caught = 0;
  for (let seed = 1; seed <= 5; seed++) {
    const { violation } = await run({ seed, scenario: "canary" });
    if (violation !== null) caught++;
  }
  assert.ok(caught > 0);
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
