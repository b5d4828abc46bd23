// runtime: either
/** Failures of the past do not come back. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { caseFile, parseCase, printCase, runCase } from "../../sim/cluster/corpus.ts";
import { readCorpus } from "./corpus.ts";
import { MUTANTS } from "./mutants/all.ts";

const corpus = readCorpus();

for (const { file, case: one } of corpus) {
  test(`[C1] ${file}: ${one.bug}`, async () => {
    const { violation } = await runCase(one);
    assert.is(violation, null, `broken again: ${violation?.rule}: ${violation?.what}`);
  });
}

test("every case is filed by its rule and seed, and names a mutant that exists or none", () => {
  for (const { file, case: one } of corpus) {
    assert.is(file, caseFile(one));
    if (one.mutant !== null)
      assert.ok(
        MUTANTS.some(({ name }) => name === one.mutant),
        one.mutant,
      );
  }
});

test("a case is read back as it was printed", () => {
  for (const { file, case: one } of corpus) assert.equal(parseCase(printCase(one), file), one);
});

test("a file that is no case is refused by name", () => {
  assert.throws(() => parseCase('{"rule":1}', "x.json"), /Cannot read corpus case x\.json: /);
  assert.throws(() => parseCase("nonsense", "y.json"), /Cannot read corpus case y\.json: /);
});

test.run();
