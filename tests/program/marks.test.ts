// runtime: either
/** `mark` as a user runs it, against a gateway that stops taking marks midway. */
import { writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { run } from "../support/program-run.ts";
import { temporaryDirectory } from "../support/recorded-run.ts";

test("a table of marks that is refused midway says which one, and how many are in the log", async () => {
  let asked = 0;
  const error = {
    action: "mark",
    value: "the session has halted",
    expected: "a running one",
    kind: "unavailable",
  };
  const server = createServer((_, response) => {
    asked++;
    response.writeHead(asked <= 2 ? 200 : 503, { "content-type": "application/json" });
    response.end(JSON.stringify(asked <= 2 ? { input: asked } : { error }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const path = join(temporaryDirectory(), "marks.csv");
  writeFileSync(path, `time,type\n${"2026-01-05T14:30:00Z,news\n".repeat(4)}`);
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const { code, stdout, stderr } = await run(["mark", "--csv", path, "--url", url]);
  server.close();
  assert.is(code, 1);
  assert.is(stdout, "news is marked, by input 1\nnews is marked, by input 2\n");
  assert.match(
    stderr,
    /Cannot mark event 3 of 4, 2 are in the log: mark: the session has halted; expected a running one/,
  );
});

test.run();
