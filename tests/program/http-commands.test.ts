// runtime: either
/** Commands to a running program over HTTP: a setting, an injection, a what-if. The log has their authors, and a replay agrees. */
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import type { InjectableScenario, InjectionUnderWay, WhatIfAnswer } from "../../protocol/controls.ts";
import type { EventMessage } from "../../protocol/messages.ts";
import { run, start } from "../support/program-run.ts";
import { temporaryDirectory } from "../support/recorded-run.ts";

const recording = join(temporaryDirectory(), "recording");

test("commands to a running session are in its log with their author, and the recording replays", async () => {
  const feed = "walk?channels=4&rate=400&frame=4&seed=2";
  const program = start(["up", "--feed", feed, "--port", "0", "--record", recording, "--json"]);
  const { url } = await program.line("listening");
  const ask = async <Answer>(path: string, body?: object): Promise<{ status: number; body: Answer }> => {
    const post = { method: "POST", headers: { "content-type": "application/json" } };
    const init = body === undefined ? {} : { ...post, body: JSON.stringify(body) };
    const response = await fetch(`${url}api/${path}`, init);
    return { status: response.status, body: (await response.json()) as Answer };
  };
  await program.line("event", ({ kind }) => kind === "coherence.warmed");

  const change = { path: "anomaly.falseAlarmsPerDay", value: 3 };
  const settings = (await ask<{ settings: { anomaly: { falseAlarmsPerDay: number } } }>("settings", change))
    .body;
  assert.is(settings.settings.anomaly.falseAlarmsPerDay, 3);
  const changed = await program.line("event", ({ kind }) => kind === "config.changed");
  assert.is((changed["detail"] as EventMessage["detail"])["author"], "anybody at 127.0.0.1");

  const { scenarios } = (await ask<{ scenarios: InjectableScenario[] }>("scenarios")).body;
  assert.ok(scenarios.some(({ name }) => name === "spike"));
  const body = { scenario: "spike", group: "walk", strength: 2, channels: ["walk2"], durationSeconds: 1 };
  assert.is((await ask("inject", body)).status, 200);
  const began = await program.line("event", ({ kind }) => kind === "injection.started");
  assert.equal(began["channels"], ["walk2"]);
  assert.is((began["detail"] as EventMessage["detail"])["author"], "anybody at 127.0.0.1");
  await program.line("event", ({ kind }) => kind === "injection.ended");
  for (const wrong of [
    { ...body, scenario: "spikes" },
    { ...body, group: "run" },
    { ...body, channels: ["walk9"] },
  ])
    assert.is((await ask("inject", wrong)).status, 400, JSON.stringify(wrong));
  for (let k = 0; k < 16; k++)
    assert.is((await ask("inject", { ...body, durationSeconds: 600 })).status, 200, `${k} before it`);
  assert.is((await ask("inject", body)).status, 400, "over the limit");
  const { underWay } = (await ask<{ underWay: InjectionUnderWay[] }>("inject")).body;
  assert.equal(
    underWay.map(({ group, channels, detail }) => [group, channels, detail["scenario"]]),
    Array(16).fill(["walk", ["walk2"], "spike"]),
  );

  const same = (await ask<WhatIfAnswer>("whatif", { at: 5 })).body;
  assert.ok(same.counts.same > 0);
  assert.equal({ ...same.counts, same: 0 }, { same: 0, moved: 0, changed: 0, gone: 0, new: 0 });
  const other = (await ask<WhatIfAnswer>("whatif", { at: 5, set: { "anomaly.enabled": false } })).body;
  assert.ok(other.counts.new >= 1, "at least that it was set");
  assert.is((await ask("replay")).status, 404);

  program.kill("SIGTERM");
  assert.is((await program.ended).code, 0);
  const verified = await run(["replay", recording, "--verify"]);
  assert.is(verified.code, 0, verified.stdout);
});

test.run();
