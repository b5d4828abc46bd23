// runtime: either
import fc from "fast-check";
import { test } from "uvu";
import * as assert from "uvu/assert";
import {
  restMs,
  step,
  type TakeoverAction,
  type TakeoverEvent,
  type TakeoverState,
} from "../../actors/cluster/takeover.ts";

const STATES = "idle waiting resting reading claiming opening passing owning closing yielding".split(
  " ",
) as TakeoverState[];
const EVENTS =
  "assigned unassigned free outOfPatience rested read claimed lost failed opened ended leaseLost released".split(
    " ",
  ) as TakeoverEvent[];

function into(state: TakeoverState): string[] {
  return STATES.flatMap((from) =>
    EVENTS.flatMap((event) =>
      from !== state && step(from, event)?.state === state ? [`${from} ${event}`] : [],
    ),
  );
}

/** The states and actions of a run. */
function run(events: readonly TakeoverEvent[]): { states: TakeoverState[]; actions: TakeoverAction[][] } {
  const states: TakeoverState[] = ["idle"];
  const actions: TakeoverAction[][] = [];
  for (const event of events) {
    const next = step(states.at(-1)!, event);
    states.push(next?.state ?? states.at(-1)!);
    actions.push([...(next?.actions ?? [])]);
  }
  return { states, actions };
}

test("the straight way leads from assigned to owning and back", () => {
  const { states, actions } = run([
    "assigned",
    "free",
    "read",
    "claimed",
    "opened",
    "unassigned",
    "released",
  ]);
  assert.equal(states, ["idle", "waiting", "reading", "claiming", "opening", "owning", "closing", "idle"]);
  assert.equal(actions.flat(), ["wait", "read", "claim", "open", "handOver"]);
});

test("[W1] owning is reached from a take-over that was read back, and in no other way", () => {
  assert.equal(into("owning"), ["opening opened"]);
  assert.equal(into("opening"), ["claiming claimed", "passing assigned"]);
  assert.equal(into("passing"), ["opening unassigned"]);
  assert.equal(into("claiming"), ["reading read"]);
});

test("[W5] an opening whose partition is placed elsewhere is finished, and handed over then", () => {
  const { states, actions } = run([
    "assigned",
    "free",
    "read",
    "claimed",
    "unassigned",
    "opened",
    "released",
  ]);
  assert.equal(states.slice(-4), ["opening", "passing", "closing", "idle"]);
  assert.equal(actions.flat(), ["wait", "read", "claim", "open", "handOver"]);
  assert.is(run(["assigned", "free", "read", "claimed", "unassigned", "assigned"]).states.at(-1), "opening");
});

test("[W2] reading begins when the partition is free or patience is over", () => {
  assert.equal(into("reading"), ["waiting free", "waiting outOfPatience"]);
});

test("[W3] after a loss, a failure or an end nobody reads again before having rested", () => {
  for (const from of STATES) {
    for (const event of ["lost", "failed", "ended", "leaseLost"] as const) {
      const next = step(from, event);
      if (next !== null)
        assert.ok(["resting", "yielding", "closing"].includes(next.state), `${from} ${event}`);
    }
  }
  assert.is(step("yielding", "released")?.state, "resting");
  assert.equal(
    into("resting").filter((way) => !/lost|failed|leaseLost|released/.test(way)),
    [],
  );
  assert.equal(
    [1, 2, 3, 6, 7, 100].map((failures) => restMs(250, failures)),
    [250, 500, 1_000, 8_000, 8_000, 8_000],
  );
});

test("from every state the way to idle is open when the partition is not assigned", () => {
  for (const from of STATES) {
    let state = step(from, "unassigned")?.state ?? from;
    if (state === "passing") state = step(state, "opened")!.state;
    const end = state === "closing" ? step(state, "released")!.state : state;
    assert.is(end, "idle", from);
  }
});

test("in any order of events, a log is opened only when none is open, and every opened log is closed once", () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...EVENTS), { maxLength: 200 }), (events) => {
      let state: TakeoverState = "idle";
      let open = false;
      let letting = false;
      for (const event of events) {
        // The ownership reports `released` for what it lets go, and for nothing else.
        if (event === "released" && !letting) continue;
        const next = step(state, event);
        if (next === null) continue;
        state = next.state;
        if (event === "released") open = letting = false;
        for (const action of next.actions) {
          if (action === "open") {
            assert.not(open);
            open = true;
          }
          if (action === "handOver" || action === "drop") {
            assert.ok(open);
            letting = true;
          }
          if (action === "abandon") assert.not(open);
        }
        assert.is(open, ["opening", "passing", "owning", "closing", "yielding"].includes(state), state);
        assert.is(letting, ["closing", "yielding"].includes(state), state);
      }
    }),
    { numRuns: 2_000 },
  );
});

test("an event that means nothing in a state changes nothing", () => {
  assert.is(step("idle", "claimed"), null);
  assert.is(step("owning", "claimed"), null);
  assert.is(step("reading", "opened"), null);
});

test.run();
