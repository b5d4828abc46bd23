/** A session of several partitions: `up --partitions`, what it records, and that it goes on. */
import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { partitionOf } from "../../actors/cluster/mod.ts";
import type { EventMessage } from "../../protocol/messages.ts";
import { type OutputLine, run } from "../support/program-run.ts";
import { temporaryDirectory } from "../support/recorded-run.ts";

/** Groups that the rule gives to different partitions of two. */
const GROUPS = ["amber", "birch", "cedar", "dune", "elm"];
const IN_P0 = GROUPS.find((group) => partitionOf(group, ["p0", "p1"]) === "p0")!;
const IN_P1 = GROUPS.find((group) => partitionOf(group, ["p0", "p1"]) === "p1")!;
const SAMPLES = 16_000;

const folder = temporaryDirectory();
const record = join(folder, "both");

function walk(group: string, seed: number): string {
  return `walk?rate=max&channels=8&duration=2s&seed=${seed}&group=${group}`;
}

async function up(
  ...options: string[]
): Promise<{ code: number | string; lines: OutputLine[]; stderr: string }> {
  const { code, stdout, stderr } = await run(["up", "--once", "--port", "0", "--json", ...options]);
  const lines = stdout.split("\n").filter((line) => line !== "");
  return { code, stderr, lines: lines.map((line) => JSON.parse(line) as OutputLine) };
}

interface Stopped {
  inputs: number;
  samples: number;
  events: number;
  hash?: string;
  partitions: { partition: string; inputs: number; samples: number; events: number; hash: string }[];
}

let stopped: Stopped;

test("up --partitions gives each group to the partition of its name, and records each partition by itself", async () => {
  const feeds = ["--feed", walk(IN_P0, 1), "--feed", walk(IN_P1, 2)];
  const { code, lines, stderr } = await up("--partitions", "2", "--record", record, ...feeds);
  assert.is(code, 0, stderr);
  stopped = lines.at(-1) as unknown as Stopped;
  assert.equal(
    stopped.partitions.map(({ partition, samples }) => [partition, samples]),
    [
      ["p0", SAMPLES],
      ["p1", SAMPLES],
    ],
  );
  assert.is(stopped.samples, 2 * SAMPLES);
  const events = lines.filter(({ what }) => what === "event");
  for (const { partition, group } of events)
    if (group !== "") assert.is(partition, group === IN_P0 ? "p0" : "p1");
  assert.is(events.length, stopped.events);
  assert.ok(readdirSync(record).includes("0000000001.seg"));
  assert.ok(readdirSync(join(record, "p1")).includes("0000000001.seg"));
});

test("each partition of its recording verifies by itself", async () => {
  for (const [k, path] of [record, join(record, "p1")].entries()) {
    const { code, stdout, stderr } = await run(["replay", path, "--verify"]);
    assert.is(code, 0, stderr);
    const { inputs, events, hash } = stopped.partitions[k]!;
    assert.match(stdout, `verified ${inputs} inputs, ${events} events, final hash ${hash}\n`);
  }
});

test("a group gives the same events in a partition of two as in a session of its own", async () => {
  const alone = join(folder, "alone");
  const { code, stderr } = await up("--record", alone, "--feed", walk(IN_P1, 2));
  assert.is(code, 0, stderr);
  const found = async (path: string) => {
    const { stdout } = await run(["inspect", path, "--events", "--json"]);
    return stdout
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as EventMessage)
      .filter(({ group }) => group === IN_P1)
      .map(({ timeUs, kind, title }) => [timeUs, kind, title]);
  };
  assert.equal(await found(join(record, "p1")), await found(alone));
});

test("a recording goes on with its partitions, and a feed that is read again brings nothing twice", async () => {
  const feeds = ["--feed", walk(IN_P0, 1), "--feed", walk(IN_P1, 2)];
  const { code, lines, stderr } = await up("--record", record, ...feeds);
  assert.is(code, 0, stderr);
  const again = lines.at(-1) as unknown as Stopped;
  assert.equal(
    again.partitions.map(({ partition, samples }) => [partition, samples]),
    [
      ["p0", SAMPLES],
      ["p1", SAMPLES],
    ],
  );
});

test("fewer partitions than a recording has are refused, and so is a partition for a group that there is not", async () => {
  const fewer = await up("--record", record, "--partitions", "1", "--feed", walk(IN_P0, 1));
  assert.is(fewer.code, 2);
  assert.match(fewer.stderr, "it has 2; expected --partitions 2 or more");
  const config = join(folder, "wrong.json");
  writeFileSync(config, JSON.stringify({ partitions: 2, partitionByGroup: { [IN_P0]: "p7" } }));
  const wrong = await up("--config", config, "--feed", walk(IN_P0, 1));
  assert.is(wrong.code, 2);
  assert.match(wrong.stderr, `Cannot assign group ${IN_P0} to a partition`);
});

test("the config file may name the partition of a group, and a group that is recorded stays where it is", async () => {
  const config = join(folder, "assigned.json");
  const assigned = join(folder, "assigned");
  const partitionsOf = async (partition: string) => {
    writeFileSync(config, JSON.stringify({ partitions: 2, partitionByGroup: { [IN_P0]: partition } }));
    const { code, lines, stderr } = await up(
      "--config",
      config,
      "--record",
      assigned,
      "--feed",
      walk(IN_P0, 1),
    );
    assert.is(code, 0, stderr);
    return (lines.at(-1) as unknown as Stopped).partitions.map(({ samples }) => samples);
  };
  assert.equal(await partitionsOf("p1"), [0, SAMPLES]);
  assert.equal(await partitionsOf("p0"), [0, SAMPLES]);
});

test.run();
