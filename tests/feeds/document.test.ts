/** docs/feeds.md and its example stay true. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { ownRuntime, ROOT } from "../../.ci/runtime.mjs";
import { parseFeedSpec } from "../../actors/feeds/feed-spec.ts";
import { FEED_KINDS } from "../../actors/feeds/kinds.ts";
import { run } from "../support/program-run.ts";

const EXAMPLES = join(ROOT, "docs", "examples");
const document = readFileSync(join(ROOT, "docs", "feeds.md"), "utf8");

test("docs/feeds.md names every kind of feed and every option", () => {
  for (const [kind, { options }] of Object.entries(FEED_KINDS)) {
    assert.match(document, new RegExp(`^#+ ${kind}$`, "m"));
    for (const option of Object.keys(options)) assert.ok(document.includes(`\`${option}\``), option);
  }
});

test("docs/feeds.md has examples that can be parsed", () => {
  const specs = [...document.matchAll(/--feed '?([^\s']+)'?/g)].map(([, spec = ""]) => spec);
  const examples = specs.filter((spec) => !spec.startsWith("KIND"));
  assert.ok(examples.length > Object.keys(FEED_KINDS).length);
  for (const spec of examples) parseFeedSpec(spec);
});

test("docs/examples/rooms.csv is what its script writes", () => {
  const [path = "", ...options] = ownRuntime().builtCommand;
  const written = execFileSync(path, [...options, join(EXAMPLES, "rooms.mjs")], { encoding: "utf8" });
  assert.is(written, readFileSync(join(EXAMPLES, "rooms.csv"), "utf8"));
});

test("docs/examples/rooms.csv gives an incident of the cellar that is as old as its change", async () => {
  const { code, stdout, stderr } = await run([
    ...["up", "--feed", `file:${join(EXAMPLES, "rooms.csv")}`, "--once", "--port", "0"],
  ]);
  assert.is(code, 0, stderr);
  // 29 minutes after the change at 17:30.
  const shown =
    /2026-03-01T17:59:00\.000Z {2}warning {3}cellar jumped by 4\.01 \(usual: -0\.091 to 0\.095\).* for 29 min/;
  const [line = ""] = shown.exec(stdout) ?? [];
  assert.match(line, shown, stdout);
  assert.ok(document.includes(line));
});

test.run();
