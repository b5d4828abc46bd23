/**
 * Dispatch in the core: one-sample inputs through router, row assembler, a kernel, and the state hash at its usual rate. Peers in the same
 * run: the same arithmetic as messages between `nact` actors and as events of bare XState actors.
 *
 * All three keep a running mean and variance of the values. Each run checks its count and mean.
 */
import { assign, createActor, setup } from "xstate";
import { Core } from "../../actors/core/core.ts";
import type { ActorDefinition, Detector } from "../../actors/ports/detector.ts";
import type { Frame } from "../../protocol/frame.ts";
import { CHECKPOINT_SAMPLES } from "../../protocol/limits.ts";
import { defaultSettings } from "../../protocol/settings.ts";
import { check } from "./measure.ts";
import type { BenchRow } from "./row.ts";

const MESSAGES = 4_000_000;
const PEER_MESSAGES = 300_000;
/** Weight of the newest value in the running moments. */
const WEIGHT = 1 / 128;

export async function benchCore(): Promise<BenchRow[]> {
  const core = best(() => coreRate(MESSAGES));
  const xstate = best(() => xstateRate(PEER_MESSAGES));
  const nact = await nactRate(PEER_MESSAGES);
  const name = "core: one-sample input → kernel → hash";
  return [
    {
      name,
      value: core,
      unit: "messages/s",
      target: 5_000_000,
      ratioTo: "bare XState actor.send",
      ratio: core / xstate,
    },
    ...(nact === null
      ? []
      : [
          {
            name,
            value: core,
            unit: "messages/s",
            target: 5_000_000,
            ratioTo: "nact dispatch",
            ratio: core / nact,
          },
        ]),
    { name: "peer: XState actor.send", value: xstate, unit: "messages/s" },
    ...(nact === null ? [] : [{ name: "peer: nact dispatch", value: nact, unit: "messages/s" }]),
  ];
}

/** The values that all variants see: 0, 1, …, 15, repeated. */
function sampleOf(i: number): number {
  return i & 15;
}

function coreRate(messages: number): number {
  const core = new Core({ group: [moments], session: [] }, { event() {}, state() {}, metrics() {} });
  core.apply(1, 0, {
    type: "sessionOpened",
    session: "bench",
    partition: "p0",
    seed: 1,
    settings: { ...defaultSettings(), publishEveryUs: 50_000 },
    versions: {},
  });
  core.apply(2, 0, {
    type: "channels",
    group: "g",
    source: "feed",
    channels: [{ name: "c", title: "", unit: "" }],
    sampling: "rows",
    everyUs: 1,
    innovation: "difference",
  });
  const frame: Frame = {
    type: "frame",
    group: "g",
    source: "feed",
    sequence: 0,
    count: 1,
    time: new Float64Array(1),
    channel: new Uint16Array(1),
    value: new Float64Array(1),
    size: null,
  };
  const started = performance.now();
  for (let i = 0; i < messages; i++) {
    frame.sequence = i + 1;
    frame.time[0] = i;
    frame.value[0] = sampleOf(i);
    core.apply(i + 3, i, frame);
    if (i % CHECKPOINT_SAMPLES === 0) core.hash();
  }
  const seconds = (performance.now() - started) / 1000;
  const registered = [...core.registered()].find((piece) => piece.field === "moments")!;
  checkMoments(
    "core",
    (registered.value as Float64Array)[0]!,
    (registered.value as Float64Array)[2]!,
    messages,
  );
  return messages / seconds;
}

const moments: ActorDefinition = {
  name: "moments",
  version: 1,
  machine: setup({}).createMachine({ initial: "on", states: { on: { tags: ["data"] } } }),
  enabled: () => true,
  machineInput: () => ({}),
  createDetector(): Detector {
    const state = new Float64Array(3);
    return {
      fields: { moments: state },
      update(batch) {
        const { frame } = batch;
        for (let k = 0; k < frame.count; k++) {
          const deviation = frame.value[k]! - state[0]!;
          state[0] = state[0]! + WEIGHT * deviation;
          state[1] = state[1]! + WEIGHT * (deviation * deviation - state[1]!);
          state[2] = state[2]! + 1;
        }
      },
    };
  },
};

function xstateRate(messages: number): number {
  const machine = setup({
    types: {
      context: {} as { mean: number; variance: number; count: number },
      events: {} as { type: "sample"; value: number },
    },
  }).createMachine({
    context: { mean: 0, variance: 0, count: 0 },
    initial: "on",
    states: {
      on: {
        on: {
          sample: {
            actions: assign(({ context, event }) => {
              const deviation = event.value - context.mean;
              return {
                mean: context.mean + WEIGHT * deviation,
                variance: context.variance + WEIGHT * (deviation * deviation - context.variance),
                count: context.count + 1,
              };
            }),
          },
        },
      },
    },
  });
  const actor = createActor(machine).start();
  const started = performance.now();
  for (let i = 0; i < messages; i++) actor.send({ type: "sample", value: sampleOf(i) });
  const seconds = (performance.now() - started) / 1000;
  const { mean, count } = actor.getSnapshot().context;
  checkMoments("XState", mean, count, messages);
  return messages / seconds;
}

/** Null without the library, which is a development dependency. */
async function nactRate(messages: number): Promise<number | null> {
  const nact = await import("nact").catch(() => null);
  if (nact === null) return null;
  const system = nact.start();
  let finished: (state: { mean: number; count: number }) => void;
  const done = new Promise<{ mean: number; count: number }>((resolve) => {
    finished = resolve;
  });
  type State = { mean: number; variance: number; count: number };
  const actor = nact.spawn(
    system,
    (state: State = { mean: 0, variance: 0, count: 0 }, message: { value: number }) => {
      const deviation = message.value - state.mean;
      const next = {
        mean: state.mean + WEIGHT * deviation,
        variance: state.variance + WEIGHT * (deviation * deviation - state.variance),
        count: state.count + 1,
      };
      if (next.count === messages) finished(next);
      return next;
    },
  );
  const started = performance.now();
  for (let i = 0; i < messages; i++) nact.dispatch(actor, { value: sampleOf(i) });
  const { mean, count } = await done;
  const seconds = (performance.now() - started) / 1000;
  nact.stop(system);
  checkMoments("nact", mean, count, messages);
  return messages / seconds;
}

/** Best of three runs: the first warms up, the best is least disturbed. */
function best(run: () => number): number {
  return Math.max(run(), run(), run());
}

function checkMoments(who: string, mean: number, count: number, messages: number): void {
  check(
    count === messages && mean > 6 && mean < 9,
    `${who} to count ${messages} with mean 7.5, not ${count} with ${mean}`,
  );
}
