// runtime: either
/** Feeds that are delivered once: what an answer says, and what tells one life of a feed from the next. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { createMemoryBus } from "../../actors/bus/memory.ts";
import { OfferedFeed } from "../../actors/feeds/bus-offers.ts";
import { publishFeed } from "../../actors/feeds/bus-publisher.ts";
import type { Bus } from "../../actors/ports/bus.ts";
import type { FeedSink } from "../../actors/ports/feed.ts";
import { MAX_NAME_BYTES } from "../../protocol/limits.ts";
import { createManualClock } from "../support/clock.ts";
import { row } from "../support/inputs.ts";
import { scriptedFeed } from "../support/scripted-feed.ts";

const PLACE = { session: "s", partition: "p0" };

test("[F1] a feed that ends waits until what it offered is durable", async () => {
  const { clock, publish, durable } = world();
  const { sink, ended } = await publish();
  let isDelivered = false;
  void ended().then(() => {
    isDelivered = true;
  });
  sink.frame(row(1, [1], 1));
  await clock.advance(100);
  assert.is(durable.waiting, 1);
  assert.not.ok(isDelivered);
  durable.release();
  await clock.advance(100);
  assert.ok(isDelivered);
});

test("[F2] the first offer of a feed that was started again is not the first one of its life before", async () => {
  const { clock, publish, durable, values } = world();
  durable.release();
  for (const value of [1, 2]) {
    const { sink, ended } = await publish();
    sink.frame(row(value, [value], value));
    void ended();
    await clock.advance(100);
  }
  assert.equal(values, [1, 2]);
});

test("[O1] the next offer is under way while the first one is not durable yet", async () => {
  const { clock, publish, durable, values } = world();
  const { sink, ended } = await publish();
  for (const value of [1, 2, 3]) {
    sink.frame(row(value, [value], value));
    await clock.advance(1);
  }
  // The third one waits: two are under way.
  assert.equal([values, durable.waiting], [[1, 2], 2]);
  durable.release();
  void ended();
  await clock.advance(100);
  assert.equal(values, [1, 2, 3]);
});

test("[F4] an offer that comes without the one before it is taken after that one", async () => {
  const { clock, publish, durable, values, lose } = world();
  durable.release();
  const { sink, ended } = await publish();
  lose(1);
  for (const value of [1, 2]) {
    sink.frame(row(value, [value], value));
    await clock.advance(1);
  }
  assert.equal(values, []);
  void ended();
  await clock.advance(1_000);
  assert.equal(values, [1, 2]);
});

test("a feed with the longest name is delivered", async () => {
  const { clock, publish, durable, values } = world();
  durable.release();
  const { sink, ended } = await publish("n".repeat(MAX_NAME_BYTES));
  sink.frame({ ...row(1, [1], 1), source: "n".repeat(MAX_NAME_BYTES) });
  void ended();
  await clock.advance(1_000);
  assert.equal(values, [1]);
});

/** A feed that is delivered once, and its owner, whose log is durable when the test says so. */
function world() {
  const clock = createManualClock(1_700_000_000_000_000);
  const bus = createMemoryBus(clock);
  let toLose = 0;
  const lossy: Bus = {
    ...bus,
    request(subject, bytes, timeoutMs, traceparent) {
      if (toLose-- <= 0) return bus.request(subject, bytes, timeoutMs, traceparent);
      return new Promise((_resolve, reject) => void clock.after(timeoutMs, () => reject(new Error("lost"))));
    },
  };
  const values: number[] = [];
  let release = (): void => {};
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  const durable = { waiting: 0, release: () => release() };
  const owner = new OfferedFeed({
    ...PLACE,
    bus,
    clock,
    kind: "live",
    durable: () => {
      durable.waiting++;
      return released;
    },
  });
  const sink: FeedSink = {
    channels() {},
    frame: (frame) => values.push(frame.value[0]!) > 0,
    quantum: () => true,
    status() {},
    drained: async () => {},
  };
  void owner.run(sink);
  return {
    clock,
    durable,
    values,
    /** So many requests that follow. */
    lose(requests: number) {
      toLose = requests;
    },
    async publish(name = "feed") {
      const feed = Object.assign(scriptedFeed(name, "live"), { delivery: "once" as const });
      const delivered = publishFeed(feed, { ...PLACE, bus: lossy, clock });
      return {
        sink: await feed.sink,
        ended: () => {
          feed.end();
          return delivered;
        },
      };
    },
  };
}

test.run();
