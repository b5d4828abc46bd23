// runtime: either
/** Shrinking of worlds whose failure the test defines. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { drawOptions } from "../../sim/cluster/options.ts";
import type { RunRequest, RunResult } from "../../sim/cluster/run.ts";
import { factorOf, type Shrinking, shrink } from "../../sim/cluster/shrink.ts";

const DECISIONS = Array.from({ length: 60 }, (_, k) => `bus/append refused#${k + 1}`);

/** A world of 60 faults that breaks `rule` when `breaks` says so of what may happen in it. */
function world(breaks: (only: ReadonlySet<string>, options: RunResult["options"]) => string | null) {
  const requests: RunRequest[] = [];
  const run = async (request: RunRequest): Promise<RunResult> => {
    requests.push(request);
    const { seed, scenario, only, override, minutes } = request;
    const options = { ...drawOptions(seed, scenario, minutes), ...override };
    const decisions = DECISIONS.filter((id) => only?.has(id) ?? true);
    const rule = breaks(new Set(decisions), options);
    return {
      seed,
      options,
      decisions,
      violation: rule === null ? null : { rule, atUs: 1, what: "as scripted" },
      branches: new Map(),
      events: 1,
      simulatedUs: options.minutes * 60e6,
      traceHash: "",
      delivered: 0,
      sent: new Map(),
    };
  };
  return { run, requests };
}

function shrinking(run: Shrinking["run"], mayGoOn = () => true): Shrinking {
  return { seed: 5, scenario: "standard", run, mayGoOn };
}

test("[S1] the faults that a failure needs are left, in a small world", async () => {
  const needed = [DECISIONS[3]!, DECISIONS[41]!];
  const { run } = world((only, { nodes }) =>
    needed.every((id) => only.has(id)) && nodes >= 2 ? "one-chain" : null,
  );
  const shrunk = await shrink(shrinking(run));
  assert.equal(shrunk?.case.decisions, needed);
  assert.is(shrunk?.case.rule, "one-chain");
  const { nodes, partitions, clients, channels, framesPerSecond, feedsOfPartition } = shrunk!.case.override;
  assert.is(nodes, 2, "one node is too few for this failure");
  assert.equal([partitions, channels, feedsOfPartition], [1, 1, 1]);
  assert.is(clients, 0);
  assert.ok(((framesPerSecond ?? 1) as number) <= 2);
  assert.ok(factorOf(shrunk!) > 20, `${factorOf(shrunk!)}`);
});

test("[S1] a fault moves to the lowest count that still fails", async () => {
  const { run } = world((only) => ([...only].some((id) => Number(id.split("#")[1]) >= 8) ? "bounds" : null));
  const shrunk = await shrink(shrinking(run));
  const [left, ...more] = shrunk!.case.decisions;
  assert.equal(more, []);
  assert.ok(Number(left!.split("#")[1]) < 16, left!);
});

test("[S1] a smaller world that breaks another rule is rejected", async () => {
  const { run } = world((only) => (only.size > 10 ? "one-chain" : "same-state"));
  const shrunk = await shrink(shrinking(run));
  assert.is(shrunk?.case.rule, "one-chain");
  assert.is(shrunk?.case.decisions.length, 11);
});

test("[S2] when time runs out the smallest failing world so far is the result", async () => {
  const { run, requests } = world((only) => (only.has(DECISIONS[9]!) ? "bounds" : null));
  const shrunk = await shrink(shrinking(run, () => requests.length < 4));
  assert.ok(shrunk!.case.decisions.includes(DECISIONS[9]!));
  assert.ok(factorOf(shrunk!) > 1, "nothing was left out");
  assert.ok(requests.length <= 5, `${requests.length} runs`);
});

test("a seed that breaks no rule is not shrunk", async () => {
  const { run } = world(() => null);
  assert.is(await shrink(shrinking(run)), null);
});

test.run();
