// runtime: either
/** `up` whose journal halts: the lock of its recording is deleted while it writes. */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { openRecording } from "../../actors/mod.ts";
import { type OutputLine, run, start } from "../support/program-run.ts";
import { temporaryDirectory } from "../support/recorded-run.ts";

test("up ends with 1 when its recording is taken away, and its last line counts what is in the log", async () => {
  const record = join(temporaryDirectory(), "taken");
  const program = start([
    "up",
    "--feed",
    "synth:regime-switching?rate=2000",
    "--record",
    record,
    "--port",
    "0",
    "--json",
  ]);
  await program.line("listening");
  rmSync(join(record, "journal.lock"));
  const { code, stdout } = await program.ended;
  assert.is(code, 1);
  assert.match(stdout, "its journal.lock is gone; nothing was overwritten");
  const stopped = JSON.parse(stdout.trimEnd().split("\n").at(-1)!) as OutputLine;
  assert.is(stopped.what, "stopped");
  const journal = await openRecording(record);
  assert.is(stopped["inputs"], journal.last!.lastSequence);
  await journal.close();
  assert.ok((stopped["lost"] as number) > 0, JSON.stringify(stopped));
  assert.is(stopped["hash"], undefined);
  const { stdout: described } = await run(["inspect", record, "--json"]);
  assert.is(JSON.parse(described).lastSequence, stopped["inputs"]);
});

test.run();
