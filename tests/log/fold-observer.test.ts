// runtime: either
/** What hears of a fold, in which order, and that each of its answers ends it there. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { Core } from "../../actors/core/core.ts";
import { SILENT } from "../../actors/core/core-sink.ts";
import { type FoldObserver, foldJournal } from "../../actors/log/fold.ts";
import { decodeInput } from "../../actors/log/read.ts";
import { SNAPSHOT_SAMPLES, SnapshotPolicy } from "../../actors/log/snapshot-policy.ts";
import { encodeCheckpoint } from "../../protocol/block.ts";
import { encodeMessage } from "../../protocol/codec.ts";
import { channels, opened } from "../support/inputs.ts";
import { TOYS } from "../support/toy-actors.ts";
import { writtenLog } from "../support/written-log.ts";

// Block 1 holds inputs 1 and 2 at 0; block n holds inputs 2n - 1 at 1000 n - 500 and 2n at 1000 n. Block 2 causes an event.

/** The steps of a fold of three blocks, and what it says it folded; `ending`: the step after which the observer ends it. */
async function folded(ending = "", paced = false, skipped = 0) {
  const { journal, core: written } = await writtenLog({ blocks: 2, rowValue: () => 120 });
  const { hash, parts, stateVersion } = written.hash();
  const checkpoint = { block: 2, sequence: 4, timeUs: 2_000, hash, parts, stateVersion };
  journal.appendDerived({ kind: "checkpoint", block: 2, bytes: encodeCheckpoint(checkpoint) });
  const core = new Core(TOYS, SILENT);
  const heard: string[] = [];
  const say = (what: string) => {
    heard.push(what);
    return what !== ending;
  };
  const observer: FoldObserver = {
    block: ({ number }) => say(`block ${number}`),
    input: (sequence, timeUs) => say(`input ${sequence} at ${timeUs}, core at ${core.sequence}`),
    applied: ({ number }) => say(`applied ${number}, core at ${core.sequence}`),
    derived: (block, events) => say(`${events.map(({ kind }) => kind)} of ${block}`),
    checkpoint: ({ block, sequence }) => say(`checkpoint ${block} after ${sequence}`),
    ...(paced ? { due: async (timeUs: number) => void say(`due ${timeUs}`) } : {}),
  };
  const result = await foldJournal(journal.read(1 + skipped), core, observer);
  return { heard, result, core };
}

const STEPS = [
  "block 1",
  "input 1 at 0, core at 0",
  "input 2 at 0, core at 1",
  "applied 1, core at 2",
  "block 2",
  "input 3 at 1500, core at 2",
  "input 4 at 2000, core at 3",
  "applied 2, core at 4",
  "toy.passed of 2",
  "checkpoint 2 after 4",
];

test("an observer hears of each step, in the order of the log", async () => {
  const { heard, result } = await folded();
  assert.equal(heard, STEPS);
  assert.equal(result, { blocks: 2, inputs: 4, samples: 2 });
});

test("each step but the last may end the fold: nothing more is heard or applied", async () => {
  for (const [k, ending] of STEPS.entries()) {
    const { heard, core } = await folded(ending);
    assert.equal(heard, STEPS.slice(0, k + 1), ending);
    const applied = STEPS.slice(0, k).filter((step) => step.startsWith("input")).length;
    // The step at which the fold ends is heard before its input is applied.
    assert.is(core.sequence, applied, ending);
  }
});

test("paced inputs are each applied when they are due, with the same steps otherwise", async () => {
  const { heard, result } = await folded("", true);
  const expected = STEPS.flatMap((step) => {
    const at = /^input \d at (\d+)/.exec(step)?.[1];
    return at === undefined ? [step] : [`due ${at}`, step];
  });
  assert.equal(heard, expected);
  assert.equal(result, { blocks: 2, inputs: 4, samples: 2 });
  const ended = await folded("input 4 at 2000, core at 3", true);
  assert.is(ended.core.sequence, 3);
  assert.is(ended.heard.at(-1), "input 4 at 2000, core at 3");
});

test("a message of the log that is no input cannot be applied", () => {
  const declared = channels(1);
  assert.equal(decodeInput(encodeMessage(declared)), declared);
  const hello = encodeMessage({ type: "hello", client: "c", versions: [1] });
  assert.throws(() => decodeInput(hello), "Cannot apply a message of type hello: expected an input");
  assert.is(decodeInput(encodeMessage(opened())).type, "sessionOpened");
});

test("a snapshot is due every 131,072 samples after the newest one, wherever the writer began", () => {
  assert.is(SNAPSHOT_SAMPLES, 131_072);
  const at = (samples: number) => ({ samples, sequence: 1, now: 0 });
  const policy = new SnapshotPolicy(at(200_000), 100_000);
  assert.equal(
    [231_071, 231_072].map((samples) => policy.isSnapshotDue(at(samples))),
    [false, true],
  );
  policy.snapshotTaken(at(231_080), 1e9);
  assert.equal(
    [362_151, 362_152].map((samples) => policy.isSnapshotDue(at(samples))),
    [false, true],
  );
});

test("a snapshot of a shared log is due when the log has grown by as many bytes as well", () => {
  const at = (samples: number) => ({ samples, sequence: 1, now: 0 });
  const policy = new SnapshotPolicy(at(0), 0, { isShared: true });
  const due = (samples: number) => policy.isSnapshotDue(at(samples));
  assert.equal([due(131_071), due(131_072)], [false, true]);
  policy.snapshotTaken(at(131_072), 5_000);
  policy.blockClosed(4_999);
  assert.not.ok(due(1_000_000));
  policy.blockClosed(1);
  assert.equal([due(262_143), due(262_144)], [false, true]);
});

test("a checkpoint is due after 65,536 samples, or after ten seconds that hold 256 inputs", () => {
  const start = { samples: 7, sequence: 100, now: 5_000_000 };
  const policy = new SnapshotPolicy(start, 0);
  const due = (samples: number, inputs: number, us: number) =>
    policy.isCheckpointDue({ samples: 7 + samples, sequence: 100 + inputs, now: 5_000_000 + us });
  assert.equal([due(65_535, 9_999, 9_999_999), due(65_536, 1, 0)], [false, true]);
  assert.equal([due(0, 255, 1e12), due(0, 256, 9_999_999), due(0, 256, 10_000_000)], [false, false, true]);
  policy.checkpointTaken({ samples: 1_007, sequence: 356, now: 15_000_000 });
  assert.equal([due(66_535, 256, 1e12), due(66_536, 256, 0), due(0, 512, 20_000_000)], [false, true, true]);
});

test.run();
