// runtime: either
/** What the page asks for a scan, against a gateway that answers when the test says so. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { Controls } from "../../collab/dashboard/model/controls.ts";
import { Scans } from "../../collab/dashboard/model/scans.ts";

const RULE = "sma(5) > 1";

test("a scan begins when its rule can be read, though the field asks about the same rule meanwhile", async () => {
  const asked: string[] = [];
  const checks: ((answer: object) => void)[] = [];
  const { fetch } = globalThis;
  globalThis.fetch = ((path: string) => {
    asked.push(path);
    if (path !== "scan/check") return Promise.reject(new Error("no scans here"));
    return new Promise<Response>((resolve) => {
      checks.push((answer) => resolve(Response.json(answer)));
    });
  }) as typeof fetch;
  try {
    const scans = new Scans(new Controls());
    scans.form.value = { ...scans.form.peek(), rule: "sma(5) andd" };
    const first = scans.check("sma(5) andd");
    checks[0]!({ valid: false, column: 8, length: 4, value: "andd", expected: "and" });
    await first;
    assert.is(scans.problem.value?.column, 8);
    scans.form.value = { ...scans.form.peek(), rule: RULE };
    const started = scans.start();
    const again = scans.check(RULE);
    for (const answer of checks.slice(1)) answer({ valid: true, values: ["sma(5)"] });
    await Promise.all([started, again]);
    assert.equal(asked, ["scan/check", "scan/check", "scan/check", "scan/stream"]);
    assert.match(scans.failure.value, /the server does not answer/);
  } finally {
    globalThis.fetch = fetch;
  }
});

test("a rule that cannot be read is shown, and nothing is scanned", async () => {
  const asked: string[] = [];
  const { fetch } = globalThis;
  globalThis.fetch = (async (path: string) => {
    asked.push(path);
    return Response.json({ valid: false, column: 1, length: 3, value: "foo", expected: "a function" });
  }) as typeof fetch;
  try {
    const scans = new Scans(new Controls());
    await scans.start();
    assert.equal(asked, ["scan/check"]);
    assert.is(scans.problem.value?.value, "foo");
  } finally {
    globalThis.fetch = fetch;
  }
});

test.run();
