// runtime: either
import process from "node:process";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { widenDiskPool } from "../../actors/command-line/run.ts";

const NAME = "UV_THREADPOOL_SIZE";

test("the program asks for more threads that wait for the disk, unless the environment says how many", () => {
  const before = process.env[NAME];
  try {
    delete process.env[NAME];
    widenDiskPool();
    assert.is(process.env[NAME], "16");
    process.env[NAME] = "8";
    widenDiskPool();
    assert.is(process.env[NAME], "8");
  } finally {
    if (before === undefined) delete process.env[NAME];
    else process.env[NAME] = before;
  }
});

test.run();
