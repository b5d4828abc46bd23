// runtime: either
/** docs/feeds.md and its example stay true. */
import { execFileSync, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { ownRuntime, ROOT } from "../../.ci/runtime.mjs";
import { systemClock } from "../../actors/clock.ts";
import { parseFeedSpec } from "../../actors/feeds/feed-spec.ts";
import { FEED_KINDS } from "../../actors/feeds/kinds.ts";
import { run } from "../support/program-run.ts";
import { program } from "../support/programs.ts";
import { skip } from "../support/skip.ts";
import { collectSpec } from "./collect.ts";

const EXAMPLES = join(ROOT, "docs", "examples");
const document = readFileSync(join(ROOT, "docs", "feeds.md"), "utf8");

test("docs/feeds.md names every kind of feed and every option", () => {
  for (const [kind, { options }] of Object.entries(FEED_KINDS)) {
    assert.match(document, new RegExp(`^#+ ${kind}$`, "m"));
    for (const option of Object.keys(options)) assert.ok(document.includes(`\`${option}\``), option);
  }
});

test("docs/feeds.md has examples that can be parsed", () => {
  const specs = [...document.matchAll(/--feed '?([^\s'`]+)'?/g)].map(([, spec = ""]) => spec);
  const examples = specs.filter((spec) => !spec.startsWith("KIND") && spec !== "none");
  assert.ok(examples.length > Object.keys(FEED_KINDS).length);
  for (const spec of examples) parseFeedSpec(spec);
});

test("docs/examples/rooms.csv is what its script writes", () => {
  const [path = "", ...options] = ownRuntime().builtCommand;
  const written = execFileSync(path, [...options, join(EXAMPLES, "rooms.mjs")], { encoding: "utf8" });
  assert.is(written, readFileSync(join(EXAMPLES, "rooms.csv"), "utf8"));
});

test("docs/examples/rooms.csv gives an incident of the cellar in the minute of its change", async () => {
  const { code, stdout, stderr } = await run([
    ...["up", "--feed", `file:${join(EXAMPLES, "rooms.csv")}`, "--once", "--port", "0"],
  ]);
  assert.is(code, 0, stderr);
  const shown = /2026-03-01T17:30:00\.000Z {2}notice {4}cellar jumped by 4\.01 \(usual: -0\.091 to 0\.095\)/;
  const [line = ""] = shown.exec(stdout) ?? [];
  assert.match(line, shown, stdout);
  assert.ok(document.includes(line));
});

test("docs/examples/states.py, which docs/feeds.md shows, streams states that the session takes", async () => {
  const example = readFileSync(join(EXAMPLES, "states.py"), "utf8");
  assert.ok(document.includes(example), "docs/feeds.md shows the example as it is");
  const python = program("python3");
  if (python === null) return skip("python3 is not installed");
  // Three states are enough.
  const brief = example.replace("range(1200)", "range(3)");
  assert.is.not(brief, example);
  const stdin = spawn(python, ["-c", brief], { stdio: ["ignore", "pipe", "inherit"] }).stdout;
  const { quanta, statuses } = await collectSpec("stdin?live=1", { stdin, clock: systemClock });
  assert.equal(
    quanta.map(({ type }) => type),
    ["densityMatrix", "densityMatrix", "densityMatrix"],
  );
  assert.is(statuses.at(-1)!.status, "ended", statuses.at(-1)!.detail);
});

test.run();
