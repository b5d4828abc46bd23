// runtime: either
import { test } from "uvu";
import * as assert from "uvu/assert";
import { type ClosedBlock, OutputGate } from "../../actors/partition/output-gate.ts";

/** A block of ten bytes without deliveries. */
function block(number: number): ClosedBlock {
  return {
    number,
    deliveries: [],
    metrics: null,
    firstArrivalMs: 0,
    lastArrivalMs: 0,
    inputs: 1,
    lastSequence: number,
    bytes: new Uint8Array(10),
  };
}

/** A promise and what settles it. */
function deferred(): { promise: Promise<void>; resolve: () => void } {
  let resolve: () => void = () => {};
  const promise = new Promise<void>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}

test("[G2] a block that is durable at once leaves after the ones before it", async () => {
  const released: number[] = [];
  const gate = new OutputGate(({ number }) => released.push(number));
  const first = deferred();
  const held = gate.hold(block(1), first.promise);
  gate.pass(block(2));
  assert.equal(released, []);
  assert.is(gate.heldBytes, 20);
  first.resolve();
  await held;
  assert.equal(released, [1, 2]);
  assert.is(gate.heldBytes, 0);
});

test("[G2] a block that a release causes leaves after the released one, not in the middle of it", () => {
  const steps: string[] = [];
  const gate = new OutputGate(({ number }) => {
    steps.push(`begin ${number}`);
    if (number === 1) gate.pass(block(2));
    steps.push(`end ${number}`);
  });
  gate.pass(block(1));
  assert.equal(steps, ["begin 1", "end 1", "begin 2", "end 2"]);
});

test("nothing leaves while the gate is kept shut, and what is durable leaves right after", () => {
  const steps: string[] = [];
  const gate = new OutputGate(({ number }) => {
    steps.push(`begin ${number}`);
    if (number === 1)
      gate.keepShut(() => {
        gate.pass(block(3));
        steps.push("work");
      });
    steps.push(`end ${number}`);
  });
  const failing = (): void =>
    gate.keepShut(() => {
      gate.pass(block(1));
      gate.pass(block(2));
      steps.push("shut");
      throw new Error("work failed");
    });
  assert.throws(failing, /work failed/);
  assert.equal(steps, ["shut", "begin 1", "work", "end 1", "begin 2", "end 2", "begin 3", "end 3"]);
});

test("[G1] a block that never becomes durable never leaves, nor do those after it", async () => {
  const released: number[] = [];
  const gate = new OutputGate(({ number }) => released.push(number));
  const held = gate.hold(block(1), Promise.reject(new Error("disk")));
  gate.pass(block(2));
  await held.then(
    () => assert.unreachable(),
    (error: Error) => assert.is(error.message, "disk"),
  );
  assert.equal(released, []);
});

test.run();
