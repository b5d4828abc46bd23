/**
 * Small actors with known behaviour, to test the core around them.
 *
 * `summing` keeps sum and count of innovations, draws a random number a row, and announces when the sum passes a level;
 * `touchy` throws when it meets the value POISON.
 */
import { setup } from "xstate";
import type { ActorDefinition, Detector, Signal } from "../../actors/ports/detector.ts";

/** A value that makes the touchy actor throw. */
export const POISON = 13_000;

const summingMachine = setup({
  types: { events: {} as Signal },
  actions: {
    announce: (_, _params: object) => {},
    "timer.start": (_, _params: { id: string; delayUs: number }) => {},
  },
}).createMachine({
  initial: "counting",
  states: {
    counting: {
      on: {
        passed: {
          target: "resting",
          actions: {
            type: "announce",
            params: ({ event }) => ({
              kind: "toy.passed",
              severity: "notice",
              title: "the sum passed its level",
              finding: { key: "sum", phase: "opened", sinceUs: event.timeUs, effect: 1, evidence: 2 },
              detail: { sum: event["sum"] },
            }),
          },
        },
      },
    },
    resting: {
      entry: { type: "timer.start", params: { id: "rested", delayUs: 1_000 } },
      on: {
        "timer.rested": {
          target: "counting",
          actions: {
            type: "announce",
            params: ({ event }) => ({
              kind: "toy.rested",
              severity: "info",
              title: "counting again",
              detail: { timeUs: event.timeUs },
            }),
          },
        },
      },
    },
  },
});

export const summing: ActorDefinition = {
  name: "summing",
  version: 1,
  machine: summingMachine,
  enabled: () => true,
  machineInput: () => ({}),
  createDetector(): Detector {
    const sums = new Float64Array(2);
    const rows = new Uint32Array(1);
    return {
      fields: { sums, rows },
      update(batch, context) {
        if (context.machine.value === "resting") return;
        for (let k = 0; k < batch.frame.count; k++) sums[0]! += batch.frame.value[k]!;
        for (let r = 0; r < batch.rows; r++) sums[1]! += context.random();
        rows[0]! += batch.rows;
        if (!(sums[0]! > 100)) return;
        context.signal({ type: "passed", timeUs: context.now, sum: sums[0]! });
        sums[0] = 0;
      },
    };
  },
};

export const touchy: ActorDefinition = {
  name: "touchy",
  version: 1,
  machine: setup({}).createMachine({ initial: "on", states: { on: {} } }),
  enabled: () => true,
  machineInput: () => ({}),
  createDetector(): Detector {
    const seen = new Float64Array(1);
    return {
      fields: { seen },
      update(batch) {
        for (let k = 0; k < batch.frame.count; k++) {
          if (batch.frame.value[k] === POISON) throw new Error("met the poison");
          seen[0]! += 1;
        }
      },
    };
  },
};

/** Listens: counts the announcements of groups, and announces each again with its id. One that it hears at POISON µs makes it throw. */
export const gossip: ActorDefinition = {
  name: "gossip",
  version: 1,
  listens: true,
  machine: setup({
    types: { events: {} as Signal },
    actions: { announce: (_, _params: object) => {} },
  }).createMachine({
    initial: "on",
    states: {
      on: {
        on: {
          heard: {
            actions: {
              type: "announce",
              params: ({ event }) => ({
                kind: "gossip.heard",
                severity: "info",
                title: "somebody said something",
                group: event["group"],
                detail: { id: event["id"], key: event["key"] },
              }),
            },
          },
        },
      },
    },
  }),
  enabled: () => true,
  machineInput: () => ({}),
  createDetector(): Detector {
    const heard = new Float64Array(1);
    return {
      fields: { heard },
      onAnnouncement({ event, finding, group }, context) {
        if (event.timeUs === POISON) throw new Error("heard the poison");
        heard[0]! += 1;
        context.signal({
          type: "heard",
          timeUs: event.timeUs,
          id: event.id,
          group: group.name,
          key: finding?.key ?? "",
        });
      },
    };
  },
};

export const TOYS = { group: [summing, touchy], session: [] };
