// requires: nats-server
// timeout: 600
// slow
/** The bus over NATS, on a real server: the contract of every bus, that of every journal on a stream, and what real servers do to connections. */
import { connect as connectNats, nkeys } from "nats";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { createNatsBus, type NatsBus } from "../../actors/bus/nats.ts";
import { keyOf, natsKey, natsName } from "../../actors/bus/nats-names.ts";
import type { NatsCredentials, NatsOptions } from "../../actors/bus/nats-options.ts";
import { parseNatsUrl } from "../../actors/bus/nats-options.ts";
import { type NatsServer, startNatsServer } from "../../actors/bus/nats-server.ts";
import { systemClock } from "../../actors/clock.ts";
import { AdmittedLog } from "../../actors/cluster/admitted-log.ts";
import { BusFeed } from "../../actors/feeds/bus.ts";
import { AppendRefused, AppendUncertain, NoAnswer } from "../../actors/ports/bus.ts";
import { QUEUE_SILENT_MS, type QueuedJob } from "../../actors/ports/work-queue.ts";
import { checkClock } from "../../collab/live/check-clock.ts";
import { encodeFrame } from "../../protocol/codec.ts";
import { EigenwatchError } from "../../protocol/errors.ts";
import { createFrame } from "../../protocol/frame.ts";
import { TcpProxy } from "../../sim/bench/cluster/tcp-proxy.ts";
import { Chain, openStreamJournal, PARTITION, streamJournalWorld } from "../cluster/streamed.ts";
import { busContract } from "../contracts/bus.ts";
import { journalContract } from "../contracts/journal.ts";
import { pattern, range, rejection } from "../journal/builders.ts";
import { condition } from "../support/condition.ts";

const server = await startNatsServer();

/** What takes longer on a machine under load must not fail a test. */
const ARRIVED_MS = 100;

/** A bus on the shared server; `fresh`: nothing of earlier tests is stored there. */
async function connect(options: Partial<NatsOptions> = {}, at: NatsServer = server): Promise<NatsBus> {
  return createNatsBus({ servers: [at.url], clock: systemClock, log: () => {}, ...options });
}

async function freshBus(): Promise<NatsBus> {
  await server.kill();
  server.forget();
  await server.start();
  return connect();
}

async function pass(ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, Math.max(ms, ARRIVED_MS)));
}

busContract("the bus over NATS", async () => {
  const bus = await freshBus();
  return { bus, passMs: pass, dispose: () => bus.close() };
});

journalContract("the stream journal over NATS", async () => {
  const bus = await freshBus();
  return streamJournalWorld(bus, systemClock, () => bus.close());
});

test("a job of a queue is handed out until it is done, whatever becomes of who took it, and one that is put twice is there once", async () => {
  const [one, other] = [await freshBus(), await connect()];
  const [queue, others] = [one.queue("ew.jobs.any.scan"), other.queue("ew.jobs.any.scan")];
  const text = (job: QueuedJob | null) => (job === null ? null : new TextDecoder().decode(job.bytes));
  assert.is(await queue.take(50), null);
  for (const id of ["a", "b", "b"]) await queue.put(id, new TextEncoder().encode(id));
  const [first, second] = [await others.take(5_000), await queue.take(5_000)];
  assert.equal([text(first), text(second)].sort(), ["a", "b"]);
  assert.is(await queue.take(50), null);
  second!.done();
  // Whoever had the first one is gone.
  await other.close();
  const again = await queue.take(60_000);
  assert.equal([text(again), again!.attempt], [text(first), 2]);
  again!.done();
  await one.close();
});

test("a server that was killed may hand a job out again at once, to another taker, while the first one does it", async () => {
  const [one, other] = [await freshBus(), await connect()];
  const { look, until } = condition();
  for (const bus of [one, other]) bus.onConnection(look);
  const [queue, others] = [one.queue("ew.jobs.any.scan"), other.queue("ew.jobs.any.scan")];
  let [takenAgain, jobs] = [false, 0];
  while (!takenAgain) {
    await answered(() => queue.put(`${++jobs}`, Uint8Array.of(jobs)));
    const first = await answered(() => queue.take(60_000));
    await server.kill();
    await until(() => !one.connected && !other.connected);
    assert.instance(
      await rejection(queue.put("down", Uint8Array.of(0))),
      Error,
      "without a server none is taken",
    );
    await server.start();
    await until(() => one.connected && other.connected);
    const startedMs = performance.now();
    // The first one has said nothing: silence would hand it out again as well, but later.
    const second = await answered(() => others.take(QUEUE_SILENT_MS / 2));
    takenAgain = second !== null && performance.now() - startedMs < QUEUE_SILENT_MS / 2;
    if (second !== null) assert.equal(second.bytes, first!.bytes);
    first!.done();
    second?.done();
    await pass(ARRIVED_MS);
  }
  await Promise.all([one.close(), other.close()]);
});

test("a follower goes on without a gap after the server was killed and started again", async () => {
  const bus = await freshBus();
  const { look, until } = condition();
  bus.onConnection(look);
  const stream = bus.stream("ew.s.p0.log");
  const followed: number[] = [];
  stream.follow(1, ({ sequence, bytes }) => {
    assert.equal([...bytes], [...pattern(sequence, sequence)]);
    followed.push(sequence);
    look();
  });
  for (const k of range(1, 10)) await stream.append(pattern(k, k), { id: `${k}` });
  await until(() => followed.length === 10);
  await server.kill();
  await until(() => !bus.connected);
  assert.instance(await rejection(stream.append(Uint8Array.of(1), { id: "down" })), Error);
  await server.start();
  await until(() => bus.connected);
  for (const k of range(11, 20)) await answered(() => stream.append(pattern(k, k), { id: `${k}` }));
  await until(() => followed.length === 20);
  assert.equal(followed, range(1, 20));
  await bus.close();
});

test("a follower of a stream that lost its end hands over the numbers that come a second time", async () => {
  const bus = await freshBus();
  const { look, until } = condition();
  bus.onConnection(look);
  const stream = bus.stream("ew.s.p0.log");
  const followed: number[] = [];
  const end = stream.follow(1, ({ sequence }) => {
    followed.push(sequence);
    look();
  });
  for (const k of range(1, 5)) await stream.append(Uint8Array.of(k), { id: `${k}` });
  await until(() => followed.length === 5);
  await server.kill();
  server.forget();
  await server.start();
  await until(() => bus.connected);
  for (const k of [1, 2]) await answered(() => stream.append(Uint8Array.of(k), { id: `again ${k}` }));
  await until(() => followed.length >= 6);
  assert.equal(followed.slice(0, 5), range(1, 5));
  assert.ok(followed[5]! <= 5, `${followed[5]} does not go back`);
  end();
  await bus.close();
});

test("an entry comes once over the wire, however many in this process follow the stream", async () => {
  const bus = await freshBus();
  const { look, until } = condition();
  const stream = bus.stream("ew.s.p0.log");
  for (const k of range(1, 20)) await stream.append(pattern(k, k), { id: `${k}` });
  const followed = [1, 5, 21].map((from) => {
    const got: number[] = [];
    stream.follow(from, ({ sequence }) => {
      got.push(sequence);
      look();
    });
    return got;
  });
  await until(() => followed[0]!.at(-1) === 20 && followed[1]!.at(-1) === 20);
  await stream.append(Uint8Array.of(21), { id: "21" });
  await until(() => followed.every((got) => got.at(-1) === 21));
  const raw = await connectNats({ servers: server.url });
  const manager = await raw.jetstreamManager();
  const { state } = await manager.streams.info(natsName("ew.s.p0.log"));
  assert.is(state.consumer_count, 1);
  assert.equal(followed, [range(1, 21), range(5, 21), [21]]);
  await raw.close();
  await bus.close();
});

test("requests that cannot be answered, which anybody may send, are one line", async () => {
  const said: string[] = [];
  const bus = await connect({ log: (message) => said.push(message) });
  const asked = condition();
  let times = 0;
  bus.answer("ew.odd.*.status", async (subject) => {
    times++;
    asked.look();
    throw new Error(`${subject} is odd`);
  });
  const nobody = "_INBOX.nobody";
  const other = await connectNats({ servers: server.url });
  for (let k = 0; k < 20; k++) other.publish("ew.odd.%ZZ.status", new Uint8Array(), { reply: nobody });
  await asked.until(() => times === 20);
  assert.equal(said, ["nats: cannot answer ew.odd.%ZZ.status: ew.odd.%ZZ.status is odd"]);
  await other.close();
  await bus.close();
});

test("a request under way is rejected as soon as the connection is lost", async () => {
  const bus = await freshBus();
  const other = await connect();
  other.answer("ask", () => new Promise(() => {}));
  await pass(1);
  const refused = rejection(bus.request("ask", Uint8Array.of(1), 600_000));
  await server.kill();
  assert.instance(await refused, NoAnswer);
  await bus.close();
  await other.close();
  await server.start();
});

test("a connection that is cut loses what was published meanwhile, and the answer of an append that was stored", async () => {
  const bus = await freshBus();
  const proxy = await TcpProxy.open(Number(new URL(server.url).port));
  const cut = await connect({ servers: [proxy.url] });
  const { look, until } = condition();
  const heard: string[] = [];
  cut.subscribe("seen.>", (subject) => {
    heard.push(subject);
    look();
  });
  const publishUntilHeard = async (subject: string): Promise<void> => {
    while (!heard.includes(subject)) {
      bus.publish(subject, Uint8Array.of(1));
      await pass(ARRIVED_MS);
    }
  };
  cut.onConnection(look);
  const rejoin = async (): Promise<void> => {
    proxy.join();
    await until(() => cut.connected);
  };
  await publishUntilHeard("seen.before");
  proxy.cut();
  await until(() => !cut.connected);
  bus.publish("seen.meanwhile", Uint8Array.of(1));
  await pass(ARRIVED_MS);
  await rejoin();
  await publishUntilHeard("seen.after");
  assert.not(heard.includes("seen.meanwhile"));

  const stream = cut.stream("ew.s.p0.log");
  await answered(() => stream.append(Uint8Array.of(0), { id: "0" }));
  // Under one id, however often: an append that a busy server takes up after it was asked for the end of the stream is not another one.
  const storedUnanswered = async (): Promise<boolean> => {
    await server.pause();
    const append = rejection(stream.append(Uint8Array.of(1), { id: "1" }));
    await pass(ARRIVED_MS);
    proxy.cut();
    assert.instance(await append, AppendUncertain);
    server.resume();
    await rejoin();
    return (await answered(() => bus.stream("ew.s.p0.log").lastSequence())) === 2;
  };
  while (!(await storedUnanswered()));
  assert.is(await answered(() => stream.append(Uint8Array.of(1), { id: "1" })), 2, "the server knows its id");
  await Promise.all([bus.close(), cut.close()]);
  await proxy.close();
});

test("a connection that carries one way only stores what is appended, and brings no answer", async () => {
  const bus = await freshBus();
  const proxy = await TcpProxy.open(Number(new URL(server.url).port));
  const deaf = await connect({ servers: [proxy.url] });
  const stream = deaf.stream("ew.s.p0.log");
  await answered(() => stream.append(Uint8Array.of(0), { id: "0" }));
  proxy.mute();
  assert.instance(await rejection(stream.append(Uint8Array.of(1), { id: "1" })), AppendUncertain);
  assert.is(await answered(() => bus.stream("ew.s.p0.log").lastSequence()), 2);
  proxy.unmute();
  assert.is(await answered(() => stream.append(Uint8Array.of(1), { id: "1" })), 2);
  await Promise.all([bus.close(), deaf.close()]);
  await proxy.close();
});

test("every program may write into a log: garbage, and an entry of its owner again, are stored and passed over", async () => {
  const bus = await freshBus();
  const stranger = await connectNats({ servers: server.url });
  const { look, until } = condition();
  const chain = new Chain();
  const { journal, epoch } = await openStreamJournal({ bus, clock: systemClock, owner: "a" });
  chain.epoch = epoch;
  await journal.append(chain.block(1));
  const entries: Uint8Array[] = [];
  for await (const { bytes } of bus.stream("log").read(1)) entries.push(bytes);
  for (const bytes of [pattern(1, 20), entries.at(-1)!]) stranger.publish("log", bytes);
  await stranger.flush();
  await journal.append(chain.block(2));
  const verdicts: string[] = [];
  const log = await AdmittedLog.open(bus.stream("log"), PARTITION, {
    entry(_entry, verdict) {
      verdicts.push(verdict);
      look();
    },
    broken: (error) => assert.unreachable(error.message),
  });
  await until(() => log.last?.number === 2);
  assert.is(verdicts.length, entries.length + 3);
  assert.equal(
    verdicts.filter((verdict) => verdict === "block"),
    ["block", "block"],
  );
  log.end();
  await journal.close();
  await stranger.close();
  await bus.close();
});

test("a flood of frames over a slow owner is taken or shed, to the last, and nothing else waits behind it", async () => {
  const FRAMES = 3_000;
  const bus = await connect({ dataConnection: true });
  const other = await connect();
  const { look, until } = condition();
  const place = { session: "flooded", partition: "p0", clock: systemClock };
  const feed = new BusFeed({ ...place, bus, inboxBytes: 256 << 10 });
  const hints = bus.hints("flooded");
  await hints.put("node", Uint8Array.of(1));
  let [taken, shed, reported, lost] = [0, 0, 0, 0];
  let takenAtAnswer: number | null = null;
  const running = feed.run({
    channels() {},
    frame() {
      if (++taken === 1)
        void answered(() => hints.put("node", Uint8Array.of(1))).then(() => {
          takenAtAnswer = taken + shed;
          look();
        });
      // Slower than frames can come, whatever the machine.
      const untilMs = performance.now() + 1;
      while (performance.now() < untilMs);
      look();
      return true;
    },
    quantum: () => true,
    status({ source, counts }) {
      if (source === "flood") reported += counts["shed"] ?? 0;
      lost += counts["lost"] ?? 0;
      look();
    },
    drained: async () => {},
    shed(frames) {
      shed += frames;
    },
  });
  await pass(1);
  const frame = { ...createFrame("flood", "flood", 1_000), count: 1_000 };
  for (let k = 1; k <= FRAMES; k++) {
    other.publish("ew.flooded.p0.feed.flood.flood", encodeFrame({ ...frame, sequence: k }));
    if (k % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  await until(() => taken + shed === FRAMES && reported === shed);
  await feed.stop();
  await running;
  assert.ok(shed > 0);
  assert.is(lost, 0);
  await until(() => takenAtAnswer !== null);
  // Deno may read one socket empty before it looks at the next: the answer then waits for the reading of the flood, and not for its being taken.
  assert.ok("Deno" in globalThis || takenAtAnswer! < FRAMES);
  await bus.close();
  await other.close();
});

test("a server forgets an id when its window is over, and stores the entry again", async () => {
  const connection = await connectNats({ servers: server.url });
  const manager = await connection.jetstreamManager();
  const windowMs = 100;
  await manager.streams.add({ name: "window", subjects: ["window"], duplicate_window: windowMs * 1e6 });
  const append = async () => (await connection.jetstream().publish("window", "", { msgID: "1" })).seq;
  assert.is(await append(), 1);
  await pass(3 * windowMs);
  assert.is(await append(), 2);
  await manager.streams.delete("window");
  await connection.close();
});

test("an append beyond what a stream takes is refused, not uncertain", async () => {
  const bus = await freshBus();
  const stream = bus.stream("ew.s.p0.log");
  await stream.append(Uint8Array.of(1), { id: "a" });
  const refused = await rejection(stream.append(Uint8Array.of(2), { id: "b", expectedLast: 7 }));
  assert.instance(refused, AppendRefused);
  assert.match(refused.message, "wrong last sequence");
  await bus.close();
});

test("names with spaces, points and other letters are names of streams, buckets and keys, and stay apart", async () => {
  const bus = await freshBus();
  const names = ["a b", "a.b", "a_b", "a%20b", "été", "a__b", "x".repeat(300)];
  for (const name of names) {
    const hints = bus.hints(name);
    await hints.put(name, pattern(1, 3));
    await bus.snapshots(name).save(name, pattern(1, 3));
    assert.equal(await bus.snapshots(name).list(), [name]);
  }
  assert.is(new Set(names.map(natsName)).size, names.length);
  for (const name of names) assert.is(keyOf(natsKey(name)), name);
  for (const session of ["a%20b", "%C3%A9"])
    assert.is(await bus.stream(`ew.${session}.p0.log`).append(Uint8Array.of(1), { id: "é 1" }), 1);
  await bus.close();
});

test("a trace goes with a request, as it does with what is published and stored", async () => {
  const bus = await freshBus();
  const seen: (string | undefined)[] = [];
  bus.subscribe("traced.published", (_subject, _bytes, traceparent) => seen.push(traceparent));
  bus.answer("traced.asked", async (_subject, bytes, traceparent) => {
    seen.push(traceparent);
    return bytes;
  });
  bus.publish("traced.published", Uint8Array.of(1), "a");
  await answered(() => bus.request("traced.asked", Uint8Array.of(1), 1_000, "b"));
  await answered(() => bus.request("traced.asked", Uint8Array.of(1), 1_000));
  assert.equal(
    seen.filter((each, at) => seen.indexOf(each) === at),
    ["a", "b", undefined],
  );
  await bus.close();
});

test("a clock that differs from the server's is measured, and a node with such a clock is told what to do", async () => {
  const ahead = { ...systemClock, nowUs: () => systemClock.nowUs() + 600_000_000 };
  const bus = await connect({ clock: ahead });
  assert.ok(Math.abs((await bus.clockErrorMs()) - 600_000) < 5_000);
  const refused = await rejection(checkClock(bus, "join the cluster"));
  assert.match(
    refused.message,
    /clock of this machine is (59[5-9]|60[0-5]) s ahead .* synchronize both clocks/,
  );
  await bus.close();
});

test("a server that cannot be reached, or has no JetStream, is named with what to do", async () => {
  const without = await startNatsServer({ jetStream: false });
  const lacking = await rejection(connect({}, without));
  assert.instance(lacking, EigenwatchError);
  assert.match(lacking.message, /does not offer JetStream.*nats-server -js/);
  const { url } = without;
  await without.dispose();
  const gone = await rejection(connect({ servers: [url] }));
  assert.instance(gone, EigenwatchError);
  assert.match(gone.message, /Cannot reach NATS at nats:\/\/127.0.0.1:\d+.*nats-server -js/);
});

test("token, user and password, and NKey sign in; a wrong one is refused without showing it", async () => {
  const key = nkeys.createUser();
  const cases: [config: string, right: NatsCredentials, wrong: NatsCredentials][] = [
    [
      'authorization { token: "s3cret-token" }',
      { kind: "token", token: "s3cret-token" },
      { kind: "token", token: "s3cret-other" },
    ],
    [
      'authorization { user: "u", password: "s3cret-token" }',
      { kind: "password", user: "u", password: "s3cret-token" },
      { kind: "password", user: "u", password: "s3cret-other" },
    ],
    [
      `authorization { users: [ { nkey: "${key.getPublicKey()}" } ] }`,
      { kind: "nkey", seed: new TextDecoder().decode(key.getSeed()) },
      { kind: "nkey", seed: new TextDecoder().decode(nkeys.createUser().getSeed()) },
    ],
  ];
  for (const [config, right, wrong] of cases) {
    const guarded = await startNatsServer({ config });
    const said: string[] = [];
    const log = (message: string) => said.push(message);
    const bus = await connect({ credentials: right, log }, guarded);
    assert.ok(bus.connected);
    await bus.close();
    const refused = await rejection(connect({ credentials: wrong, log }, guarded));
    assert.is((refused as EigenwatchError).kind, "denied");
    assert.match(refused.message, "refuses to sign us in");
    assert.not.match([refused.message, ...said].join(), /s3cret|SU[A-Z0-9]{20}/);
    await guarded.dispose();
  }
});

test("an NKey that is no seed is refused before a server is asked", async () => {
  const credentials: NatsCredentials = { kind: "nkey", seed: "SUNOSEED" };
  const refused = await rejection(connect({ credentials, servers: ["nats://127.0.0.1:1"] }));
  assert.instance(refused, EigenwatchError);
  assert.is((refused as EigenwatchError).action, "sign in to NATS");
});

test("a bus that is closed is not connected, and says so", async () => {
  const bus = await freshBus();
  const heard: boolean[] = [];
  bus.onConnection((connected) => heard.push(connected));
  await bus.close();
  assert.is(bus.connected, false);
  assert.equal(heard, [false]);
});

test("a server that is paused answers when it goes on", async () => {
  const bus = await freshBus();
  const stream = bus.stream("ew.s.p0.log");
  await stream.append(Uint8Array.of(1), { id: "1" });
  await server.pause();
  let isAnswered = false;
  const answer = stream.append(Uint8Array.of(2), { id: "2" }).then((sequence) => {
    isAnswered = true;
    return sequence;
  });
  await pass(ARRIVED_MS);
  assert.is(isAnswered, false);
  server.resume();
  assert.is(await answer, 2);
  await bus.close();
});

test("a watcher hears nothing of a hint that had ended before it came", async () => {
  const bus = await freshBus();
  const { look, until } = condition();
  const hints = bus.hints("nodes");
  await hints.put("ended", Uint8Array.of(1));
  await hints.remove("ended");
  await hints.put("kept", Uint8Array.of(2));
  const told: string[] = [];
  const end = hints.watch((key, value) => {
    told.push(`${key} ${value === null ? "ended" : value[0]}`);
    look();
  });
  await until(() => told.length > 0);
  await hints.put("last", Uint8Array.of(3));
  await until(() => told.includes("last 3"));
  assert.equal(told, ["kept 2", "last 3"]);
  end();
  await bus.close();
});

test("pieces that nobody names are removed when they are old, and left to a saving under way when they are not", async () => {
  const bus = await freshBus();
  const snapshots = bus.snapshots("states");
  await snapshots.save("a", Uint8Array.of(1));
  const raw = await connectNats({ servers: server.url });
  const prefix = `ewstate.${natsName("states")}.piece.`;
  const piece = (agoMs: number) =>
    `${prefix}${Math.floor(Date.now() - agoMs)
      .toString(36)
      .padStart(9, "0")}x`;
  const [old, young] = [piece(3_600_000), piece(1_000)];
  for (const subject of [old, young]) await raw.jetstream().publish(subject, Uint8Array.of(7));
  await snapshots.save("a", Uint8Array.of(2));
  const manager = await raw.jetstreamManager();
  const { state } = await manager.streams.info(`ewstate_${natsName("states")}`, {
    subjects_filter: `${prefix}>`,
  });
  const left = Object.keys(state.subjects ?? {});
  assert.equal([left.includes(old), left.includes(young), left.length], [false, true, 2]);
  assert.equal(await snapshots.load("a"), Uint8Array.of(2));
  await raw.close();
  await bus.close();
});

test("an address may hold the credentials, which no error shows", () => {
  assert.equal(parseNatsUrl("nats://u:p%40w@h:4333, h2"), {
    servers: ["nats://h:4333", "nats://h2:4222"],
    credentials: { kind: "password", user: "u", password: "p@w" },
    isTls: false,
  });
  assert.equal(parseNatsUrl("tls://token@h").credentials, { kind: "token", token: "token" });
  for (const bad of ["http://u:s3cret@h", "nats://", "nats://u:s3cret@h/path", "nats://a b"])
    assert.throws(
      () => parseNatsUrl(bad),
      (error: Error) => /expected nats:\/\/HOST:PORT/.test(error.message) && !/s3cret/.test(error.message),
    );
});

/** Resolves with what it resolves with in the end: right after its start, or flooded, a server may not answer in time. */
async function answered<T>(act: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await act();
    } catch {
      await pass(50);
    }
  }
}

test.after(() => server.dispose());

test.run();
