// runtime: either
// slow
/** Rules that every scenario must follow. That its bits are the same everywhere is one of them: it starts the other runtimes itself. */
import { spawnSync } from "node:child_process";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { ROOT } from "../../.ci/runtime.mjs";
import { hex } from "../../actors/core/hash.ts";
import { frameFault } from "../../protocol/frame.ts";
import type { ScenarioOptions, ScenarioRun } from "../../sim/worlds/model/scenario.ts";
import { SCENARIOS } from "../../sim/worlds/scenarios.ts";
import { scriptCommand } from "../support/bundles.ts";
import { runtimes } from "../support/runtimes.ts";
import { createWorld, START_US, samplesOf, usual, worldHash } from "./worlds.ts";

const CLASSICAL = SCENARIOS.filter(({ family }) => family !== "quantum");
/** Short runs, where the length does not matter. */
const part = (durationUs: number) => ({ durationUs: durationUs / 16 });
/** A quantum world is slow to draw, and something happens in it all the time. */
const quarter = (durationUs: number) => ({ durationUs: durationUs / 4 });

test("[S1] the same options give the same world, another seed another one", () => {
  for (const { name, usualDurationUs } of SCENARIOS) {
    const options = part(usualDurationUs);
    const first = worldHash(createWorld(name, options));
    assert.is(worldHash(createWorld(name, options)), first, name);
    assert.not.equal(worldHash(createWorld(name, { ...options, seed: 2 })), first, name);
  }
});

test("[S1] every runtime gives the same bits for the same seed", () => {
  const outputs = runtimes().map((runtime) => {
    const { name } = runtime;
    const [path = "", ...args] = scriptCommand(runtime, "tests/worlds/worlds-hashes.ts");
    const { stdout, stderr, status } = spawnSync(path, args, { cwd: ROOT, encoding: "utf8" });
    assert.is(status, 0, `${name}: ${stderr}`);
    return { name, stdout };
  });
  for (const { name, stdout } of outputs) {
    assert.ok(stdout.trim().split("\n").length >= SCENARIOS.length, name);
    assert.is(stdout, outputs[0]!.stdout, `${name} differs from ${outputs[0]!.name}`);
  }
});

test("at the greatest strength every market sends all its rows, and no frame is too long after a long silence", () => {
  for (const name of ["regime-switching", "decoherence", "pointer-collapse", "block-flip", "flash-crash"]) {
    const { value } = samplesOf(createWorld(name, { strength: 100 }));
    assert.is(value[0]!.length, 3600, name);
  }
  const run = createWorld("drop-out", { channels: 1, durationUs: 86_400e6 });
  for (let piece = run.next(); piece !== null; piece = run.next())
    if (piece.type === "frame") assert.is(frameFault({ ...piece, sequence: 1 }), null);
});

test("[S2] an event is in the truth when its piece is returned", () => {
  for (const { name } of CLASSICAL) for (const seed of [1, 2]) assertToldInTime(name, { seed });
  // With two rows per frame, an event of the second row must be in the truth of the first frame.
  for (let seed = 1; seed <= 6; seed++)
    assertToldInTime("level-shift", { seed, channels: 128, durationUs: 3000e6 });
});

function assertToldInTime(name: string, options: Partial<ScenarioOptions>): void {
  const all = samplesOf(createWorld(name, options)).truth;
  // A clock that is ahead gives later times than the true ones.
  const wrong = Number(all.find(({ kind }) => kind === "clockStep")?.detail?.["clockStepUs"] ?? 0);
  const run = createWorld(name, options);
  for (let piece = run.next(); piece !== null; piece = run.next()) {
    if (piece.type !== "frame") continue;
    const latest = Math.max(...piece.time.subarray(0, piece.count)) - wrong;
    const due = all.filter(({ onsetUs }) => onsetUs <= latest).length;
    assert.ok(run.truth.length >= due, `${name} ${JSON.stringify(options)}`);
  }
}

test("[S3] times are whole, within the run, and never decrease except with a wrong clock; frames can be encoded", () => {
  for (const scenario of CLASSICAL) {
    const options = usual(scenario);
    const run = createWorld(scenario.name);
    const channels = run.declarations[0]!.channels.length;
    const stepped = ["clock-step", "server-metrics"].includes(scenario.name);
    let last = 0;
    for (let piece = run.next(); piece !== null; piece = run.next()) {
      if (piece.type !== "frame") continue;
      assert.is(frameFault(piece), null, scenario.name);
      for (let k = 0; k < piece.count; k++) {
        const time = piece.time[k]!;
        assert.ok(time >= START_US && (stepped || time < START_US + options.durationUs), scenario.name);
        assert.ok(stepped || time >= last, `${scenario.name}: ${time} after ${last}`);
        assert.ok(piece.channel[k]! < channels, scenario.name);
        last = time;
      }
    }
    assert.ok(last > START_US + 0.98 * options.durationUs, `${scenario.name} goes on to the end`);
  }
});

test("true events are within the run, in order, with declared channels and existing detectors", () => {
  for (const scenario of SCENARIOS) {
    const whole = usual(scenario);
    const { durationUs } = scenario.family === "quantum" ? quarter(whole.durationUs) : whole;
    for (let seed = 1; seed <= 2; seed++) {
      const run = ended(createWorld(scenario.name, { seed, durationUs }));
      const { group, channels } = run.declarations[0]!;
      const names = channels.map(({ name }) => name);
      assert.ok(run.truth.length > 0, `${scenario.name} seed ${seed}: something happens`);
      let before = 0;
      for (const truth of run.truth) {
        assert.ok(truth.onsetUs >= before && truth.onsetUs >= START_US, scenario.name);
        assert.ok(truth.endUs >= truth.onsetUs && truth.endUs <= START_US + durationUs, scenario.name);
        assert.is(truth.group, group);
        assert.equal(
          truth.channels.filter((name) => !names.includes(name)),
          [],
        );
        assert.equal(
          truth.detectors.filter(
            (name) =>
              ![
                "anomaly",
                "collapse",
                "entanglement",
                "interference",
                "trajectory",
                "trend",
                "patterns",
              ].includes(name),
          ),
          [],
        );
        before = truth.onsetUs;
      }
    }
  }
});

test("with strength 0 there is no event, and the world is the same until the first onset", () => {
  for (const scenario of CLASSICAL) {
    const quiet = samplesOf(createWorld(scenario.name, { strength: 0 }));
    const loud = samplesOf(createWorld(scenario.name, { strength: 2 }));
    assert.equal(quiet.truth, [], scenario.name);
    const onset = loud.truth[0]!.onsetUs;
    let same = 0;
    let different = 0;
    for (const [channel, times] of loud.time.entries())
      for (const [k, time] of times.entries()) {
        const equal =
          time === quiet.time[channel]![k] && loud.value[channel]![k] === quiet.value[channel]![k];
        if (time < onset) assert.ok(equal, `${scenario.name}: sample ${k} of channel ${channel}`);
        if (equal) same++;
        else different++;
      }
    const lost = quiet.value.flat().length - loud.value.flat().length;
    assert.ok(same > 0 && (different > 0 || lost > 0), `${scenario.name}: something happens at strength 2`);
  }
});

/** Forms of quantum worlds that do not depend on the strength before the first onset. */
const SAME_UNTIL_ONSET: Readonly<Record<string, readonly string[]>> = {
  "quantum-telegraph": ["record", "vector"],
  "quantum-ladder": ["record", "vector"],
  "quantum-zeno": [],
  "quantum-shelving": [],
};

test("a quantum world depends on its strength before the first onset, or does not, as its description says", () => {
  const quantum = SCENARIOS.filter(({ family }) => family === "quantum");
  assert.equal(Object.keys(SAME_UNTIL_ONSET).sort(), quantum.map(({ name }) => name).sort());
  for (const { name, usualDurationUs } of quantum)
    for (const form of ["record", "vector", "density"] as const) {
      const options = { ...quarter(usualDurationUs), form };
      const quiet = quantumSamples(createWorld(name, { ...options, strength: 0 }));
      const loud = quantumSamples(createWorld(name, { ...options, strength: 2 }));
      assert.equal(quiet.truth, [], name);
      const onset = loud.truth[0]!.onsetUs;
      const before = loud.samples.filter(([time]) => time < onset);
      assert.ok(before.length > 20, name);
      const same = JSON.stringify(before) === JSON.stringify(quiet.samples.slice(0, before.length));
      assert.is(same, SAME_UNTIL_ONSET[name]!.includes(form), `${name} as ${form}`);
      assert.not.equal(loud.samples, quiet.samples);
    }
});

/** Time and value of each sample of a record, or of each state. */
function quantumSamples(run: ScenarioRun): {
  samples: (readonly [timeUs: number, value: unknown])[];
  truth: ScenarioRun["truth"];
} {
  const samples: (readonly [number, unknown])[] = [];
  for (let piece = run.next(); piece !== null; piece = run.next()) {
    if (piece.type === "frame")
      for (let k = 0; k < piece.count; k++) samples.push([piece.time[k]!, piece.value[k]]);
    else if (piece.type === "measurementRecord") throw new Error("expected frames or states");
    else samples.push([piece.timeUs, [hex(piece.re), hex(piece.im)]]);
  }
  return { samples, truth: run.truth };
}

test("every scenario runs with its fewest and its most channels, and with other rates", () => {
  for (const scenario of CLASSICAL) {
    const { least, most } = scenario.channels;
    for (const channels of [least, most])
      for (const factor of [0.25, 8]) {
        const rate = scenario.usualRate * factor;
        const options: Partial<ScenarioOptions> = { channels, rate, durationUs: 200e6 / rate };
        const samples = samplesOf(createWorld(scenario.name, options));
        const expected = 200 * samples.names.length;
        const count = samples.value.flat().length;
        assert.ok(
          count > 0.4 * expected && count < 6 * expected,
          `${scenario.name}: ${count} of ${expected}`,
        );
        assert.ok(samples.value.flat().every(Number.isFinite), scenario.name);
      }
  }
});

function ended(run: ScenarioRun): ScenarioRun {
  while (run.next() !== null);
  return run;
}

test.run();
