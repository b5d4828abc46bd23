// runtime: either
/** The program's part of workflows: automatic steps whose turn it is, as facts of the room's log. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { Core } from "../../actors/core/core.ts";
import { SILENT } from "../../actors/core/core-sink.ts";
import { documentEntries } from "../../actors/document-entries.ts";
import { createMemoryJournal } from "../../actors/journal/memory.ts";
import { foldJournal } from "../../actors/log/fold.ts";
import { inputs } from "../../actors/log/read.ts";
import { SYSTEM } from "../../actors/system.ts";
import type { Workflow } from "../../collab/workflows/definition.ts";
import { runWorkflows } from "../../collab/workflows/runner.ts";
import type { Intent } from "../../protocol/room-document.ts";
import type { StepDefinition, WorkflowRun } from "../../protocol/workflow.ts";
import { Replica } from "../rooms/edits.ts";
import { openRoomPartition } from "../rooms/room-world.ts";
import { createManualClock } from "../support/clock.ts";

/** Longer than the time between two looks. */
const LOOK_MS = 60;

/** The runs as a core has them. */
const workflowRuns = (core: Core) =>
  documentEntries(core)["workflows"] as Readonly<Record<string, WorkflowRun>>;

async function runnerWorld(offered: readonly Workflow[] = []) {
  const journal = createMemoryJournal({});
  const room = await openRoomPartition(journal);
  const clock = createManualClock();
  const session = { incidents: 1, rows: 0 };
  const logged: string[] = [];
  const begins = (): (() => void) =>
    runWorkflows({
      room,
      session: {
        watch: () => {
          const before = session.rows;
          const feeds = [{ source: "a", status: "running", detail: "" }];
          const look = () => ({
            standing: { feeds, groups: [], incidents: session.incidents },
            rows: session.rows - before,
          });
          return { look, stop() {} };
        },
      },
      offered,
      clock,
      log: (message) => void logged.push(message),
    });
  const ana = new Replica(7);
  let intents = 0;
  const asks = async (intent: Intent): Promise<void> => {
    const { type: _, ...edit } = ana.edits((doc) => doc.getMap("intents").set(`i${++intents}`, intent));
    assert.is(room.edit(edit).kind, "admitted");
    await room.whenTaken();
    await clock.advance(LOOK_MS);
  };
  return {
    room,
    journal,
    clock,
    session,
    logged,
    begins,
    starts: (steps: Record<string, StepDefinition>) =>
      asks({ type: "workflow.start", run: "r", workflow: "check", title: "Check", steps }),
    moves: (step: string, state: "skipped" | "waiting") =>
      asks({ type: "workflow.step", run: "r", step, state }),
    steps: () => workflowRuns(room.core)["r"]!.steps,
    states: () =>
      Object.entries(workflowRuns(room.core)["r"]!.steps).map(([step, { state }]) => `${step} ${state}`),
    facts: async () => {
      await room.whenTaken();
      const found: unknown[] = [];
      for await (const { input } of inputs(journal)) if (input.type === "command") found.push(input.body);
      return found;
    },
  };
}

const CALM: StepDefinition = { title: "Calm", automatic: { until: "calm" } };
const ROWS: StepDefinition = { title: "Rows", automatic: { rows: 100 } };

test("[X1] an automatic step runs when its turn has come, and enters the log with what it found", async () => {
  const { begins, starts, session, clock, states, facts, room } = await runnerWorld();
  const stop = begins();
  await starts({
    connect: { title: "Connect", automatic: { until: "connected" } },
    calm: { ...CALM, after: ["connect"] },
  });
  assert.equal(states(), ["connect done", "calm running"]);
  session.incidents = 0;
  await clock.advance(LOOK_MS);
  assert.equal(states(), ["connect done", "calm done"]);
  assert.equal(await facts(), [
    { run: "r", step: "connect", state: "running" },
    { run: "r", step: "connect", state: "done", note: "1 feed is connected" },
    { run: "r", step: "calm", state: "running" },
    { run: "r", step: "calm", state: "done", note: "no incident is open" },
  ]);
  stop();
  await room.close();
});

test("[X1] a replay of the log has the run as it was, without anybody who performs it", async () => {
  const { begins, starts, session, clock, room, journal } = await runnerWorld();
  const stop = begins();
  await starts({
    rows: ROWS,
    calm: { ...CALM, timeoutSeconds: 2 },
    sign: { title: "Sign", after: ["rows"] },
  });
  session.rows = 50;
  await clock.advance(2_100);
  session.rows = 100;
  await clock.advance(LOOK_MS);
  stop();
  await room.close();
  const replayed = new Core(SYSTEM, SILENT);
  await foldJournal(journal.read(), replayed);
  const runs = workflowRuns(replayed);
  assert.equal(runs, workflowRuns(room.core));
  assert.equal(
    Object.values(runs["r"]!.steps).map(({ state }) => state),
    ["done", "failed", "waiting"],
  );
});

test("a step that takes too long fails with what it was waiting for, and begins anew when people try it again", async () => {
  const { begins, starts, moves, clock, session, steps, room } = await runnerWorld();
  const stop = begins();
  await starts({ calm: { ...CALM, timeoutSeconds: 5 } });
  await clock.advance(4_000);
  assert.is(steps()["calm"]!.state, "running");
  await clock.advance(1_100);
  assert.equal(
    [steps()["calm"]!.state, steps()["calm"]!.note],
    ["failed", "not within 5 s: 1 incident is open"],
  );
  await moves("calm", "waiting");
  assert.is(steps()["calm"]!.state, "running");
  await clock.advance(4_000);
  session.incidents = 0;
  await clock.advance(LOOK_MS);
  assert.is(steps()["calm"]!.state, "done");
  stop();
  await room.close();
});

test("[X2] after a restart a step that was running is looked at again, from its beginning", async () => {
  const { begins, starts, session, clock, steps, room } = await runnerWorld();
  const stop = begins();
  await starts({ rows: ROWS });
  session.rows = 60;
  await clock.advance(LOOK_MS);
  stop();
  session.rows = 120;
  const again = begins();
  session.rows = 219;
  await clock.advance(LOOK_MS);
  assert.is(steps()["rows"]!.state, "running");
  session.rows = 220;
  await clock.advance(LOOK_MS);
  assert.equal([steps()["rows"]!.state, steps()["rows"]!.note], ["done", "100 rows"]);
  again();
  await room.close();
});

test("[X4] nothing is looked at while no automatic step runs, also when people have skipped the last", async () => {
  const { begins, starts, moves, clock, room } = await runnerWorld();
  const stop = begins();
  assert.is(clock.pending, 0);
  await starts({ calm: CALM, call: { title: "Call" } });
  assert.is(clock.pending, 1);
  await moves("calm", "skipped");
  assert.is(clock.pending, 0);
  stop();
  await room.close();
});

test("how far a step has come enters the log at most once a second, and only when it is a twentieth of the way further", async () => {
  const { begins, starts, session, clock, facts, steps, room } = await runnerWorld();
  const stop = begins();
  await starts({ rows: { ...ROWS, automatic: { rows: 1_000 } } });
  for (let second = 1; second <= 10; second++)
    for (let k = 0; k < 10; k++) {
      session.rows += 2;
      await clock.advance(100);
    }
  const told = (await facts()).filter((fact) => (fact as { progress?: unknown }).progress !== undefined);
  assert.is(told.length, 4);
  assert.is(steps()["rows"]!.progress!.of, 1_000);
  stop();
  await room.close();
});

test("the document shows what is offered, and not what was offered before", async () => {
  const workflow = { name: "check", feeds: [], definition: { title: "Check", steps: { calm: CALM } } };
  const offered = [workflow];
  const { begins, room, facts } = await runnerWorld(offered);
  begins()();
  begins()();
  const shown = () => room.room().document.keys("definitions");
  assert.equal(shown(), ["check"]);
  assert.is((await facts()).length, 1, "what is there is not entered again");
  offered.pop();
  begins()();
  assert.equal(shown(), []);
  await room.close();
});

test.run();
