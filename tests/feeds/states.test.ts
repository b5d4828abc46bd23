// runtime: either
/** Lines of states and records: what each form becomes, and what is refused with its line. */
import { PassThrough } from "node:stream";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { createFeed } from "../../actors/feeds/session-feeds.ts";
import { LineWriter } from "../../actors/filters/lines.ts";
import { float64Column } from "../../protocol/columns.ts";
import type { QuantumInput } from "../../protocol/messages.ts";
import { WorldTable } from "../../sim/worlds/command/world-table.ts";
import { synthWorlds } from "../../sim/worlds/worlds.ts";
import { createManualClock } from "../support/clock.ts";
import { type Collected, collectingSink, collectSpec, collectText, pieces } from "./collect.ts";

const stateLines = (...lines: unknown[]) => lines.map((line) => `${JSON.stringify(line)}\n`).join("");
const states = (lines: string, query = "") => collectText(lines, query, "qubit.ndjson");

/** Type, levels, real and imaginary parts. */
function contents({ quanta }: Collected): unknown[] {
  return quanta.map((input) => {
    assert.ok(input.type !== "measurementRecord");
    const { type, n, re, im } = input as Exclude<QuantumInput, { type: "measurementRecord" }>;
    return [type, n, [...float64Column(re)], [...float64Column(im)]];
  });
}

function failure({ statuses }: Collected): string {
  const last = statuses.at(-1)!;
  assert.is(last.status, "failed");
  return last.detail;
}

test("a density matrix is read as rows, as the list of `measure`, under its name, and real without im", async () => {
  const plus = [0.5, 0.5, 0.5, 0.5];
  const rows = [
    [0.5, 0.5],
    [0.5, 0.5],
  ];
  const zero = [0, 0, 0, 0];
  const found = await states(
    stateLines(
      { time: 1, re: rows },
      { time: 2, n: 2, re: plus, im: zero },
      { time: 3, rho: { re: rows, im: zero } },
      { time: 4, rho: rows },
    ),
  );
  assert.equal(contents(found), Array(4).fill(["densityMatrix", 2, plus, zero]));
  assert.equal(
    found.quanta.map(({ timeUs }) => timeUs),
    [1e6, 2e6, 3e6, 4e6],
  );
  assert.equal(
    [...found.groups.values()].map(({ group, channels }) => [group, channels.map(({ name }) => name)]),
    [["qubit", ["|0⟩", "|1⟩"]]],
  );
  assert.equal(
    found.statuses.map(({ status }) => status),
    ["opened", "ended"],
  );
  assert.match(found.statuses[0]!.detail, /density matrices of 2 levels/);
});

test("a state vector is read by its name or as a plain list, and may name its levels", async () => {
  const found = await states(
    stateLines(
      { time: 1, psi: { re: [0.6, 0], im: [0, 0.8] }, levels: ["up", "down"] },
      { time: 2, re: [0.6, 0.8] },
      { time: 3, psi: [0, 1] },
    ),
  );
  assert.equal(contents(found), [
    ["stateVector", 2, [0.6, 0], [0, 0.8]],
    ["stateVector", 2, [0.6, 0.8], [0, 0]],
    ["stateVector", 2, [0, 1], [0, 0]],
  ]);
  assert.equal(
    found.groups.get("qubit")!.channels.map(({ name }) => name),
    ["up", "down"],
  );
});

test("the states that a synthetic world writes are read as it sent them", async () => {
  for (const form of ["density", "vector"]) {
    const spec = `synth:quantum-zeno?form=${form}&speed=max&duration=500ms&group=qubit`;
    const world = await collectSpec(spec, { worlds: synthWorlds() });
    const written = new PassThrough();
    const table = new WorldTable("ndjson", new LineWriter(written));
    await createFeed(spec, { clock: createManualClock(), seed: 1, worlds: synthWorlds() }).run(table);
    await table.end();
    written.end();
    const read = await collectSpec("stdin?group=qubit", { stdin: written });
    assert.equal(contents(read), contents(world));
    assert.equal(
      read.quanta.map(({ timeUs }) => timeUs),
      world.quanta.map(({ timeUs }) => timeUs),
    );
  }
});

test("records beside states have a group of their own", async () => {
  const found = await states(
    stateLines(
      { time: 1, psi: [1, 0] },
      { time: 1, operator: "sz", current: [0.5, -0.5], every: 0.01, efficiency: 0.4 },
      { time: 2, operator: "sz", current: 0.25 },
    ),
  );
  const [, two, one] = found.quanta as [unknown, QuantumInput, QuantumInput];
  assert.ok(two.type === "measurementRecord" && one.type === "measurementRecord");
  assert.equal(
    [two.group, two.operator, two.everyUs, two.efficiency, [...float64Column(two.current)]],
    ["qubit-sz", "sz", 10_000, 0.4, [0.5, -0.5]],
  );
  assert.equal([one.efficiency, [...float64Column(one.current)]], [1, [0.25]]);
  assert.equal([...found.groups.keys()], ["qubit", "qubit-sz"]);
});

test("a line that is no state ends the feed with its place, what it has and what was expected", async () => {
  const good = { time: 1, re: [[1, 0], [0, 0]] }; // biome-ignore format: a matrix
  for (const [bad, says] of [
    [{ time: 2, re: [[0.6, 0], [0, 0.6]] }, /line 2: .*trace is 1\.2; expected 1 within 1e-9/], // biome-ignore format: a matrix
    [{ time: 2, re: [[0.5, 0.5], [0.4, 0.5]] }, /line 2: .*\[1,0\] and \[0,1\] are not conjugate/], // biome-ignore format: a matrix
    [{ time: 2, re: [[1.5, 0], [0, -0.5]] }, /line 2: .*lowest eigenvalue is -0\.5; expected at least -1e-9/], // biome-ignore format: a matrix
    [{ time: 2, re: [[1, 0], [0, "x"]] }, /line 2: .*re\[1\]\[1\]: it is the text "x"; expected a number/], // biome-ignore format: a matrix
    [{ time: 2, psi: [1, 1] }, /line 2: .*squared norm is 2; expected 1 within 1e-9/],
    [{ time: 2, psi: [1, 0, 0] }, /line 2: the state has 3 levels; expected 2, as before/],
    [{ time: "soon", psi: [1, 0] }, /line 2: time is "soon"; expected seconds/],
    [{ time: 2, phi: 1 }, /line 2: .*none of re, rho, psi and current/],
    [{ time: 2, operator: "sz", current: [1, 2] }, /line 2: .*every: it is absent; expected a number/],
  ] as const) {
    const found = await states(stateLines(good, bad, good));
    assert.match(failure(found), /Cannot read .*qubit\.ndjson: /);
    assert.match(failure(found), says);
    assert.is(found.quanta.length, 1, "what came before has been sent");
  }
});

test("states without a time need a spacing, and tables with a column called current stay tables", async () => {
  assert.match(
    failure(await states(stateLines({ psi: [1, 0] }))),
    /no time among psi; expected time=KEY, or every=1s/,
  );
  const spaced = await states(stateLines({ psi: [1, 0] }, { psi: [0, 1] }), "every=10ms");
  assert.equal(
    spaced.quanta.map(({ timeUs }) => timeUs),
    [0, 10_000],
  );
  const table = await states(stateLines({ time: 1, current: 0.3, voltage: 2 }));
  assert.equal(
    table.samples.map(({ channel }) => channel),
    ["current", "voltage"],
  );
});

test("options of tables are refused for states", async () => {
  assert.match(
    failure(await states(stateLines({ time: 1, psi: [1, 0] }), "sampling=ticks")),
    /no option sampling/,
  );
});

test("live states on standard input happen as they arrive, also those that come in pieces", async () => {
  const clock = createManualClock(1e12);
  const sink = collectingSink();
  const stdin = pieces('{"psi":[1,', '0]}\n{"psi":[0,1]}\n');
  const feed = createFeed("stdin?live=1", { clock, seed: 1, stdin });
  assert.is(feed.kind, "live");
  await feed.run(sink);
  assert.equal(
    sink.quanta.map(({ timeUs, source, sequence }) => [timeUs, source, sequence]),
    [
      [1e12, "stdin", 1],
      [1e12, "stdin", 2],
    ],
  );
});

test("with a speed a state leaves when it is due", async () => {
  const clock = createManualClock(1e12);
  const sink = collectingSink();
  const stdin = pieces(stateLines({ time: 10, psi: [1, 0] }, { time: 12, psi: [0, 1] }));
  const running = createFeed("stdin?speed=2", { clock, seed: 1, stdin }).run(sink);
  await clock.advance(0);
  assert.is(sink.quanta.length, 1);
  await clock.advance(999);
  assert.is(sink.quanta.length, 1);
  await clock.advance(2);
  await running;
  assert.is(sink.quanta.length, 2);
});

test("states in one line after the other are numbered, whatever else runs", async () => {
  const lines = Array.from({ length: 100 }, (_, k) => ({ time: k, psi: [1, 0] }));
  const { quanta } = await collectSpec("stdin", { stdin: pieces(stateLines(...lines)) });
  assert.equal(
    quanta.map(({ sequence }) => sequence),
    lines.map((_, k) => k + 1),
  );
});

test.run();
