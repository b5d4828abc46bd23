// runtime: node
/** What is kept of earlier programs is not written anew over a change without a step of its version. */
import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { ownRuntime, ROOT } from "../../.ci/runtime.mjs";
import type { ActorDefinition } from "../../actors/ports/detector.ts";
import { SYSTEM } from "../../actors/system.ts";
import { temporaryDirectory } from "../support/recorded-run.ts";
import { runProcess } from "../support/run-process.ts";
import { GOLDEN, goldenIn, RECORDED, type RecordingDigest } from "./recorded-digest.ts";
import { unsteppedChanges } from "./unstepped.ts";

const NEWEST = Object.keys(GOLDEN).at(-1)!;
const golden = GOLDEN[NEWEST]!;
/** One in which the monitor has the version of today. */
const SHORT = "session-3";
const other = { count: 1, sha256: "another" };

test("an actor that announces or keeps something else is named until its version is a greater one", () => {
  const announces = { ...golden, eventsOf: { ...golden.eventsOf, risk: other } };
  const keeps = { ...golden, stateOf: { ...golden.stateOf, risk: other } };
  for (const found of [announces, keeps]) {
    assert.equal(named(found), ["risk"]);
    assert.equal(named(found, "risk", +1), []);
    assert.equal(named(found, "risk", -1), ["risk"]);
    assert.equal(named(found, "collapse", +1), ["risk"], "a step of another actor is none of this one");
  }
});

test("a state that is another one in the course alone is named with its input", () => {
  const course = golden.course!;
  const looks = course.ofActor["changes"]!.split(" ");
  const at = Math.floor(looks.length / 2);
  const ofActor = { ...course.ofActor, changes: looks.with(at, "00000000").join(" ") };
  const [change, ...more] = unsteppedChanges({ ...golden, course: { ...course, ofActor } }, golden);
  assert.equal([change?.actor, more], ["changes", []]);
  assert.match(change!.text, `after input ${course.after.split(" ")[at]}:`);
});

test("the core's own state is named until the state version is a greater one", () => {
  const found = { ...golden, finalHash: "another", stateOf: { ...golden.stateOf, core: other } };
  const versions = (stateVersion: number) => ({ stateVersion, definitions: SYSTEM });
  const of = (stateVersion: number) =>
    unsteppedChanges(found, golden, versions(stateVersion)).map(({ actor }) => actor);
  assert.equal(of(golden.stateVersion), ["core", "core"]);
  assert.equal(of(golden.stateVersion + 1), []);
  assert.equal(of(golden.stateVersion - 1), ["core"]);
});

test("a golden session is not recorded again over a change of an actor, nor over one of the core without a reason", async () => {
  const { eventsOf, stateOf, ...rest } = GOLDEN[SHORT]!;
  const before = {
    ...rest,
    eventsOf: { ...eventsOf, core: other },
    stateOf: { ...stateOf, monitor: other },
  };
  const texts = { monitor: "monitor keeps another state", core: "core announces other events" };
  for (const [flags, named] of [
    [[], [texts.monitor, texts.core]],
    [["--joins", "a reason"], [texts.monitor]],
  ] as const) {
    const folder = recordedFolder(before);
    const { code, output } = await written("recorded.write.ts", [
      SHORT,
      "--again",
      "--folder",
      folder,
      ...flags,
    ]);
    assert.is(code, 1, output);
    assert.equal(
      Object.values(texts).filter((text) => output.includes(text)),
      named,
    );
    assert.equal(goldenIn(folder), { [SHORT]: before });
  }
});

test("the wire and golden bytes are not written anew over a change", async () => {
  for (const [script, file, change] of [
    ["wire.write.ts", "wire.json", /"fields": \{/],
    ["golden.write.ts", "golden.json", /"hex": "/],
  ] as const) {
    const before = readFileSync(join(ROOT, "tests/conformance", file), "utf8");
    const path = join(temporaryDirectory(), file);
    // As if an earlier program had written one more byte, or one more field.
    const earlier = before.replace(change, (text) =>
      text.endsWith('"') ? `${text}00` : `${text}"gone": "string",`,
    );
    assert.is.not(earlier, before);
    writeFileSync(path, earlier);
    const { code, output } = await written(script, [path]);
    assert.is(code, 1);
    assert.match(output, "expected a step of PROTOCOL_VERSION");
    assert.is(readFileSync(path, "utf8"), earlier);
  }
});

/** Actors that are named when the program finds this, with the version of one of them stepped. */
function named(found: RecordingDigest, stepped?: string, step = 0): string[] {
  const definitions = {
    ...SYSTEM,
    group: SYSTEM.group.map((actor) => withStep(actor, stepped, step)),
  };
  const program = { stateVersion: golden.stateVersion, definitions };
  return unsteppedChanges(found, golden, program).map(({ actor }) => actor);
}

function withStep(actor: ActorDefinition, name: string | undefined, step: number): ActorDefinition {
  return actor.name === name ? { ...actor, version: actor.version + step } : actor;
}

/** A folder of golden recordings with one, of which golden.json says something else. */
function recordedFolder(digest: RecordingDigest): string {
  const folder = temporaryDirectory();
  cpSync(join(RECORDED, SHORT), join(folder, SHORT), { recursive: true });
  writeFileSync(join(folder, "golden.json"), JSON.stringify({ [SHORT]: digest }));
  return folder;
}

function written(script: string, args: readonly string[]) {
  return runProcess([...ownRuntime().command, join(ROOT, "tests/conformance", script), ...args], 60, {});
}

test.run();
