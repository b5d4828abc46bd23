import { readFileSync } from "node:fs";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { MUTANTS } from "./all.ts";

const ROOT = new URL("../../../", import.meta.url);

test("[M1] each file contains the text of its patch exactly once", () => {
  for (const { name, file, find } of MUTANTS) {
    const places = readFileSync(new URL(file, ROOT), "utf8").split(find).length - 1;
    assert.is(places, 1, `${name}: ${places} places in ${file} for ${JSON.stringify(find)}`);
  }
});

test("[M1] each patch changes its file", () => {
  for (const { name, find, replace } of MUTANTS) assert.is.not(find, replace, name);
});

test("names are unique, and no two bugs are the same patch", () => {
  assert.is(new Set(MUTANTS.map(({ name }) => name)).size, MUTANTS.length);
  const patches = MUTANTS.map(({ file, find, replace }) => JSON.stringify([file, find, replace]));
  assert.is(new Set(patches).size, patches.length);
});

test("there are at least forty-four", () => assert.ok(MUTANTS.length >= 44, `${MUTANTS.length}`));

test.run();
