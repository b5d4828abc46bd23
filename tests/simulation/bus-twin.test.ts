// timeout: 120
/** The simulated servers keep the port's promises when nothing fails, and break them just as real ones do. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { AppendRefused, AppendUncertain } from "../../actors/ports/bus.ts";
import { BusServers } from "../../sim/cluster/bus.ts";
import { BusLine, type Subscribers } from "../../sim/cluster/bus-line.ts";
import { Network } from "../../sim/cluster/network.ts";
import { Process } from "../../sim/cluster/process.ts";
import type { World } from "../../sim/cluster/world.ts";
import { busContract } from "../contracts/bus.ts";
import { calmOptions, falseWorld, flow, pass } from "./false-world.ts";

function twin(world: World) {
  const network = new Network(world);
  const servers = new BusServers(world, network);
  const subscribers: Subscribers = new Set();
  const line = (name: string) => {
    network.addHost(name);
    return new BusLine(servers, subscribers, new Process(name));
  };
  return { network, servers, line };
}

busContract("the simulated bus without faults", async () => {
  const world = falseWorld();
  const bus = twin(world).line("n1");
  const stop = flow(world);
  return { bus, passMs: (ms) => pass(world, ms), dispose: async () => stop() };
});

test("an append whose acknowledgement is lost is uncertain, and stored", async () => {
  const world = falseWorld(calmOptions({ bus: { ackLost: 1 } }));
  const { line, servers } = twin(world);
  const appended = line("n1").stream("s").append(Uint8Array.of(1), { id: "a" });
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
    const world = falseWorld(calmOptions({ bus: { bothAccepted } }));
    const { line, servers } = twin(world);
    const outcomes = ["n1", "n2"].map((name) =>
      line(name)
        .stream("s")
        .append(Uint8Array.of(1), { id: name, expectedLast: 0 })
        .then(
          () => "accepted",
          (error: unknown) => error,
        ),
    );
    await pass(world, 1_000);
    const told = await Promise.all(outcomes);
    assert.is(servers.stream("s").entries.length, 1 + bothAccepted);
    assert.is(told.filter((each) => each instanceof AppendRefused).length, 1 - bothAccepted);
  }
});

test("an id is stored again when the window is over", async () => {
  const world = falseWorld(calmOptions({ bus: { dedupeWindowMs: 500 } }));
  const { line, servers } = twin(world);
  const stream = line("n1").stream("s");
  for (const waitMs of [100, 1_000, 100]) {
    void stream.append(Uint8Array.of(1), { id: "a" });
    await pass(world, waitMs);
  }
  assert.is(servers.stream("s").entries.length, 2);
});

test("a stream without a leader answers nobody for four to nine seconds, then goes on", async () => {
  const world = falseWorld(calmOptions({ bus: { election: 1 } }));
  const { line, servers } = twin(world);
  const stream = line("n1").stream("s");
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

test("servers that end forget what was not synced, and say so to the checkers", async () => {
  const world = falseWorld(calmOptions({ bus: { crashed: 1, tailLost: 1, syncEveryMs: 100_000 } }));
  const { line, servers } = twin(world);
  const stream = line("n1").stream("ew.s.p0.log");
  void stream.append(Uint8Array.of(1), { id: "a" });
  await pass(world, 500);
  assert.is(servers.stream("ew.s.p0.log").entries.length, 1);
  await pass(world, 700);
  assert.is(servers.stream("ew.s.p0.log").entries.length, 0);
});

test.run();
