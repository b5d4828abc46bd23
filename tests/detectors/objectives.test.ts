// runtime: either
/** Service objectives: thresholds on a burn rate over two windows. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { Core } from "../../actors/core/core.ts";
import { BurnRate } from "../../actors/detectors/alerts/burn-rate.ts";
import { alerts } from "../../actors/detectors/alerts/detector.ts";
import { readCommand } from "../../protocol/commands.ts";
import type { Input } from "../../protocol/messages.ts";
import { type ToyCore, toyCore } from "../core/toy-core.ts";
import { row } from "../support/inputs.ts";

const SECOND = 1_000_000;
/** Ten minutes and 50 s; a hundredth may be slower than 0.2 s, the alert is at five times that. */
const OBJECTIVE = { percent: 99, windowSeconds: 600, burnRate: 5 };

test("an alert fires when the budget goes too fast in both windows, and ends when the short one is over it", () => {
  const world = objective();
  run(world, 1, 1_200, () => 0.1);
  run(world, 1_200, 1_400, () => 0.3);
  run(world, 1_400, 2_500, () => 0.1);
  const [fired, resolved] = world.events.filter(
    ({ kind }) => kind === "alert.fired" || kind === "alert.resolved",
  );
  assert.is(world.kinds().filter((kind) => kind === "alert.fired").length, 1);
  // All values are bad: 600 s × 5 % of them are 30 s, to a bucket of ten; the short window is good again after 95 % of 50 s.
  const [after, until] = [fired!.timeUs / SECOND - 1_200, resolved!.timeUs / SECOND - 1_400];
  assert.ok(after >= 28 && after <= 40, `fired after ${after} s`);
  assert.ok(until >= 35 && until <= 60, `resolved after ${until} s`);
  assert.match(
    fired!.title,
    /^slow uses up its error budget 5(\.\d+)? times as fast as 99 % allow, over 10(\.0+)? min/,
  );
});

test("a burst within the budget, and the first values of a session, fire nothing", () => {
  const world = objective();
  run(world, 1, 20, () => 0.3);
  run(world, 20, 1_200, () => 0.1);
  run(world, 1_200, 1_220, () => 0.3);
  run(world, 1_220, 2_000, () => 0.1);
  assert.equal(
    world.kinds().filter((kind) => kind === "alert.fired"),
    [],
  );
});

test("a restored session counts on where it was", () => {
  const whole = objective();
  run(whole, 1, 1_260, (second) => (second >= 1_200 ? 0.3 : 0.1));
  const first = objective();
  run(first, 1, 1_215, (second) => (second >= 1_200 ? 0.3 : 0.1));
  const second = toyCore({ session: [alerts] }, { from: first.core.snapshot() });
  run(second, 1_215, 1_260, () => 0.3);
  assert.equal(
    second.events.map(({ id }) => id),
    whole.events.slice(first.events.length).map(({ id }) => id),
  );
  assert.ok(second.kinds().includes("alert.fired"));
  assert.equal(second.core.hash(), whole.core.hash());
  assert.ok(second.core instanceof Core);
});

test("burn rates agree with counting all values of both windows anew", () => {
  const burn = new BurnRate(99, 600 * SECOND);
  const seen: { bucket: number; isBad: boolean }[] = [];
  let state = 1;
  for (let second = 0; second < 3_000; second += 1 + (second % 3)) {
    state = (state * 16_807) % 2_147_483_647;
    const isBad = state % 10 === 0;
    const bucket = Math.floor(second / 10);
    seen.push({ bucket, isBad });
    const got = burn.take(isBad, second * SECOND);
    if (bucket < 5) assert.ok(Number.isNaN(got));
    else {
      const share = (buckets: number) => {
        const inside = seen.filter((each) => each.bucket > bucket - buckets);
        return inside.filter((each) => each.isBad).length / inside.length / 0.01;
      };
      const long = share(60) * Math.min(1, (bucket + 1) / 60);
      assert.ok(Math.abs(got - Math.min(long, share(5))) < 1e-9, `second ${second}: ${got}`);
    }
  }
});

function objective(): ToyCore {
  const world = toyCore({ session: [alerts] });
  const asked = {
    id: "slow",
    of: { group: "g", channel: "c0" },
    direction: "above",
    level: 0.2,
    objective: OBJECTIVE,
  };
  const { body } = readCommand("threshold.set", { ...asked, title: "slow" });
  const command: Input = {
    type: "command",
    name: "threshold.set",
    body,
    author: { id: "ana" },
    source: "gateway",
    sequence: 0,
  };
  world.apply(SECOND / 2, command);
  return world;
}

/** A latency a second. */
function run({ apply }: ToyCore, from: number, to: number, latency: (second: number) => number): void {
  for (let second = from; second < to; second++)
    apply(second * SECOND, row(second * SECOND, [latency(second)], second));
}

test.run();
