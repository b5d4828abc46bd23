// runtime: either
/** `threshold` and `alerts` against a running session, as a user runs them. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import type { AlertsStatus } from "../../protocol/controls.ts";
import { refuseAll } from "../support/command-line.ts";
import { type RunningProgram, run, start } from "../support/program-run.ts";

let live: RunningProgram;
let at: string[];

test.before(async () => {
  live = start(["up", "--feed", "walk?channels=4&rate=100&frame=4&seed=2", "--port", "0", "--json"]);
  at = ["--url", String((await live.line("listening"))["url"])];
});

test.after(async () => {
  live?.kill("SIGTERM");
  await live?.ended;
});

test("a threshold that is set is listed with who set it, has an alert, and is removed", async () => {
  const set = await run([
    "threshold",
    "set",
    "low",
    "walk/none",
    "--below",
    "-5",
    "--clear",
    "1",
    "--for",
    "2s",
    ...at,
  ]);
  assert.is(set.code, 0, set.stderr);
  assert.match(set.stdout, /^low is set, by input \d+\n$/);
  const listed = await run(["threshold", "list", ...at]);
  assert.match(listed.stdout, /^low {2}warning {2}walk\/none below -5 for 2 s, clears at 1, set by .+\n$/);
  const shown = await run(["alerts", "--json", ...at]);
  assert.is(shown.code, 0, shown.stderr);
  const { alerts } = JSON.parse(shown.stdout) as AlertsStatus;
  assert.equal(
    alerts.map(({ threshold, state }) => [threshold.id, state]),
    [["low", "waiting"]],
  );
  const people = await run(["alerts", ...at]);
  assert.is(people.stdout, "waiting   warning   low  no value yet\n");
  assert.is((await run(["threshold", "remove", "low", ...at])).code, 0);
  assert.is((await run(["alerts", ...at])).stdout, "no threshold is set\n");
});

test("what the session refuses ends with its reason", async () => {
  const none = await run(["threshold", "remove", "none", ...at]);
  assert.is.not(none.code, 0);
  assert.match(none.stderr, /none/);
  const clear = await run(["threshold", "set", "a", "walk/b", "--above", "1", "--clear", "2", ...at]);
  assert.is(clear.code, 2);
  assert.match(clear.stderr, /Cannot set a threshold: .*clearLevel 2; expected at most the level 1/);
});

test("command lines without a level, with two, or without a group are refused", () =>
  refuseAll([
    [["threshold", "set", "a", "g/c"], /no level is given; expected --above LEVEL or --below LEVEL/],
    [["threshold", "set", "a", "g/c", "--above", "1", "--below", "2"], /cannot be used with option/],
    [["threshold", "set", "a", "g/c", "--above", "hot"], /Expected a number, in the unit of the channel/],
    [["threshold", "set", "a", "c", "--above", "1"], /on c; expected GROUP\/CHANNEL/],
  ]));

test.run();
