// runtime: either
/** A recorded session in simulated clusters: what its feeds and people sent, under faults. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { SYSTEM } from "../../actors/mod.ts";
import type { Feed } from "../../actors/ports/feed.ts";
import { EigenwatchError } from "../../protocol/errors.ts";
import { type RecordedInputs, readRecordedInputs } from "../../sim/cluster/recorded/inputs.ts";
import { run } from "../../sim/cluster/run.ts";
import { channels, row } from "../support/inputs.ts";
import { mixture } from "../support/quantum.ts";
import { recordFeeds, temporaryDirectory } from "../support/recorded-run.ts";
import type { Mutant } from "./mutants/all.ts";
import { runMutants } from "./mutants/run.ts";

const SECOND_US = 1_000_000;
const BEGIN_US = Date.UTC(2025, 2, 1) * 1000;
/** Long enough for take-overs, short enough for a test. */
const MINUTES = 0.9;

/** Rows of two channels, a tenth of them after a number is left out, and a mixture of two levels now and then. */
function feed(source: string, fromUs: number, rows: number): Feed {
  const group = `${source} rows`;
  const levels = `${source} levels`;
  return {
    source,
    kind: "recorded",
    async run(sink) {
      const declare = (name: string): void => sink.channels({ ...channels(2), group: name, source });
      declare(group);
      declare(levels);
      for (let k = 1; k <= rows; k++) {
        const atUs = fromUs + k * SECOND_US;
        const wave = [(k % 7) - 3 + (k > rows / 2 ? 9 : 0), (k % 5) - 2];
        const more = sink.frame({ ...row(atUs, wave, 2 * k + (k > 20 ? 5 : 0)), source, group });
        if (k % 8 === 0) {
          const part = (k % 3) / 4;
          const state = mixture(atUs, [1 - part, part], 2 * k + 1 + (k > 20 ? 5 : 0));
          sink.quantum({ ...state, source, group: levels });
        }
        if (!more) await sink.drained();
      }
    },
    stop: () => Promise.resolve(),
  };
}

/** Two lives of a session: in the second one people have changed a setting and set a threshold between the data. */
async function recordedSession(): Promise<string> {
  const directory = join(temporaryDirectory(), "session");
  mkdirSync(directory);
  const options = { definitions: SYSTEM, directory };
  await recordFeeds({ ...options, feeds: [feed("first", BEGIN_US, 60)] });
  const anna = { id: "anna", name: "Anna", role: "owner" };
  await recordFeeds({
    ...options,
    feeds: [feed("second", BEGIN_US + 60 * SECOND_US, 60)],
    before: async (partition) => {
      await partition.configure("anomaly.cooldownSamples", 6, { author: "Anna" });
      await partition.command({
        name: "threshold.set",
        body: { id: "high", of: { group: "first rows", channel: "c0" }, direction: "above", level: 8 },
        author: anna,
        source: "gateway",
        sequence: 0,
      });
    },
  });
  return directory;
}

const recording = await recordedSession();
const recorded = await readRecordedInputs(recording);
const steps = recorded.partitions[0]!.steps.length;

test("a recording gives a world what feeds and people sent, and says what nobody sends", () => {
  const [only, ...others] = recorded.partitions;
  assert.equal(others, []);
  const people = only!.steps.filter(({ by }) => by === "person");
  assert.is(people.length, 2);
  assert.is(only!.notSent.sessionOpened, 2);
  assert.is(steps, only!.steps.length);
});

test("under faults the recorded session is in the log once and in order, and gives the events of its plain replay", async () => {
  let taken = 0;
  let answered = 0;
  for (const [seed, scenario] of [
    [1, "standard"],
    [2, "gateways"],
    [3, "partitions"],
    [4, "storm"],
  ] as const) {
    const result = await run({ seed, scenario, minutes: MINUTES, recorded });
    assert.is(result.violation, null, `${scenario} ${seed}: ${result.violation?.what}`);
    taken += result.branches.get("partition taken over") ?? 0;
    answered += result.branches.get("command happened: yes") ?? 0;
    if (scenario !== "storm") assert.is(result.sent.get("p0"), steps, scenario);
  }
  assert.ok(taken > 0, "no world had a take-over");
  assert.ok(answered >= 4, `${answered} commands were answered`);
});

test("the same seed and recording give the same world", async () => {
  const request = { seed: 5, scenario: "gateways", minutes: 0.6, recorded } as const;
  const [one, two] = [await run(request), await run(request)];
  assert.is(two.traceHash, one.traceHash);
});

test("a feed that is restarted, is silent and sends twice changes nothing", async () => {
  const request = { seed: 7, scenario: "standard", minutes: MINUTES, recorded } as const;
  const { options } = await run({ ...request, minutes: 0.5 });
  const faulty = { ...options.feed, restarted: 0.05, duplicated: 0.2, silent: 0.01, burst: 0.05 };
  const result = await run({ ...request, override: { feed: faulty } });
  assert.is(result.violation, null, result.violation?.what);
  assert.is(result.sent.get("p0"), steps);
  for (const kind of ["feed restarted", "frame duplicated", "feed silent"])
    assert.ok((result.branches.get(kind) ?? 0) > 0, kind);
});

/** Simulated feeds send no quantum data: without a recording nobody would notice. */
const QUANTUM_LOST: Mutant = {
  name: "quantum-data-lost",
  bug: "A quantum state that comes over the bus is answered as durable and not entered.",
  file: "actors/feeds/bus.ts",
  find: "          this.sink.quantum(message);",
  replace: "",
};

test("a program that loses recorded data is caught by the recording, and by nothing without it", async () => {
  const request = { scenarios: ["standard"] as const, seeds: 4, minutes: MINUTES, shrinkMs: 0 };
  const common = { jobs: 1, timeoutMs: 200_000 };
  const [caught] = await runMutants({
    ...common,
    mutants: [QUANTUM_LOST],
    request: { ...request, recording },
  });
  assert.is(caught!.failure?.rule, "recorded-same", JSON.stringify(caught));
  const [missed] = await runMutants({ ...common, mutants: [QUANTUM_LOST], request });
  assert.is(missed!.failure, null);
});

test("a folder that is no recording, and one without data, are named", async () => {
  const folder = temporaryDirectory();
  const empty = join(folder, "empty");
  mkdirSync(empty);
  await recordFeeds({ definitions: SYSTEM, directory: empty, feeds: [] });
  for (const [path, says] of [
    [join(folder, "none"), /none/],
    [empty, /empty: it holds nothing that a feed or a person sent/],
  ] as const)
    assert.match(await refusalOf(readRecordedInputs(path)), says);
});

async function refusalOf(reading: Promise<RecordedInputs>): Promise<string> {
  return reading.then(
    () => "it was read",
    (error: unknown) => (error instanceof EigenwatchError ? error.message : `not named: ${error}`),
  );
}

test.run();
