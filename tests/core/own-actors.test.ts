// runtime: either
/** Files of actors that are refused, each by what is wrong with it; and what versions say of those that are not. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { actorVersions, checkActorFiles, haveSameActors } from "../../actors/core/actor-versions.ts";
import { addOwnActors } from "../../actors/own-actors.ts";
import { SYSTEM } from "../../actors/system.ts";
import { row } from "../support/inputs.ts";
import { temporaryDirectory } from "../support/recorded-run.ts";
import { TOYS } from "../support/toy-actors.ts";
import { type ToyCore, toy, toyCore } from "./toy-core.ts";

const folder = temporaryDirectory();

const REFUSED: readonly (readonly [text: string, because: RegExp])[] = [
  ["export default 7", /its default export is of type number; expected export default \(kit\) =>/],
  ["export default () => {}", /its default export returned no actor/],
  ["export default () => ({ definition: {}, section: {} })", /its default export returned no actor/],
  [
    "export default () => { throw new Error('no luck'); }",
    /its default export throws: no luck; expected default export that returns an actor/,
  ],
  ["throw 'no luck'", /: no luck; expected a module/],
  [actor("settings: {}"), /its actor is called undefined; expected 2 to 32/],
  ["export default () => {", /expected a module that this runtime can import/],
  [actor('name: "Gap2"'), /its actor is called "Gap2"; expected 2 to 32 lower-case letters/],
  [actor('name: "collapse"'), /there is an actor collapse already; expected another name/],
  [actor('name: "incidents"'), /there is an actor incidents already/],
  [actor('name: "gap", settings: { most: v.number() }'), /its setting most has no default/],
  [
    actor('name: "gap", settings: { most: v.optional(v.any(), [3]) }'),
    /its setting most is \[3\]; expected a number/,
  ],
  [
    `import { x } from "./other.mjs";\n${actor('name: "gap"')}`,
    /it imports \.\/other\.mjs, which its hash does not cover/,
  ],
  ...[
    'import{x}from"./other.mjs";',
    'import"./other.mjs";',
    "let a=1;export*from'./other.mjs';",
    'function f(){}export{x}from"./other.mjs";',
    "const x = () => import(`./other.mjs`);",
  ].map((minified) => [minified + actor('name: "gap"'), /it imports \.\/other\.mjs/] as const),
  [`const x = () => import("../x.mjs");\n${actor('name: "gap"')}`, /it imports \.\.\/x\.mjs/],
];

function actor(fields: string): string {
  return `export default ({ defineDetector, v }) => defineDetector({ ${fields}, create: () => ({ fields: {} }) });`;
}

/** Made when a group has samples. */
const ASYNC: readonly string[] = [
  "create: () => ({ fields: {}, async update() {} })",
  "create: () => new (class { fields = {}; async update() {} })()",
  "create: () => new (class extends class { async update() {} } { fields = {} })()",
  "create: () => new (class { fields = {}; async *update() {} })()",
];

REFUSED.forEach(([text, because], k) => {
  test(`a file is refused: ${because.source}`, async () => {
    const before = SYSTEM.group.length;
    const file = join(folder, `refused-${k}.mjs`);
    writeFileSync(file, text);
    const error = await addOwnActors([file]).catch((thrown: Error) => thrown);
    assert.match((error as Error).message, because);
    assert.ok((error as Error).message.startsWith(`Cannot use the actor ${file}: `));
    assert.is(SYSTEM.group.length, before);
  });
});

ASYNC.forEach((create, k) => {
  test(`a detector with an asynchronous method is refused: ${create}`, async () => {
    const file = join(folder, `async-${k}.mjs`);
    const name = `later${"abcdef"[k]}`;
    writeFileSync(
      file,
      `export default ({ defineDetector }) => defineDetector({ name: "${name}", ${create} });`,
    );
    await addOwnActors([file]);
    const added = SYSTEM.group.find((each) => each.name === name)!;
    const settings = { [name]: { enabled: true } } as never;
    assert.throws(
      () => added.createDetector(settings, {} as never),
      /update is async; expected a synchronous function/,
    );
  });
});

const publishing = toy("publishing", () => ({ fields: {}, publish: () => ({ measures: { purity: 1 } }) }));

let added = 0;

/** A core with this detector beside the toys, after three rows of 1. */
async function running(detector: string): Promise<ToyCore> {
  const name = `own${String.fromCharCode(97 + added++)}`;
  const file = join(folder, `${name}.mjs`);
  writeFileSync(
    file,
    `export default ({ defineDetector }) => defineDetector({ name: "${name}", ${detector} });`,
  );
  await addOwnActors([file]);
  const own = SYSTEM.group.find((each) => each.name === name)!;
  const world = toyCore({ group: [own, publishing, ...TOYS.group] }, { settings: { publishEveryUs: 1 } });
  for (let k = 1; k <= 3; k++) world.apply(k, row(k, [60]));
  return world;
}

/** What it signals, and why its actor is restarted. */
const SIGNALS: readonly (readonly [signal: string, because: RegExp])[] = [
  ["{ ...ok, timeUs: NaN }", /timeUs is NaN; expected/],
  ["{ ...ok, timeUs: 0.5 }", /timeUs is 0\.5; expected/],
  ["{ ...ok, timeUs: -1e300 }", /timeUs is -1e\+300; expected/],
  ["{ ...ok, effect: NaN }", /effect is NaN; expected/],
  ["{ ...ok, effect: -1 }", /effect is -1; expected/],
  ['{ ...ok, evidence: "1" }', /evidence is "1"; expected/],
  ["{ ...ok, evidence: Infinity }", /evidence is Infinity; expected/],
  ["{ ...ok, size: NaN }", /detail\.size is NaN; expected/],
  ["{ ...ok, title: undefined }", /no title; expected/],
  ["{ ...ok, key: undefined }", /no finding\.key; expected/],
  ['{ ...ok, key: "k".repeat(1000) }', /finding\.key/],
  ["{ ...ok, channels: [1] }", /channels\.0 is 1; expected string/],
  ['{ ...ok, what: "w".repeat(1000) }', /kind is .*; expected/],
];

for (const [signal, because] of SIGNALS)
  test(`an actor that signals ${signal} is restarted with the reason, and everything else goes on`, async () => {
    const { events, core } = await running(`create: () => ({ fields: {}, update(batch, context) {
      const ok = { type: "found", timeUs: context.now, key: "k", title: "t", channels: ["c0"], effect: 1, evidence: 1 };
      if (batch.rowTime[0] === 1) context.signal(${signal});
    } })`);
    const { kind, severity, title, detail } = events[0]!;
    assert.equal([kind, severity], ["actor.restarted", "warning"]);
    assert.match(title, /^own[a-z] failed on input 3 and was restarted$/);
    assert.match(String(detail["reason"]), because);
    assert.equal(
      events.slice(1).map((event) => event.kind),
      ["toy.passed"],
    );
    assert.is(core.sequence, 5);
  });

/** Detectors that cannot be made. */
const UNMADE: readonly (readonly [detector: string, because: RegExp])[] = [
  ['create() { throw new Error("no luck"); }', /its create throws: no luck; expected create that returns/],
  ["create: () => 7", /its create returns 7; expected \{ fields/],
  ["create: () => {}", /its create returns undefined; expected \{ fields/],
  ["create: () => ({ update() {} })", /its detector has no fields/],
  ["create: () => ({ fields: null })", /its detector has no fields/],
  ["create: () => ({ fields: { a: [1] } })", /its field a is Array; expected Float64Array/],
  [
    "create: () => ({ fields: { a: new Float32Array(1) } })",
    /its field a is Float32Array; expected Float64Array/,
  ],
  ["create: () => ({ fields: {}, updates() {} })", /its detector has no update; expected \{ fields/],
  ["create: () => ({ fields: {}, update: 7 })", /its update is of type number; expected a function/],
  ["create: () => ({ fields: {}, publish() {} })", /its detector has publish; expected fields, update/],
  [
    'appliesTo() { throw new Error("no group"); }, create: () => ({ fields: {} })',
    /its appliesTo throws: no group/,
  ],
];

for (const [detector, because] of UNMADE)
  test(`[K4] the actor of a detector that cannot be made is stopped with the reason, and everything else goes on: ${detector}`, async () => {
    const { events, core } = await running(detector);
    const { kind, severity, title, detail } = events[0]!;
    assert.equal([kind, severity], ["actor.stopped", "critical"]);
    assert.match(title, /^own[a-z] cannot be made and is stopped$/);
    assert.match(String(detail["reason"]), /^Cannot use the actor .*own[a-z]\.mjs: /);
    assert.match(String(detail["reason"]), because);
    assert.equal(
      events.slice(1).map((event) => event.kind),
      ["toy.passed"],
    );
    const again = toyCore(
      { group: [...SYSTEM.group.slice(-1), publishing, ...TOYS.group] },
      { from: core.snapshot() },
    );
    assert.equal(again.core.hash(), core.hash());
    again.apply(4, row(4, [60]));
  });

test("measures that no message can hold are left out, and an actor that cannot add its own says so in one", async () => {
  const published = `create: () => ({ fields: {}, addMeasures: (measures) => Object.assign(measures,
    { "own.nan": NaN, "own.infinite": Infinity, "own.text": "x", "": 1, constructor: 3, ["__proto__"]: 4, "own.fine": 2 }) })`;
  const { states } = await running(published);
  const failing = await running('create: () => ({ fields: {}, addMeasures() { throw new Error("m"); } })');
  const own = (all: ToyCore["states"]) =>
    Object.entries(all.at(-1)!.measures).filter(([name]) => name !== "purity");
  assert.equal(own(states), [["own.fine", 2]]);
  assert.match(JSON.stringify(own(failing.states)), /^\[\["own[a-z]\.failed",1\]\]$/);
  assert.equal(
    failing.events.map(({ kind }) => kind),
    ["toy.passed"],
  );
});

test("text that only looks like an import of a file is none", async () => {
  const file = join(folder, "text.mjs");
  const text =
    'export const path = "./x.mjs"; // import { x } from "./x.mjs"\nconst s = \'import "./x.mjs"\';\n';
  writeFileSync(file, text + actor('name: "texts"'));
  await addOwnActors([file]);
  assert.ok(SYSTEM.group.some(({ name }) => name === "texts"));
});

test("a file that is not there is refused", async () => {
  const error = await addOwnActors([join(folder, "none.mjs")]).catch((thrown: Error) => thrown);
  assert.match((error as Error).message, /none\.mjs: ENOENT.*expected a readable file/);
});

const file = { name: "gap.mjs", sha256: "ab".repeat(32) };
const [firstToy] = TOYS.group;
const WITH_FILE = { ...TOYS, group: [{ ...firstToy!, name: "gap", file }] };

test("versions name the file of an actor, and another file is another actor", () => {
  const versions = actorVersions(WITH_FILE);
  assert.is(versions["file/gap"], `${file.sha256} gap.mjs`);
  const changed = actorVersions({
    ...TOYS,
    group: [{ ...firstToy!, name: "gap", file: { ...file, sha256: "cd" } }],
  });
  assert.is(haveSameActors(versions, versions), true);
  assert.is(haveSameActors(versions, changed), false);
});

test("[A4] a session runs with the file that it names alone, one that names none with any", () => {
  checkActorFiles(actorVersions(WITH_FILE), WITH_FILE);
  checkActorFiles(actorVersions(TOYS), WITH_FILE);
  assert.throws(
    () => checkActorFiles(actorVersions(WITH_FILE), TOYS),
    /gap\.mjs with SHA-256 (ab){32}, and no --actor/,
  );
});

test.run();
