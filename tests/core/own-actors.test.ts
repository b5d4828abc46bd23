// runtime: either
/** Files of actors that are refused, each by what is wrong with it; and what versions say of those that are not. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { actorVersions, checkActorFiles, haveSameActors } from "../../actors/core/actor-versions.ts";
import { addOwnActors } from "../../actors/own-actors.ts";
import { SYSTEM } from "../../actors/system.ts";
import { temporaryDirectory } from "../support/recorded-run.ts";
import { TOYS } from "../support/toy-actors.ts";

const folder = temporaryDirectory();

const REFUSED: readonly (readonly [text: string, because: RegExp])[] = [
  ["export default 7", /its default export is of type number; expected export default \(kit\) =>/],
  ["export default () => {}", /its default export returned no actor/],
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
const [toy] = TOYS.group;
const WITH_FILE = { ...TOYS, group: [{ ...toy!, name: "gap", file }] };

test("versions name the file of an actor, and another file is another actor", () => {
  const versions = actorVersions(WITH_FILE);
  assert.is(versions["file/gap"], `${file.sha256} gap.mjs`);
  const changed = actorVersions({
    ...TOYS,
    group: [{ ...toy!, name: "gap", file: { ...file, sha256: "cd" } }],
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
