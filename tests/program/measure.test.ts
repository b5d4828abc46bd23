/** `measure` as a filter: lines in, lines out, in order, whatever stands in them. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { referenceJson } from "../kernels/reference.ts";
import { run, start } from "../support/program-run.ts";
import { temporaryDirectory } from "../support/recorded-run.ts";
import { skipWithoutData } from "../support/shared.ts";

type Values = Record<string, [value: number, tolerance: number]>;
type Matrix = { re: number[]; im: number[] };
interface State {
  id: string;
  n: number;
  rho: Matrix;
  eig: number[];
  f: Values;
  pair: { sigma: Matrix; f: Values };
  update: { alpha: number; psi: Matrix; f: Values };
}

const reference = referenceJson<{ items: State[] }>("oracle/states.json.gz");

/** Eigenvalues come without a tolerance of their own: some roundings of numbers below 1. */
const EIGENVALUE_TOLERANCE = 1e-12;

test("measure answers all reference states on standard input within their tolerances", async () => {
  if (reference === null) return skipWithoutData();
  const { items } = reference;
  assert.is(items.length, 200);
  const lines = items.map(({ n, rho, pair, update: { alpha, psi } }) =>
    JSON.stringify({ n, ...rho, sigma: pair.sigma, update: { alpha, psi } }),
  );
  const { code, stdout, stderr } = await run(["measure", "-"], { stdin: `${lines.join("\n")}\n` });
  assert.is(code, 0, stderr);
  const answers = stdout.trimEnd().split("\n");
  assert.is(answers.length, 200);
  const wrong: string[] = [];
  for (const [k, item] of items.entries()) {
    const answer = JSON.parse(answers[k]!) as Record<string, unknown>;
    const compare = (name: string, mine: unknown, expected: number, tolerance: number): void => {
      if (!(Math.abs((mine as number) - expected) <= tolerance))
        wrong.push(`${item.id} ${name}: ${mine}; expected ${expected} ± ${tolerance}`);
    };
    for (const [name, [value, tolerance]] of [...Object.entries(item.f), ...Object.entries(item.pair.f)])
      compare(name, answer[name], value, tolerance);
    for (const [name, [value, tolerance]] of Object.entries(item.update.f))
      compare(`update.${name}`, answer[`update.${name}`], value, tolerance);
    for (const [i, value] of item.eig.entries())
      compare(`eig[${i}]`, (answer["eig"] as number[])[i], value, EIGENVALUE_TOLERANCE);
    const flat = Object.entries(answer).every(
      ([name, value]) => name === "eig" || typeof value !== "object" || value === null,
    );
    if (!flat) wrong.push(`${item.id} is not flat`);
  }
  assert.equal(wrong, []);
});

test("measure answers bad lines with an error, the others with values, and ends with 1", async () => {
  const good = '{"n":2,"re":[0.5,0.5,0.5,0.5],"im":[0,0,0,0]}';
  const path = join(temporaryDirectory(), "states.ndjson");
  writeFileSync(
    path,
    [
      good,
      "nonsense",
      "",
      '{"n":2,"re":[1],"im":[0]}',
      '{"n":2,"re":[0.7,0,0,0.7],"im":[0,0,0,0]}',
      good,
    ].join("\r\n"),
  );
  const { code, stdout, stderr } = await run(["measure", path]);
  assert.is(code, 1);
  const answers = stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  assert.equal(
    answers.map((answer) => "error" in answer),
    [false, true, true, true, false],
  );
  assert.is(answers[0]!["purity"], 1);
  assert.equal(answers[4], answers[0]);
  assert.match(String(answers[2]!["error"]), /re has 1 entries; expected n² = 4/);
  assert.match(stderr, "3 lines could not be measured");
});

test("measure answers a line while standard input is open, and ends in silence when nobody reads", async () => {
  const filter = start(["measure", "-"]);
  const line = '{"n":1,"re":[1],"im":[0]}\n';
  filter.write(line);
  await filter.matched(/\{.*\}\n/);
  filter.closeOutput();
  filter.write(line.repeat(1_000));
  filter.endInput();
  const { code, stderr } = await filter.ended;
  assert.equal([code, stderr], [0, ""]);
});

test.run();
