// runtime: either
/** Definitions of workflows: what a file says, and where it is wrong. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { readWorkflow } from "../../collab/workflows/definition.ts";
import { findWorkflow } from "../../collab/workflows/find.ts";
import { PACKAGED } from "../../collab/workflows/packaged.ts";

const HEAD = "name: check\ntitle: Check\nsteps:\n";

function refuses(text: string, says: string): void {
  assert.throws(
    () => readWorkflow(text, "check.yaml"),
    (error: Error) => {
      assert.is(error.message, `Cannot read workflow check.yaml:${says}`);
      return true;
    },
  );
}

test("a file with automatic steps and steps of people becomes a definition", () => {
  const text = `${HEAD}  warm: {title: Warm up, until: warm, timeout: 90s}
  rows: {title: Run, rows: 250, after: warm}
  sign: {title: Sign off, after: [warm, rows, warm], role: owner, instructions: Who answers for it.}
`;
  assert.equal(readWorkflow(text, "check.yaml"), {
    name: "check",
    feeds: [],
    definition: {
      title: "Check",
      steps: {
        warm: { title: "Warm up", automatic: { until: "warm" }, timeoutSeconds: 90 },
        rows: { title: "Run", after: ["warm"], automatic: { rows: 250 } },
        sign: {
          title: "Sign off",
          after: ["warm", "rows"],
          role: "owner",
          instructions: "Who answers for it.",
        },
      },
    },
  });
});

test("what is no YAML is refused with line and column", () => {
  assert.throws(() => readWorkflow("name: check\ntitle: [a\n", "c.yaml"), /c\.yaml:\d+:\d+: .*expected YAML/);
  assert.throws(() => readWorkflow("name: a\nname: b\n", "c.yaml"), /c\.yaml:2:1: map keys must be unique/);
});

test("a file that holds no map, or nothing, is refused", () => {
  refuses("", "1:1: an empty file; expected name, title and steps");
  refuses("- a\n", "1:1: no map; expected name, title and steps");
});

test("a key that is missing or unknown is named where it is, or would be", () => {
  refuses("title: Check\nsteps: {a: {title: A}}\n", "1:1: there is no name; expected name, title and steps");
  refuses(`${HEAD}  a: {}\n`, "4:3: there is no steps.a.title; expected a title");
  refuses(`${HEAD}  a:\n    title: A\n    afer: b\n`, "6:5: there is no key afer; expected perhaps after");
  refuses(`${HEAD}  a: {title: A}\nstep: 1\n`, "5:1: there is no key step; expected perhaps steps");
});

test("a value that does not fit is named with its place and what would", () => {
  refuses(
    `${HEAD}  a:\n    title: A\n    until: hot\n`,
    '6:5: steps.a.until is "hot"; expected ("connected" | "warm" | "calm")',
  );
  refuses(
    `${HEAD}  a:\n    title: A\n    rows: 1\n    timeout: soon\n`,
    '7:5: steps.a.timeout is "soon"; expected a duration of at least 1ms, such as 100ms, 1s or 5m',
  );
  refuses(
    `${HEAD}  "a b": {title: A}\n`,
    '4:3: steps.a b is "a b"; expected 1 to 64 letters, digits, - and _, the first a letter or digit',
  );
  refuses(`${HEAD}  - title: A\n`, "3:1: steps is a list; expected a map of steps by name");
});

test("a step after one that is not there, or in a circle, is refused", () => {
  refuses(
    `${HEAD}  warm: {title: A}\n  b: {title: B, after: wram}\n`,
    "5:17: there is no step wram; expected perhaps warm",
  );
  refuses(
    `${HEAD}  a: {title: A, after: b}\n  b: {title: B, after: a}\n`,
    "4:17: a comes after b, which comes after a; expected steps in no circle",
  );
});

test("a step does one thing, and only an automatic one has a timeout", () => {
  refuses(
    `${HEAD}  a: {title: A, until: warm, rows: 3}\n`,
    "4:30: until and rows; expected one of them: an automatic step does one thing",
  );
  refuses(
    `${HEAD}  a: {title: A, timeout: 3s}\n`,
    "4:17: a timeout of a step that people do; expected until (connected, warm, calm) or rows with it",
  );
});

test("keys that change prototypes, aliases that grow without bound, and files without end are refused", () => {
  assert.throws(
    () => readWorkflow(`${HEAD}  __proto__: {title: A}\n`, "c.yaml"),
    /c\.yaml:4:3: key __proto__/,
  );
  assert.throws(
    () => readWorkflow(`${HEAD}  constructor: {title: A}\n`, "c.yaml"),
    /c\.yaml:4:3: key constructor/,
  );
  const bomb = ["a: &a [x, x, x, x, x, x, x, x, x, x]"];
  for (const [name, of] of ["ba", "cb", "dc", "ed", "fe"])
    bomb.push(`${name}: &${name} [${Array(10).fill(`*${of}`).join(", ")}]`);
  assert.throws(() => readWorkflow(bomb.join("\n"), "c.yaml"), /c\.yaml:\d+:\d+: .*alias/i);
  assert.throws(() => readWorkflow("#".repeat(300_000), "c.yaml"), /300000 characters; expected at most/);
});

test("a definition that no entry of the document could hold is refused", () => {
  const instructions = "x".repeat(900);
  const steps = Array.from({ length: 12 }, (_, k) => `  s${k}: {title: S, instructions: ${instructions}}`);
  assert.throws(
    () => readWorkflow(HEAD + steps.join("\n"), "c.yaml"),
    /c\.yaml:3:1: .*at most 8192 characters/,
  );
});

test("every packaged workflow can be read, under its own name", () => {
  for (const name of Object.keys(PACKAGED)) assert.is(findWorkflow(name).name, name);
});

test("a file that is not there is refused with the packaged names", () => {
  assert.throws(
    () => findWorkflow("none.yaml"),
    /none\.yaml.*expected a YAML file, or a packaged workflow: morning-check/,
  );
});

test.run();
