// requires: nats-server,python3
// slow
/** A cluster over real servers: a session of another node, feeds that lose nothing, samples of programs in Python and Go. */
import { spawn, spawnSync } from "node:child_process";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { createNatsBus, type NatsBus } from "../../actors/bus/nats.ts";
import { startNatsServer } from "../../actors/bus/nats-server.ts";
import { systemClock } from "../../actors/clock.ts";
import { ClusterNode } from "../../actors/cluster/node.ts";
import { RemoteSession } from "../../actors/cluster/remote-session.ts";
import { publishFeed } from "../../actors/feeds/bus-publisher.ts";
import { SYSTEM } from "../../actors/system.ts";
import { parseSettings } from "../../protocol/settings.ts";
import { type SessionWorld, sessionContract } from "../contracts/session.ts";
import { makeFolder, range } from "../journal/builders.ts";
import { channels, row } from "../support/inputs.ts";
import { program } from "../support/programs.ts";
import { scriptedFeed } from "../support/scripted-feed.ts";
import { skip } from "../support/skip.ts";

const server = await startNatsServer();
let sessions = 0;

sessionContract("session of another node over NATS", async () => {
  const cluster = await startCluster();
  await cluster.start("a");
  const session = await cluster.remote();
  const feed = Object.assign(scriptedFeed("feed", "live"), { delivery: "once" as const });
  const published = cluster.publish(feed);
  const sink = await feed.sink;
  let offered = 0;
  const world: SessionWorld = {
    session,
    sink: {
      ...sink,
      channels: (declaration) => sink.channels(declaration),
      status: (status) => sink.status(status),
      frame(frame) {
        offered++;
        return sink.frame(frame);
      },
    },
    nowUs: () => systemClock.nowUs(),
    async passMs(ms) {
      // What takes longer on a machine under load must not fail a test.
      if (ms >= 50) await eventually(() => session.recentFrames(0).frames.length >= offered);
      await pass(ms < 50 ? ms : ms + 200);
    },
    async close() {
      feed.end();
      await published;
      await cluster.close();
    },
  };
  return world;
});

test("a planned hand-over over NATS loses no frame of a feed that is delivered once", async () => {
  const cluster = await startCluster();
  const first = await cluster.start("a");
  const session = await cluster.remote();
  const delivered: { value: number; atMs: number }[] = [];
  session.subscribe({
    ...DEAF,
    frame: ({ frame }) => delivered.push({ value: frame.value[0]!, atMs: performance.now() }),
  });
  const feed = Object.assign(scriptedFeed("feed", "live"), { delivery: "once" as const });
  const published = cluster.publish(feed);
  const sink = await feed.sink;
  sink.channels(channels(1));
  const offer = async (from: number, to: number) => {
    for (const k of range(from, to)) {
      sink.frame(row(systemClock.nowUs(), [k], k));
      await pass(5);
    }
  };
  await offer(1, 50);
  await cluster.start("b");
  await offer(51, 100);
  const stopped = first.stop();
  await offer(101, 300);
  await stopped;
  await offer(301, 320);
  feed.end();
  await published;
  await eventually(() => delivered.length >= 320);
  const gapMs = Math.max(...delivered.slice(1).map(({ atMs }, k) => atMs - delivered[k]!.atMs));
  console.log(`largest gap between two frames: ${gapMs.toFixed(0)} ms`);
  assert.equal(
    delivered.map(({ value }) => value),
    range(1, 320),
  );
  await cluster.close();
});

test("rows that a program in Python publishes arrive as frames of its group", () =>
  publishedRowsArrive(program("python3")!, [example("ingest.py")]));

test("rows that a program in Go publishes arrive as frames of its group", async () => {
  const go = program("go");
  if (go === null)
    return skip("no go: the example in Go was not run (Debian, Ubuntu: apt-get install golang-go)");
  const folder = makeFolder();
  const built = join(folder, process.platform === "win32" ? "ingest.exe" : "ingest");
  // It has the standard library alone: nothing may be fetched.
  const env = { ...process.env, GO111MODULE: "off", GOPROXY: "off" };
  const compiled = spawnSync(go, ["build", "-o", built, example("ingest.go")], { env, encoding: "utf8" });
  assert.is(compiled.status, 0, compiled.stderr);
  await publishedRowsArrive(built, []);
  rmSync(folder, { recursive: true });
});

test("the server is gone", () => server.dispose());

// ---- then ------------------------------------------------------------------------------------------------------

/** Twenty rows of a program that takes server, session, rows and seconds between them. */
async function publishedRowsArrive(command: string, before: string[]): Promise<void> {
  const cluster = await startCluster();
  await cluster.start("a");
  const session = await cluster.remote();
  const place = [`127.0.0.1:${server.port}`, cluster.session, "20", "0.01"];
  const child = spawn(command, [...before, ...place], { stdio: ["ignore", "inherit", "inherit"] });
  const code = await new Promise((resolve) => child.once("exit", resolve));
  assert.is(code, 0);
  await eventually(() => session.recentFrames(0).frames.length >= 20);
  const [group] = session.groups();
  assert.equal(
    [group!.group, group!.source, group!.channels.map(({ name }) => name)],
    ["climate", "ingest:greenhouse", ["hall", "cellar"]],
  );
  const { frames } = session.recentFrames(0);
  assert.equal(
    frames.map(({ frame }) => frame.sequence),
    range(1, 20),
  );
  for (const [k, { frame }] of frames.entries()) {
    // Another language may round the last bit of a sine differently.
    assert.ok(
      Math.abs(frame.value[0]! - (20 + Math.sin(k / 9))) < 1e-12,
      `hall of row ${k}: ${frame.value[0]}`,
    );
    assert.is(frame.value[1], 12.5);
  }
  await cluster.close();
}

function example(name: string): string {
  return fileURLToPath(new URL(`../../docs/examples/${name}`, import.meta.url));
}

// ---- given ------------------------------------------------------------------------------------------------------

const DEAF = { frame() {}, event() {}, state() {}, metrics() {}, channels() {}, flush() {} };

/** Nodes of a session of its own, each with a connection of its own. */
async function startCluster() {
  const session = `s${++sessions}`;
  const buses: NatsBus[] = [];
  const nodes: ClusterNode[] = [];
  const remotes: RemoteSession[] = [];
  const connect = async (): Promise<NatsBus> => {
    const bus = await createNatsBus({ servers: [server.url], clock: systemClock, log: () => {} });
    buses.push(bus);
    return bus;
  };
  const place = { clock: systemClock, session };
  return {
    session,
    /** Resolves when the node has joined and, as the first one, owns the partition. */
    async start(name: string): Promise<ClusterNode> {
      const node = new ClusterNode({
        ...place,
        name,
        partitions: ["p0"],
        bus: await connect(),
        definitions: SYSTEM,
        settings: parseSettings({}),
        versions: {},
        log: () => {},
      });
      node.onChange(({ owned }) =>
        owned?.commands.handle({
          changeSetting: async ({ path, value }, author, _signal, id) => {
            await owned.configure(path, value, author, id);
            return { settings: owned.core.settings };
          },
        }),
      );
      nodes.push(node);
      node.start();
      if (nodes.length === 1) await eventually(() => node.owned().has("p0"));
      return node;
    },
    async remote(): Promise<RemoteSession> {
      const bus = await connect();
      const gateway = `gateway ${++sessions}`;
      const remote = await RemoteSession.open({ ...place, bus, partition: "p0", gateway, log() {} });
      remotes.push(remote);
      return remote;
    },
    async publish(feed: ReturnType<typeof scriptedFeed>): Promise<void> {
      await publishFeed(feed, { ...place, bus: await connect(), partition: "p0" });
    },
    async close(): Promise<void> {
      for (const remote of remotes) remote.close();
      await Promise.all(nodes.map((node) => node.stop()));
      await Promise.all(buses.map((bus) => bus.close()));
    },
  };
}

async function eventually(holds: () => boolean): Promise<void> {
  while (!holds()) await pass(5);
}

function pass(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

test.run();
