/** Reference data is ours or it is none: a folder of the same name that holds something else makes tests skip, not fail. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { temporaryDirectory } from "../support/recorded-run.ts";
import { shared, skipWithoutData } from "../support/shared.ts";

/** The reasons that `act` gives; they are not skips of this file. */
function reasonsOf(act: () => void): string[] {
  const before = globalThis.EIGENWATCH_SKIPS;
  globalThis.EIGENWATCH_SKIPS = [];
  try {
    act();
    return globalThis.EIGENWATCH_SKIPS;
  } finally {
    globalThis.EIGENWATCH_SKIPS = before;
  }
}

test("a folder called shared that is not ours is no reference data, and the skip says so", () => {
  const folder = temporaryDirectory();
  mkdirSync(join(folder, "data", "market"), { recursive: true });
  assert.is(shared("market/prices.csv.gz", folder), null);
  assert.match(
    reasonsOf(() => skipWithoutData(folder))[0]!,
    /^no reference data beside the checkout: .* holds no data\/oracle\/states\.json\.gz$/,
  );
});

test("without such a folder there is no reference data", () => {
  const folder = join(temporaryDirectory(), "shared");
  assert.is(shared("market/prices.csv.gz", folder), null);
  assert.equal(
    reasonsOf(() => skipWithoutData(folder)),
    ["no reference data beside the checkout"],
  );
});

test("a file that our data lacks is an error, not a skip", () => {
  const folder = temporaryDirectory();
  mkdirSync(join(folder, "data", "oracle"), { recursive: true });
  writeFileSync(join(folder, "data", "oracle", "states.json.gz"), "");
  assert.ok(shared("oracle/states.json.gz", folder)?.endsWith("states.json.gz"));
  assert.throws(
    () => shared("market/prices.csv.gz", folder),
    /Cannot find reference data market\/prices\.csv\.gz/,
  );
});

test.run();
