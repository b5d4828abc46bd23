// runtime: either
import * as fc from "fast-check";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { ddmin } from "../../sim/cluster/ddmin.ts";

const unlimited = { mayGoOn: () => true };

test("[D1] [D2] of many causes, exactly those needed together are left", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 120 }).chain((count) =>
        fc.record({
          causes: fc.constant(Array.from({ length: count }, (_, k) => k)),
          needed: fc.uniqueArray(fc.integer({ min: 0, max: count - 1 }), { maxLength: 5 }),
        }),
      ),
      async ({ causes, needed }) => {
        const left = await ddmin(
          causes,
          async (some) => needed.every((one) => some.includes(one)),
          unlimited,
        );
        assert.equal(
          left,
          [...needed].sort((a, b) => a - b),
        );
      },
    ),
    { numRuns: 100 },
  );
});

test("[D2] when any of several causes is enough, one is left", async () => {
  const left = await ddmin(
    [1, 2, 3, 4, 5, 6, 7],
    async (some) => some.includes(3) || some.includes(6),
    unlimited,
  );
  assert.is(left.length, 1);
});

test("no cause is left when the failure needs none", async () => {
  assert.equal(await ddmin([1, 2, 3], async () => true, unlimited), []);
});

test("[D1] a search that is cut short returns a failing part of the causes", async () => {
  let tries = 0;
  const causes = Array.from({ length: 64 }, (_, k) => k);
  const fails = async (some: readonly number[]): Promise<boolean> => some.includes(7) && some.includes(50);
  const left = await ddmin(causes, fails, { mayGoOn: () => ++tries < 20 });
  assert.ok(await fails(left));
  assert.ok(left.length < 64, `${left.length}`);
});

test("two needed causes among 1,024 take fewer than 200 tries", async () => {
  let tries = 0;
  const causes = Array.from({ length: 1024 }, (_, k) => k);
  const needed = [17, 900];
  await ddmin(
    causes,
    async (some) => {
      tries++;
      return needed.every((one) => some.includes(one));
    },
    unlimited,
  );
  assert.ok(tries < 200, `${tries} tries`);
});

test.run();
