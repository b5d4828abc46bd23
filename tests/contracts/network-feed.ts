/**
 * What holds of every feed that connects to a server: a suite to be run for each.
 *
 *     networkFeedContract("mqtt", () => openMqttWorld());
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { systemClock } from "../../actors/clock.ts";
import { createFeed } from "../../actors/feeds/session-feeds.ts";
import { type CollectingSink, collectingSink, totalCounts } from "../feeds/collect.ts";
import { createManualClock } from "../support/clock.ts";

export interface NetworkFeedWorld {
  /** With an option, so that more can follow after "&". */
  readonly spec: string;
  /** Makes the server say that a thing called so has a value. A name is a word. */
  send(name: string, value: string): Promise<void>;
  /** As the feed calls it. */
  channel(name: string): string;
  /** Nobody listens there until `start`. */
  stop(): Promise<void>;
  start(): Promise<void>;
  dispose(): Promise<void>;
}

export interface NetworkFeedRules {
  open(): Promise<NetworkFeedWorld>;
  /** What is sent while there is no connection comes afterwards. */
  readonly keeps: boolean;
  /** How a report names the server; default: its address. */
  readonly named?: RegExp;
  /** How values that are none are counted; default: "unparsable". */
  readonly badReason?: string;
  /** Longest delay between attempts; default: 2 s. */
  readonly retryMsMax?: number;
  /** Channels are those of the spec, and this one has too many; default: channels appear as they are met, up to `series`. */
  readonly tooMany?: string;
}

export function networkFeedContract(kind: string, rules: NetworkFeedRules): void {
  const {
    open,
    keeps,
    named = /127\.0\.0\.1|localhost/,
    badReason = "unparsable",
    retryMsMax = 2_000,
  } = rules;
  const within = (name: string, use: (world: NetworkFeedWorld, feed: Running) => Promise<void>, more = "") =>
    test(`${kind}: ${name}`, async () => {
      const world = await open();
      const feed = new Running(`${world.spec}${more}`);
      try {
        await use(world, feed);
      } finally {
        await feed.stop();
        await world.dispose();
      }
    });

  within("a value is a sample of a channel of its name, at its time", async (world, feed) => {
    await feed.until(
      ({ statuses }) => statuses.some(({ status }) => status === "opened"),
      () => world.send("first", "1"),
    );
    const beganUs = systemClock.nowUs();
    await world.send("level", "20.5");
    await feed.until(({ samples }) => samples.some(({ value }) => value === 20.5));
    const { channel, time } = feed.sink.samples.find(({ value }) => value === 20.5)!;
    assert.is(channel, world.channel("level"));
    // Rows of a grid have the time of the grid, ids of entries that of a whole millisecond.
    assert.ok(Math.abs(time - beganUs) < 60e6, `${time} is not about ${beganUs}`);
    await feed.stop();
    assert.is(feed.sink.statuses.at(-1)!.status, "ended");
  });

  within(
    "a server that goes away and comes back is read again, and what is missing is not passed over",
    async (world, feed) => {
      await feed.until(
        ({ samples }) => samples.length > 0,
        () => world.send("level", "1"),
      );
      await world.stop();
      await feed.until(({ statuses }) => statuses.some(({ status }) => status === "stalled"));
      await world.start();
      await feed.until(
        ({ samples }) => samples.some(({ value }) => value === 2),
        () => world.send("level", "2"),
      );
      const { detail } = feed.sink.statuses.find(({ status }) => status === "stalled")!;
      assert.match(detail, named);
      if (!keeps) assert.ok(totalCounts(feed.sink)["gap"]! > 0, "a gap is reported");
      assert.is(feed.sink.groups.size, 1);
    },
  );

  within("what is no number is left out and counted, and what follows is read", async (world, feed) => {
    await feed.until(
      ({ samples }) => samples.length > 0,
      () => world.send("level", "1"),
    );
    await world.send("state", "on{");
    await feed.until(
      ({ samples }) => samples.some(({ value }) => value === 3),
      () => world.send("level", "3"),
    );
    await feed.stop();
    assert.ok(totalCounts(feed.sink)[badReason]! > 0);
    assert.not(feed.sink.samples.some(({ channel }) => channel === world.channel("state")));
  });

  within("a full sink ends nothing: when it has room, what comes is taken", async (world, feed) => {
    feed.sink.fullAfter = 1;
    await feed.until(
      ({ samples }) => samples.length > 0,
      () => world.send("level", "1"),
    );
    await world.send("level", "2");
    feed.sink.release();
    await feed.until(
      ({ samples }) => samples.some(({ value }) => value === 3),
      () => world.send("level", "3"),
    );
    feed.sink.fullAfter = 0;
    await world.send("level", "4");
  });

  const { tooMany } = rules;
  if (tooMany !== undefined)
    test(`${kind}: a spec with more channels than there is room for is refused`, () => {
      assert.throws(() => createFeed(tooMany, { clock: systemClock, seed: 1 }), /expected at most \d+/);
    });
  else
    within(
      "channels above the limit are left out by its name, and the others go on",
      async (world, feed) => {
        await feed.until(
          ({ samples }) => samples.length > 0,
          () => world.send("a", "1"),
        );
        await world.send("b", "2");
        await world.send("c", "3");
        await feed.until(
          ({ statuses, samples }) =>
            statuses.some(({ detail }) => detail.includes("above series=2")) &&
            samples.some(({ value }) => value === 4),
          () => world.send("a", "4"),
        );
        await feed.stop();
        assert.equal(
          [...new Set(feed.sink.samples.map(({ channel }) => channel))],
          [world.channel("a"), world.channel("b")],
        );
      },
      "&series=2",
    );

  test(`${kind}: nobody at the address is tried ever less often, at last every ${retryMsMax / 1_000} s, until the feed is stopped`, async () => {
    const world = await open();
    await world.stop();
    const clock = createManualClock(1e15);
    const sink = collectingSink();
    const feed = createFeed(world.spec, { clock, seed: 1 });
    const running = feed.run(sink);
    const beganMs = clock.monotonicMs();
    let attempts = 0;
    while (clock.monotonicMs() - beganMs < 20_000) {
      await turn();
      const before = clock.pending;
      await clock.advance(before > 0 ? 250 : 0);
      attempts++;
    }
    assert.ok(attempts > 0);
    const stalled = sink.statuses.filter(({ status }) => status === "stalled");
    assert.ok(stalled.length > 0);
    assert.match(stalled[0]!.detail, /^Cannot .*127\.0\.0\.1/);
    const delays = stalled.map(({ detail }) =>
      Number(/is in ([\d.]+) s/.exec(detail)?.[1] ?? retryMsMax / 1_000),
    );
    assert.ok(
      delays.every((delay) => delay <= retryMsMax / 1_000),
      delays.join(" "),
    );
    await feed.stop();
    await running;
    assert.is(clock.pending, 0);
    await world.dispose();
  });
}

class Running {
  readonly sink: CollectingSink = collectingSink();
  private readonly feed;
  private readonly running: Promise<void>;

  constructor(spec: string) {
    this.feed = createFeed(spec, { clock: systemClock, seed: 1 });
    this.running = this.feed.run(this.sink);
  }

  /** `again`: done from time to time meanwhile. */
  async until(
    isSo: (sink: CollectingSink) => boolean,
    again: () => Promise<void> = async () => {},
  ): Promise<void> {
    while (!isSo(this.sink)) {
      await again();
      for (let k = 0; k < 20 && !isSo(this.sink); k++) await turn();
    }
  }

  async stop(): Promise<void> {
    await this.feed.stop();
    await this.running;
  }
}

/** Sockets have theirs. */
function turn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 1));
}
