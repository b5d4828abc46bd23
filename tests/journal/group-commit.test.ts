// runtime: either
/** Group commit: what is handed over while a batch is written waits for the next write, in every round. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { GroupCommit } from "../../actors/journal/group-commit.ts";
import { block, range } from "./builders.ts";

test("a block is durable after the write that holds it, and no write gets more while it is under way", async () => {
  const writes: { before: number[]; after: number[] }[] = [];
  const releases: (() => void)[] = [];
  const durable: number[] = [];
  const commit = new GroupCommit(
    async ({ positions }) => {
      const numbers = () => positions.map(({ number }) => number);
      const before = numbers();
      await new Promise<void>((resolve) => releases.push(resolve));
      writes.push({ before, after: numbers() });
    },
    async () => {},
    1e6,
  );
  const rounds = 5;
  for (const round of range(1, rounds)) {
    // Two blocks while the one before is written.
    for (const number of [2 * round - 1, 2 * round])
      void commit.append(block(number)).then(() => durable.push(number));
    await turns();
    if (round > 1) releases.shift()!();
    await turns();
    assert.equal(durable, range(1, 2 * (round - 1)));
  }
  releases.shift()!();
  await turns();
  const expected = range(1, rounds).map((round) => [2 * round - 1, 2 * round]);
  assert.equal(
    writes,
    expected.map((numbers) => ({ before: numbers, after: numbers })),
  );
  assert.equal(durable, range(1, 2 * rounds));
});

/** Long enough for what follows from a write, none of which waits for anything else. */
async function turns(): Promise<void> {
  for (let k = 0; k < 20; k++) await null;
}

test.run();
