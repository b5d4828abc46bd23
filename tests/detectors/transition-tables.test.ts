// runtime: either
import { test } from "uvu";
import * as assert from "uvu/assert";
import { type AnyStateMachine, initialTransition, transition } from "xstate";
import { MachineHost } from "../../actors/core/machine-host.ts";
import { SYSTEM } from "../../actors/system.ts";

const definitions = [...SYSTEM.group, ...SYSTEM.session];
/** With every field that any machine begins from. */
const INPUT = { group: "g", perDay: 10, windowUs: 60_000_000 };
const ACTIONS = new Set(["announce", "timer.start", "timer.cancel"]);

function statesOf(machine: AnyStateMachine): string[] {
  return Object.keys(machine.states);
}

function signalsOf(machine: AnyStateMachine): string[] {
  return [
    ...new Set(statesOf(machine).flatMap((state) => Object.keys(machine.states[state]!.config.on ?? {}))),
  ];
}

for (const { name, machine } of definitions) {
  test(`${name} machine has an entry for every signal in every state`, () => {
    for (const state of statesOf(machine)) {
      const entries = Object.keys(machine.states[state]!.config.on ?? {});
      assert.equal(entries.sort(), signalsOf(machine).sort(), `state ${state}`);
    }
  });

  test(`${name} machine is accepted by the host`, () => {
    assert.is(new MachineHost(machine, INPUT).value, machine.config.initial);
  });

  test(`${name} machine requests only actions that the core offers, in every state and for every signal`, () => {
    for (const state of statesOf(machine)) {
      for (const type of signalsOf(machine)) {
        const [start] = initialTransition(machine, INPUT);
        const at = machine.resolveState({ value: state, context: start.context });
        const [, actions] = transition(machine, at, sample(type));
        for (const action of actions as readonly { type: string; params?: unknown }[]) {
          assert.ok(ACTIONS.has(action.type), `${state} × ${type} asks for ${action.type}`);
          if (action.type !== "announce") continue;
          const announcement = action.params as { kind: string; title: string; detail: object };
          assert.match(announcement.kind, /^[a-z]+\.[a-z-]+$/);
          assert.ok(
            announcement.title.length > 0 && !announcement.title.includes("undefined"),
            announcement.title,
          );
          for (const [key, value] of Object.entries(announcement.detail)) {
            assert.ok(
              value === null || ["string", "number", "boolean"].includes(typeof value),
              `${announcement.kind} detail ${key}`,
            );
          }
        }
      }
    }
  });
}

/** A signal with every field that any machine reads. */
function sample(type: string) {
  return {
    type,
    timeUs: 5_000_000,
    coherent: true,
    level: 0.1,
    reference: 0.4,
    usualLow: 0.1,
    usualHigh: 0.3,
    movesLow: -1,
    movesHigh: 2,
    share: 0.8,
    usualShareLow: 0.2,
    usualShareHigh: 0.4,
    alarms: 0,
    purity: 0.3,
    nEff: 60,
    significantPairs: 2,
    pairs: 6,
    rows: 500,
    threshold: 2000,
    leftOut: [],
    logM: 8,
    extraNats: 0,
    onsetUs: 4_000_000,
    delayRows: 12,
    longestUs: 300_000,
    missed: 17,
    nowEveryUs: 1_000_000,
    byUs: 30_000_000,
    member: "energy x1.3",
    change: "the channels move more than before",
    purityChange: 0.1,
    fidelity: 0.9,
    bures: 0.2,
    pointerOverlap: 0.8,
    entropyChange: -0.1,
    rowsAfter: 12,
    channels: ["a", "b"],
    titles: ["Channel a", "Channel b"],
    unit: "V",
    of: "values",
    lag1: 0.3,
    times: 0,
    innovation: "ar1",
    declared: "difference",
    evidence: 17,
    samples: 64,
    fingerprint: "level:a",
    joint: false,
    view: "level",
    score: 0.6,
    value: 3,
    expected: 1,
    low: 0,
    high: 2,
    spanUs: 0,
    startedUs: 1_000_000,
    peakScore: 0.7,
    reason: "latency",
    latencyP99Us: 60_000,
    queueDepth: 3,
    shed: 0,
    degradedForUs: 4_000_000,
    scan: "s-1",
    universe: "sp500",
    rule: "rsi(14) < 30",
    symbols: 499,
    processed: 400,
    signals: 5,
    errors: 1,
    source: "feed",
    detail: "{}",
    bad: 3,
    reasons: { nan: 3 },
    from: "0",
    to: "1",
    tookUs: 30_000,
    key: "g\nanomaly\nlevel:a",
    phase: "opened",
    sinceUs: 4_000_000,
    effect: 6,
    everyUs: 100_000,
    persistenceUs: 10_000_000,
    group: "g",
    actor: "anomaly",
    title: "Channel a is far from its usual level",
    eventId: "p0/1/1",
    traits: "2 100000 rows ar1",
    learningUs: 300_000_000,
    channel: "a",
    form: "level",
    changedUs: 4_000_000,
    rowsBefore: 300,
    before: 1,
    after: 3,
    slopeBefore: 0,
    slopeAfter: 0.1,
    spread: 0.5,
    gain: 20,
    price: 15,
    again: false,
    kind: "threshold.set",
    id: "load",
    by: "ada",
    severity: "warning",
    isAgain: false,
    breach: "rate",
    percent: 99,
    returns: 250,
    exceeded: 9,
    kupiec: 0.001,
    christoffersen: 0.4,
    logReturn: -0.05,
    volatility: 0.01,
    drawdown: 0.2,
    drawdownMax: 0.3,
    turbulence: 5,
    absorption: 0.6,
    absorptionShift: null,
    rivals: "its last value and its mean",
    skill: 0.2,
    dieboldMariano: -3,
    slope: 0.1,
    error: 0.01,
    direction: "above",
    expectedUs: 9_000_000,
    lowUs: 8_000_000,
    highUs: 11_000_000,
    courseUs: 4_000_000,
    isInside: true,
    shape: "double top",
    correlation: 0.9,
    ratio: 2.5,
    among: 400,
    confidence: 99.9,
    fromUs: 1_000_000,
    found: 3,
    first: "a",
    second: "b",
    firstTitle: "Channel a",
    secondTitle: "Channel b",
    strength: 0.6,
    degrees: 30,
    more: 2,
    isUsual: false,
    guarantee: "holds",
    rayleigh: 0.001,
    beatHz: 0.1,
  };
}

test.run();
