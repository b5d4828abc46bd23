// runtime: either
// slow
/** A session of several partitions: `up --partitions`, what it records, and that it goes on. */
import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { partitionOf } from "../../actors/cluster/mod.ts";
import type { EventMessage } from "../../protocol/messages.ts";
import { unpackMessages } from "../../protocol/packed-messages.ts";
import { range } from "../journal/builders.ts";
import { type OutputLine, run, start } from "../support/program-run.ts";
import { inputsOf } from "../support/recorded-blocks.ts";
import { temporaryDirectory } from "../support/recorded-run.ts";
import { skip } from "../support/skip.ts";

/** Groups that the rule gives to different partitions of two. */
const GROUPS = ["amber", "birch", "cedar", "dune", "elm"];
const IN_P0 = GROUPS.find((group) => partitionOf(group, ["p0", "p1"]) === "p0")!;
const IN_P1 = GROUPS.find((group) => partitionOf(group, ["p0", "p1"]) === "p1")!;
/** A group of no feed. */
const PUSHED = ["fern", "grove", "heath", "iris"].find((group) => partitionOf(group, ["p0", "p1"]) === "p1")!;
const SAMPLES = 8_000;

const folder = temporaryDirectory();
const record = join(folder, "both");

function walk(group: string, seed: number): string {
  return `walk?rate=max&channels=8&duration=1s&seed=${seed}&group=${group}`;
}

async function up(
  ...options: string[]
): Promise<{ code: number | string; lines: OutputLine[]; stderr: string }> {
  const { code, stdout, stderr } = await run(["up", "--once", "--port", "0", "--json", ...options]);
  const lines = stdout.split("\n").filter((line) => line !== "");
  return { code, stderr, lines: lines.map((line) => JSON.parse(line) as OutputLine) };
}

function eventsIn(stdout: string): EventMessage[] {
  const lines = stdout.split("\n").filter((line) => line !== "");
  return lines.map((line) => JSON.parse(line) as EventMessage);
}

function inOrder(events: readonly EventMessage[]): void {
  const times = events.map(({ timeUs }) => timeUs);
  assert.equal(
    times,
    times.toSorted((a, b) => a - b),
  );
  assert.ok(new Set(events.map(({ id }) => id.split("/")[0])).size > 1);
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
  for (const log of [record, join(record, "p1")]) {
    const { input } = (await inputsOf(log))[0]!;
    assert.ok(input.type === "sessionOpened");
    assert.is(input.partitions, 2);
  }
});

test("partitions of one session are served as one, and go on where their logs end after the process was killed", async () => {
  const killed = join(folder, "killed");
  const live = (group: string, seed: number) =>
    `walk?channels=4&rate=400&frame=4&seed=${seed}&group=${group}`;
  const feeds = ["--feed", live(IN_P0, 1), "--feed", live(IN_P1, 2)];
  const options = ["up", "--partitions", "2", "--port", "0", "--json", "--record", killed, ...feeds];
  const program = start(options);
  const { url } = await program.line("listening");
  const ask = async <Answer>(path: string, body?: object): Promise<Answer> => {
    const post = {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    };
    const response = await fetch(`${url}${path}`, body === undefined ? {} : post);
    assert.is(response.status, 200, await response.clone().text());
    return (await response.json()) as Answer;
  };
  for (const group of [IN_P0, IN_P1])
    await program.line("event", (line) => line["kind"] === "coherence.warmed" && line["group"] === group);

  // A setting is changed in both; an injection goes to the partition of its group, whichever is asked.
  await ask("api/settings", { path: "anomaly.falseAlarmsPerDay", value: 3 });
  for (const partition of ["p0", "p1"]) {
    const { settings } = await ask<{ settings: { anomaly: object } }>(`api/settings?partition=${partition}`);
    assert.is((settings.anomaly as { falseAlarmsPerDay: number }).falseAlarmsPerDay, 3);
  }
  const injection = { scenario: "spike", group: IN_P1, strength: 2, durationSeconds: 600 };
  await ask("api/inject?partition=p0", injection);
  const began = await program.line("event", ({ kind }) => kind === "injection.started");
  assert.is(began["partition"], "p1");
  const { underWay } = await ask<{ underWay: { group: string }[] }>("api/inject");
  assert.equal(
    underWay.map(({ group }) => group),
    [IN_P1],
  );
  // So do samples that a program pushes, of which a repeat counts once.
  for (const sequence of [1, 2, 2])
    await ask(`api/ingest/${PUSHED}?partition=p0&sequence=${sequence}`, { x: sequence });
  const { groups } = await ask<{ groups: { group: string }[] }>("api/channels?partition=p1");
  assert.equal(groups.map(({ group }) => group).sort(), [IN_P1, PUSHED].sort());
  const past = await fetch(`${url}api/history?partition=p1`);
  assert.ok(unpackMessages(new Uint8Array(await past.arrayBuffer())).length > 1);
  const measured = /^eigenwatch_samples_per_second\{.*partition="(p[01])"\} [1-9]/gm;
  for (let found = 0; found < 2; ) {
    const metrics = await (await fetch(`${url}metrics`)).text();
    found = [...metrics.matchAll(measured)].length;
  }

  const { sessions } = await ask<{ sessions: { lastInputSequence: number }[] }>("api/sessions");
  program.kill("SIGKILL");
  assert.is((await program.ended).code, "SIGKILL");
  const again = start(options);
  const { url: newUrl } = await again.line("listening");
  const place = await (await fetch(`${newUrl}api/ingest/${PUSHED}`)).json();
  assert.equal(place, { source: PUSHED, group: PUSHED, sequence: 2 });
  const injectionEnded = await again.line("event", ({ kind }) => kind === "injection.ended");
  assert.is(injectionEnded["partition"], "p1");
  again.kill("SIGINT");
  const { code, stderr, stdout } = await again.ended;
  assert.is(code, 0, stderr);
  const ended = JSON.parse(stdout.trimEnd().split("\n").at(-1)!) as Stopped;
  for (const [k, { inputs }] of ended.partitions.entries())
    assert.ok(inputs > sessions[k]!.lastInputSequence, "what the gateway had shown was durable");
  const { code: verified, stdout: found } = await run(["replay", killed, "--verify"]);
  assert.is(verified, 0, found);
});

/** A detector whose thread ends at the next row of its group when the file is there: an error of its own that nobody catches. */
function fuse(path: string, file: string): void {
  writeFileSync(
    path,
    `import { existsSync } from "node:fs";
export default ({ defineDetector }) =>
  defineDetector({
    name: "fuse",
    appliesTo: ({ channels }) => channels.some(({ name }) => name === "fuse"),
    create: () => ({
      fields: {},
      update() {
        if (existsSync(${JSON.stringify(file)})) setTimeout(() => { throw new Error("the fuse has blown"); });
      },
    }),
  });
`,
  );
}

test("a thread that fails ends the session with its reason, and the next one has all that was acknowledged, once", async () => {
  if (availableParallelism() === 1) return skip("one processor: partitions have no threads");
  const [blown, file, actor] = ["blown", "lit", "fuse.mjs"].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  fuse(actor, file);
  const walks = [IN_P0, IN_P1].flatMap((group) => ["--feed", `walk?channels=4&rate=400&group=${group}`]);
  const options = [
    "up",
    "--partitions",
    "2",
    "--port",
    "0",
    "--json",
    "--record",
    blown,
    "--actor",
    actor,
    ...walks,
  ];
  const program = start(options);
  const { url } = await program.line("listening");
  const push = (to: unknown, sequence: number) => {
    const headers = { "content-type": "application/json" };
    const body = JSON.stringify({ fuse: sequence });
    return fetch(`${to}api/ingest/${PUSHED}?sequence=${sequence}`, { method: "POST", headers, body });
  };
  for (let sequence = 1; sequence <= 20; sequence++) assert.ok((await push(url, sequence)).ok);
  writeFileSync(file, "");
  // Whether it is answered is up to the moment at which the thread ends.
  await push(url, 21).catch(() => {});
  const { code, stdout } = await program.ended;
  assert.is(code, 1);
  assert.match(stdout, "its thread has ended: the fuse has blown");
  rmSync(file);

  const again = start(options);
  const { url: newUrl } = await again.line("listening");
  const { sequence } = (await (await fetch(`${newUrl}api/ingest/${PUSHED}`)).json()) as { sequence: number };
  assert.ok(sequence >= 20, `${sequence} pushes are there`);
  assert.ok((await push(newUrl, sequence + 1)).ok);
  again.kill("SIGINT");
  assert.is((await again.ended).code, 0);
  const pushed = (await inputsOf(join(blown, "p1"))).flatMap(({ input }) =>
    input.type === "frame" && input.group === PUSHED ? [...input.value] : [],
  );
  assert.equal(pushed, range(1, sequence + 1));
  const { code: verified, stdout: found } = await run(["replay", blown, "--verify", "--actor", actor]);
  assert.is(verified, 0, found);
});

test("replay runs and verifies each partition of its recording, and gives their events in order of time", async () => {
  const { code, stdout, stderr } = await run(["replay", record, "--verify"]);
  assert.is(code, 0, stderr);
  for (const { partition, inputs, events, hash } of stopped.partitions)
    assert.match(
      stdout,
      `partition ${partition}\nverified ${inputs} inputs, ${events} events, final hash ${hash}\n`,
    );
  const json = await run(["replay", record, "--verify", "--json"]);
  const { others, ...first } = JSON.parse(json.stdout) as {
    finalHash: string;
    others: { finalHash: string }[];
  };
  assert.equal(
    [first, ...others].map(({ finalHash }) => finalHash),
    stopped.partitions.map(({ hash }) => hash),
  );
  const listed = await run(["replay", record, "--events", "-"]);
  inOrder(eventsIn(listed.stdout));
  assert.is(eventsIn(listed.stdout).length, stopped.events);
});

test("replay --follow plays all partitions together, as one session", async () => {
  const player = start(["replay", record, "--follow", "--speed", "max", "--port", "0", "--json"]);
  const { url } = await player.line("listening");
  const ask = async <T>(path: string) => (await (await fetch(`${url}${path}`)).json()) as T;
  const { sessions } = await ask<{ sessions: { partition: string }[] }>("api/sessions");
  assert.equal(
    sessions.map(({ partition }) => partition),
    ["p0", "p1"],
  );
  for (;;) {
    const { state } = await ask<{ state: string }>("api/replay");
    if (state === "ended") break;
    assert.is.not(state, "failed");
  }
  const { groups } = await ask<{ groups: { group: string }[] }>("api/channels");
  for (const group of [IN_P0, IN_P1]) assert.ok(groups.some((each) => each.group === group));
  for (const { partition, events } of stopped.partitions) {
    const answer = await ask<{ events: unknown[] }>(`api/events?partition=${partition}&limit=1000`);
    assert.is(answer.events.length, events);
  }
  player.kill("SIGINT");
  const { code, stderr } = await player.ended;
  assert.is(code, 0, stderr);
  assert.not.match(stderr, "several partitions");
});

test("inspect sums up each partition, and lists the events of all in order of time", async () => {
  const { stdout } = await run(["inspect", record]);
  assert.equal(stdout.match(/^partition +\S+$/gm), ["partition   p0", "partition   p1"]);
  const { others, ...first } = JSON.parse((await run(["inspect", record, "--json"])).stdout) as {
    lastSequence: number;
    others: { lastSequence: number }[];
  };
  assert.equal(
    [first, ...others].map(({ lastSequence }) => lastSequence),
    stopped.partitions.map(({ inputs }) => inputs),
  );
  const events = eventsIn((await run(["inspect", record, "--events", "--json"])).stdout);
  assert.is(events.length, stopped.events);
  inOrder(events);
  assert.equal(
    events.map((event) => (event as { partition?: string }).partition),
    events.map(({ id }) => id.split("/")[0]),
  );
});

test("verify checks and seals every partition, and a sealed recording that lost one does not hold", async () => {
  const sealed = join(folder, "sealed");
  cpSync(record, sealed, { recursive: true });
  const key = join(folder, "lab");
  assert.is((await run(["verify", "keygen", "--out", key])).code, 0);
  assert.is((await run(["verify", sealed, "--sign", `${key}.key`])).code, 0);
  const { code, stdout } = await run(["verify", sealed, "--check", `${key}.pub`]);
  assert.is(code, 0);
  assert.equal(stdout.match(/^.* holds: /gm), [`${sealed} holds: `, `${join(sealed, "p1")} holds: `]);
  const byte = join(sealed, "p1", "0000000001.seg");
  const bytes = readFileSync(byte);
  bytes[bytes.length >> 1]! ^= 1;
  writeFileSync(byte, bytes);
  assert.is((await run(["verify", sealed])).code, 1);
  rmSync(join(sealed, "p1"), { recursive: true });
  const lost = await run(["verify", sealed]);
  assert.is(lost.code, 1);
  assert.match(lost.stdout, "partition p1 was there when the recording was sealed, and is not");
});

test("diff compares partition with partition", async () => {
  const copy = join(folder, "copy");
  cpSync(record, copy, { recursive: true });
  assert.is((await run(["diff", record, copy])).code, 0);
  rmSync(join(copy, "p1"), { recursive: true });
  // One partition is compared with the partition of its name alone.
  assert.is((await run(["diff", record, copy])).code, 0);
  assert.is((await run(["diff", join(record, "p1"), copy])).code, 1);
});

test("record export writes all partitions to one file in order of time, and import brings each back", async () => {
  const file = join(folder, "both.mcap");
  const back = join(folder, "back");
  const exported = await run(["record", "export", record, "--to", file, "--json"]);
  assert.is(exported.code, 0, exported.stderr);
  assert.not.match(exported.stderr, "several partitions");
  const { inputs, events } = JSON.parse(exported.stdout) as { inputs: number; events: number };
  assert.equal([inputs, events], [stopped.inputs, stopped.events]);
  const imported = await run(["record", "import", file, "--to", back]);
  assert.is(imported.code, 0, imported.stderr);
  for (const args of [
    ["diff", record, back],
    ["replay", back, "--verify"],
    ["verify", back],
  ]) {
    const { code, stdout, stderr } = await run(args);
    assert.is(code, 0, stdout + stderr);
  }
  assert.equal(
    readdirSync(join(back, "p1")).filter((name) => name.endsWith(".snap")),
    readdirSync(join(record, "p1")).filter((name) => name.endsWith(".snap")),
  );
});

test("a branch that names no group is one of each partition, from the same time on", async () => {
  const to = join(folder, "branched");
  const changed = ["--set", "collapse.falseAlarmsPerDay=0.5", "--to", to, "--json"];
  const { code, stdout, stderr } = await run(["whatif", record, "--at", "30", ...changed]);
  assert.is(code, 0, stderr);
  const { others, ...first } = JSON.parse(stdout) as {
    parent: { partition: string; atUs: number };
    others: { parent: { partition: string; atUs: number } }[];
  };
  const parents = [first, ...others].map(({ parent }) => parent);
  assert.equal(
    parents.map(({ partition }) => partition),
    ["p0", "p1"],
  );
  assert.is(parents[1]!.atUs, parents[0]!.atUs);
  const replayed = await run(["replay", to, "--verify"]);
  assert.is(replayed.code, 0, replayed.stderr);
  assert.equal(replayed.stdout.match(/^partition \S+$/gm), ["partition p0", "partition p1"]);
});

test("replay --seek runs every partition from the place on, an input's being that of the first partition", async () => {
  const { partitions } = stopped;
  const sought = await run(["replay", record, "--seek", "30", "--verify", "--events", "-", "--json"]);
  assert.is(sought.code, 0, sought.stderr);
  const later = JSON.parse(sought.stderr) as { finalHash: string; others: { finalHash: string }[] };
  assert.equal(
    [later, ...later.others].map(({ finalHash }) => finalHash),
    partitions.map(({ hash }) => hash),
  );
  const events = eventsIn(sought.stdout);
  inOrder(events);
  const [fromUs] = events.map(({ timeUs }) => timeUs);
  const listed = eventsIn((await run(["inspect", record, "--events", "--json"])).stdout);
  const after = listed.filter(({ timeUs, id }) => timeUs > fromUs! && !events.some((each) => each.id === id));
  assert.equal(after, []);
  const outside = await run(["replay", record, "--seek", "2001-01-01T00:00:00Z"]);
  assert.is(outside.code, 2);
  assert.match(outside.stderr, "is outside of the recording; expected");
});

test("replay --step goes through all partitions in the order of time", async () => {
  const { stdout, code } = await run(["replay", record, "--step", "--json"], { stdin: "1000000\n" });
  assert.is(code, 0);
  type Line = { what: string; partition?: string; sequence: number; timeUs: number; id?: string };
  const lines = stdout
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Line);
  const inputs = lines.filter(({ what }) => what === "input");
  assert.equal(
    inputs.map(({ timeUs, partition }) => [timeUs, partition]),
    inputs.map(({ timeUs, partition }) => [timeUs, partition]).toSorted(([a], [b]) => Number(a) - Number(b)),
  );
  for (const { partition, inputs: count } of stopped.partitions)
    assert.equal(
      inputs.filter((each) => each.partition === partition).map(({ sequence }) => sequence),
      Array.from({ length: count }, (_, k) => k + 1),
    );
  assert.is(lines.filter(({ what }) => what === "event").length, stopped.events);
  assert.equal(
    lines.filter(({ what }) => what === "end").map(({ partition, sequence }) => [partition, sequence]),
    stopped.partitions.map(({ partition, inputs: count }) => [partition, count]),
  );
});

test("replay --verify --tail verifies all partitions of a recording to its end", async () => {
  const { stdout, stderr, code } = await run(["replay", record, "--verify", "--tail", "--json"]);
  assert.is(code, 0, stderr);
  const ends = stdout
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as { what: string; partition: string; inputs: number })
    .filter(({ what }) => what === "end");
  assert.equal(
    ends.map(({ partition, inputs }) => [partition, inputs]),
    stopped.partitions.map(({ partition, inputs }) => [partition, inputs]),
  );
});

test("whatif --sweep counts the alarms of all partitions, or of the one whose channels are named", async () => {
  const hashes = async (...options: string[]) => {
    const swept = await run(["whatif", record, "--sweep", "seed=1,2", "--json", ...options]);
    assert.is(swept.code, 0, swept.stderr);
    return (JSON.parse(swept.stdout) as { finalHash: string }[]).map(({ finalHash }) => finalHash.split(" "));
  };
  const [both, both2] = await hashes();
  assert.is(both!.length, 2);
  assert.is(new Set([...both!, ...both2!]).size, 4);
  const [one] = await hashes("--drop", `${IN_P1}/walk1`);
  assert.is(one!.length, 1);
});

test("a branch is of the partition whose channels it names, and a question about an event finds the partition of its id", async () => {
  const about = await run([
    "whatif",
    record,
    "--at",
    "5",
    "--drop",
    `${IN_P1}/walk1`,
    "--no-write",
    "--json",
  ]);
  assert.match(about.stderr, `this is p1, in ${join(record, "p1")}`);
  const both = ["--drop", `${IN_P0}/walk1`, "--drop", `${IN_P1}/walk1`];
  const refused = await run(["whatif", record, "--at", "5", ...both, "--no-write"]);
  assert.is(refused.code, 2);
  assert.match(refused.stderr, "are in partitions p0 and p1; expected groups and channels of one");
  const { stdout } = await run(["inspect", join(record, "p1"), "--events", "--json"]);
  const { id } = eventsIn(stdout).find(({ group }) => group === IN_P1)!;
  const asked = await run(["causality", record, "--event", id, "--runs", "2", "--rewinds", "20ms", "--json"]);
  assert.is(asked.code, 0, asked.stderr);
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
