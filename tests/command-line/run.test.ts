// runtime: either
import process from "node:process";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { collectAside, type StartedProcess, widenDiskPool } from "../../actors/command-line/run.ts";

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

/** What a program that was started so begins anew with. */
function begunAnew(processors: number, started: Partial<StartedProcess> = {}): readonly string[] | null {
  let found: readonly string[] | null = null;
  const execve = (_file: string, args?: readonly string[]): never => {
    found = args ?? [];
    return undefined as never;
  };
  const plain = { argv: ["node", "main.mjs", "up", "--json"], execArgv: [], execPath: "node", env: {} };
  collectAside({ ...plain, execve, send: undefined, ...started } as StartedProcess, processors);
  return found;
}

test("what stays begins anew with one thread for collections where there is one processor, once", () => {
  const anew = ["node", "--v8-pool-size=1", "main.mjs", "up", "--json"];
  assert.equal(begunAnew(1), "Deno" in globalThis || process.platform === "win32" ? null : anew);
  assert.is(begunAnew(2), null);
  assert.is(begunAnew(1, { execArgv: ["--v8-pool-size=1"] }), null, "it has");
  assert.is(
    begunAnew(1, { env: { NODE_OPTIONS: "--no-warnings --v8-pool-size=2" } }),
    null,
    "somebody chose",
  );
  assert.is(begunAnew(1, { argv: ["node", "main.mjs", "inspect"] }), null, "it ends soon");
  assert.is(begunAnew(1, { execve: undefined }), null, "the runtime cannot");
  assert.is(begunAnew(1, { send: () => true }), null, "its parent talks to it");
});

test.run();
