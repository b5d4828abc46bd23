// runtime: either
// requires: nats-server
// timeout: 900
// slow
/** `record follow`: the session of a cluster as a recording that is like one of `up`, through take-overs and killed writers. */
import { cpSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { createNatsBus } from "../../actors/bus/nats.ts";
import { type NatsServer, startNatsServer } from "../../actors/bus/nats-server.ts";
import { systemClock } from "../../actors/clock.ts";
import { openRecording } from "../../actors/journal/recording.ts";
import { type ClusterStatus, clusterStatus } from "../../collab/live/node-status.ts";
import { decodeBlock } from "../../protocol/block.ts";
import { ROOM_PARTITION } from "../../protocol/room-document.ts";
import { type OutputLine, run, start } from "../support/program-run.ts";
import { temporaryDirectory } from "../support/recorded-run.ts";

const server: NatsServer = await startNatsServer();
const folder = temporaryDirectory();
const SESSION = "plant 1";
const OF_SESSION = ["--nats", server.url, "--session", SESSION];
const recording = join(folder, "plant");
const whole = join(folder, "whole");
/** They run as long as the test does. */
const LONG = {};

interface Recorded extends OutputLine {
  partitions: {
    partition: string;
    blocks: number;
    lastBlock: number;
    lastSequence: number;
    lastHash: string;
  }[];
}

async function statusUntil(holds: (status: ClusterStatus) => boolean): Promise<ClusterStatus> {
  const bus = await createNatsBus({ servers: [server.url], clock: systemClock, log: () => {} });
  try {
    for (;;) {
      const status = await clusterStatus(bus, SESSION);
      if (holds(status)) return status;
    }
  } finally {
    await bus.close();
  }
}

function node(name: string) {
  return start(
    ["node", ...OF_SESSION, "--name", name, "--roles", "core", "--partitions", "2", "--json"],
    LONG,
  );
}

async function once(directory: string): Promise<Recorded> {
  const { code, stdout, stderr } = await run([
    "record",
    "follow",
    directory,
    ...OF_SESSION,
    "--once",
    "--json",
  ]);
  assert.is(code, 0, stderr);
  return JSON.parse(stdout.trim().split("\n").at(-1)!) as Recorded;
}

async function epochsOf(directory: string): Promise<number[]> {
  const epochs = new Set<number>();
  const journal = await openRecording(directory);
  for await (const entry of journal.read())
    if (entry.kind === "block") epochs.add(decodeBlock(entry.block.bytes).epoch);
  await journal.close();
  return [...epochs];
}

test("a recorder that is killed, while an owner is killed too, ends with the recording of the cluster", async () => {
  const first = node("a");
  const feeds = ["amber", "dune"].flatMap((group) => ["--feed", `walk?channels=3&rate=100&group=${group}`]);
  const edge = start(
    ["node", ...OF_SESSION, "--name", "edge", "--roles", "feed", "--partitions", "2", "--json", ...feeds],
    LONG,
  );
  await statusUntil(
    ({ partitions }) =>
      partitions.length === 3 &&
      partitions.every(({ name, inputs }) => (inputs ?? 0) > (name === ROOM_PARTITION ? 0 : 2)),
  );
  const killed = start(["record", "follow", recording, ...OF_SESSION, "--json"], LONG);
  await killed.line("present");
  const locked = await run(["record", "follow", recording, ...OF_SESSION, "--once"]);
  assert.is(locked.code, 2);
  assert.match(locked.stderr, /writes it; expected another folder, or that writer stopped/);
  const second = node("b");
  await second.line("listening");
  for (const program of [killed, first]) {
    program.kill("SIGKILL");
    await program.ended;
  }
  await statusUntil(
    ({ partitions }) => partitions.length === 3 && partitions.every(({ owner }) => owner === "b"),
  );
  const again = start(["record", "follow", recording, ...OF_SESSION, "--json"], LONG);
  await again.line("present");
  again.kill("SIGINT");
  const stopped = await again.ended;
  assert.is(stopped.code, 0, stopped.stderr);
  for (const program of [edge, second]) {
    program.kill("SIGTERM");
    assert.is((await program.ended).code, 0);
  }

  const end = await once(recording);
  const anew = await once(whole);
  assert.equal(
    end.partitions.map(({ blocks: _, ...each }) => each),
    anew.partitions.map(({ blocks: _, ...each }) => each),
  );
  assert.equal(
    anew.partitions.map(({ partition }) => partition),
    ["p0", "p1", ROOM_PARTITION],
  );
  assert.ok((await epochsOf(recording)).length >= 2, "the epoch of each owner is in the blocks");
});

test("it is a recording as one of `up` to each command that reads recordings", async () => {
  for (const args of [
    ["verify", recording],
    ["inspect", recording],
    ["replay", recording, "--verify"],
    ["diff", recording, whole],
    ["whatif", recording, "--set", "collapse.falseAlarmsPerDay=1", "--at", "10", "--no-write"],
    ["sim", "--recording", recording, "--minutes", "0.5"],
    ["record", "export", recording, "--to", join(folder, "plant.mcap")],
  ]) {
    const { code, stdout, stderr } = await run(args);
    assert.is(code, 0, `${args.join(" ")}\n${stdout}${stderr}`);
  }
  const copy = join(folder, "goes-on");
  cpSync(recording, copy, { recursive: true });
  const up = await run([
    "up",
    "--once",
    "--port",
    "0",
    "--record",
    copy,
    "--feed",
    "walk?rate=max&duration=1s&group=cedar",
  ]);
  assert.is(up.code, 0, up.stderr);
});

test("each mistake is named with what to do, and changes nothing", async () => {
  const other = join(folder, "other");
  const up = await run([
    "up",
    "--once",
    "--port",
    "0",
    "--record",
    other,
    "--feed",
    "walk?rate=max&duration=1s",
  ]);
  assert.is(up.code, 0, up.stderr);
  const file = readdirSync(other).find((name) => name.endsWith(".seg"))!;
  const before = readFileSync(join(other, file));
  const unknown = join(folder, "unknown");
  const cases: [directory: string, options: string[], code: number, says: RegExp][] = [
    [
      other,
      OF_SESSION,
      2,
      /Cannot go on in .*other with partition p0.*expected a folder that was recorded from this log/,
    ],
    [join(other, file), OF_SESSION, 2, /it is a file; expected a folder/],
    [unknown, ["--nats", server.url, "--session", "plant 2"], 2, /no log of it; expected perhaps plant 1/],
    [unknown, ["--nats", "nats://127.0.0.1:9"], 1, /Cannot reach NATS/],
  ];
  for (const [directory, options, code, says] of cases) {
    const ended = await run(["record", "follow", directory, ...options, "--once"]);
    assert.is(ended.code, code, ended.stderr);
    assert.match(ended.stderr, says);
  }
  assert.equal(readFileSync(join(other, file)), before);
  assert.not.ok(readdirSync(folder).includes("unknown"));
});

test.after(() => server.dispose());

test.run();
