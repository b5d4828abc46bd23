// runtime: either
/** Wrong usage and input: one sentence with the value and what was expected, exit code 2, nothing started. */

import { existsSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import type { UpOptions } from "../../collab/live/config.ts";
import { up } from "../../collab/live/serve.ts";
import { EigenwatchError, exitCodeOf } from "../../protocol/errors.ts";
import { refuseAll } from "../support/command-line.ts";
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
    [["up", "--port", "70000"], /'70000' is invalid. Expected a port from 0 to 65535/],
    [["replay"], /missing required argument 'path'/],
    [["replay", none], /^eigenwatch: Cannot read recording .*none: there is no such folder\n$/],
    [["measure", none], /^eigenwatch: Cannot read .*none: there is no such file\n$/],
    [["detect", none, "--detector", "magic"], /Allowed choices are coherence, collapse, anomaly, changes/],
  ];
  const ends = await runAll(cases.map(([args]) => args));
  const wrong = cases.flatMap(([args, says], k) => {
    const { code, stdout, stderr } = ends[k]!;
    return code === 2 && stdout === "" && says.test(stderr) ? [] : [{ args, code, stdout, stderr }];
  });
  assert.equal(wrong, []);
});

test("up names what it cannot be started with", async () => {
  const cases: [flags: Partial<UpOptions>, says: RegExp][] = [
    [{ feed: ["walk?chanels=4"] }, /walk has no option "chanels"; expected perhaps channels/],
    [{ feed: ["walk?rate=fast"] }, /rate=fast is not valid; expected/],
    [{ feed: ["stdin", "stdin"] }, /Cannot use feed "stdin": it is given more than once/],
    [
      { set: [["collapse.falseAlarmPerDay", "1"]] },
      /no such setting; expected perhaps collapse\.falseAlarmsPerDay/,
    ],
    [{ set: [["seed", "x"]] }, /Cannot set seed: "x"; expected .*number/],
    [{ durability: "file" }, /no folder named; expected --record DIR/],
    [
      { recordings: none },
      /Cannot list recordings: there is no folder .*none; expected a folder of recordings/,
    ],
    [
      { durability: "memory", record: none },
      /Cannot record: --durability memory; expected --durability file/,
    ],
    [{ record: "" }, /Cannot record: ""; expected --record DIR/],
    [{ record: file("plain", "") }, /Cannot record to .*plain: it is a file; expected a folder/],
    [{ session: "" }, /Cannot name a session: ""; expected 1 to 128 bytes/],
    [{ tokenFile: none }, /Cannot read the token from .*none: there is no such file/],
    [
      { tokenFile: file("token", "short"), host: "0.0.0.0" },
      /the token of .*token has 5 characters; expected at least/,
    ],
    [{ basePath: "x" }, /base path x; expected "" or a path such as/],
    [{ config: none }, /Cannot read config .*none/],
    [{ config: file("text", "{") }, /Cannot use config .*text:\d+:\d+: .*; expected YAML/],
    [configured({ prot: 1 }), /there is no key prot; expected perhaps port/],
    [
      { config: file("keys", "feeds: [host]\nprot: 1\n") },
      /config .*keys:2:1: there is no key prot; expected/,
    ],
    [
      { config: file("deep", "notify:\n  webhooks:\n    - url: x\n") },
      /config .*deep:3:7: notify\.webhooks\.0\.url is "x"; expected an http or https URL/,
    ],
    [configured({ port: "80" }), /port is "80"; expected number/],
    [configured({ port: 70_000 }), /port is 70000; expected <=65535/],
    [configured({ settings: { colapse: {} } }), /colapse: no such setting; expected/],
    [configured([]), /it is an array; expected an object/],
  ];
  // Were one of them not refused, it would end by itself.
  const ending: UpOptions = {
    feed: ["walk?rate=max&duration=1ms"],
    once: true,
    port: 0,
    set: [],
    allowHost: [],
    allowOrigin: [],
  };
  for (const [flags, says] of cases) await refused(() => up({ ...ending, ...flags }), says);
});

test("the other commands name what they cannot read", async () => {
  const empty = file("empty.csv", "");
  const long = file("long.csv", "ts,symbol,value\n1700000000,a,1\n");
  const wide = file("wide.csv", "ts,a\n1700000000,1\n");
  const untimed = file("untimed.csv", "a,b\n1,2\n");
  await refuseAll([
    [["replay", folder], /it holds no segment file/],
    [
      ["replay", folder, "--speed", "0"],
      /'--speed <n>' argument '0' is invalid. Expected a number above 0, or max/,
    ],
    [["replay", folder, "--speed=-1"], /'--speed <n>' argument '-1' is invalid/],
    [["replay", folder, "--from", "noon"], /'--from <time>' argument 'noon' is invalid. Expected ISO 8601/],
    [["replay", folder, "--to", "2024-13-01"], /'--to <time>' argument '2024-13-01' is invalid/],
    [["replay", folder, "--from", "2024-01-02", "--to", "2024-01-01"], /expected --from before --to/],
    [["inspect", none], /Cannot read recording .*none: there is no such folder/],
    [
      ["inspect", empty],
      /Cannot read recording .*empty\.csv: it is a file; expected a folder with segment files/,
    ],
    [["measure", folder], /it is a folder; expected a file/],
    [["detect", none], /Cannot read .*none: there is no such file/],
    [["detect", empty], /empty\.csv: it is empty; expected a header line and rows/],
    [["detect", long], /each row has the value of one symbol; expected one row per time/],
    [["detect", wide, "--columns", "b"], /wide\.csv.*b/],
    [["detect", wide, "--detector", "coherence"], /score coherence: 1 column; expected at least two/],
    [["detect", wide, "--set", "anomaly.window=1"], /no such setting; expected/],
    [["detect", wide, "--set", "anomaly"], /'anomaly' is invalid. Expected path=value/],
    [["detect", untimed], /untimed\.csv: there is no time column/],
  ]);
});

test("up on a port in use ends with exit code 1 and leaves no lock", async () => {
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

function configured(value: unknown): Partial<UpOptions> {
  return { config: file(`config-${++configs}.json`, JSON.stringify(value)) };
}

test.run();
