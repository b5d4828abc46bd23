// runtime: either
import { test } from "uvu";
import * as assert from "uvu/assert";
import { type AnyStateMachine, assign, createMachine, setup } from "xstate";
import { MachineHost, MachineRefused } from "../../actors/core/machine-host.ts";

const lamp = setup({
  types: {
    context: {} as { pressed: number },
    events: {} as { type: "press"; by: string } | { type: "timer.off" },
  },
  actions: {
    announce: (_, _params: { kind: string; by?: string; pressed?: number }) => {},
    "timer.start": (_, _params: { id: string; delayUs: number }) => {},
  },
}).createMachine({
  context: { pressed: 0 },
  initial: "dark",
  entry: { type: "announce", params: { kind: "lamp.made" } },
  states: {
    dark: {
      on: {
        press: {
          target: "bright",
          actions: [
            assign({ pressed: ({ context }) => context.pressed + 1 }),
            {
              type: "announce",
              params: ({ context, event }) => ({ kind: "lamp.on", by: event.by, pressed: context.pressed }),
            },
          ],
        },
      },
    },
    bright: {
      tags: ["degraded"],
      entry: { type: "timer.start", params: { id: "off", delayUs: 5 } },
      on: { "timer.off": { target: "dark", actions: { type: "announce", params: { kind: "lamp.off" } } } },
    },
  },
});

test("[H1] actions are returned as data, in the order in which the machine requested them", () => {
  const host = new MachineHost(lamp, {});
  assert.equal(host.takeActions(), [{ type: "announce", params: { kind: "lamp.made" } }]);
  assert.equal(host.send({ type: "press", by: "ana" } as never), [
    { type: "announce", params: { kind: "lamp.on", by: "ana", pressed: 1 } },
    { type: "timer.start", params: { id: "off", delayUs: 5 } },
  ]);
});

test("host has the machine's state and context after each event", () => {
  const host = new MachineHost(lamp, {});
  assert.equal([host.value, host.context, host.degraded], ["dark", { pressed: 0 }, false]);
  host.send({ type: "press", by: "ana" } as never);
  assert.equal([host.value, host.context, host.degraded], ["bright", { pressed: 1 }, true]);
});

test("an event that the state does not know changes nothing", () => {
  const host = new MachineHost(lamp, {});
  host.takeActions();
  assert.equal(host.send({ type: "timer.off" }), []);
  assert.is(host.value, "dark");
});

test("[H3] a saved machine is plain JSON and continues where it was saved", () => {
  const host = new MachineHost(lamp, {});
  host.send({ type: "press", by: "ana" } as never);
  const restored = new MachineHost(lamp, {}, JSON.parse(JSON.stringify(host.save())));
  assert.equal(restored.takeActions(), [], "entry actions do not run again");
  assert.equal([restored.value, restored.degraded], ["bright", true]);
  assert.equal(restored.send({ type: "timer.off" }), host.send({ type: "timer.off" }));
  assert.equal(restored.save(), host.save());
});

const refused: [string, AnyStateMachine][] = [
  ["after", createMachine({ initial: "a", states: { a: { after: { 5: "b" } }, b: {} } }) as AnyStateMachine],
  ["invoke", createMachine({ initial: "a", states: { a: { invoke: { src: "x" } } } }) as AnyStateMachine],
];
for (const [feature, machine] of refused) {
  test(`[H2] host rejects a machine with ${feature}`, () => {
    assert.throws(
      () => new MachineHost(machine, {}),
      (error: Error) => error instanceof MachineRefused && error.message.includes(feature),
    );
  });
}

test.run();
