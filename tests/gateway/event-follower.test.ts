/** The follower alone: back-fill and live events in every interleaving. */
import * as fc from "fast-check";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { EventCursor } from "../../collab/event-cursor.ts";
import { EncodedEvent } from "../../collab/gateway/encoded.ts";
import { EventFollower } from "../../collab/gateway/event-follower.ts";
import { FakeSession } from "../support/fake-session.ts";

/** A follower of a session and what it delivered; `full` makes the sink ask for a pause after each event. */
function following(session: FakeSession, after: number, page = 3) {
  const taken: number[] = [];
  const sink = {
    full: false,
    event: ({ event }: EncodedEvent): boolean => {
      taken.push(event.sequence);
      return !sink.full;
    },
    failed: (error: unknown): void => {
      throw error;
    },
  };
  const follower = new EventFollower(session, after, page, sink);
  return { follower, taken, sink };
}

/** Waits until everything under way has ended. */
const rest = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, k) => from + k);

test("[E3] an event that arrives during an empty read is delivered without waiting for the next one", async () => {
  const session = new FakeSession();
  const { follower, taken } = following(session, 0);
  session.whileReading = () => {
    session.whileReading = null;
    follower.live(new EncodedEvent(session.announce("in between")));
  };
  follower.start();
  await rest();
  assert.equal(taken, [1]);
});

test("[E2] after a gap, the missing events are delivered before the live one", async () => {
  const session = new FakeSession();
  const { follower, taken } = following(session, 0);
  follower.start();
  await rest();
  session.announce("not delivered");
  session.announce("not delivered either");
  follower.live(new EncodedEvent(session.announce("delivered")));
  await rest();
  assert.equal(taken, [1, 2, 3]);
});

test("[E1] a live event that was already read back is not delivered again", async () => {
  const session = new FakeSession();
  const { follower, taken } = following(session, 0);
  const event = new EncodedEvent(session.announce("read back"));
  follower.start();
  await rest();
  follower.live(event);
  assert.equal(taken, [1]);
});

test("[E1] in every interleaving of reading, new events and pauses, each event is delivered once, in order", async () => {
  const step = fc.constantFrom("announce", "announceUndelivered", "rest", "fill", "drain");
  await fc.assert(
    fc.asyncProperty(
      fc.nat(5),
      fc.nat(5),
      fc.array(step, { maxLength: 40 }),
      async (before, cursor, script) => {
        const session = new FakeSession();
        for (let k = 0; k < before; k++) session.announce("before");
        const after = Math.min(cursor, before);
        const { follower, taken, sink } = following(session, after);
        follower.start();
        const drain = (): void => {
          sink.full = false;
          follower.resume();
        };
        for (const action of script) {
          if (action === "announce") follower.live(new EncodedEvent(session.announce("live")));
          if (action === "announceUndelivered") session.announce("lost on the way");
          if (action === "rest") await rest();
          if (action === "fill") sink.full = true;
          if (action === "drain") drain();
        }
        drain();
        follower.live(new EncodedEvent(session.announce("last")));
        await rest();
        drain();
        await rest();
        assert.equal(taken, range(after + 1, session.allEvents.length));
      },
    ),
    { numRuns: 300 },
  );
});

test("[E1] after each rewind come the events after its place, and before them those not yet seen", async () => {
  const step = fc.oneof(
    fc.constantFrom("announce", "announceUndelivered", "rest", "fill", "drain"),
    fc.nat(12).map((place) => ({ place })),
  );
  await fc.assert(
    fc.asyncProperty(
      fc.nat(8),
      fc.nat(8),
      fc.array(step, { maxLength: 40 }),
      async (before, cursor, script) => {
        const session = new FakeSession();
        for (let k = 0; k < before; k++) session.announce("before");
        const after = Math.min(cursor, before);
        const { follower, taken, sink } = following(session, after);
        /** What was delivered up to each rewind, and where that began. */
        const stretches: { from: number; got: number[] }[] = [];
        let from = after;
        let begun = 0;
        follower.start();
        const drain = (): void => {
          sink.full = false;
          follower.resume();
        };
        for (const action of script) {
          if (typeof action === "object") {
            const place = Math.min(action.place, session.allEvents.length);
            const got = taken.slice(begun);
            stretches.push({ from, got });
            from = Math.min(got.at(-1) ?? from, place);
            begun = taken.length;
            session.rewind(0, place);
            follower.rewind(place);
          } else if (action === "announce") follower.live(new EncodedEvent(session.announce("live")));
          else if (action === "announceUndelivered") session.announce("lost on the way");
          else if (action === "rest") await rest();
          else if (action === "fill") sink.full = true;
          else drain();
        }
        drain();
        follower.live(new EncodedEvent(session.announce("last")));
        await rest();
        drain();
        await rest();
        for (const { from, got } of stretches) assert.equal(got, range(from + 1, from + got.length));
        assert.equal(taken.slice(begun), range(from + 1, session.allEvents.length));
      },
    ),
    { numRuns: 300 },
  );
});

test("a stopped follower delivers nothing", async () => {
  const session = new FakeSession();
  for (let k = 0; k < 10; k++) session.announce("before");
  const { follower, taken } = following(session, 0);
  follower.start();
  follower.stop();
  await rest();
  follower.live(new EncodedEvent(session.announce("live")));
  assert.equal(taken, []);
});

test("a cursor takes each sequence once, and moves back only for another recording", () => {
  const cursor = new EventCursor();
  assert.is(cursor.moveTo(4), false);
  assert.is(cursor.take({ sequence: 5 }), true);
  assert.is(cursor.take({ sequence: 5 }), false);
  assert.is(cursor.take({ sequence: 3 }), false);
  assert.is(cursor.moveTo(5), false);
  assert.is(cursor.moveTo(0), true);
  assert.is(cursor.take({ sequence: 1 }), true);
  assert.is(cursor.sequence, 1);
});

test.run();
