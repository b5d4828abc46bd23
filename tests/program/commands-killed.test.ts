// runtime: either
// slow
/**
 * Commands to a program that is killed at any moment: what was answered is in the log, stays in force after a restart, and injections end.
 */
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { inputs } from "../../actors/log/read.ts";
import type { InjectionUnderWay } from "../../protocol/controls.ts";
import type { Input } from "../../protocol/messages.ts";
import type { Settings } from "../../protocol/settings.ts";
import { type RunningProgram, run, start } from "../support/program-run.ts";
import { uniforms } from "../support/random-streams.ts";
import { openRecording, temporaryDirectory } from "../support/recorded-run.ts";

/** Commands at a time: some are under way when the program is killed. */
const AT_A_TIME = 4;

const COMMANDS = 240;

/** After each answer, the chance that the program is killed. */
const KILLED = 0.03;

test("every command that is answered with 200 is in the log of a program that is killed at random", async () => {
  const recording = join(temporaryDirectory(), "recording");
  const uniform = uniforms(1);
  const answered: string[] = [];
  let asked = 0;
  let kills = 0;
  while (asked < COMMANDS) {
    const commands = kills === 0 ? [] : await logged(recording, commandText);
    assert.equal(
      answered.filter((each) => !commands.includes(each)),
      [],
      "what was answered is in the log",
    );
    const session = await opened(recording);
    const { settings } = await session.ask<{ settings: Settings }>("settings");
    const lastSetting = commands.findLast((each) => each.startsWith("set "));
    if (lastSetting !== undefined)
      assert.is(
        `set ${settings.anomaly.cooldownSamples}`,
        lastSetting,
        "the last setting of the log is in force",
      );
    let isKilled = false;
    const worker = async (): Promise<void> => {
      while (!isKilled && asked < COMMANDS) {
        const k = 1_000 + asked++;
        const isInjection = uniform() < 0.1;
        const done = isInjection
          ? session.ask("inject", { scenario: "spike", group: "walk", seed: k, durationSeconds: 600 })
          : session.ask("settings", { path: "anomaly.cooldownSamples", value: k });
        // Refused because too many injections are under way, or cut off by the kill: then nothing was promised.
        if (await done.then(Boolean, () => false)) answered.push(isInjection ? `inject ${k}` : `set ${k}`);
        if (isKilled || uniform() > KILLED) continue;
        isKilled = true;
        kills++;
        session.program.kill("SIGKILL");
      }
    };
    await Promise.all(Array.from({ length: AT_A_TIME }, worker));
    if (!isKilled) session.program.kill("SIGTERM");
    await session.program.ended;
  }
  assert.ok(kills >= 3, `${kills} kills`);
  assert.ok(answered.length >= COMMANDS / 2, `${answered.length} answered`);
  const last = await opened(recording);
  last.program.kill("SIGTERM");
  assert.is((await last.program.ended).code, 0);
  const commands = await logged(recording, commandText);
  for (const command of answered)
    assert.is(
      commands.filter((each) => each === command).length,
      1,
      `${command} was answered, and is in the log`,
    );
  const begun = commands.filter((each) => each.startsWith("inject "));
  const ended = commands.filter((each) => each.startsWith("end "));
  assert.equal(
    ended.map((each) => each.replace("end", "inject")).sort(),
    begun.sort(),
    "each injection ended once",
  );
  const verified = await run(["replay", recording, "--verify"]);
  assert.is(verified.code, 0, verified.stdout + verified.stderr);
});

test("after a kill and a restart the logged settings are in force, and what the command line changes is announced", async () => {
  const recording = join(temporaryDirectory(), "recording");
  const first = await opened(recording, ["--set", "seed=5"]);
  await first.ask("settings", { path: "anomaly.cooldownSamples", value: 777 });
  await first.ask("settings", { path: "publishEveryUs", value: 250_000 });
  await first.ask("inject", { scenario: "spike", group: "walk", durationSeconds: 600 });
  first.program.kill("SIGKILL");
  await first.program.ended;

  const second = await opened(recording, ["--set", "publishEveryUs=1000"]);
  const { settings } = await second.ask<{ settings: Settings }>("settings");
  assert.equal([settings.anomaly.cooldownSamples, settings.seed, settings.publishEveryUs], [777, 5, 1_000]);
  const changed = await second.program.line("event", ({ kind }) => kind === "config.changed");
  assert.is(changed["title"], "publishEveryUs was set to 1000 by command line");
  const kept = await second.program.line("log", ({ message }) => String(message).includes("stay in force"));
  assert.is(kept["message"], "settings of the log stay in force: seed=5, anomaly.cooldownSamples=777");
  const ended = await second.program.line("event", ({ kind }) => kind === "injection.ended");
  assert.match(String(ended["title"]), "interrupted with its session");
  const { underWay } = await second.ask<{ underWay: InjectionUnderWay[] }>("inject");
  assert.equal(underWay, []);
  second.program.kill("SIGTERM");
  assert.is((await second.program.ended).code, 0);
  const verified = await run(["replay", recording, "--verify"]);
  assert.is(verified.code, 0, verified.stdout + verified.stderr);
  const walks = await logged(recording, (input) => (input.type === "feedStatus" ? input.detail : null));
  const begun = walks.filter((detail) => detail.includes("seed"));
  assert.equal(begun, Array(2).fill("4 channels, seed 5"), "the walk goes on with the seed of the recording");
});

interface Session {
  readonly program: RunningProgram;
  /** Rejects with the status when it is not 200, and when the program is gone. */
  ask<Answer>(path: string, body?: object): Promise<Answer>;
}

/** The program with a walk of the group "walk", which has been declared. */
async function opened(recording: string, options: string[] = []): Promise<Session> {
  const feed = "walk?group=walk&channels=4&rate=400&frame=4";
  const program = start(["up", "--feed", feed, "--port", "0", "--record", recording, "--json", ...options]);
  const { url } = await program.line("listening");
  const ask = async <Answer>(path: string, body?: object): Promise<Answer> => {
    const post = { method: "POST", headers: { "content-type": "application/json" } };
    const init = body === undefined ? {} : { ...post, body: JSON.stringify(body) };
    const response = await fetch(`${url}api/${path}`, init);
    const answer: unknown = await response.json();
    if (response.status !== 200) throw new Error(`${response.status} ${JSON.stringify(answer)}`);
    return answer as Answer;
  };
  const channels = async () => (await ask<{ groups: unknown[] }>("channels")).groups;
  while ((await channels()).length === 0);
  return { program, ask };
}

/** The inputs of a recording as texts, without those that have none. */
async function logged(recording: string, textOf: (input: Input) => string | null): Promise<string[]> {
  const journal = await openRecording(recording);
  const found: string[] = [];
  for await (const { input } of inputs(journal)) {
    const text = textOf(input);
    if (text !== null) found.push(text);
  }
  await journal.close();
  return found;
}

/** "set 1003", "inject 1004" and, where it is over, "end 1004". */
function commandText(input: Input): string | null {
  if (input.type === "configChanged") return `set ${input.value}`;
  if (input.type !== "notice") return null;
  const { kind, detail } = input;
  return `${kind === "injection.started" ? "inject" : "end"} ${detail["seed"]}`;
}

test.run();
