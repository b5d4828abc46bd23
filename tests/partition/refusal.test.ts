// runtime: either
/** Which data may enter the log: its bounds, each met exactly and exceeded by one. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { isFrameOf, isQuantumInputOf, lastTimeUs } from "../../actors/partition/refusal.ts";
import type { Frame } from "../../protocol/frame.ts";
import { MAX_FRAME_SAMPLES, MAX_FRAME_SPAN_US } from "../../protocol/limits.ts";
import { channels, row } from "../support/inputs.ts";
import { currents, density, mixture, vector } from "../support/quantum.ts";

/** A frame of samples of channel 0. */
function frameOf(count: number, change: (frame: Frame) => void = () => {}): Frame {
  const frame = row(1, new Array<number>(count).fill(1));
  frame.channel.fill(0);
  change(frame);
  return frame;
}

test("a frame has one sample at least, and as many as a frame may have", () => {
  assert.equal(
    [0, 1, MAX_FRAME_SAMPLES, MAX_FRAME_SAMPLES + 1].map((count) => isFrameOf(1, frameOf(count))),
    [false, true, true, false],
  );
});

test("the samples of a frame are of channels that its group has; a group without channels has no frames", () => {
  const last = frameOf(3, ({ channel }) => channel.set([0, 2, 1]));
  assert.equal(
    [0, 2, 3].map((n) => isFrameOf(n, last)),
    [false, false, true],
  );
});

test("the samples of a frame are finite; what its columns hold after them does not matter", () => {
  for (const value of [Number.NaN, Number.POSITIVE_INFINITY])
    for (const k of [0, 2])
      assert.not(
        isFrameOf(
          1,
          frameOf(3, ({ value: column }) => column.fill(value, k, k + 1)),
        ),
      );
  const short = { ...frameOf(3, ({ value }) => value.fill(Number.NaN, 2)), count: 2 };
  assert.ok(isFrameOf(1, short));
});

const GROUP = channels(2);

test("a state has as many levels as its group has channels", () => {
  assert.ok(isQuantumInputOf(GROUP, mixture(1, [0.5, 0.5])));
  assert.not(isQuantumInputOf(GROUP, mixture(1, [0.5, 0.25, 0.25])));
  assert.ok(isQuantumInputOf(GROUP, vector(1, [1, 0])));
  assert.not(isQuantumInputOf(GROUP, vector(1, [1])));
  assert.not(isQuantumInputOf(undefined, vector(1, [1, 0])), "of a group that nobody declared");
});

test("a density matrix has trace 1 and no negative eigenvalue; a vector has length 1", () => {
  assert.not(isQuantumInputOf(GROUP, mixture(1, [0.5, 0.6])));
  assert.not(isQuantumInputOf(GROUP, mixture(1, [1.5, -0.5])));
  assert.not(isQuantumInputOf(GROUP, density(1, [0.5, 0.5, 0.4, 0.5])), "not Hermitian");
  assert.not(isQuantumInputOf(GROUP, vector(1, [1, 1])));
});

test("the time of the last sample is an integer that a double holds exactly", () => {
  assert.ok(isQuantumInputOf(GROUP, vector(Number.MAX_SAFE_INTEGER, [1, 0])));
  assert.not(isQuantumInputOf(GROUP, vector(Number.MAX_SAFE_INTEGER + 1, [1, 0])));
  assert.not(isQuantumInputOf(GROUP, vector(0.5, [1, 0])));
  assert.ok(isQuantumInputOf(GROUP, currents(Number.MAX_SAFE_INTEGER - 2, [1, 2, 3], { everyUs: 1 })));
  assert.not(isQuantumInputOf(GROUP, currents(Number.MAX_SAFE_INTEGER - 1, [1, 2, 3], { everyUs: 1 })));
});

test("the last sample of a record is count − 1 intervals after its time", () => {
  assert.is(lastTimeUs(currents(100, [1, 2, 3], { everyUs: 10 })), 120);
  assert.is(lastTimeUs(currents(100, [1], { everyUs: 10 })), 100);
  assert.is(lastTimeUs(currents(100, [], { everyUs: 10 })), 100);
  assert.is(lastTimeUs(vector(100, [1, 0])), 100);
});

test("a record has one sample at least, as many as a frame may have, and spans no more time", () => {
  const isRecord = (count: number, everyUs: number) =>
    isQuantumInputOf(GROUP, currents(1, new Array<number>(count).fill(1), { everyUs }));
  assert.equal(
    [0, 1, MAX_FRAME_SAMPLES, MAX_FRAME_SAMPLES + 1].map((count) => isRecord(count, 1)),
    [false, true, true, false],
  );
  assert.equal([isRecord(2, MAX_FRAME_SPAN_US), isRecord(2, MAX_FRAME_SPAN_US + 1)], [true, false]);
});

test("samples of a record lie apart, unless there is one only", () => {
  const isRecord = (values: number[], everyUs: number) =>
    isQuantumInputOf(GROUP, currents(1, values, { everyUs }));
  assert.equal([isRecord([1], 0), isRecord([1, 2], 0), isRecord([1, 2], 1)], [true, false, true]);
});

test("a record is of one of the group's channels, and finite", () => {
  assert.ok(isQuantumInputOf(GROUP, currents(1, [1], { operator: "c1" })));
  assert.not(isQuantumInputOf(GROUP, currents(1, [1], { operator: "c2" })));
  assert.not(isQuantumInputOf(GROUP, currents(1, [1, Number.NaN])));
});

test.run();
