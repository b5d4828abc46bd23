/** Where a program leaves notes for other commands of the same user, and whose notes it believes. */
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { readUserState, removeUserState, userStates, writeUserState } from "../../collab/live/user-state.ts";
import { EigenwatchError } from "../../protocol/errors.ts";

const before = process.env["XDG_RUNTIME_DIR"];
let home = "";

test.before.each(() => {
  home = mkdtempSync(join(tmpdir(), "eigenwatch-state-"));
  process.env["XDG_RUNTIME_DIR"] = home;
});

test.after.each(() => {
  if (before === undefined) delete process.env["XDG_RUNTIME_DIR"];
  else process.env["XDG_RUNTIME_DIR"] = before;
  rmSync(home, { recursive: true, force: true });
});

test("what was written is read, in a folder and a file of the user alone", () => {
  assert.equal(userStates("demo"), []);
  assert.is(readUserState("demo.json"), null);
  writeUserState("demo.json", "first");
  writeUserState("demo.json", "second");
  assert.is(readUserState("demo.json"), "second");
  const folder = join(home, "eigenwatch");
  assert.equal(readdirSync(folder), ["demo.json"]);
  assert.is(statSync(folder).mode & 0o777, 0o700);
  assert.is(statSync(join(folder, "demo.json")).mode & 0o777, 0o600);
  writeUserState("demo-2.json", "another");
  writeUserState("other.json", "another");
  assert.equal(userStates("demo"), ["demo-2.json", "demo.json"]);
  removeUserState("demo.json");
  assert.is(readUserState("demo.json"), null);
});

test("a file or folder that others may write is refused, with what to do", () => {
  writeUserState("demo.json", "ours");
  chmodSync(join(home, "eigenwatch", "demo.json"), 0o666);
  assert.throws(
    () => readUserState("demo.json"),
    (error: unknown) =>
      error instanceof EigenwatchError &&
      error.kind === "denied" &&
      /others may write it \(mode 666\); expected a file and folder that you alone can write/.test(
        error.message,
      ),
  );
  chmodSync(join(home, "eigenwatch"), 0o777);
  assert.throws(() => writeUserState("demo.json", "ours"), /others may write it \(mode 777\)/);
});

test("a link that stands where the file goes is replaced, and what it names stays", () => {
  mkdirSync(join(home, "eigenwatch"), { mode: 0o700 });
  const elsewhere = join(home, "elsewhere");
  writeFileSync(elsewhere, "theirs");
  symlinkSync(elsewhere, join(home, "eigenwatch", "demo.json"));
  writeUserState("demo.json", "ours");
  assert.is(readUserState("demo.json"), "ours");
  assert.ok(existsSync(elsewhere) && statSync(elsewhere).size === "theirs".length);
});

test.run();
