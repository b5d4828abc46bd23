/** Universes from disk: what is a symbol, which rows are left out, and what the mean of the others is. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { loadUniverse } from "../../actors/scan/universe/load.ts";
import { UniverseSymbol, withMarket } from "../../actors/scan/universe/universe.ts";
import { temporaryDirectory } from "../support/recorded-run.ts";
import { shared, skipWithoutData } from "../support/shared.ts";
import { bars, universeOf } from "./worlds.ts";

const folder = temporaryDirectory();

async function loaded(name: string, text: string) {
  writeFileSync(join(folder, name), name.endsWith(".gz") ? gzipSync(text) : text);
  return (await loadUniverse(join(folder, name))).universe;
}

test("a table with a symbol column has its symbols, in whatever order the rows stand", async () => {
  const universe = await loaded(
    "long.csv.gz",
    "date,symbol,open,high,low,close,volume\n2024-01-02,B,1,2,1,2,10\n2024-01-02,A,5,6,5,6,20\n2024-01-01,B,1,1,1,1,30\n2024-01-03,A,6,7,6,7,40\n",
  );
  assert.equal(universe.data.symbols, ["B", "A"]);
  const b = new UniverseSymbol(universe.data, 0);
  assert.equal([...b.column("close")], [1, 2]);
  assert.equal([...b.column("volume")], [30, 10]);
  assert.equal([...new UniverseSymbol(universe.data, 1).column("low")], [5, 6]);
  assert.is(universe.defects.size, 0);
});

test("a table with a close is one symbol, any other has one in each column, and a folder has those of its files", async () => {
  const directory = join(folder, "bars");
  mkdirSync(directory);
  writeFileSync(join(directory, "AAA.csv"), "date,close,volume\n2024-01-01,1,5\n2024-01-02,2,6\n");
  writeFileSync(join(directory, "rooms.ndjson"), '{"time":"2024-01-01T00:00:00Z","hall":20,"attic":12}\n');
  writeFileSync(join(directory, "broken.csv"), "");
  writeFileSync(join(directory, "notes.md"), "not a table");
  const { universe, unreadable } = await loadUniverse(directory);
  assert.equal(universe.data.symbols, ["AAA", "rooms/hall", "rooms/attic"]);
  const columns = [0, 1, 2].map((k) => [...new UniverseSymbol(universe.data, k).column("close")]);
  assert.equal(columns, [[1, 2], [20], [12]]);
  assert.equal([...new UniverseSymbol(universe.data, 0).column("volume")], [5, 6]);
  assert.is(unreadable.length, 1);
  assert.match(unreadable[0]!.message, /broken\.csv: it is empty/);
});

test("rows that lack values, contradict themselves, or repeat a time are left out and named", async () => {
  const universe = await loaded(
    "defects.csv",
    "date,symbol,open,high,low,close\n2024-01-01,A,,2,1,2\n2024-01-02,A,1,2,1,3\nsoon,A,1,2,1,2\n2024-01-03,A,1,2,1,2\n2024-01-03,A,1,2,1,1\n2024-01-04,B,,,,\n",
  );
  const reasons = universe.defects.get("A")!.map(({ kind, rows, first }) => [kind, rows, first]);
  assert.equal(reasons, [
    ["missing", 1, "defects.csv, line 2"],
    ["outside", 1, "defects.csv, line 3"],
    ["badTime", 1, "defects.csv, line 4"],
    ["repeated", 1, "2024-01-03T00:00:00.000Z"],
  ]);
  assert.equal([...new UniverseSymbol(universe.data, 0).column("close")], [1]);
  assert.equal(universe.data.symbols, ["A", "B"]);
  assert.is(new UniverseSymbol(universe.data, 1).rows, 0);
});

test("a column that a symbol lacks is an error of that symbol", async () => {
  const universe = await loaded("closes.csv", "date,symbol,close\n2024-01-01,A,2\n");
  assert.throws(
    () => new UniverseSymbol(universe.data, 0).column("volume"),
    "Cannot evaluate A: it has no volume",
  );
  assert.throws(() => new UniverseSymbol(universe.data, 0).market(), "it is the only symbol");
});

test("what is no universe is refused with what was expected", async () => {
  const empty = join(folder, "empty");
  mkdirSync(empty);
  for (const [path, message] of [
    [join(folder, "none"), /no such file/],
    [empty, /the folder has no table/],
  ] as const) {
    const error = await loadUniverse(path).catch((reason: Error) => reason);
    assert.match((error as Error).message, message);
  }
});

test("the market of a symbol is the mean return of the others at the same times", () => {
  const universe = withMarket(universeOf({ A: bars([1, 2, 4]), B: bars([1, 1, 1]), C: bars([1, 4]) }));
  const of = (k: number) => [...new UniverseSymbol(universe.data, k).market()];
  const ln2 = Math.log(2);
  const near = (got: number[], expected: number[]) => {
    assert.is(got.length, expected.length);
    got.forEach((value, i) => {
      assert.ok(
        Object.is(value, expected[i]) || Math.abs(value - expected[i]!) < 1e-12,
        `${got}; expected ${expected}`,
      );
    });
  };
  near(of(0), [Number.NaN, ln2, 0]);
  near(of(1), [Number.NaN, 1.5 * ln2, ln2]);
  near(of(2), [Number.NaN, ln2 / 2]);
});

test("a symbol without a return at a time has no part in the market of the others then", async () => {
  const table =
    "date,symbol,close\n2024-01-01,A,1\n2024-01-02,A,2\n2024-01-01,B,1\n2024-01-02,B,4\n2024-01-02,C,9\n";
  const universe = withMarket(await loaded("later.csv", table));
  const of = (k: number) => [...new UniverseSymbol(universe.data, k).market()].at(-1)!;
  const near = (got: number, expected: number) => assert.ok(Math.abs(got - expected) < 1e-12, `${got}`);
  near(of(0), Math.log(4));
  near(of(1), Math.log(2));
  near(of(2), Math.log(8) / 2);
});

const daily = shared("market/C_sp500_daily/daily.csv.gz");
if (daily === null) skipWithoutData();
else
  test("the real daily bars have 499 symbols and fourteen defective rows, each named", async () => {
    const { universe } = await loadUniverse(daily);
    assert.is(universe.data.symbols.length, 499);
    assert.is(universe.data.timeUs.length, 249_043 - 14);
    const rows = { missing: 0, outside: 0, badTime: 0, repeated: 0 };
    for (const defects of universe.defects.values())
      for (const { kind, rows: count } of defects) rows[kind] += count;
    assert.equal(rows, { missing: 10, outside: 4, badTime: 0, repeated: 0 });
    const outside = [...universe.defects].filter(([, defects]) =>
      defects.some(({ kind }) => kind === "outside"),
    );
    assert.equal(outside.map(([symbol]) => symbol).sort(), ["BBY", "LNT", "UA", "WRK"]);
  });

test.run();
