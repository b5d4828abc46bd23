/** The simulated servers keep the port's contract without faults, and break it as real servers do with faults. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { AppendRefused, AppendUncertain } from "../../actors/ports/bus.ts";
import { BusConnection, type Subscribers } from "../../sim/cluster/bus-connection.ts";
import { BusServers } from "../../sim/cluster/bus-servers.ts";
import { Network } from "../../sim/cluster/network.ts";
import { Process } from "../../sim/cluster/process.ts";
import type { SimulatedCluster } from "../../sim/cluster/simulated-cluster.ts";
import { busContract } from "../contracts/bus.ts";
import { calmOptions, flow, manualWorld, pass } from "./manual-world.ts";

function simulatedBus(world: SimulatedCluster) {
  const network = new Network(world);
  const servers = new BusServers(world, network);
  const subscribers: Subscribers = new Set();
  const connect = (name: string) => {
    network.addHost(name);
    return new BusConnection(servers, subscribers, new Process(name));
  };
  return { network, servers, connect };
}

busContract("the simulated bus without faults", async () => {
  const world = manualWorld();
  const bus = simulatedBus(world).connect("n1");
  const stop = flow(world);
  return { bus, passMs: (ms) => pass(world, ms), dispose: async () => stop() };
});

test("an append whose acknowledgement is lost is uncertain, and stored", async () => {
  const world = manualWorld(calmOptions({ bus: { ackLost: 1 } }));
  const { connect, servers } = simulatedBus(world);
  const appended = connect("n1").stream("s").append(Uint8Array.of(1), { id: "a" });
  const outcome = appended.then(
    () => "answered",
    (error: unknown) => error,
  );
  await pass(world, 3_000);
  assert.instance(await outcome, AppendUncertain);
  assert.is(servers.stream("s").entries.length, 1);
});

test("of two writers that expect the same end, one is refused; with the servers' fault on, both are accepted", async () => {
  for (const bothAccepted of [0, 1]) {
    const world = manualWorld(calmOptions({ bus: { bothAccepted } }));
    const { connect, servers } = simulatedBus(world);
    const outcomes = ["n1", "n2"].map((name) =>
      connect(name)
        .stream("s")
        .append(Uint8Array.of(1), { id: name, expectedLast: 0 })
        .then(
          () => "accepted",
          (error: unknown) => error,
        ),
    );
    await pass(world, 1_000);
    const answers = await Promise.all(outcomes);
    assert.is(servers.stream("s").entries.length, 1 + bothAccepted);
    assert.is(answers.filter((each) => each instanceof AppendRefused).length, 1 - bothAccepted);
  }
});

test("an entry with the same id is stored again after the deduplication window", async () => {
  const world = manualWorld(calmOptions({ bus: { dedupeWindowMs: 500 } }));
  const { connect, servers } = simulatedBus(world);
  const stream = connect("n1").stream("s");
  for (const waitMs of [100, 1_000, 100]) {
    void stream.append(Uint8Array.of(1), { id: "a" });
    await pass(world, waitMs);
  }
  assert.is(servers.stream("s").entries.length, 2);
});

test("a stream without a leader answers no request for four to nine seconds, then continues", async () => {
  const world = manualWorld(calmOptions({ bus: { election: 1 } }));
  const { connect, servers } = simulatedBus(world);
  const stream = connect("n1").stream("s");
  await pass(world, 1_100);
  const gapMs = (servers.stream("s").leaderlessUntilUs - world.nowUs) / 1000;
  assert.ok(gapMs > 2_900 && gapMs < 9_000, `${gapMs}`);
  const outcome = stream.append(Uint8Array.of(1), { id: "a" }).then(
    () => "answered",
    (error: unknown) => error,
  );
  await pass(world, 2_500);
  assert.instance(await outcome, AppendUncertain);
  servers.heal();
  const again = stream.append(Uint8Array.of(1), { id: "a" });
  await pass(world, 100);
  assert.is(await again, 1);
});

test("servers that crash lose unsynced entries, and the checkers observe it", async () => {
  const world = manualWorld(calmOptions({ bus: { crashed: 1, tailLost: 1, syncEveryMs: 100_000 } }));
  const { connect, servers } = simulatedBus(world);
  const stream = connect("n1").stream("ew.s.p0.log");
  void stream.append(Uint8Array.of(1), { id: "a" });
  await pass(world, 500);
  assert.is(servers.stream("ew.s.p0.log").entries.length, 1);
  await pass(world, 700);
  assert.is(servers.stream("ew.s.p0.log").entries.length, 0);
});

test.run();
