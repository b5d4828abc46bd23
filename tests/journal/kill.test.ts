/** A real process, really killed. */
import { spawn } from "node:child_process";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { ownRuntime } from "../../.ci/runtime.mjs";
import { openJournal } from "../../actors/journal/file.ts";
import { scriptCommand } from "../support/bundles.ts";
import { block, collect, range, withFolder } from "./builders.ts";

const KILLS = process.env["EIGENWATCH_LONG"] === "1" ? 200 : 20;

/** The writer is killed after up to so many acknowledgements, which takes a tenth of a second. */
const LIFE_MAX = 100;

test("[J3] writer killed at any moment leaves every acknowledged block whole and in order", async () => {
  await withFolder(async (directory) => {
    let acknowledged = 0;
    for (let kill = 0; kill < KILLS; kill++) {
      acknowledged = Math.max(acknowledged, await writeUntilKilled(directory, kill, (kill * 37) % LIFE_MAX));
      const journal = await openJournal(directory, { readOnly: true });
      const last = journal.last?.number ?? 0;
      assert.ok(last >= acknowledged, `kill ${kill}: ${acknowledged} acknowledged, ${last} is the last`);
      const entries = await collect(journal);
      const numbers: number[] = [];
      for (const entry of entries) {
        assert.is.not(entry.kind, "damage");
        if (entry.kind !== "block") continue;
        const { number } = entry.block;
        assert.equal(entry.block, block(number, (number * 611) % 9000));
        numbers.push(number);
      }
      assert.equal(numbers, range(1, last), `kill ${kill}`);
      const snapshot = await journal.loadSnapshot({});
      if (snapshot !== null) assert.equal(snapshot.bytes, block(snapshot.block, 5000).bytes);
      await journal.close();
    }
    assert.ok(acknowledged > 10 * KILLS, `${acknowledged} blocks acknowledged over ${KILLS} lives`);
  });
});

/** Kills the writer when it has acknowledged `life` blocks, with others on their way. Returns the last one that it acknowledged. */
function writeUntilKilled(directory: string, seed: number, life: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const [path, ...args] = scriptCommand(ownRuntime(), "tests/journal/killed-writer.ts");
    const child = spawn(path!, [...args, directory, String(seed)], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    let printed = "";
    let errors = "";
    child.stderr.on("data", (chunk) => {
      errors += chunk;
    });
    child.stdout.on("data", (chunk) => {
      printed += chunk;
      // The first line is of what was there when it was opened.
      if (printed.split("\n").length - 2 >= life) child.kill("SIGKILL");
    });
    child.on("error", reject);
    child.on("close", (code, signal) => {
      if (signal !== "SIGKILL")
        return reject(new Error(`the writer ended with ${code ?? signal}: ${errors}`));
      const lines = printed.split("\n").slice(0, -1);
      resolve(Number(lines.at(-1) ?? 0));
    });
  });
}

test.run();
