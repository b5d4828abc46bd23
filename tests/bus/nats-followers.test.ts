// runtime: either
/** Followers of one stream in one process, on deliveries that a test moves by hand. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { NatsFollowers } from "../../actors/bus/nats-followers.ts";
import { range } from "../journal/builders.ts";

test("those who stand at the same place share a delivery, and each gets its entries once", async () => {
  const stream = new Stream(20);
  const early = stream.follow(1);
  await stream.startAll();
  stream.push(0, 20);
  const late = stream.follow(15);
  await stream.startAll();
  assert.is(stream.open, 2);
  stream.push(1, 19);
  assert.is(stream.open, 2, "they do not stand at the same place yet");
  stream.push(1, 20);
  assert.is(stream.open, 1);
  const third = stream.follow(21);
  assert.is(stream.open, 1, "who begins there has none of its own");
  stream.last = 25;
  stream.push(0, 25);
  assert.equal(early.got, range(1, 25));
  assert.equal(late.got, range(15, 25));
  assert.equal(third.got, range(21, 25));
});

test("an entry is one object for those who share, so that what one has read of it serves all", async () => {
  const stream = new Stream(0);
  const [one, other] = [stream.follow(1), stream.follow(1)];
  await stream.startAll();
  stream.push(0, 1);
  assert.ok(one.entries[0] === other.entries[0]);
});

test("a delivery goes on as long as one follows, also where it was that of another", async () => {
  const stream = new Stream(3);
  const first = stream.follow(1);
  const second = stream.follow(3);
  await stream.startAll();
  stream.push(0, 3);
  stream.push(1, 3);
  assert.is(stream.open, 1);
  first.end();
  first.end();
  assert.is(stream.open, 1);
  stream.push(0, 5);
  assert.equal([first.got, second.got], [range(1, 3), range(3, 5)]);
  second.end();
  assert.is(stream.open, 0);
});

test("who leaves, and who comes, while an entry is handed over gets nothing that is not its own", async () => {
  const stream = new Stream(0);
  let newcomer: Following | null = null;
  const leaver: Following = stream.follow(1, () => leaver.end());
  const ends: Following = stream.follow(1, () => other.end());
  const other = stream.follow(1);
  const brings = stream.follow(1, () => {
    newcomer ??= stream.follow(2);
  });
  await stream.startAll();
  stream.push(0, 2);
  assert.equal(leaver.got, [1]);
  assert.equal(ends.got, [1, 2]);
  assert.equal(other.got, []);
  assert.equal(brings.got, [1, 2]);
  assert.equal(newcomer!.got, [2]);
  assert.is(stream.open, 1);
});

test("when the stream has lost its end, all who share get the numbers that come a second time", async () => {
  const stream = new Stream(10);
  const followers = [stream.follow(8), stream.follow(8)];
  const ahead = stream.follow(30);
  await stream.startAll();
  stream.push(0, 10);
  stream.last = 5;
  await stream.startAll();
  stream.push(0, 7);
  stream.push(1, 7);
  for (const { got } of followers) assert.equal(got, [8, 9, 10, 6, 7]);
  assert.equal(ahead.got, [6, 7], "who would begin after the end begins at it");
});

// ---- given ------------------------------------------------------------------------------------------------------

interface Following {
  readonly got: number[];
  readonly entries: object[];
  end(): void;
}

interface Delivery {
  next: number;
  isOpen: boolean;
  from(): Promise<number>;
  take(entry: { sequence: number; bytes: Uint8Array }): void;
}

class Stream {
  /** Number of its last entry, as the servers say. */
  last: number;
  private readonly deliveries: Delivery[] = [];
  private readonly followers: NatsFollowers;

  constructor(last: number) {
    this.last = last;
    this.followers = new NatsFollowers(
      (from, take) => {
        const delivery: Delivery = { next: 0, isOpen: true, from, take };
        this.deliveries.push(delivery);
        return () => {
          delivery.isOpen = false;
        };
      },
      async () => this.last,
    );
  }

  /** Deliveries that did not end. */
  get open(): number {
    return this.deliveries.filter(({ isOpen }) => isOpen).length;
  }

  follow(from: number, then: () => void = () => {}): Following {
    const [got, entries]: [number[], object[]] = [[], []];
    const end = this.followers.add(from, (entry) => {
      got.push(entry.sequence);
      entries.push(entry);
      then();
    });
    return { got, entries, end };
  }

  /** The connection is back: each delivery asks where it begins. */
  async startAll(): Promise<void> {
    for (const delivery of this.deliveries) delivery.next = await delivery.from();
  }

  /** The delivery that was made as number `k` hands over what follows, to the entry `last`. */
  push(k: number, last: number): void {
    const delivery = this.deliveries[k]!;
    while (delivery.isOpen && delivery.next <= last)
      delivery.take({ sequence: delivery.next++, bytes: new Uint8Array(0) });
  }
}

test.run();
