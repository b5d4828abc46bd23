// runtime: either
/** Workflows as people run them: the packaged one to its end, two people at once, and what the recording says of it. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { WebSocket } from "ws";
import { WebsocketProvider } from "y-websocket";
import * as Y from "yjs";
import type { RunReport } from "../../collab/live/workflow-report.ts";
import type { Intent, IntentRefusal } from "../../protocol/room-document.ts";
import type { WorkflowRun } from "../../protocol/workflow.ts";
import { refuseAll } from "../support/command-line.ts";
import { condition } from "../support/condition.ts";
import { type OutputLine, run, start } from "../support/program-run.ts";
import { temporaryDirectory } from "../support/recorded-run.ts";

const folder = temporaryDirectory();

const linesOf = (stdout: string): OutputLine[] =>
  stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as OutputLine);

test("the packaged example runs to its end unattended, and its recording has the run as it was", async () => {
  const recording = join(folder, "morning");
  const ended = await run([
    ...["workflow", "run", "morning-check", "--sign-off", "Ana", "--json"],
    ...["--record", recording],
  ]);
  assert.is(ended.code, 0, ended.stdout + ended.stderr);
  const lines = linesOf(ended.stdout);
  const { what: _, ...report } = lines.find(({ what }) => what === "finished") as OutputLine & RunReport;
  assert.is(report.state, "done");
  assert.equal(
    report.phases.map(({ step, state, by }) => `${step} ${state} ${by}`),
    [
      "connect done workflow",
      "warm-up done workflow",
      "run done workflow",
      "calm done workflow",
      "review done owner",
      "sign-off done owner",
    ],
  );
  assert.match(report.phases.at(-1)!.note!, /signed off by Ana/);
  for (const { seconds } of report.phases) assert.ok(seconds !== null && seconds >= 0);
  const shown = await run(["workflow", "show", "--recording", recording, "--json"]);
  assert.is(shown.code, 0, shown.stderr);
  assert.equal(JSON.parse(shown.stdout), report);
  const table = await run(["workflow", "show", "morning-check.1", "--recording", recording]);
  assert.match(table.stdout, /^phase +state +by +began +took\n/);
  assert.match(table.stdout, /\nmorning-check\.1: done after \d+\.\d\d s; started by owner at /);
  const replayed = await run(["replay", recording, "--verify"]);
  assert.is(replayed.code, 0, replayed.stdout + replayed.stderr);
  const edits = await run(["inspect", recording, "--edits"]);
  assert.match(edits.stdout, /workflow\.step\.done\tworkflow set step Warm up to done/);
});

test("of two people at stock clients who take a step on at once, one has it and the other is told who", async () => {
  const file = join(folder, "desk.yaml");
  writeFileSync(file, "name: desk\ntitle: Desk\nsteps:\n  call: {title: Call the desk}\n");
  const program = start([
    ...["up", "--feed", "walk?channels=2&rate=100&frame=2&seed=2"],
    ...["--workflow", file, "--port", "0", "--json"],
  ]);
  const url = String((await program.line("listening"))["url"]);
  const clients = await Promise.all(["Ana", "Bob"].map((name) => joined(url, name)));
  const [ana, bob] = clients as [Stock, Stock];
  await Promise.all(clients.map((each) => each.until(() => each.map("definitions").has("desk"))));
  ana.asks("start", {
    type: "workflow.start",
    run: "desk.1",
    workflow: "desk",
    title: "Desk",
    steps: { call: { title: "Call the desk" } },
  });
  await Promise.all(clients.map((each) => each.until(() => each.map("workflows").has("desk.1"))));
  const takes: Intent = { type: "workflow.step", run: "desk.1", step: "call", state: "running" };
  for (const each of clients) each.asks(`${each.name}-takes`, takes);
  // One is refused; its answer reaches the other when it will.
  const answered = (each: Stock) =>
    !each.map("intents").has(`${each.name}-takes`) && each.map("answers").size === 1;
  await Promise.all(clients.map((each) => each.until(() => answered(each))));
  const answers = bob.map("answers").toJSON() as Record<string, IntentRefusal>;
  assert.equal(ana.map("answers").toJSON(), answers, "all see the answer");
  const step = (bob.map("workflows").get("desk.1") as WorkflowRun).steps["call"]!;
  const loser = step.name === "Ana" ? "Bob" : "Ana";
  assert.equal(Object.keys(answers), [`${loser}-takes`]);
  assert.is(answers[`${loser}-takes`]!.found, `Call the desk is running, by ${step.name}`);

  const listed = await run(["workflow", "list", "--url", url]);
  assert.match(listed.stdout, /^desk {2}Desk, 1 steps\ndesk\.1 {2}running, started by Ana at /);
  const shown = await run(["workflow", "show", "--url", url]);
  assert.match(shown.stdout, new RegExp(`\\nCall the desk +running +${step.name} +\\+\\d`));
  const started = await run(["workflow", "start", "desk", "--url", url, "--yes"]);
  assert.is(started.code, 0, started.stderr);
  assert.match(started.stdout, /^desk\.2 is started\nCall the desk: done, by owner: answered by --yes\n/);
  for (const each of clients) each.leave();
  program.kill("SIGTERM");
  await program.ended;
});

test("what is wrong with a definition or an option is said before anything begins", () => {
  const bad = join(folder, "bad.yaml");
  writeFileSync(bad, "name: bad\ntitle: Bad\nsteps:\n  a: {title: A, until: hot}\n");
  const good = join(folder, "good.yaml");
  writeFileSync(good, "name: good\ntitle: Good\nsteps:\n  a: {title: A}\n");
  const named = /bad\.yaml:4:17: steps\.a\.until is "hot"; expected \("connected" \| "warm" \| "calm"\)/;
  return refuseAll([
    [["workflow", "check", good, bad], named],
    [["up", "--workflow", bad], named],
    [["up", "--workflow", good, "--workflow", good], /has the name good too; expected another name/],
    [["workflow", "run", "none"], /expected a YAML file, or a packaged workflow: morning-check/],
    [["workflow", "show", "--at", "2026-01-01T00:00:00Z"], /expected --recording DIR/],
    [["workflow", "example", good], /it is no packaged one; expected morning-check/],
  ]);
});

test("the printed example is a definition that can be checked", async () => {
  const printed = await run(["workflow", "example"]);
  const file = join(folder, "copy.yaml");
  writeFileSync(file, printed.stdout);
  const checked = await run(["workflow", "check", file]);
  assert.is(checked.stdout, `${file}: morning-check, 6 steps, 4 of them automatic\n`);
});

interface Stock {
  readonly name: string;
  map(root: string): Y.Map<unknown>;
  asks(key: string, intent: Intent): void;
  until(holds: () => boolean): Promise<void>;
  leave(): void;
}

/** A guest of this name, at a stock client. */
async function joined(url: string, name: string): Promise<Stock> {
  const post = async (path: string, body: object, token?: string): Promise<Record<string, string>> => {
    const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` };
    const answer = await fetch(new URL(path, url), {
      method: "POST",
      headers: { "content-type": "application/json", ...authorization },
      body: JSON.stringify(body),
    });
    return (await answer.json()) as Record<string, string>;
  };
  const { invite } = await post("api/invites", { role: "editor", name });
  const { token } = await post("api/invites/redeem", { invite, bearer: true });
  const { ticket, session } = await post("api/tickets", {}, token!);
  const doc = new Y.Doc();
  const provider = new WebsocketProvider(`${url.replace(/^http/, "ws")}collab`, session!, doc, {
    WebSocketPolyfill: WebSocket as never,
    disableBc: true,
    params: { ticket: ticket! },
  });
  const { look, until } = condition();
  provider.on("sync", look);
  doc.on("update", look);
  await until(() => provider.synced);
  return {
    name,
    map: (root) => doc.getMap(root),
    asks: (key, intent) => void doc.getMap("intents").set(key, intent),
    until,
    leave: () => {
      provider.destroy();
      doc.destroy();
    },
  };
}

test.run();
