// runtime: either
/** Runs of workflows: who may move a step when, who was first, and what the program does. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { Core } from "../../actors/core/core.ts";
import { hex } from "../../actors/core/hash.ts";
import { type RoomDetector, room } from "../../actors/detectors/room/detector.ts";
import type { EventMessage } from "../../protocol/messages.ts";
import type { Role } from "../../protocol/principal.ts";
import type { Intent, IntentRefusal } from "../../protocol/room-document.ts";
import type { PerformedStep } from "../../protocol/session-facts.ts";
import type { StepDefinition, StepState, WorkflowRun } from "../../protocol/workflow.ts";
import { opened } from "../support/inputs.ts";
import { Replica } from "./edits.ts";

const ROOM = { group: [], session: [room] };

/** A second between two inputs. */
const SECOND_US = 1_000_000;

function workflowWorld(steps: Record<string, StepDefinition>) {
  const events: EventMessage[] = [];
  const sink = { event: (event: EventMessage) => void events.push(event), state() {}, metrics() {} };
  const core = new Core(ROOM, sink);
  core.apply(1, 0, opened());
  const detector = core.detectorOf("room") as RoomDetector;
  const replicas = new Map<string, Replica>();
  let intents = 0;
  const intends = (who: string, intent: Intent, role: Role = "editor"): IntentRefusal | null => {
    const key = `i${++intents}`;
    const replica = replicas.get(who) ?? new Replica(replicas.size + 7, who, role);
    replicas.set(who, replica);
    core.apply(
      core.sequence + 1,
      core.now + SECOND_US,
      replica.edits((doc) => doc.getMap("intents").set(key, intent)),
    );
    return (detector.document.entry("answers", key) as IntentRefusal | undefined) ?? null;
  };
  const fact = (name: string, body: object): void =>
    core.apply(core.sequence + 1, core.now + SECOND_US, {
      type: "command",
      name,
      body,
      author: { id: "workflow" },
      source: "session",
      sequence: 0,
    });
  const starts = (who: string, run = "r") =>
    intends(who, { type: "workflow.start", run, workflow: "check", title: "Check", steps });
  starts("ana");
  return {
    core,
    events,
    intends,
    starts,
    fact,
    moves: (who: string, step: string, state: StepState, role: Role = "editor", note?: string) =>
      intends(
        who,
        { type: "workflow.step", run: "r", step, state, ...(note === undefined ? {} : { note }) },
        role,
      ),
    performs: (step: string, state: PerformedStep["state"], rest: Partial<PerformedStep> = {}) =>
      fact("workflow.performed", { run: "r", step, state, ...rest }),
    step: (step: string) => (detector.document.entry("workflows", "r") as WorkflowRun).steps[step]!,
    detector,
  };
}

const CHECK: Record<string, StepDefinition> = {
  warm: { title: "Warm up", automatic: { until: "warm" } },
  call: { title: "Call the desk" },
  review: { title: "Review", after: ["warm", "call"] },
  sign: { title: "Sign off", after: ["review"], role: "owner" },
};

test("[L1] of two who take a step on, the first has it, and the other is told who that is", () => {
  const { moves, step, events } = workflowWorld(CHECK);
  assert.is(moves("bob", "call", "running"), null);
  const refusal = moves("eve", "call", "running")!;
  assert.is(refusal.found, "Call the desk is running, by Bob");
  assert.is(refusal.to, "eve");
  assert.equal([step("call").by, step("call").name], ["bob", "Bob"]);
  assert.is(
    events.at(-1)!.title,
    "a request of Eve was refused: Call the desk is running, by Bob; expected a step that waits",
  );
});

test("[L1] of two who start the same run, the first does, and the other is told", () => {
  const { starts } = workflowWorld(CHECK);
  assert.is(starts("bob")!.found, "r was started by Ana");
});

test("of requests that come as one edit each finds what those before it have made, whatever their keys are", () => {
  const { detector, core } = workflowWorld(CHECK);
  const bob = new Replica(20, "bob");
  const intents: Intent[] = [
    { type: "workflow.start", run: "late", title: "Late", steps: CHECK },
    { type: "workflow.step", run: "late", step: "call", state: "running" },
    { type: "workflow.step", run: "late", step: "call", state: "done" },
  ];
  // In the order of texts, the tenth key of a copy comes before its ninth.
  const edit = bob.edits((doc) => {
    for (const [k, intent] of intents.entries()) doc.getMap("intents").set(`20.${k + 8}`, intent);
  });
  core.apply(core.sequence + 1, core.now + SECOND_US, edit);
  assert.equal(detector.document.keys("answers"), []);
  assert.is((detector.document.entry("workflows", "late") as WorkflowRun).steps["call"]!.state, "done");
});

test("[L2] a step says who did it and when, by the times of the inputs", () => {
  const { moves, step, core } = workflowWorld(CHECK);
  moves("bob", "call", "running");
  const began = core.now;
  moves("bob", "call", "done", "editor", "all at their desks");
  assert.equal(step("call"), {
    title: "Call the desk",
    state: "done",
    by: "bob",
    name: "Bob",
    atUs: began + SECOND_US,
    startedAtUs: began,
    note: "all at their desks",
  });
});

test("[W1] a step waits for all that it comes after, and the refusal names them; what is skipped counts as over", () => {
  const { moves, performs } = workflowWorld(CHECK);
  assert.is(moves("bob", "review", "done")!.found, "Review waits for Warm up, Call the desk");
  assert.is(moves("bob", "call", "skipped"), null);
  assert.is(moves("bob", "review", "running")!.found, "Review waits for Warm up");
  performs("warm", "done");
  assert.is(moves("bob", "review", "running"), null);
});

test("[W2] people do not say that an automatic step is done: they skip it, and try it again when it has failed", () => {
  const { moves, performs, step } = workflowWorld(CHECK);
  for (const state of ["running", "done", "failed"] as const)
    assert.match(moves("bob", "warm", state)!.expected, /a step that people do/);
  assert.match(moves("bob", "warm", "waiting")!.expected, /has failed/);
  performs("warm", "running");
  performs("warm", "failed", { note: "not within 60 s" });
  assert.is(step("warm").note, "not within 60 s");
  assert.is(moves("bob", "warm", "waiting"), null);
  assert.equal(
    [step("warm").state, step("warm").note, step("warm").startedAtUs],
    ["waiting", undefined, undefined],
  );
  assert.is(moves("bob", "warm", "skipped"), null);
});

test("[W3] a step that runs is left alone by others, but for an owner; who took it on may give it back", () => {
  const { moves, step } = workflowWorld(CHECK);
  moves("bob", "call", "running");
  for (const state of ["done", "failed", "skipped", "waiting"] as const)
    assert.is(moves("eve", "call", state)!.expected, "a step that nobody else has taken on");
  assert.is(moves("bob", "call", "waiting"), null);
  assert.is(step("call").state, "waiting");
  moves("bob", "call", "running");
  assert.is(moves("boss", "call", "done", "owner"), null);
  assert.is(step("call").name, "Boss");
});

test("a step for owners is done by an owner", () => {
  const { moves, performs } = workflowWorld(CHECK);
  performs("warm", "done");
  for (const step of ["call", "review"]) moves("ana", step, "done");
  const refusal = moves("bob", "sign", "done")!;
  assert.equal([refusal.found, refusal.expected], ["the role editor", "the role owner"]);
  assert.is(moves("boss", "sign", "done", "owner"), null);
});

test("what the program did of a step is announced with it as the author, a failure as a warning, and how far it came is not", () => {
  const { performs, step, events } = workflowWorld(CHECK);
  events.length = 0;
  performs("warm", "running");
  performs("warm", "running", { note: "3 of 9", progress: { done: 3, of: 9 } });
  assert.equal(step("warm").progress, { done: 3, of: 9 });
  performs("warm", "failed", { note: "the feeds have ended" });
  assert.equal(
    events.map(({ kind, severity, title, detail }) => [
      kind,
      severity,
      title,
      detail["author"],
      detail["role"],
    ]),
    [
      ["workflow.step.running", "info", "workflow set step Warm up to running in r", "workflow", "program"],
      ["workflow.step.failed", "warning", "workflow set step Warm up to failed in r", "workflow", "program"],
    ],
  );
});

test("what the program did of a step that people have skipped meanwhile, or of a step of people, changes nothing", () => {
  const { moves, performs, step, events } = workflowWorld(CHECK);
  moves("bob", "warm", "skipped");
  const before = events.length;
  performs("warm", "done");
  performs("call", "done");
  performs("none", "done");
  assert.is(events.length, before);
  assert.equal([step("warm").state, step("call").state], ["skipped", "waiting"]);
});

test("a start with steps in a circle, or after steps that are not there, is refused", () => {
  const { intends } = workflowWorld(CHECK);
  for (const steps of [
    { a: { title: "A", after: ["b"] }, b: { title: "B", after: ["a"] } },
    { a: { title: "A", after: ["none"] } },
  ])
    assert.match(
      intends("bob", { type: "workflow.start", run: "x", title: "X", steps })!.expected,
      /in no circle/,
    );
});

test("a workflow that the session offers is in the document until it is offered no more", () => {
  const { fact, detector, events } = workflowWorld(CHECK);
  const before = events.length;
  const definition = { title: "Check", steps: CHECK };
  fact("workflow.offered", { name: "check", definition });
  assert.equal(detector.document.entry("definitions", "check"), definition);
  fact("workflow.offered", { name: "check", definition: null });
  assert.is(detector.document.entry("definitions", "check"), undefined);
  assert.is(events.length, before);
});

test("the newest 64 answers stay", () => {
  const { moves, detector } = workflowWorld(CHECK);
  for (let k = 0; k < 70; k++) moves("bob", "review", "done");
  const inputs = detector.document
    .keys("answers")
    .map((key) => (detector.document.entry("answers", key) as IntentRefusal).input);
  assert.is(inputs.length, 64);
  assert.is(Math.max(...inputs) - Math.min(...inputs), 63);
});

test("a core restored in the middle of a run goes on as the first one does", () => {
  const { core, moves, performs, detector } = workflowWorld(CHECK);
  performs("warm", "running", { progress: { done: 1, of: 2 } });
  moves("bob", "review", "done");
  const restored = Core.restore(core.snapshot(), ROOM, { event() {}, state() {}, metrics() {} });
  assert.is(hex(restored.hash().hash), hex(core.hash().hash));
  assert.equal((restored.detectorOf("room") as RoomDetector).document.text(), detector.document.text());
});

test.run();
