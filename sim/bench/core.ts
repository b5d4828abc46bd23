/**
 * Dispatch in the core: one-sample inputs through router, row assembler, a kernel, and the state hash at its usual rate. Peers in the same
 * run: the same arithmetic as messages between `nact` actors, as events of bare XState actors, and as a bare loop.
 *
 * All keep a running mean and variance of the values, are warmed up for the same time and take turns. Each turn checks its count and
 * mean. The core is measured twice: with one frame object for all inputs, as feeds send them, and with a new frame for each input, as
 * the peers get a new message.
 */
import { dispatch, spawn, start, stop } from "nact";
import { assign, createActor, setup } from "xstate";
import { Core } from "../../actors/core/core.ts";
import type { ActorDefinition, Detector } from "../../actors/ports/detector.ts";
import { createFrame, type Frame } from "../../protocol/frame.ts";
import { CHECKPOINT_SAMPLES } from "../../protocol/limits.ts";
import { defaultSettings } from "../../protocol/settings.ts";
import { check } from "./measure.ts";
import { type BenchRow, compared } from "./row.ts";
import { inTurns } from "./turns.ts";

const MESSAGES = 2_000_000;
const PEER_MESSAGES = 300_000;
/** Weight of the newest value in the running moments. */
const WEIGHT = 1 / 128;

export async function benchCore(): Promise<BenchRow[]> {
  const { reused, fresh, ...peers } = await inTurns({
    reused: () => coreRate(MESSAGES, (frame) => frame),
    fresh: () => coreRate(MESSAGES, newFrame),
    "nact dispatch": () => nactRate(PEER_MESSAGES),
    "bare XState actor.send": () => xstateRate(PEER_MESSAGES),
    "bare loop": () => loopRate(MESSAGES),
  });
  const unit = "messages/s";
  return [
    compared(
      { name: "core: one-sample input → kernel → hash, one frame object", unit, runs: reused },
      peers,
      {
        atLeast: 5_000_000,
      },
    ),
    compared({ name: "core: one-sample input → kernel → hash, a new frame each", unit, runs: fresh }, peers),
  ];
}

interface Moments {
  mean: number;
  variance: number;
  count: number;
}

/** The values that all variants see: 0, 1, …, 15, repeated. */
function sampleOf(i: number): number {
  return i & 15;
}

/** `input` gives the frame that the core receives: the bench fills the same one each time. */
function coreRate(messages: number, input: (filled: Frame) => Frame): number {
  const core = createMomentsCore();
  const started = performance.now();
  core.send(messages, input);
  const seconds = (performance.now() - started) / 1000;
  core.check();
  return messages / seconds;
}

interface MomentsCore {
  /** Applies so many one-sample inputs. */
  send(messages: number, input: (filled: Frame) => Frame): void;
  check(): void;
}

export function createMomentsCore(): MomentsCore {
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
  const frame = { ...createFrame("feed", "g", 1), count: 1 };
  let sent = 0;
  return {
    send(messages, input) {
      for (const end = sent + messages; sent < end; sent++) {
        frame.sequence = sent + 1;
        frame.time[0] = sent;
        frame.value[0] = sampleOf(sent);
        core.apply(sent + 3, sent, input(frame));
        if (sent % CHECKPOINT_SAMPLES === 0) core.hash();
      }
    },
    check() {
      const { value } = [...core.registered()].find(({ field }) => field === "moments")!;
      const [mean, , count] = value as Float64Array;
      checkMoments("core", mean!, count!, sent);
    },
  };
}

/** The same frame with columns of its own. */
export function newFrame(frame: Frame): Frame {
  const { time, channel, value } = frame;
  return { ...frame, time: time.slice(), channel: channel.slice(), value: value.slice() };
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
      context: {} as Moments,
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

async function nactRate(messages: number): Promise<number> {
  const system = start();
  let finished: (state: Moments) => void;
  const done = new Promise<Moments>((resolve) => {
    finished = resolve;
  });
  const actor = spawn(
    system,
    (state: Moments = { mean: 0, variance: 0, count: 0 }, message: { value: number }) => {
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
  for (let i = 0; i < messages; i++) dispatch(actor, { value: sampleOf(i) });
  const { mean, count } = await done;
  const seconds = (performance.now() - started) / 1000;
  stop(system);
  checkMoments("nact", mean, count, messages);
  return messages / seconds;
}

/** The arithmetic alone. */
function loopRate(messages: number): number {
  let [mean, variance, count] = [0, 0, 0];
  const started = performance.now();
  for (let i = 0; i < messages; i++) {
    const deviation = sampleOf(i) - mean;
    mean += WEIGHT * deviation;
    variance += WEIGHT * (deviation * deviation - variance);
    count++;
  }
  const seconds = (performance.now() - started) / 1000;
  checkMoments("the loop", mean, count, messages);
  check(variance > 0, "the loop to keep the variance");
  return messages / seconds;
}

function checkMoments(who: string, mean: number, count: number, messages: number): void {
  const found = `${who} counted ${count} with mean ${mean}`;
  check(count === messages && mean > 6 && mean < 9, `${messages} messages with mean 7.5`, found);
}
