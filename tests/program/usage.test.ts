/** What is asked for wrongly: one sentence that names the thing and what was expected, exit code 2, and nothing begun. */

import { existsSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { detectFile, measureFile } from "../../actors/mod.ts";
import type { UpFlags } from "../../collab/config.ts";
import { up } from "../../collab/serve.ts";
import { EigenwatchError, exitCodeOf } from "../../protocol/errors.ts";
import { inspectCommand, replayCommand } from "../../sim/mod.ts";
import { run, runAll } from "../support/program-run.ts";
import { temporaryDirectory } from "../support/recorded-run.ts";

const folder = temporaryDirectory();
const none = join(folder, "none");

test("the program answers what it cannot do with one sentence and exit code 2", async () => {
  const cases: [args: string[], says: RegExp][] = [
    [[], /^Usage: eigenwatch/],
    [["upp"], /unknown command 'upp'\n\(Did you mean up\?\)/],
    [["up", "--bogus"], /unknown option '--bogus'/],
    [
      ["up", "--feed", "hots"],
      /^eigenwatch: Cannot use feed "hots": there is no kind "hots"; expected perhaps host\n$/,
    ],
    [
      ["up", "--feed", "host", "--once"],
      /^eigenwatch: Cannot run --once: all of these feeds are live; expected .*\n$/,
    ],
    [["up", "--port", "70000"], /'70000' is invalid. expected a port, 0 to 65535/],
    [["replay"], /missing required argument 'path'/],
    [["replay", none], /^eigenwatch: Cannot read recording .*none: there is no such folder\n$/],
    [["measure", none], /^eigenwatch: Cannot read .*none: there is no such file\n$/],
    [["detect", none, "--detector", "magic"], /Allowed choices are coherence, collapse, anomaly/],
  ];
  const ends = await runAll(cases.map(([args]) => args));
  const wrong = cases.flatMap(([args, says], k) => {
    const { code, stdout, stderr } = ends[k]!;
    return code === 2 && stdout === "" && says.test(stderr) ? [] : [{ args, code, stdout, stderr }];
  });
  assert.equal(wrong, []);
});

test("up names what it cannot be started with", async () => {
  const cases: [flags: Partial<UpFlags>, says: RegExp][] = [
    [{ feed: ["walk?chanels=4"] }, /walk has no option "chanels"; expected perhaps channels/],
    [{ feed: ["walk?rate=fast"] }, /rate=fast is not valid; expected/],
    [{ feed: ["stdin", "stdin"] }, /Cannot use feed "stdin": it is given more than once/],
    [
      { set: ["collapse.falseAlarmPerDay=1"] },
      /no such setting; expected perhaps collapse\.falseAlarmsPerDay/,
    ],
    [{ set: ["seed=x"] }, /Cannot set seed: "x"; expected .*number/],
    [{ set: ["seed"] }, /Cannot read --set seed: expected path=value/],
    [{ durability: "file" }, /no folder named; expected --record DIR/],
    [{ durability: "memory", record: none }, /Cannot record with --durability memory/],
    [{ record: "" }, /Cannot record to "": expected --record DIR/],
    [{ record: file("plain", "") }, /Cannot record to .*plain: it is a file; expected a folder/],
    [{ session: "" }, /Cannot name a session "": expected 1 to 128 bytes/],
    [{ tokenFile: none }, /Cannot read the token from .*none: there is no such file/],
    [
      { tokenFile: file("token", "short"), host: "0.0.0.0" },
      /the token of .*token has 5 characters; expected at least/,
    ],
    [{ basePath: "x" }, /base path x; expected "" or a path such as/],
    [{ config: none }, /Cannot read config .*none/],
    [{ config: file("text", "{") }, /Cannot read config .*text/],
    [configured({ prot: 1 }), /there is no key prot; expected perhaps port/],
    [configured({ port: "80" }), /port is "80"; expected number/],
    [configured({ port: 70_000 }), /port is 70000; expected <=65535/],
    [configured({ settings: { colapse: {} } }), /colapse: no such setting; expected/],
    [configured([]), /it is an array; expected an object/],
  ];
  // Were one of them not refused, it would end by itself.
  const ending: UpFlags = {
    feed: ["walk?rate=max&duration=1ms"],
    once: true,
    port: 0,
    set: [],
    allowHost: [],
  };
  for (const [flags, says] of cases) await refused(() => up({ ...ending, ...flags }), says);
});

test("the other commands name what they cannot read", async () => {
  const empty = file("empty.csv", "");
  const long = file("long.csv", "ts,symbol,value\n1700000000,a,1\n");
  const wide = file("wide.csv", "ts,a\n1700000000,1\n");
  const untimed = file("untimed.csv", "a,b\n1,2\n");
  const replay = (flags: Record<string, string>) => () => replayCommand(folder, { speed: "max", ...flags });
  const detect =
    (path: string, flags: Record<string, unknown> = {}) =>
    () =>
      detectFile(path, { detector: "anomaly", out: "csv", set: [], ...flags });
  const cases: [act: () => Promise<number>, says: RegExp][] = [
    [replay({}), /it holds no segment file/],
    [replay({ speed: "0" }), /Cannot replay at speed 0: expected a positive number or max/],
    [replay({ speed: "-1" }), /Cannot replay at speed -1/],
    [replay({ from: "noon" }), /Cannot read --from noon: expected ISO 8601/],
    [replay({ to: "2024-13-01" }), /Cannot read --to 2024-13-01/],
    [replay({ from: "2024-01-02", to: "2024-01-01" }), /expected --from before --to/],
    [() => inspectCommand(none, {}), /Cannot read recording .*none: there is no such folder/],
    [
      () => inspectCommand(empty, {}),
      /Cannot read recording .*empty\.csv: expected a folder with segment files/,
    ],
    [() => measureFile(folder), /it is a folder; expected a file/],
    [detect(none), /Cannot read .*none: there is no such file/],
    [detect(empty), /empty\.csv: it is empty; expected a header line and rows/],
    [detect(long), /its rows are of symbol one at a time; expected one row per time/],
    [detect(wide, { columns: "b" }), /wide\.csv.*b/],
    [detect(wide, { detector: "coherence" }), /coherence of 1 column: expected at least two/],
    [detect(wide, { set: ["anomaly.window=1"] }), /no such setting; expected/],
    [detect(untimed), /untimed\.csv: there is no time column/],
  ];
  for (const [act, says] of cases) await refused(act, says);
});

test("a port that is taken is told with exit code 1, and leaves no lock behind", async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const record = join(folder, "taken");
  const { code, stderr } = await run(["up", "--feed", "host", "--port", String(port), "--record", record]);
  server.close();
  assert.is(code, 1);
  assert.match(stderr, new RegExp(`^eigenwatch: Cannot listen on 127.0.0.1:${port}`, "m"));
  assert.not(existsSync(join(record, "journal.lock")));
});

test("every command explains itself, and the program knows its version", async () => {
  const commands = ["up", "replay", "inspect", "detect", "measure", "bench"];
  const ends = await runAll([["--help"], ["--version"], ...commands.map((name) => [name, "--help"])]);
  for (const { code, stderr } of ends) assert.equal([code, stderr], [0, ""]);
  const [help, version, ...each] = ends.map(({ stdout }) => stdout);
  assert.match(version!, /^\d+\.\d+\.\d+\n$/);
  for (const [k, name] of commands.entries()) {
    assert.match(help!, new RegExp(`^ {2}${name} `, "m"));
    assert.match(each[k]!, new RegExp(`^Usage: eigenwatch ${name} `));
  }
  assert.match(each[0]!, /host\[\?every=…\]/);
});

async function refused(act: () => Promise<number>, says: RegExp): Promise<void> {
  try {
    await act();
  } catch (error) {
    assert.instance(error, EigenwatchError, String(error));
    assert.is(exitCodeOf((error as EigenwatchError).kind), 2);
    assert.match((error as EigenwatchError).message, says);
    return;
  }
  assert.unreachable(`not refused: ${says}`);
}

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

let configs = 0;

function configured(value: unknown): Partial<UpFlags> {
  return { config: file(`config-${++configs}.json`, JSON.stringify(value)) };
}

test.run();
