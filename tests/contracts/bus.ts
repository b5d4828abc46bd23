/**
 * What every bus promises (actors/ports/bus.ts), as tests to run on each implementation:
 *
 *     busContract("in-process bus", async () => ({ bus, passMs, dispose }));
 *
 * What a bus does not promise (that messages arrive, that an append is answered, that hints are fresh) is not tested.
 */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import {
  AppendRefused,
  type Bus,
  DEDUPE_MS,
  HINT_TTL_MS,
  NoAnswer,
  NobodyAsked,
} from "../../actors/ports/bus.ts";
import { pattern, range, rejection } from "../journal/builders.ts";
import { type Contract, inWorlds } from "./in-worlds.ts";

export interface BusWorld {
  bus: Bus;
  /** Lets so much time pass, at least until what was sent has arrived. */
  passMs(ms: number): Promise<void>;
  dispose(): Promise<void>;
}

export function busContract(name: string, make: () => Promise<BusWorld>): void {
  const test = suite(name);
  const contract = inWorlds(test, make, (world) => world.dispose());
  messages(name, contract);
  requests(name, contract);
  streams(name, contract);
  hintsAndSnapshots(name, contract);
  test.run();
}

/** Until something has arrived that no answer tells of: a busy machine takes its time. What never comes is for the assertions after it. */
async function arrival(passMs: BusWorld["passMs"], isThere: () => boolean): Promise<void> {
  for (let passed = 0; passed < ARRIVAL_MAX_MS && !isThere(); passed += 20) await passMs(20);
}

/** By the clock of the bus. */
const ARRIVAL_MAX_MS = 10_000;

function messages(name: string, contract: Contract<BusWorld>): void {
  contract(`${name} hands a message to whoever asked for its subject`, async ({ bus, passMs }) => {
    const taken: string[] = [];
    const expected = {
      "a.b.c": "a.b.c",
      "a.*.c": "a.b.c a.x.c",
      "a.>": "a.b a.b.c a.x.c a.b.c.d",
      "*.*.*": "a.b.c a.x.c",
      ">": "a a.b a.b.c a.x.c a.b.c.d",
      "a.b.*": "a.b.c",
      "b.>": "",
    };
    for (const asked of Object.keys(expected))
      bus.subscribe(asked, (subject) => taken.push(`${asked} ${subject}`));
    await passMs(1);
    for (const subject of ["a", "a.b", "a.b.c", "a.x.c", "a.b.c.d"]) bus.publish(subject, Uint8Array.of(1));
    const count = Object.values(expected).join(" ").trim().split(/ +/).length;
    await arrival(passMs, () => taken.length >= count);
    for (const [asked, subjects] of Object.entries(expected)) {
      const expected = subjects === "" ? [] : subjects.split(" ").map((subject) => `${asked} ${subject}`);
      assert.equal(taken.filter((each) => each.startsWith(`${asked} `)).sort(), expected.sort(), asked);
    }
  });

  contract(
    `${name} hands messages over as they were, after publish has returned`,
    async ({ bus, passMs }) => {
      const taken: Uint8Array[] = [];
      bus.subscribe("a", (_, bytes) => taken.push(bytes));
      await passMs(1);
      const bytes = pattern(1, 100);
      bus.publish("a", bytes);
      assert.is(taken.length, 0);
      bytes.fill(0);
      await arrival(passMs, () => taken.length > 0);
      assert.equal(
        taken.map((each) => [...each]),
        [[...pattern(1, 100)]],
      );
    },
  );

  contract(`${name} hands nothing to who no longer asks`, async ({ bus, passMs }) => {
    let taken = 0;
    const end = bus.subscribe("a", () => taken++);
    await passMs(1);
    bus.publish("a", Uint8Array.of(1));
    await arrival(passMs, () => taken > 0);
    end();
    bus.publish("a", Uint8Array.of(1));
    await passMs(20);
    assert.is(taken, 1);
  });
}

function requests(name: string, contract: Contract<BusWorld>): void {
  contract(`[B6] ${name} brings the answer to a request back, as it was`, async ({ bus, passMs }) => {
    bus.answer("ask.*", async (subject, bytes) => Uint8Array.of(subject.length, ...bytes));
    await passMs(20);
    const question = Uint8Array.of(7);
    const answers = [bus.request("ask.a", question, 1_000), bus.request("ask.bc", question, 1_000)];
    question.fill(0);
    await passMs(20);
    assert.equal(
      (await Promise.all(answers)).map((each) => [...each]),
      [
        [5, 7],
        [6, 7],
      ],
    );
  });

  contract(
    `${name} leaves a request to others where one has no answer, or fails`,
    async ({ bus, passMs }) => {
      bus.answer("ask", async () => null);
      bus.answer("ask", () => Promise.reject(new Error("it failed")));
      bus.answer("ask", async () => Uint8Array.of(1));
      await passMs(20);
      const answer = bus.request("ask", Uint8Array.of(), 1_000);
      await passMs(20);
      assert.equal([...(await answer)], [1]);
    },
  );

  contract(`${name} rejects a request that nobody answers in time`, async ({ bus, passMs }) => {
    const end = bus.answer("was", async () => Uint8Array.of(1));
    bus.answer("silent", async () => null);
    await passMs(20);
    end();
    await passMs(20);
    const refused = ["never", "was", "silent"].map((subject) =>
      rejection(bus.request(subject, Uint8Array.of(), 100)),
    );
    await passMs(200);
    const errors = await Promise.all(refused);
    for (const error of errors) assert.instance(error, NoAnswer);
    // A request that somebody heard may have been carried out.
    assert.not.instance(errors[2], NobodyAsked);
  });
}

function streams(name: string, contract: Contract<BusWorld>): void {
  const sequences = async (bus: Bus, from: number) => {
    const found: number[] = [];
    for await (const { sequence, bytes } of bus.stream("s").read(from)) {
      assert.equal([...bytes], [...pattern(sequence, sequence)]);
      found.push(sequence);
    }
    return found;
  };
  const fill = async (bus: Bus, from: number, to: number) => {
    for (const k of range(from, to))
      assert.is(await bus.stream("s").append(pattern(k, k), { id: `entry/${k}` }), k);
  };

  contract(`[B2] ${name} numbers entries 1, 2, 3 … and reads them back`, async ({ bus }) => {
    assert.is(await bus.stream("s").lastSequence(), 0);
    assert.equal(await sequences(bus, 1), []);
    await fill(bus, 1, 50);
    assert.is(await bus.stream("s").lastSequence(), 50);
    assert.equal(await sequences(bus, 1), range(1, 50));
    assert.equal(await sequences(bus, 37), range(37, 50));
    assert.equal(await sequences(bus, 51), []);
    let before = 0;
    for await (const { storedUs = Number.NaN } of bus.stream("s").read(1)) {
      assert.ok(storedUs >= before, `stored at ${storedUs}, after ${before}`);
      before = storedUs;
    }
    assert.is(await bus.stream("another").lastSequence(), 0);
  });

  contract(`[B2] ${name} lets many follow, from anywhere, without gaps`, async ({ bus, passMs }) => {
    await fill(bus, 1, 20);
    const followers = [1, 10, 20, 21].map((from) => {
      const followed: number[] = [];
      const end = bus.stream("s").follow(from, ({ sequence, bytes }) => {
        assert.equal([...bytes], [...pattern(sequence, sequence)]);
        followed.push(sequence);
        if (sequence === 35 && from === 10) end();
      });
      return { from, followed };
    });
    await fill(bus, 21, 40);
    const last = (from: number) => (from === 10 ? 35 : 40);
    await arrival(passMs, () => followers.every(({ from, followed }) => followed.at(-1) === last(from)));
    for (const { from, followed } of followers)
      assert.equal(followed, range(from, last(from)), `from ${from}`);
  });

  contract(`${name} gives entries appended at once one order`, async ({ bus }) => {
    const given = await Promise.all(
      range(1, 30).map((k) => bus.stream("s").append(pattern(k, 5), { id: `${k}` })),
    );
    assert.equal(
      [...given].sort((a, b) => a - b),
      range(1, 30),
    );
    let at = 0;
    for await (const { sequence, bytes } of bus.stream("s").read(1)) {
      assert.is(sequence, ++at);
      assert.equal([...bytes], [...pattern(given.indexOf(sequence) + 1, 5)]);
    }
    assert.is(at, 30);
  });

  contract(`${name} stores an id once within the window, and says where`, async ({ bus, passMs }) => {
    const stream = bus.stream("s");
    assert.is(await stream.append(Uint8Array.of(1), { id: "x" }), 1);
    assert.is(await stream.append(Uint8Array.of(2), { id: "y" }), 2);
    await passMs(DEDUPE_MS / 1000);
    assert.is(await stream.append(Uint8Array.of(1), { id: "x" }), 1);
    assert.is(await stream.lastSequence(), 2);
  });

  contract(`${name} refuses an entry that expects another end, and stores nothing`, async ({ bus }) => {
    const stream = bus.stream("s");
    assert.is(await stream.append(Uint8Array.of(1), { id: "a", expectedLast: 0 }), 1);
    for (const expectedLast of [0, 2])
      assert.instance(
        await rejection(stream.append(Uint8Array.of(2), { id: "b", expectedLast })),
        AppendRefused,
      );
    assert.is(await stream.lastSequence(), 1);
    assert.is(await stream.append(Uint8Array.of(2), { id: "b", expectedLast: 1 }), 2);
  });

  contract(`${name} keeps entries as they were handed over`, async ({ bus }) => {
    const stream = bus.stream("s");
    const bytes = pattern(7, 7);
    const stored = stream.append(bytes, { id: "a" });
    await stored;
    bytes.fill(0);
    for (const _ of [1, 2])
      for await (const entry of stream.read(1)) {
        assert.equal([...entry.bytes], [...pattern(7, 7)]);
        entry.bytes.fill(0);
      }
  });
}

function hintsAndSnapshots(name: string, contract: Contract<BusWorld>): void {
  contract(
    `${name} tells hints that are there, those that come, and those that end`,
    async ({ bus, passMs }) => {
      const hints = bus.hints("nodes");
      await hints.put("early", Uint8Array.of(1));
      const told: string[] = [];
      const end = hints.watch((key, value) => told.push(`${key} ${value === null ? "ended" : value[0]}`));
      await arrival(passMs, () => told.length > 0);
      await hints.put("late", Uint8Array.of(2));
      await hints.put("early", Uint8Array.of(3));
      await hints.remove("late");
      await arrival(passMs, () => told.length >= 4);
      const of = (key: string) => told.filter((each) => each.startsWith(key));
      assert.equal(of("early"), ["early 1", "early 3"]);
      assert.equal(of("late"), ["late 2", "late ended"]);
      end();
      await hints.put("later", Uint8Array.of(4));
      await passMs(20);
      assert.equal(of("later"), []);
    },
  );

  contract(`${name} ends a hint that is not put again in time`, async ({ bus, passMs }) => {
    const hints = bus.hints("nodes");
    const told: string[] = [];
    hints.watch((key, value) => told.push(`${key} ${value === null ? "ended" : "there"}`));
    await hints.put("a", Uint8Array.of(1));
    await hints.put("b", Uint8Array.of(1));
    await passMs(HINT_TTL_MS * 0.6);
    await hints.put("b", Uint8Array.of(1));
    await passMs(HINT_TTL_MS * 0.7);
    await arrival(passMs, () => told.includes("a ended"));
    assert.ok(told.includes("a ended"));
    assert.not(told.includes("b ended"));
  });

  contract(
    `${name} lets exactly one of several values live under a key, and tells all which`,
    async ({ bus, passMs }) => {
      for (const round of range(1, 5)) {
        const hints = bus.hints("agreed");
        const key = `key ${round}.x`;
        const living = await Promise.all(
          range(1, 8).map((k) => bus.hints("agreed").agree(key, Uint8Array.of(k))),
        );
        const [first] = living;
        assert.equal(
          living.map((each) => [...each]),
          living.map(() => [...first!]),
        );
        // Whoever has the same one may put it again, and it is there until it is removed.
        assert.equal([...(await hints.agree(key, first!))], [...first!]);
        assert.equal([...(await hints.agree(key, Uint8Array.of(99)))], [...first!]);
        await hints.remove(key);
        await passMs(1);
        assert.equal([...(await hints.agree(key, Uint8Array.of(99)))], [99]);
      }
    },
  );

  contract(`${name} keeps hints of one bucket from the other`, async ({ bus, passMs }) => {
    const told: string[] = [];
    bus.hints("here").watch((key) => told.push(key));
    await bus.hints("there").put("a", Uint8Array.of(1));
    await passMs(20);
    assert.equal(told, []);
  });

  contract(`${name} keeps snapshots by name until they are removed`, async ({ bus }) => {
    const store = bus.snapshots("states");
    assert.equal(await store.list(), []);
    assert.is(await store.load("a"), null);
    const bytes = pattern(3, 200_000);
    await store.save("a", bytes);
    bytes.fill(0);
    await store.save("b", pattern(4, 0));
    assert.equal((await store.list()).sort(), ["a", "b"]);
    assert.ok(Buffer.from(pattern(3, 200_000)).equals((await store.load("a"))!));
    assert.is((await store.load("b"))?.length, 0);
    await store.save("a", pattern(5, 10));
    assert.equal([...(await store.load("a"))!], [...pattern(5, 10)]);
    await store.remove("a");
    await store.remove("a");
    assert.equal(await store.list(), ["b"]);
    assert.equal(await bus.snapshots("other").list(), []);
  });
}
