// runtime: either
/** `mark` as a user runs it, against a gateway that stops taking marks midway; and `up --marks`. */
import { writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { run } from "../support/program-run.ts";
import { uniforms } from "../support/random-streams.ts";
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

test("up --marks enters each event of a table once, also those to come, and none again when the recording goes on", async () => {
  const folder = temporaryDirectory();
  const second = (k: number) => new Date(Date.UTC(2026, 0, 5) + k * 1000).toISOString();
  const [rows, marks, recording] = ["rows.csv", "marks.csv", "recording"].map((name) => join(folder, name));
  writeFileSync(
    rows!,
    ["time,a,b", ...Array.from({ length: 300 }, (_, k) => `${second(k)},${k % 7},${k % 5}`), ""].join("\n"),
  );
  const inside = Array.from({ length: 150 }, (_, k) => `${second(2 * k)},news,"number ${k}, inside",`);
  const beyond = Array.from({ length: 150 }, (_, k) => `${second(1000 + k)},deployment,,rack`);
  writeFileSync(marks!, ["time,type,title,group", ...beyond, ...inside, ""].join("\n"));
  const up = (...more: string[]) =>
    run([
      ...["up", "--once", "--port", "0", "--json", "--record", recording!, ...more],
      ...["--feed", `file:${rows}?group=rack&speed=max`],
    ]);
  const first = await up("--marks", marks!);
  assert.is(first.code, 0, first.stderr);
  const { code, stdout, stderr } = await up("--marks", marks!);
  assert.is(code, 0, stderr);
  assert.match(stdout, /of 300 marks of marks\.csv are in the recording already/);
  const events = (await run(["inspect", recording!, "--events"])).stdout;
  const titles = events.split("\n").filter((line) => line.includes("mark.made"));
  assert.is(new Set(titles.filter((line) => line.includes("marked news")).map(titleOf)).size, 150);
  assert.is(titles.filter((line) => line.includes("marked news")).length, 150, "each once");
  assert.ok(titles.every((line) => line.includes("marks.csv marked ")));
  const wrong = await up("--marks", rows!);
  assert.match(wrong.stderr, /Cannot read marks, line 1: column a; expected time,type,title,group/);
});

test("up --marks enters events of a table that is played at full speed while the rows around them are known", async () => {
  const folder = temporaryDirectory();
  const [rows, marks] = ["rows.csv", "marks.csv"].map((name) => join(folder, name));
  const uniform = uniforms(3);
  const start = 1_700_000_000;
  const line = (_: unknown, k: number) => `${start + k},${uniform()},${uniform()}`;
  writeFileSync(rows!, ["time,a,b", ...Array.from({ length: 12_000 }, line)].join("\n"));
  const times = Array.from({ length: 90 }, (_, k) => `${start + 8000 + 40 * k},news`);
  writeFileSync(marks!, ["time,type", ...times].join("\n"));
  const { code, stdout, stderr } = await run([
    ...["up", "--once", "--port", "0", "--json", "--evidence", "--record", join(folder, "recording")],
    ...["--feed", `file:${rows}?group=rack&speed=max`],
    ...[
      "--marks",
      marks!,
      "--set",
      "measurementEffect.enabled=true",
      "--set",
      "measurementEffect.windowRows=24",
    ],
  ]);
  assert.is(code, 0, stderr);
  assert.is(stdout.match(/"effect\.measured"/g)?.length, 90);
});

function titleOf(line: string): string {
  return line.split("mark.made")[1]!;
}

test.run();
