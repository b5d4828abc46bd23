// runtime: either
/** The graph of a workflow, the state of a run, and the time of its phases. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import {
  graphFault,
  nextRun,
  phasesOf,
  type RunStep,
  stateOfRun,
  type WorkflowRun,
  waitsFor,
} from "../../protocol/workflow.ts";

const step = (state: RunStep["state"], rest: Partial<RunStep> = {}): RunStep => ({
  title: state,
  state,
  ...rest,
});

const run = (steps: Record<string, RunStep>): WorkflowRun => ({
  title: "Check",
  startedBy: "ana",
  startedAtUs: 100,
  steps,
});

test("steps after others of the workflow have no fault; an unknown one and the circle are named", () => {
  const after = (...names: string[]) => ({ title: "t", after: names });
  assert.is(graphFault({ a: "A", b: after("a"), c: after("a", "b") }), null);
  assert.equal(graphFault({ a: "A", b: after("none") }), { step: "b", after: "none", problem: "unknown" });
  assert.equal(graphFault({ a: after("a") }), { step: "a", after: "a", problem: "circle" });
  const circle = graphFault({ last: after("b"), a: after("b"), b: after("a") })!;
  assert.is(circle.problem, "circle");
  assert.not.equal(circle.step, "last", "it only comes after the circle");
});

test("a run is running while something can be done, failed when all that is left waits for a failed step, else done", () => {
  assert.is(stateOfRun(run({ a: step("done"), b: step("skipped") })), "done");
  assert.is(stateOfRun(run({ a: step("failed"), b: step("waiting", { after: ["a"] }) })), "failed");
  assert.is(stateOfRun(run({ a: step("failed"), b: step("waiting") })), "running");
  assert.is(stateOfRun(run({ a: step("failed"), b: step("running") })), "running");
});

test("a step waits for those it comes after that are not over", () => {
  const steps = {
    a: step("done"),
    b: step("failed"),
    c: step("skipped"),
    d: step("waiting", { after: ["a", "b", "c"] }),
  };
  assert.equal(waitsFor({ steps }, "d"), ["b"]);
});

test("a phase is from when its step could begin, or began, until it was over", () => {
  const steps = {
    a: step("done", { startedAtUs: 110, atUs: 150 }),
    b: step("done", { atUs: 180 }),
    c: step("running", { after: ["a", "b"], startedAtUs: 190, atUs: 190 }),
    d: step("waiting", { after: ["b"] }),
    e: step("waiting", { after: ["c"] }),
    f: step("skipped", { after: ["c"], atUs: 170 }),
  };
  assert.equal(phasesOf(run(steps)), [
    { step: "a", beganUs: 110, endedUs: 150 },
    { step: "b", beganUs: 100, endedUs: 180 },
    { step: "c", beganUs: 190, endedUs: null },
    { step: "d", beganUs: 180, endedUs: null },
    { step: "f", beganUs: 170, endedUs: 170 },
  ]);
});

test("two pages name the next run of a workflow alike", () => {
  assert.is(nextRun("check", []), "check.1");
  assert.is(nextRun("check", ["check.9", "check.10", "other.30", "check.x"]), "check.11");
});

test.run();
