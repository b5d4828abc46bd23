// runtime: either
/** The channels of the running session as universes: their latest rows, as they are when somebody asks. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import type { Partition } from "../../actors/partition/partition.ts";
import { LiveUniverses, MAX_LIVE_ROWS } from "../../actors/scan/universe/live.ts";
import { loadUniverse } from "../../actors/scan/universe/load.ts";
import { type Universe, UniverseSymbol } from "../../actors/scan/universe/universe.ts";
import { FakeSession, START_US } from "../support/fake-session.ts";
import { CHANNELS, marketFeed } from "../support/market-feed.ts";
import { recordFeeds } from "../support/recorded-run.ts";

const atOnce = () => Promise.resolve();

function rowsBySymbol({ data }: Universe): Record<string, number> {
  return Object.fromEntries(data.symbols.map((symbol, s) => [symbol, new UniverseSymbol(data, s).rows]));
}

test("the universe of live channels is that of their recording, and that of a group a part of it", async () => {
  const sessions: Partition[] = [];
  const { directory } = await recordFeeds({
    definitions: { group: [], session: [] },
    feeds: [marketFeed(200)],
    async before(partition) {
      sessions.push(partition);
    },
  });
  const live = new LiveUniverses(sessions, atOnce);
  const { loaded } = await live.snapshot("live");
  const { universe } = await loadUniverse(directory);
  assert.equal(rowsBySymbol(loaded)["east/a"], 200);
  for (const column of ["symbols", "offsets", "timeUs", "columns"] as const)
    assert.equal(loaded.data[column], universe.data[column], column);
  const west = await live.snapshot("live:west");
  const names = CHANNELS.map((name) => `west/${name}`);
  assert.equal(west.loaded.data.symbols, names);
  const latest = (of: Universe, symbol: number) => new UniverseSymbol(of.data, symbol).column("close").at(-1);
  assert.is(latest(west.loaded, 0), latest(loaded, CHANNELS.length));
  assert.equal(
    live.list().map(({ name, symbols }) => [name, symbols]),
    [
      ["live", 8],
      ["live:east", 4],
      ["live:west", 4],
    ],
  );
});

test("of a channel with many rows the latest are taken, and of a quiet one those of long before", async () => {
  const session = new FakeSession();
  session.framesKept = 10_000;
  session.declare("slow", ["x"]);
  session.declare("fast", ["y"]);
  for (let k = 1; k <= 3; k++) session.measure("slow", [[k, 0, k]]);
  for (let k = 1; k <= 5_000; k++) session.measure("fast", [[10 + k, 0, k]]);
  const { loaded } = await new LiveUniverses([session], atOnce).snapshot();
  assert.equal(rowsBySymbol(loaded), { "slow/x": 3, "fast/y": MAX_LIVE_ROWS });
  const fast = new UniverseSymbol(loaded.data, 1);
  assert.is(fast.column("close")[0], 5_000 - MAX_LIVE_ROWS + 1);
  assert.is(fast.timeUs.at(-1), START_US + 5_010);
});

test("what is delivered while rows are gathered has no part in them", async () => {
  const session = new FakeSession();
  session.declare("g", ["x"]);
  for (let k = 1; k <= 200; k++) session.measure("g", [[k, 0, k]]);
  let later = 200;
  const live = new LiveUniverses([session], async () => {
    later++;
    session.measure("g", [[later, 0, later]]);
  });
  const { loaded } = await live.snapshot();
  assert.ok(later > 200, "something came meanwhile");
  assert.equal(rowsBySymbol(loaded), { "g/x": 200 });
  assert.is((await live.latest("live")).loaded, loaded);
  const delivered = later;
  assert.equal(rowsBySymbol((await live.snapshot()).loaded), { "g/x": delivered });
});

test("rows of before other channels took the place of those of a group are left out", async () => {
  const session = new FakeSession();
  session.declare("g", ["a", "b"]);
  const live = new LiveUniverses([session], atOnce);
  const measure = (from: number, channels: number) =>
    session.measure(
      "g",
      Array.from({ length: channels }, (_, c) => [from, c, 1]),
    );
  measure(1, 2);
  session.declare("g", ["a", "c"]);
  measure(2, 2);
  session.declare("g", ["a", "c", "d"]);
  measure(3, 3);
  const { loaded } = await live.snapshot("live:g");
  assert.equal(rowsBySymbol(loaded), { "g/a": 2, "g/c": 2, "g/d": 1 });
});

test("the program's own health is no part of the live channels, but a universe of its own", async () => {
  const session = new FakeSession();
  session.declare("host", ["cpu.busy"]);
  session.declare("program", ["own.memory", "own.cpu"]);
  const live = new LiveUniverses([session], atOnce);
  assert.equal(rowsBySymbol((await live.snapshot()).loaded), { "host/cpu.busy": 0 });
  assert.equal(rowsBySymbol((await live.snapshot("live:program")).loaded), {
    "program/own.memory": 0,
    "program/own.cpu": 0,
  });
  assert.not(live.hasSome(["program/own.cpu"]));
  assert.ok(live.hasSome(["none", "host/cpu.busy"]));
});

test("before channels are declared there is nothing to scan yet, and a group that there is not is refused", async () => {
  const session = new FakeSession();
  const live = new LiveUniverses([session], atOnce);
  const refusal = (name: string) => live.snapshot(name).then(String, (error: Error) => error.message);
  assert.equal(live.list(), [{ name: "live", state: "loaded", symbols: 0, reason: "" }]);
  assert.match(await refusal("live"), /no channels are declared yet/);
  session.declare("market", ["x"]);
  assert.match(await refusal("live:markt"), /find universe.*live:markt.*perhaps live:market/);
});

test.run();
