// runtime: either
// slow
/** `record copy`: a back-up of a recording while it is written. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { isLockFile } from "../../actors/journal/mod.ts";
import { run, start } from "../support/program-run.ts";
import { temporaryDirectory } from "../support/recorded-run.ts";

const folder = temporaryDirectory();
const record = join(folder, "live");
const walk = "walk?channels=16&rate=4000&group=amber";

interface Copied {
  readonly partitions: readonly {
    readonly partition: string;
    readonly lastBlock: number;
    readonly lastSequence: number;
    readonly wasBeingWritten: boolean;
  }[];
}

interface Difference {
  readonly shared: { readonly block: number } | null;
}

async function copied(to: string): Promise<Copied> {
  const { code, stdout, stderr } = await run(["record", "copy", record, "--to", to, "--json"]);
  assert.is(code, 0, stderr);
  return JSON.parse(stdout) as Copied;
}

test("copies that are made while a session is recorded are its beginnings, verify, and can be gone on with", async () => {
  const options = ["--feed", walk, "--partitions", "2", "--record", record, "--port", "0", "--json"];
  const program = start(["up", ...options]);
  await program.line("listening");
  const copies: { to: string; partitions: Copied["partitions"] }[] = [];
  // The later ones find more: how much depends on the machine.
  for (let k = 1; copies.length < 3; k++) {
    const to = join(folder, `copy-${k}`);
    const { partitions } = await copied(to);
    if (partitions.some(({ lastSequence }) => lastSequence > 100)) copies.push({ to, partitions });
  }
  program.kill("SIGINT");
  assert.is((await program.ended).code, 0);
  for (const { to, partitions } of copies) {
    assert.ok(partitions.every(({ wasBeingWritten }) => wasBeingWritten));
    const names = readdirSync(to, { recursive: true }).map(String);
    assert.equal(
      names.filter((name) => isLockFile(name) || name.endsWith(".tmp")),
      [],
    );
    for (const args of [
      ["verify", to],
      ["replay", to, "--verify"],
    ]) {
      const { code, stdout, stderr } = await run(args);
      assert.is(code, 0, stdout + stderr);
    }
    // Of the whole only the end is missing: the last block of the copy is a block of both.
    const { others, ...first } = JSON.parse(
      (await run(["diff", to, record, "--json"])).stdout,
    ) as Difference & {
      others: readonly Difference[];
    };
    assert.equal(
      [first, ...others].map(({ shared }) => shared?.block).sort(),
      partitions.map(({ lastBlock }) => lastBlock).sort(),
    );
  }
  const [{ to, partitions }] = copies as [(typeof copies)[0]];
  const goesOn = await run([
    "up",
    "--feed",
    "walk?rate=max&duration=10s&group=birch",
    "--record",
    to,
    "--once",
    "--port",
    "0",
    "--json",
  ]);
  assert.is(goesOn.code, 0, goesOn.stderr);
  const stopped = JSON.parse(goesOn.stdout.trimEnd().split("\n").at(-1)!) as { inputs: number };
  assert.ok(stopped.inputs > partitions.reduce((sum, each) => sum + each.lastSequence, 0));
  assert.is((await run(["replay", to, "--verify"])).code, 0);
});

test("a folder that is there already is left alone, and what is no recording is named", async () => {
  const taken = await run(["record", "copy", record, "--to", join(folder, "copy-1")]);
  assert.is(taken.code, 2);
  assert.match(taken.stderr, "it is there already; expected a new folder");
  const none = await run(["record", "copy", folder, "--to", join(folder, "other")]);
  assert.is(none.code, 2);
  assert.match(none.stderr, "it holds no segment file");
});

test.run();
