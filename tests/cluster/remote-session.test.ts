// runtime: either
/** A session of another node: what every session promises, and what follows from the owner being elsewhere. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { CLUSTER_TIMING } from "../../actors/cluster/cluster-timing.ts";
import { RemoteSession } from "../../actors/cluster/remote-session.ts";
import { publishFeed } from "../../actors/feeds/bus-publisher.ts";
import { type Bus, NoAnswer } from "../../actors/ports/bus.ts";
import type { CommandUnanswered } from "../../actors/ports/commands.ts";
import type { LiveSession } from "../../actors/ports/session.ts";
import type { EventMessage } from "../../protocol/messages.ts";
import { subjectOf } from "../../protocol/subjects.ts";
import { type SessionWorld, sessionContract } from "../contracts/session.ts";
import { range } from "../journal/builders.ts";
import { forgetful } from "../support/forgetful-stream.ts";
import { scriptedFeed } from "../support/scripted-feed.ts";
import { SESSION, type TestCluster, testCluster } from "./cluster-world.ts";

/** Long enough to count a node out, lose patience, read and claim. */
const TAKEN_OVER_MS = CLUSTER_TIMING.memberTtlMs + CLUSTER_TIMING.patienceMs + CLUSTER_TIMING.heartbeatMs;

sessionContract("session of a partition", () => world((cluster) => cluster.runningOf("p0")));
sessionContract("session of another node", () => world((cluster) => remote(cluster)));

/** A cluster of one node with a feed, and the session as `choose` sees it. */
async function world(
  choose: (cluster: TestCluster) => LiveSession | Promise<LiveSession>,
): Promise<SessionWorld> {
  const cluster = testCluster(["p0"]);
  const { clock, bus } = cluster;
  cluster.start("a");
  await clock.advance(2_000);
  const session = await choose(cluster);
  const feed = scriptedFeed("feed", "live");
  void publishFeed(feed, { bus, session: SESSION, partition: "p0", clock });
  return {
    session,
    sink: await feed.sink,
    nowUs: () => clock.nowUs(),
    passMs: (ms) => clock.advance(ms),
    async close() {
      feed.end();
      if (session instanceof RemoteSession) session.close();
    },
  };
}

let gateways = 0;

function remote({ clock, bus }: TestCluster, through: Bus = bus): Promise<RemoteSession> {
  const gateway = `gateway ${++gateways}`;
  return RemoteSession.open({ bus: through, clock, session: SESSION, partition: "p0", gateway, log() {} });
}

test("a session whose log cannot be read is given up when it is closed", async () => {
  const { clock, bus } = testCluster(["p0"]);
  const unreadable: Bus = {
    ...bus,
    stream: (name) => ({ ...bus.stream(name), lastSequence: () => Promise.reject(new Error("no stream")) }),
  };
  const leaving = new AbortController();
  let settled = false;
  void RemoteSession.open({
    bus: unreadable,
    clock,
    session: SESSION,
    partition: "p0",
    gateway: "g",
    signal: leaving.signal,
    log() {},
  }).then(() => {
    settled = true;
  });
  await clock.advance(5_000);
  assert.not(settled);
  leaving.abort();
  await clock.advance(5_000);
  assert.ok(settled);
  assert.is(clock.pending, 0);
});

// ---- the owner changes ------------------------------------------------------------------------------------------

for (const [how, leave] of [
  ["stops", (owner) => void owner.node.stop()],
  ["dies", (owner) => owner.kill()],
] as [string, (owner: ReturnType<TestCluster["start"]>) => void][])
  test(`[Y1] a client of a third node hears every frame and event once when the owner ${how}`, async () => {
    const cluster = testCluster(["p0"]);
    const { clock } = cluster;
    const nodes = [cluster.start("a"), cluster.start("b")];
    await clock.advance(2_000);
    const session = await remote(cluster);
    const heard = recorder(session);
    const endWalk = cluster.walk("p0");
    await clock.advance(3_000);
    const owner = nodes.find(({ node }) => node.owned().has("p0"))!;
    leave(owner);
    await clock.advance(TAKEN_OVER_MS);
    await clock.advance(1_000);
    await endWalk();
    await clock.advance(100);
    const log = await framesOfLog(cluster);
    assert.ok(log.length > 30);
    assert.equal(heard.frames, log);
    assert.equal(
      heard.events.map(({ sequence }) => sequence),
      range(1, heard.events.length),
    );
    assert.equal(heard.events, await cluster.runningOf("p0").events(0, 10_000));
    assert.equal(await session.events(0, 10_000), heard.events);
    assert.is(heard.rewinds, 0);
    session.close();
  });

test("[Y1] a client resumes at another node's gateway at its cursors, without loss and without repeats", async () => {
  const cluster = testCluster(["p0"]);
  const { clock } = cluster;
  cluster.start("a");
  await clock.advance(2_000);
  const [here, there] = [await remote(cluster), await remote(cluster)];
  const heard = recorder(here);
  const endWalk = cluster.walk("p0");
  await clock.advance(3_000);
  heard.leave();
  await clock.advance(500);
  const resumed = recorder(there);
  const { complete, frames } = there.recentFrames(heard.frames.at(-1)!);
  const events = await there.events(heard.events.at(-1)!.sequence, 1_000);
  await clock.advance(1_000);
  await endWalk();
  await clock.advance(100);
  assert.is(complete, true);
  const all = [...heard.frames, ...frames.map(({ inputSequence }) => inputSequence), ...resumed.frames];
  assert.equal(all, await framesOfLog(cluster));
  assert.equal([...heard.events, ...events, ...resumed.events], await there.events(0, 10_000));
  here.close();
  there.close();
});

// ---- pushes -----------------------------------------------------------------------------------------------------

test("samples that are pushed at any node are in the log of the owner, and a number that came before counts once", async () => {
  const cluster = testCluster(["p0"]);
  cluster.start("a");
  await cluster.clock.advance(2_000);
  const session = await remote(cluster);
  const first = await push(cluster, session, { value: 1, sequence: 1 });
  assert.equal([first.answer?.accepted, first.answer?.repeated], [1, false]);
  assert.is((await push(cluster, session, { value: 1, sequence: 1 })).answer?.repeated, true);
  assert.is((await push(cluster, session, { value: 2, sequence: 3 })).error?.kind, "conflict");
  assert.equal(await pushed(cluster), [1]);
  session.close();
});

for (const [what, sequence, values, happened] of [
  ["with a number is carried out by the next one, once", 1, [7], "yes"],
  ["without a number is not sent again, for it may be in the log", undefined, [7], "perhaps"],
] as const)
  test(`[Q1] a push ${what}, when its owner died before its answer`, async () => {
    const cluster = testCluster(["p0"]);
    const { clock, bus } = cluster;
    const nodes = [cluster.start("a"), cluster.start("b")];
    await clock.advance(2_000);
    const owner = nodes.find(({ node }) => node.owned().has("p0"))!;
    let isDead = false;
    const session = await remote(cluster, {
      ...bus,
      request: async (subject, bytes, timeoutMs) => {
        const answer = await bus.request(subject, bytes, timeoutMs);
        if (isDead) return answer;
        isDead = true;
        owner.kill();
        throw new Error("no answer");
      },
    });
    const { answer, error } = await push(cluster, session, {
      value: 7,
      ...(sequence === undefined ? {} : { sequence }),
    });
    assert.is(answer === null ? error.happened : "yes", happened, error?.message);
    await clock.advance(TAKEN_OVER_MS);
    assert.equal(await pushed(cluster), values);
    session.close();
  });

// ---- commands ---------------------------------------------------------------------------------------------------

test("[Q1] a command whose answer is lost is sent again, and carried out once", async () => {
  const cluster = testCluster(["p0"]);
  const { clock, bus } = cluster;
  cluster.start("a");
  await clock.advance(2_000);
  let lost = 0;
  const session = await remote(cluster, {
    ...bus,
    request: async (subject, bytes, timeoutMs) => {
      const answer = await bus.request(subject, bytes, timeoutMs);
      if (lost++ < 3) throw new Error("no answer");
      return answer;
    },
  });
  const { happened, settings } = await ask(cluster, session, 7);
  assert.is(lost, 4);
  assert.is(happened, "yes");
  assert.is(settings?.anomaly.cooldownSamples, 7);
  assert.equal((await changes(cluster)).length, 1);
  session.close();
});

test("[Q1] a command that meets a change of owner is carried out by the next one, once", async () => {
  const cluster = testCluster(["p0"]);
  const { clock } = cluster;
  const nodes = [cluster.start("a"), cluster.start("b")];
  await clock.advance(2_000);
  const session = await remote(cluster);
  nodes.find(({ node }) => node.owned().has("p0"))!.kill();
  const { happened } = await ask(cluster, session, 7);
  assert.is(happened, "yes");
  assert.is((await changes(cluster)).length, 1);
  session.close();
});

test("[Q2] a command that was carried out by an owner that died before its answer is reported as carried out", async () => {
  const cluster = testCluster(["p0"]);
  const { clock, bus } = cluster;
  const nodes = [cluster.start("a"), cluster.start("b")];
  await clock.advance(2_000);
  const owner = nodes.find(({ node }) => node.owned().has("p0"))!;
  const session = await remote(cluster, {
    ...bus,
    request: async (subject, bytes, timeoutMs) => {
      const answer = await bus.request(subject, bytes, timeoutMs);
      if (owner.node.owned().has("p0")) {
        owner.kill();
        throw new Error("no answer");
      }
      return answer;
    },
  });
  const { happened, error } = await ask(cluster, session, 7);
  assert.is(happened, "yes");
  assert.is(error?.kind, "unavailable");
  assert.match(error!.message, "it was carried out");
  assert.is((await changes(cluster)).length, 1);
  session.close();
});

test("[Q2] without an owner a command is refused after a while, and the refusal says that nothing was changed", async () => {
  const cluster = testCluster(["p0"]);
  const { clock } = cluster;
  const only = cluster.start("a");
  await clock.advance(2_000);
  const session = await remote(cluster);
  await Promise.all([only.node.stop(), clock.advance(1_000)]);
  const { happened, error } = await ask(cluster, session, 7);
  assert.is(happened, "no");
  assert.is(error?.kind, "unavailable");
  assert.match(error!.message, "no node owns the session at the moment; nothing was changed");
  assert.is((await changes(cluster)).length, 0);
  session.close();
});

test("[Q2] a command that reached an owner which did not answer, and then nobody, may have been carried out", async () => {
  const cluster = testCluster(["p0"]);
  const { clock, bus } = cluster;
  const only = cluster.start("a");
  await clock.advance(2_000);
  let asked = 0;
  const session = await remote(cluster, {
    ...bus,
    async request(subject, bytes, timeoutMs) {
      if (asked++ > 0) return bus.request(subject, bytes, timeoutMs);
      only.kill();
      throw new NoAnswer("none within 2000 ms");
    },
  });
  const { happened } = await ask(cluster, session, 7);
  assert.ok(asked > 1);
  assert.is(happened, "perhaps");
  session.close();
});

// ---- the servers ------------------------------------------------------------------------------------------------

test("[Y4] when the servers lose the end of the log, the session goes back to what is left and goes on from there", async () => {
  const cluster = testCluster(["p0"]);
  const { clock, bus } = cluster;
  cluster.start("a");
  await clock.advance(2_000);
  const endWalk = cluster.walk("p0");
  const stream = forgetful(bus.stream(subjectOf(SESSION, "p0", "log")));
  const session = await remote(cluster, { ...bus, stream: () => stream });
  const heard = recorder(session);
  await clock.advance(2_000);
  const before = heard.frames.length;
  stream.forget(20);
  await clock.advance(500);
  assert.is(heard.rewinds, 1);
  assert.ok(heard.frames.length < before);
  stream.remember();
  await clock.advance(1_000);
  await endWalk();
  await clock.advance(100);
  assert.equal(heard.frames, await framesOfLog(cluster));
  assert.equal(heard.events, await session.events(0, 10_000));
  session.close();
});

test("a session that lags is certain of nothing after what it has read, until it has read to the end", async () => {
  const cluster = testCluster(["p0"]);
  const { clock, bus } = cluster;
  cluster.start("a");
  await clock.advance(2_000);
  const stream = bus.stream(subjectOf(SESSION, "p0", "log"));
  let held: (() => void)[] | null = null;
  const session = await remote(cluster, {
    ...bus,
    stream: () => ({
      append: (bytes, options) => stream.append(bytes, options),
      read: (from) => stream.read(from),
      lastSequence: () => stream.lastSequence(),
      follow: (from, take) =>
        stream.follow(from, (entry) => (held === null ? take(entry) : void held.push(() => take(entry)))),
    }),
  });
  const known = session.describe().lastInputSequence;
  held = [];
  for (let k = 0; k < 5; k++) {
    assert.ok(session.certainThrough() <= known);
    await clock.advance(1_000);
  }
  assert.is(session.describe().lastInputSequence, known);
  for (const hand of held) hand();
  held = null;
  for (let k = 0; k < 3; k++) {
    await clock.advance(1_000);
    session.certainThrough();
  }
  assert.ok(session.certainThrough() > known);
  session.close();
});

test("a session whose servers cannot be reached says so, and opens when they can", async () => {
  const cluster = testCluster(["p0"]);
  const { clock, bus } = cluster;
  cluster.start("a");
  await clock.advance(2_000);
  let isCut = true;
  const opening = remote(cluster, {
    ...bus,
    stream(name) {
      const stream = bus.stream(name);
      return {
        ...stream,
        follow: (from, take) => stream.follow(from, take),
        read: (from) => {
          if (isCut) throw new Error("no connection");
          return stream.read(from);
        },
        lastSequence: () => stream.lastSequence(),
      };
    },
  });
  await clock.advance(1_000);
  isCut = false;
  await clock.advance(1_000);
  const session = await opening;
  assert.is(session.notReady(), null);
  session.close();
  assert.is(session.notReady(), "the session is closing");
});

// ---- given ------------------------------------------------------------------------------------------------------

/** What a client holds: after a rewind, what counts no longer is dropped. */
function recorder(session: LiveSession) {
  const heard = { frames: [] as number[], events: [] as EventMessage[], rewinds: 0, leave: () => {} };
  heard.leave = session.subscribe({
    frame: ({ inputSequence }) => heard.frames.push(inputSequence),
    event: (event) => heard.events.push(event),
    state() {},
    metrics() {},
    channels() {},
    flush() {},
    rewound({ input, event }) {
      heard.rewinds++;
      heard.frames = heard.frames.filter((each) => each <= input);
      heard.events = heard.events.filter(({ sequence }) => sequence <= event);
    },
  });
  return heard;
}

/** Input sequences of the frames in the admitted log. */
async function framesOfLog(cluster: TestCluster): Promise<number[]> {
  const session = await remote(cluster);
  const { frames } = session.recentFrames(0);
  session.close();
  return frames.map(({ inputSequence }) => inputSequence);
}

/** Settings that the log says were changed. */
async function changes(cluster: TestCluster): Promise<EventMessage[]> {
  const session = await remote(cluster);
  const events = await session.events(0, 10_000);
  session.close();
  return events.filter(({ kind }) => kind === "config.changed");
}

/** Values of the group that programs push to, in the log. */
async function pushed(cluster: TestCluster): Promise<number[]> {
  const session = await remote(cluster);
  const { frames } = session.recentFrames(0);
  session.close();
  return frames
    .filter(({ frame }) => frame.group === "plant")
    .flatMap(({ frame }) => [...frame.value.subarray(0, frame.count)]);
}

/** Pushes a sample through a session while time passes. */
async function push(
  { clock }: TestCluster,
  session: RemoteSession,
  { value, ...number }: { value: number; sequence?: number },
) {
  const rows = [{ timeUs: clock.nowUs(), samples: [["level", value]] as const }];
  const body = { group: "plant", source: "plant", rows, ...number };
  return settled(clock, session.commands.carryOut({ name: "pushSamples", body }, ANA, NEVER));
}

const NEVER = new AbortController().signal;

/** What became of a command, while time passes. */
async function settled<Answer>(clock: TestCluster["clock"], answered: Promise<Answer>) {
  let isSettled = false;
  const outcome = answered.then(
    (answer) => ({ answer, error: null }) as const,
    (error: CommandUnanswered) => ({ answer: null, error }) as const,
  );
  void outcome.then(() => {
    isSettled = true;
  });
  for (let ms = 0; ms < 20_000 && !isSettled; ms += 20) await clock.advance(20);
  return outcome;
}

const ANA = { author: "ana", authorId: "ana", authorRole: "owner" } as const;

/** Changes a setting through a session while time passes. */
async function ask({ clock }: TestCluster, session: RemoteSession, value: number) {
  const command = { name: "changeSetting", body: { path: "anomaly.cooldownSamples", value } } as const;
  const { answer, error } = await settled(clock, session.commands.carryOut(command, ANA, NEVER));
  return { happened: error?.happened ?? "yes", settings: answer?.settings ?? null, error };
}

test.run();
