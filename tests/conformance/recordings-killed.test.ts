// runtime: either
// slow
/**
 * A recording whose writer was killed: it verifies as far as it goes, goes on where it was, and ends as if nothing had happened.
 *
 * On one runtime: what it compares is the same state on each (recordings.test.ts), and writers are killed on each in tests/journal/kill.test.ts.
 */
import { spawnSync } from "node:child_process";
import { createWriteStream, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { finalState } from "../support/final-state.ts";
import { createProgramClient } from "../support/program-client.ts";
import { type Ended, type RunningProgram, run, start } from "../support/program-run.ts";
import { temporaryDirectory } from "../support/recorded-run.ts";
import { walkFile } from "../support/walk-table.ts";

/** Half as many again as the feed reads before its first frame. */
const ROWS = 6_000;
/** Where the tables stop until the program is killed, and the input that a client has been sent by then: one of many before that row. */
const HOLDS = [
  { row: 4_600, input: 80 },
  { row: 5_400, input: 150 },
];

const folder = temporaryDirectory();
/** Two tables, merged by time. The program reads them from named pipes, which have no more rows than this test has written. */
const tables = [walkFile(join(folder, "walk.csv"), ROWS), walkFile(join(folder, "second.csv"), ROWS, 5)].map(
  (path) => ({
    pipe: namedPipe(path.replace(".csv", ".pipe")),
    lines: readFileSync(path, "utf8").split("\n"),
  }),
);

function namedPipe(path: string): string {
  assert.is(spawnSync("mkfifo", [path]).status, 0, "mkfifo");
  return path;
}

/** The program over the first `rows` of the tables. It waits for more unless these are all. */
function startOver(rows: number, record: string): RunningProgram {
  const feeds = tables.flatMap(({ pipe }) => ["--feed", `file:${pipe}`]);
  const program = start(["up", ...feeds, "--once", "--record", record, "--port", "0", "--json"]);
  for (const { pipe, lines } of tables) {
    const writer = createWriteStream(pipe);
    // The reader is killed.
    writer.on("error", () => {});
    const text = `${lines.slice(0, rows + 1).join("\n")}\n`;
    if (rows >= ROWS) writer.end(text);
    else writer.write(text);
    program.ended.then(() => writer.destroy()).catch(() => {});
  }
  return program;
}

function runWhole(record: string): Promise<Ended> {
  return startOver(ROWS, record).ended;
}

test("a run that is killed twice leaves a recording that verifies, and ends like one that was not", async () => {
  const killed = join(folder, "killed");
  for (const { row, input } of HOLDS) {
    const program = startOver(row, killed);
    const { url } = await program.line("listening");
    await reached(String(url), input);
    program.kill("SIGKILL");
    assert.is((await program.ended).code, "SIGKILL");
    assert.not.match(program.stdout, '"what":"stopping"');
    const { code, stdout, stderr } = await run(["replay", killed, "--verify"]);
    assert.is(code, 0, stdout + stderr);
  }
  const last = await runWhole(killed);
  assert.is(last.code, 0, last.stderr);
  const verified = await run(["replay", killed, "--verify"]);
  assert.is(verified.code, 0, verified.stdout + verified.stderr);

  const whole = join(folder, "whole");
  assert.is((await runWhole(whole)).code, 0);
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
