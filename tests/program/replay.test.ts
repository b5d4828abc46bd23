// runtime: either
// slow
/** `replay` over a recording that `up` has made: verification, parts of it, pace, and where events and report go. */
import { cpSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { SYSTEM } from "../../actors/system.ts";
import type { EventMessage } from "../../protocol/messages.ts";
import { run } from "../support/program-run.ts";
import { inputsOf } from "../support/recorded-blocks.ts";
import { record, temporaryDirectory, withoutBeginning } from "../support/recorded-run.ts";
import { START_S, walkFile } from "../support/walk-table.ts";

const ROWS = 1_600;
const folder = temporaryDirectory();
const recording = join(folder, "recording");
/** What the program said when it had made the recording. */
let made: { inputs: number; events: number; samples: number; hash: string };
let all: EventMessage[];

test.before(async () => {
  const table = walkFile(join(folder, "walk.csv"), ROWS);
  const feed = ["up", "--feed", `file:${table}`, "--once", "--port", "0", "--json"];
  const { stdout } = await run([...feed, "--record", recording]);
  const lines = stdout.trimEnd().split("\n");
  made = JSON.parse(lines.at(-1)!) as typeof made;
});

test("replay writes the events to a file and its report to stdout", async () => {
  const path = join(folder, "events.ndjson");
  const { code, stdout } = await run(["replay", recording, "--events", path]);
  assert.is(code, 0);
  all = eventsIn(readFileSync(path, "utf8"));
  assert.is(all.length, made.events);
  assert.equal(
    all.map(({ sequence }) => sequence),
    all.map((_, k) => k + 1),
  );
  const { inputs, events, samples, hash } = made;
  assert.ok(
    stdout.startsWith(`replayed ${inputs} inputs, ${events} events, final hash ${hash}\n${samples} samples`),
  );
});

test("replay --verify --json reports what was compared, and no difference", async () => {
  const { code, stdout } = await run(["replay", recording, "--verify", "--json"]);
  assert.is(code, 0);
  const report = JSON.parse(stdout) as Record<string, unknown>;
  const { inputs, events, samples, finalHash, difference } = report;
  assert.equal({ inputs, events, samples, hash: finalHash }, pick(made));
  assert.is(difference, null);
  const compared = report["compared"] as { checkpoints: number; derived: number };
  assert.ok(compared.checkpoints >= 1 && compared.derived >= 1, JSON.stringify(compared));
});

test("replay --events - leaves stdout to the events", async () => {
  const { code, stdout, stderr } = await run(["replay", recording, "--events", "-", "--verify"]);
  assert.is(code, 0);
  assert.equal(eventsIn(stdout), all);
  assert.match(stderr, `verified ${made.inputs} inputs, ${made.events} events, final hash ${made.hash}\n`);
});

test("replay --from and --to hand out the events between them, whichever way the times are written", async () => {
  const from = (START_S + 500) * 1e6;
  const to = (START_S + 1_200) * 1e6;
  // A timer fires before the input that passes its time, and a frame ends after its first rows: events belong to their input.
  const inputs = await inputsOf(recording);
  const until = inputs.filter(({ timeUs }) => timeUs <= to).at(-1)!.sequence;
  const expected = all.filter(({ id, timeUs }) => timeUs >= from && Number(id.split("/")[1]) <= until);
  assert.ok(expected.length > 0 && expected.length < all.length);
  const iso = (us: number) => new Date(us / 1000).toISOString();
  const forms = [
    // Without a zone: UTC.
    [iso(from), iso(to).slice(0, 19)],
    [
      String(from),
      iso(to).replace(
        /\d\d:(\d\d:\d\d\.000)Z/,
        (_, rest) => `${iso(to + 3.6e9).slice(11, 13)}:${rest}+01:00`,
      ),
    ],
  ] as const;
  for (const [fromText, toText] of forms) {
    const { code, stdout } = await run([
      "replay",
      recording,
      "--from",
      fromText,
      "--to",
      toText,
      "--events",
      "-",
    ]);
    assert.is(code, 0, fromText);
    assert.equal(eventsIn(stdout), expected, `${fromText} to ${toText}`);
  }
});

test("replay --speed passes recorded time at most so many times as fast as the clock", async () => {
  const seconds = async (...args: string[]) => {
    const { code, stdout, stderr } = await run(["replay", recording, "--json", ...args]);
    assert.is(code, 0, stderr);
    return (JSON.parse(stdout) as { seconds: number }).seconds;
  };
  const from = ["--from", String((START_S + 600) * 1e6), "--to", String((START_S + 1_200) * 1e6)];
  // 600 s of it, in steps of blocks: of frames of some 85 rows.
  const paced = await seconds("--speed", "600", ...from);
  assert.ok(paced > 0.4, `${paced} s for 600 s at speed 600`);
  const whole = await seconds("--speed", "1600");
  assert.ok(whole > 0.5, `${whole} s for ${ROWS} s at speed 1600`);
});

test("replay says which inputs it covers, and why the first ones are not among them", async () => {
  const walk = "walk?group=walk&channels=3&rate=max&seed=5&duration=";
  const { directory, inputs: atSnapshot } = await record({ definitions: SYSTEM, feeds: [`${walk}2s`] });
  // The session that goes on has a snapshot where the first one closed.
  const { inputs } = await record({ definitions: SYSTEM, feeds: [`${walk}4s`], directory });
  const { timeUs } = (await inputsOf(directory)).at(-1)!;
  const { directory: rest, firstInput } = await withoutBeginning(directory);
  assert.ok(atSnapshot > 1 && firstInput === atSnapshot + 1 && inputs > firstInput);
  const cases: [args: string[], covered: number, left: string[]][] = [
    [[directory], 1, []],
    [[directory, "--from", String(timeUs)], firstInput, ["it began with a snapshot"]],
    [[rest], firstInput, [`the recording begins with input ${firstInput}`]],
  ];
  for (const [args, from, why] of cases) {
    const { code, stdout } = await run(["replay", "--verify", ...args]);
    assert.is(code, 0, stdout);
    const [, rates, ...after] = stdout.trimEnd().split("\n");
    assert.match(rates!, new RegExp(`; inputs ${from} to ${inputs}$`));
    assert.equal(
      after,
      why.map((reason) => `not replayed: inputs 1 to ${atSnapshot}, ${reason}`),
    );
  }
});

test("replay of a recording with a flipped byte names file and offset, ends with 1, and changes nothing in it", async () => {
  const damaged = join(folder, "damaged");
  cpSync(recording, damaged, { recursive: true });
  const file = "0000000001.seg";
  const bytes = readFileSync(join(damaged, file));
  const flipped = Math.floor(bytes.length / 2);
  bytes[flipped]! ^= 0x10;
  writeFileSync(join(damaged, file), bytes);
  const before = contents(damaged);

  for (const flags of [["--verify"], []]) {
    const { code, stdout, stderr } = await run(["replay", damaged, ...flags]);
    assert.is(code, 1);
    assert.is(stdout, "");
    const [, offset, length] =
      new RegExp(`damaged: ${file} at byte (\\d+), (\\d+) bytes: `).exec(stderr) ?? [];
    assert.ok(Number(offset) <= flipped && flipped < Number(offset) + Number(length), stderr);
  }
  assert.equal(contents(damaged), before);
});

test("replay refuses to write events where it cannot", async () => {
  const path = join(folder, "no", "such", "folder");
  const { code, stderr } = await run(["replay", recording, "--events", path]);
  assert.is(code, 2);
  assert.match(stderr, `eigenwatch: Cannot write events to ${path}: ENOENT`);
});

function eventsIn(text: string): EventMessage[] {
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as EventMessage);
}

function pick({ inputs, events, samples, hash }: typeof made) {
  return { inputs, events, samples, hash };
}

function contents(directory: string): [name: string, bytes: string][] {
  return readdirSync(directory)
    .sort()
    .map((name) => [name, readFileSync(join(directory, name)).toString("base64")]);
}

test.run();
