// runtime: either
// slow
/** `replay` from a place, step by step, and as a session that programs and pages look at. */

import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import type { EventMessage } from "../../protocol/messages.ts";
import { refuseAll } from "../support/command-line.ts";
import { run, start } from "../support/program-run.ts";
import { temporaryDirectory } from "../support/recorded-run.ts";
import { START_S, walkFile } from "../support/walk-table.ts";

const ROWS = 1_600;
const folder = temporaryDirectory();
const recording = join(folder, "recording");
let all: EventMessage[];
let inputs: number;

test.before(async () => {
  const table = walkFile(join(folder, "walk.csv"), ROWS);
  const up = ["up", "--feed", `file:${table}`, "--once", "--port", "0", "--json", "--record", recording];
  const { stdout } = await run(up);
  inputs = (JSON.parse(stdout.trimEnd().split("\n").at(-1)!) as { inputs: number }).inputs;
  all = eventsIn((await run(["replay", recording, "--events", "-"])).stdout);
  assert.ok(all.length >= 3, "some events");
});

test("replay --seek hands out what follows from the inputs at and behind a sequence or a time", async () => {
  const place = inputOf(all[Math.floor(all.length / 2)]!);
  const timeUs = (START_S + 700) * 1e6;
  const bySequence = await run(["replay", recording, "--seek", String(place), "--events", "-"]);
  assert.equal(
    eventsIn(bySequence.stdout),
    all.filter((event) => inputOf(event) >= place),
  );
  const text = new Date(timeUs / 1000).toISOString();
  const { code, stdout } = await run(["replay", recording, "--seek", text, "--events", "-"]);
  assert.is(code, 0);
  // No event of this recording is told later than at the time of its input.
  assert.equal(
    eventsIn(stdout),
    all.filter((event) => event.timeUs >= timeUs),
  );
});

test("replay --step does one input a line, N, or up to the next event, and ends with q or the recording", async () => {
  const stdin = "\n2\n\ne\nnonsense\nq\n";
  const { code, stdout, stderr } = await run(["replay", recording, "--step", "--json"], { stdin });
  assert.is(code, 0);
  const lines = stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  const steps = lines.filter(({ what }) => what === "input");
  assert.equal(
    steps.slice(0, 4).map(({ sequence, type }) => [sequence, type]),
    [
      [1, "sessionOpened"],
      [2, "channels"],
      [3, "feedStatus"],
      [4, "frame"],
    ],
  );
  const first = all.find((event) => inputOf(event) > 4)!;
  const said = lines.find(({ what, sequence }) => what === "event" && sequence === first.sequence)!;
  assert.is(said["title"], first.title);
  assert.is(steps.at(-1)!["sequence"], inputOf(first));
  assert.match(stderr, /Cannot step nonsense/);

  const last = await run(["replay", recording, "--step", "--seek", String(inputs)], { stdin: "5\n" });
  assert.is(last.code, 0);
  assert.match(
    last.stdout,
    new RegExp(`\n${inputs}  .*\n(.*\n)*end of the recording behind input ${inputs}\n`),
  );
});

test("replay --follow plays the recording as a session that is moved over HTTP and ends by a signal", async () => {
  const program = start(["replay", recording, "--follow", "--speed", "max", "--json"]);
  const { url } = await program.line("listening");
  const api = async (path: string, body?: unknown) => {
    const post = { method: "POST", headers: { "content-type": "application/json" } };
    const init = body === undefined ? {} : { ...post, body: JSON.stringify(body) };
    const response = await fetch(`${url}api/${path}`, init);
    return { status: response.status, body: (await response.json()) as Record<string, never> };
  };
  while ((await api("replay")).body["state"] !== "ended");
  const events = (await api("events?limit=1000")).body["events"] as unknown as EventMessage[];
  assert.equal(
    events.map(({ id, title }) => [id, title]),
    all.map(({ id, title }) => [id, title]),
  );
  const place = inputOf(all[1]!);
  let moved = await api("replay", { action: "seek", sequence: place });
  assert.is(moved.body["sequence"], place - 1);
  while (moved.body["state"] === "seeking") moved = await api("replay");
  assert.equal([moved.body["state"], moved.body["sequence"]], ["paused", place - 1]);
  const before = (await api("events?limit=1000")).body["events"] as unknown as EventMessage[];
  assert.equal(
    before.map(({ sequence }) => sequence),
    all.filter((event) => inputOf(event) < place).map(({ sequence }) => sequence),
  );
  const outside = await api("replay", { action: "seek", sequence: inputs + 1 });
  assert.is(outside.status, 400);
  program.kill("SIGTERM");
  assert.is((await program.ended).code, 0);
});

test("what cannot be asked for together, or is not in the recording, is refused by what is expected", async () => {
  const outside = await run(["replay", recording, "--seek", "2999-01-01"]);
  assert.is(outside.code, 2);
  assert.match(outside.stderr, /outside of the recording; expected \d{4}-.* to \d{4}-/);

  const inside = new RegExp(`expected 1 to ${inputs}`);
  const refused: [string[], RegExp][] = [
    [["--seek", String(inputs + 1)], inside],
    [["--seek", "noon"], /'--seek <place>' argument 'noon' is invalid/],
    [["--seek", "5", "--from", "2000-01-01"], /--from and --seek/],
    [["--step", "--follow"], /--step and --follow/],
    [["--follow", "--verify"], /--follow and --verify/],
    [["--port", "0"], /--follow/],
    [["--follow", "--seek", "0"], inside],
    [["--follow", "--speed", "0"], /a number above 0, or max/],
  ];
  await refuseAll(refused.map(([options, says]) => [["replay", recording, ...options], says]));
});

function eventsIn(text: string): EventMessage[] {
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as EventMessage);
}

/** Sequence of the input that an event follows from. */
function inputOf({ id }: EventMessage): number {
  return Number(id.split("/")[1]);
}

test.run();
