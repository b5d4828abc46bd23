/** A recording whose writer was killed: it verifies as far as it goes, goes on where it was, and ends as if nothing had happened. */
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { finalState } from "../support/final-state.ts";
import { createProgramClient } from "../support/program-client.ts";
import { run, start } from "../support/program-run.ts";
import { temporaryDirectory } from "../support/recorded-run.ts";
import { walkFile } from "../support/walk-table.ts";

const ROWS = 1_600;
const folder = temporaryDirectory();
const table = walkFile(join(folder, "walk.csv"), ROWS);
const second = walkFile(join(folder, "second.csv"), ROWS, 5);

/** Two files, merged by time. Paced, so that there is a middle to be killed in; frames are cut by the table and the speed, so the speed stays the same. */
const args = (record: string) => [
  ...[
    "up",
    "--feed",
    `file:${table}?speed=800`,
    "--feed",
    `file:${second}?speed=800`,
    "--once",
    "--record",
    record,
    "--port",
    "0",
    "--json",
  ],
];

test("a run that is killed twice leaves a recording that verifies, and ends like one that was not", async () => {
  const killed = join(folder, "killed");
  for (const inputs of [500, 1_500]) {
    const program = start(args(killed));
    const { url } = await program.line("listening");
    await reached(String(url), inputs);
    program.kill("SIGKILL");
    assert.is((await program.ended).code, "SIGKILL");
    assert.not.match(program.stdout, '"what":"stopping"');
    const { code, stdout, stderr } = await run(["replay", killed, "--verify"]);
    assert.is(code, 0, stdout + stderr);
  }
  const last = await run(args(killed));
  assert.is(last.code, 0, last.stderr);
  const verified = await run(["replay", killed, "--verify"]);
  assert.is(verified.code, 0, verified.stdout + verified.stderr);

  const whole = join(folder, "whole");
  assert.is((await run(args(whole))).code, 0);
  const [mine, expected] = [await finalState(killed), await finalState(whole)];
  assert.is(mine.samples, 8 * ROWS, "none lost, none doubled");
  assert.is(expected.samples, 8 * ROWS);
  assert.ok(expected.events.length >= 3);
  assert.equal(mine.events, expected.events);
  assert.equal([...mine.fields.keys()], [...expected.fields.keys()]);
  for (const [key, value] of expected.fields) assert.equal(mine.fields.get(key), value, key);
});

/** Resolves when a client has been sent the given input. */
async function reached(url: string, inputs: number): Promise<void> {
  await new Promise<void>((resolve) => {
    const client = createProgramClient({
      url,
      handlers: {
        samples(_frame, inputSequence) {
          if (inputSequence < inputs) return;
          client.stop();
          resolve();
        },
      },
    });
    client.subscribe({ channel: "samples", after: 0 });
    client.start();
  });
}

test.run();
