// runtime: either
/** A run as the page shows it: what each step waits for, and what a person may make of it. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { shownRun } from "../../collab/dashboard/model/workflows.ts";
import type { RunStep, WorkflowRun } from "../../protocol/workflow.ts";

const ANNA = { id: "guest-1", role: "editor" };
const OWNER = { id: "owner", role: "owner" };

const steps: Record<string, RunStep> = {
  warm: {
    title: "Warm up",
    state: "running",
    automatic: { until: "warm" },
    by: "workflow",
    name: "workflow",
  },
  call: { title: "Call", state: "running", by: "guest-1", name: "Anna" },
  other: { title: "Other", state: "running", by: "guest-2", name: "Ben" },
  open: { title: "Open", state: "waiting" },
  later: { title: "Later", state: "waiting", after: ["warm", "call"] },
  broken: { title: "Broken", state: "failed" },
  over: { title: "Over", state: "done", atUs: 5 },
  sign: { title: "Sign", state: "waiting", role: "owner" },
};

const RUN: WorkflowRun = { title: "Check", startedBy: "guest-1", name: "Anna", startedAtUs: 1, steps };

test("a step offers what its state and the person allow", () => {
  const words = (me: typeof ANNA | null) =>
    Object.fromEntries(
      shownRun("r", RUN, me).steps.map(({ id, choices }) => [
        id,
        choices.map((choice) => choice.words).join(", "),
      ]),
    );
  assert.equal(words(ANNA), {
    warm: "Skip",
    call: "Done, Failed, Skip, Give back",
    other: "",
    open: "Take, Done, Skip",
    later: "Skip",
    broken: "Try again, Skip",
    over: "",
    sign: "",
  });
  assert.is(words(OWNER)["other"], "Done, Failed, Skip, Give back");
  assert.is(words(OWNER)["sign"], "Take, Done, Skip");
});

test("a run says how many steps are over, and a step what it waits for", () => {
  const { over, state, startedBy, steps: shown } = shownRun("r", RUN, null);
  assert.equal([over, state, startedBy], [1, "running", "Anna"]);
  assert.equal(shown.find(({ id }) => id === "later")!.waitsFor, ["Warm up", "Call"]);
});

test.run();
