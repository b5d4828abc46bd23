// runtime: either
/** The shared document at the gateway of a node that does not own it. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { CLUSTER_TIMING } from "../../actors/cluster/cluster-timing.ts";
import type { Judgement } from "../../actors/detectors/room/gate.ts";
import type { Bus } from "../../actors/ports/bus.ts";
import { RemoteRoom } from "../../collab/rooms/remote-room.ts";
import { serveRoom } from "../../collab/rooms/room-service.ts";
import { CLOSE_CODES } from "../../protocol/close-codes.ts";
import { decodeAs, encodeMessage } from "../../protocol/codec.ts";
import type { Edit } from "../../protocol/messages.ts";
import { subjectOf } from "../../protocol/subjects.ts";
import { SESSION, type TestCluster, testCluster } from "../cluster/cluster-world.ts";
import { forgetful } from "../support/forgetful-stream.ts";
import { Replica, setsThreshold, threshold } from "./edits.ts";

/** Long enough to count a node out, lose patience, read and claim. */
const TAKEN_OVER_MS = CLUSTER_TIMING.memberTtlMs + CLUSTER_TIMING.patienceMs + CLUSTER_TIMING.heartbeatMs;

const COMMANDS = subjectOf(SESSION, "room", "command");

/** A cluster whose nodes judge edits when they own the document. */
function world(names: readonly string[]) {
  const cluster = testCluster([], ["room"]);
  const { clock, bus } = cluster;
  const nodes = names.map((name) => {
    const started = cluster.start(name);
    let end = (): void => {};
    started.node.onChange(({ owned, epoch }) => {
      end();
      end = () => {};
      if (owned !== null)
        end = serveRoom({
          ...{ bus, clock, room: owned, epoch, node: name, partitions: [] },
          epochOf: () => 0,
          log() {},
        });
    });
    const die = (): void => {
      end();
      started.kill();
    };
    return Object.assign(started, { name, die });
  });
  return { cluster, nodes };
}

function open(
  { clock, bus }: TestCluster,
  through: Bus = bus,
  log = (_line: string): void => {},
): Promise<RemoteRoom> {
  return RemoteRoom.open({ bus: through, clock, session: SESSION, node: "gateway", log });
}

/** What becomes of an edit, while time passes. */
async function judged({ clock }: TestCluster, room: RemoteRoom, edit: Edit): Promise<Judgement> {
  let settled: Judgement | null = null;
  void Promise.resolve(room.edit(edit)).then((judgement) => {
    settled = judgement;
  });
  for (let ms = 0; ms < 5_000 && settled === null; ms += 10) await clock.advance(10);
  return settled!;
}

/** Counts what a room delivers. */
function recorder(room: RemoteRoom) {
  const heard = { edits: [] as number[], owners: 0, rewinds: 0 };
  room.subscribe({
    edited: ({ inputSequence }) => heard.edits.push(inputSequence),
    flush() {},
    ownerChanged: () => void heard.owners++,
    rewound: () => void heard.rewinds++,
  });
  return heard;
}

test("an edit is judged by the owner, and comes back from the log", async () => {
  const { cluster } = world(["a"]);
  await cluster.clock.advance(2_000);
  const room = await open(cluster);
  const heard = recorder(room);
  const ana = new Replica(7);
  assert.equal(await judged(cluster, room, ana.edits(setsThreshold("t1", threshold(1)))), {
    kind: "admitted",
    newWriters: 1,
  });
  await cluster.clock.advance(100);
  assert.is(heard.edits.length, 1);
  assert.equal(room.document().keys("thresholds"), ["t1"]);
});

test("a document that nobody edits does not lag", async () => {
  const { cluster } = world(["a"]);
  await cluster.clock.advance(60_000);
  assert.is(cluster.runningOf("room").lagMs(), null);
});

test("a refusal of the owner reaches the client with its code", async () => {
  const { cluster } = world(["a"]);
  await cluster.clock.advance(2_000);
  const room = await open(cluster);
  const judgement = await judged(
    cluster,
    room,
    new Replica(7, "eve", "viewer").edits(setsThreshold("t1", threshold(1))),
  );
  assert.is(judgement.kind, "refused");
  assert.is((judgement as { code: number }).code, CLOSE_CODES.forbidden);
});

test("[Q1] what the gateway's copy has is not asked for again", async () => {
  const { cluster } = world(["a"]);
  const { clock, bus } = cluster;
  await clock.advance(2_000);
  let asked = 0;
  const room = await open(cluster, {
    ...bus,
    request: (...request) => {
      asked++;
      return bus.request(...request);
    },
  });
  const edit = new Replica(7).edits(setsThreshold("t1", threshold(1)));
  await judged(cluster, room, edit);
  await clock.advance(100);
  assert.is((await judged(cluster, room, edit)).kind, "nothing");
  assert.is(asked, 1);
});

test("[Q2] without an owner an edit is a gap, and with one it is admitted", async () => {
  const { cluster, nodes } = world(["a", "b"]);
  await cluster.clock.advance(2_000);
  const room = await open(cluster);
  nodes.find(({ node }) => node.owned().has("room"))!.die();
  const edit = new Replica(7).edits(setsThreshold("t1", threshold(1)));
  assert.is((await judged(cluster, room, edit)).kind, "gap");
  await cluster.clock.advance(TAKEN_OVER_MS);
  assert.is((await judged(cluster, room, edit)).kind, "admitted");
});

test("[Q2] a judgement of a node that was succeeded does not count", async () => {
  const { cluster, nodes } = world(["a", "b"]);
  const { clock, bus } = cluster;
  await clock.advance(2_000);
  const epochs = new Set<number>();
  let isLate = false;
  const room = await open(cluster, {
    ...bus,
    async request(...request) {
      const answer = decodeAs("answer", await bus.request(...request));
      epochs.add(answer.epoch);
      return encodeMessage(isLate ? { ...answer, epoch: answer.epoch - 1 } : answer);
    },
  });
  nodes.find(({ node }) => node.owned().has("room"))!.die();
  await clock.advance(TAKEN_OVER_MS);
  isLate = true;
  const edit = new Replica(7, "eve", "viewer").edits(setsThreshold("t1", threshold(1)));
  assert.is((await judged(cluster, room, edit)).kind, "gap");
  isLate = false;
  assert.is((await judged(cluster, room, edit)).kind, "refused");
  assert.equal([...epochs], [2]);
});

test("what an owner had admitted and not written is asked for when the next one has taken over", async () => {
  const { cluster, nodes } = world(["a", "b"]);
  const { clock } = cluster;
  await clock.advance(2_000);
  const room = await open(cluster);
  const heard = recorder(room);
  const owner = nodes.find(({ node }) => node.owned().has("room"))!;
  owner.logs = false;
  const edit = new Replica(7).edits(setsThreshold("t1", threshold(1)));
  assert.is((await judged(cluster, room, edit)).kind, "admitted");
  owner.die();
  await clock.advance(TAKEN_OVER_MS);
  assert.is(heard.owners, 1);
  assert.equal(heard.edits, []);
  assert.is((await judged(cluster, room, edit)).kind, "admitted");
  await clock.advance(100);
  assert.is(heard.edits.length, 1);
  assert.is(heard.rewinds, 0);
});

test("a message that is no edit is passed over, and the owner goes on", async () => {
  const { cluster } = world(["a"]);
  const { clock, bus } = cluster;
  await clock.advance(2_000);
  const room = await open(cluster);
  for (const bytes of [Uint8Array.of(1, 2, 3), encodeMessage({ type: "pong", nonce: 1, timeUs: 1 })])
    void bus.request(COMMANDS, bytes, 100).catch(() => {});
  await clock.advance(200);
  const edit = new Replica(7).edits(setsThreshold("t1", threshold(1)));
  assert.is((await judged(cluster, room, edit)).kind, "admitted");
});

test("when the servers lose the end of the log, the document is the one that is left, and says so", async () => {
  const { cluster } = world(["a"]);
  const { clock, bus } = cluster;
  await clock.advance(2_000);
  const stream = forgetful(bus.stream(subjectOf(SESSION, "room", "log")));
  const said: string[] = [];
  const room = await open(cluster, { ...bus, stream: () => stream }, (line) => said.push(line));
  const heard = recorder(room);
  const ana = new Replica(7);
  for (const id of ["t1", "t2"]) {
    await judged(cluster, room, ana.edits(setsThreshold(id, threshold(1))));
    await clock.advance(100);
  }
  assert.equal(room.document().keys("thresholds"), ["t1", "t2"]);
  stream.forget(1);
  await clock.advance(1_000);
  assert.is(heard.rewinds, 1);
  assert.match(said.join("\n"), /^log of room is read again: .*\nroom begins anew: /);
  assert.equal(room.document().keys("thresholds"), ["t1"]);
  stream.remember();
  await judged(cluster, room, ana.edits(setsThreshold("t3", threshold(1))));
  await clock.advance(1_000);
  assert.equal(room.document().keys("thresholds"), ["t1", "t2", "t3"]);
});

test.run();
