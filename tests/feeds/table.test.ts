import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { REASONS } from "../../actors/feeds/table/rows.ts";
import { readTable, type TableOptions } from "../../actors/feeds/table/table.ts";
import { EigenwatchError } from "../../protocol/errors.ts";
import { pieces, withFile } from "./collect.ts";

interface Read {
  times: number[];
  timeText: string[];
  lines: number[];
  values: (number | string)[][];
  symbols: string[];
  batches: number[];
}

/** Everything in a table; a bad value is shown as its reason. */
async function read(source: string | AsyncIterable<Uint8Array>, options: TableOptions = {}): Promise<Read> {
  const table = await readTable(source, { keepTimeText: true, ...options });
  const result: Read = { times: [], timeText: [], lines: [], values: [], symbols: [], batches: [] };
  const n = table.valueColumns.length;
  for await (const batch of table.batches()) {
    result.batches.push(batch.rows);
    for (let r = 0; r < batch.rows; r++) {
      result.times.push(batch.timeUs[r]!);
      result.timeText.push(batch.timeText[r]!);
      result.lines.push(batch.line[r]!);
      if (table.format === "long") result.symbols.push(table.symbols[batch.symbol[r]!] ?? "");
      const row: (number | string)[] = [];
      for (let k = r * n; k < (r + 1) * n; k++)
        row.push(batch.reasons[k] === 0 ? batch.values[k]! : REASONS[batch.reasons[k]!]!);
      result.values.push(row);
    }
  }
  return result;
}

async function failure(task: Promise<unknown>): Promise<string> {
  try {
    await task;
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error("was read");
}

test("wide table gives its columns and keeps the time's text", async () => {
  const { times, timeText, values, lines } = await read(
    pieces("timestamp,a,b\n2015-02-26 21:42:53,1,2.5\n2015-02-26 21:47:53,,x\n"),
  );
  assert.equal(times, [1424986973000000, 1424987273000000]);
  assert.equal(timeText, ["2015-02-26 21:42:53", "2015-02-26 21:47:53"]);
  assert.equal(values, [
    [1, 2.5],
    ["missing", "unparsable"],
  ]);
  assert.equal(lines, [2, 3]);
});

test("long table gives symbols by first appearance", async () => {
  const { symbols, values } = await read(pieces("ts,symbol,price\n1,B,10\n1,A,20\n2,B,11\n"));
  assert.equal(symbols, ["B", "A", "B"]);
  assert.equal(values, [[10], [20], [11]]);
});

test("of a bar the close is the value and the volume the size", async () => {
  const table = await readTable(pieces("ts,symbol,open,high,low,close,volume\n1,A,1,2,0.5,1.5,100\n"));
  assert.equal([table.format, table.valueColumns, table.sizeColumn], ["long", ["close"], "volume"]);
});

test("options name columns whose names are not recognised", async () => {
  const options = { format: "long", time: "wann", symbol: "was", value: "wie viel", size: "menge" } as const;
  const table = await readTable(pieces("wann,was,wie viel,menge\n1,A,3,4\n"), options);
  assert.equal(
    [table.timeColumn, table.symbolColumn, table.valueColumns, table.sizeColumn],
    ["wann", "was", ["wie viel"], "menge"],
  );
});

test("wide table takes only the expected columns, in the expected order", async () => {
  const { values } = await read(pieces("ts,a,b,c\n1,10,20,30\n"), { columns: ["c", "a"] });
  assert.equal(values, [[30, 10]]);
  const skipped = await read(pieces("ts,a,b,c\n1,10,20,30\n"), { skip: ["b"] });
  assert.equal(skipped.values, [[10, 30]]);
});

test("wide table of too many channels is refused at its header: no row of it is read, and chosen columns are counted alone", async () => {
  let rowsRead = 0;
  async function* wide(): AsyncGenerator<Uint8Array> {
    yield Buffer.from(`ts,${Array.from({ length: 20_000 }, (_, k) => `c${k}`).join(",")}\n`);
    for (;;) {
      rowsRead++;
      yield Buffer.from("1,2\n");
    }
  }
  const most = { channels: 128, choose: "--columns NAMES" };
  assert.is(
    await failure(readTable(wide(), { name: "wide.csv", most })),
    "Cannot read wide.csv: it has 20000 columns of values; expected at most 128, or --columns NAMES to choose some of them",
  );
  assert.is(rowsRead, 0);
  const chosen = await readTable(wide(), { columns: ["c7", "c19999"], most: { ...most, channels: 2 } });
  assert.equal(chosen.valueColumns, ["c7", "c19999"]);
  await chosen.batches().next();
  assert.is(rowsRead, 1);
});

test("tabs, semicolons and a byte-order mark are recognised", async () => {
  assert.equal((await read(pieces("ts\ta\n1\t2\n"))).values, [[2]]);
  assert.equal((await read(pieces("ts;a\n1;2\n"))).values, [[2]]);
  assert.equal((await read(pieces("\uFEFFts,a\n1,2\n"))).values, [[2]]);
  assert.equal(
    (await read(pieces(new Uint8Array([0xef]), new Uint8Array([0xbb, 0xbf]), "ts,a\n1,2\n"))).values,
    [[2]],
  );
});

test("JSON lines are read, long and wide", async () => {
  const wide = await read(
    pieces('{"ts":1,"a":1.5,"b":null}\n\n{"b":"2","ts":2,"c":9}\nnot json\n{"ts":3,"a":"NaN","b":[1]}\n'),
  );
  assert.equal(wide.values, [
    [1.5, "missing"],
    ["missing", 2],
    ["unparsable", "unparsable"],
    ["nan", "unparsable"],
  ]);
  assert.equal(wide.lines, [1, 3, 4, 5]);
  assert.equal(wide.times.slice(0, 2), [1_000_000, 2_000_000]);
  assert.ok(Number.isNaN(wide.times[2]));
  const long = await read(
    pieces('{"ts":"2020-01-01","symbol":"A","value":1}\n{"ts":"2020-01-02","symbol":"B","value":2}'),
  );
  assert.equal(long.symbols, ["A", "B"]);
  assert.is(long.times[1]! - long.times[0]!, 86_400_000_000);
});

test("keys such as __proto__ in JSON lines are columns like others", async () => {
  const table = await readTable(pieces('{"ts":1,"__proto__":{"x":1},"constructor":2}\n'));
  assert.ok(table.valueColumns.includes("constructor"));
  assert.is(({} as Record<string, unknown>)["x"], undefined);
});

test("gzip is recognised by its bytes, also when they come one by one", async () => {
  const bytes = gzipSync("ts,a\n1,2\n2,3\n");
  const single = Array.from(bytes, (_, k) => bytes.subarray(k, k + 1));
  assert.equal((await read(pieces(...single))).values, [[2], [3]]);
});

test("gzip of several members is read to the end", async () => {
  const bytes = Buffer.concat([gzipSync("ts,a\n1,2\n"), gzipSync("2,3\n")]);
  assert.equal((await read(pieces(bytes))).values, [[2], [3]]);
});

test("gzip cut off in the middle gives its rows, then the error", async () => {
  let text = "ts,a\n";
  for (let k = 0; k < 20_000; k++) text += `${k},${(k * 7919) % 1009}\n`;
  const whole = gzipSync(text);
  const table = await readTable(pieces(whole.subarray(0, whole.length >> 1)), { name: "cut.csv.gz" });
  let rows = 0;
  const said = await failure(
    (async () => {
      for await (const batch of table.batches()) {
        for (let r = 0; r < batch.rows; r++) assert.is(batch.values[r], ((rows + r) * 7919) % 1009);
        rows += batch.rows;
      }
    })(),
  );
  assert.is(said, "Cannot read cut.csv.gz: its gzip data ends in the middle");
  assert.ok(rows > 5000 && rows < 20_000, String(rows));
});

/** Rows of one value, read until the table ends or fails. */
async function rowsAndFailure(source: AsyncIterable<Uint8Array>): Promise<{ rows: number[]; said: string }> {
  const table = await readTable(source, { name: "t.csv.gz" });
  const rows: number[] = [];
  try {
    for await (const batch of table.batches()) rows.push(...batch.values.slice(0, batch.rows));
  } catch (error) {
    return { rows, said: (error as Error).message };
  }
  return { rows, said: "" };
}

const TWO_MEMBERS = Buffer.concat([gzipSync("ts,a\n1,2\n"), gzipSync("2,3\n")]);
const NOT_GZIP = "Cannot read t.csv.gz: bytes that are not gzip follow its gzip data";
const TAILS: [tail: string, bytes: Uint8Array, said: string][] = [
  ["zeros", new Uint8Array(600), ""],
  ["one zero", new Uint8Array(1), ""],
  ["text", Buffer.from("a line of text without end\n".repeat(40)), NOT_GZIP],
  ["zeros and then text", Buffer.concat([new Uint8Array(512), Buffer.from("text")]), NOT_GZIP],
  ["zeros and then a member", Buffer.concat([new Uint8Array(3), gzipSync("3,4\n")]), NOT_GZIP],
  ["half a magic number", Buffer.from([0x1f]), "Cannot read t.csv.gz: its gzip data ends in the middle"],
  ["half a header", TWO_MEMBERS.subarray(0, 9), "Cannot read t.csv.gz: its gzip data ends in the middle"],
  [
    "a member of another method",
    Buffer.from([0x1f, 0x8b, 7, 0, 0, 0, 0, 0, 0, 3, 0]),
    "Cannot read t.csv.gz: its gzip data is damaged (unknown compression method)",
  ],
];

for (const [tail, bytes, said] of TAILS)
  test(`gzip followed by ${tail} gives its rows and ends, in chunks of any size`, async () => {
    const all = Buffer.concat([TWO_MEMBERS, bytes]);
    for (const size of [1, 2, 7, 64, all.length]) {
      const chunks = Array.from({ length: Math.ceil(all.length / size) }, (_, k) =>
        all.subarray(k * size, (k + 1) * size),
      );
      assert.equal(await rowsAndFailure(pieces(...chunks)), { rows: [2, 3], said }, `chunks of ${size}`);
    }
  });

test("gzip with a wrong checksum or length gives its rows, then the error", async () => {
  const good = gzipSync("ts,a\n1,2\n");
  for (const [at, how] of [
    [8, "incorrect data check"],
    [4, "incorrect length check"],
  ] as const) {
    const bad = Buffer.from(good);
    bad[bad.length - at]! ^= 1;
    const { rows, said } = await rowsAndFailure(pieces(bad));
    assert.equal(rows, [2]);
    assert.is(said, `Cannot read t.csv.gz: its gzip data is damaged (${how})`);
  }
});

test("gzip header may hold an extra field, a name, a comment and a checksum", async () => {
  const plain = gzipSync("ts,a\n1,2\n");
  const extra = [3, 0, 1, 2, 3];
  const texts = [...Buffer.from("name.csv\0a comment\0")];
  const header = [0x1f, 0x8b, 8, 4 + 8 + 16 + 2, 0, 0, 0, 0, 0, 3, ...extra, ...texts, 0xaa, 0xbb];
  const all = Buffer.concat([Uint8Array.from(header), plain.subarray(10)]);
  for (const size of [1, 5, all.length]) {
    const chunks = Array.from({ length: Math.ceil(all.length / size) }, (_, k) =>
      all.subarray(k * size, (k + 1) * size),
    );
    assert.equal(await rowsAndFailure(pieces(...chunks)), { rows: [2], said: "" }, `chunks of ${size}`);
  }
});

test("rows come as soon as their bytes do, without looking ahead", async () => {
  const { batches } = await read(pieces("ts,a\n1,2\n", "2,3\n3,", "4\n"));
  assert.equal(batches, [1, 1, 1]);
});

test("first batch has as many rows as asked for", async () => {
  const { batches } = await read(pieces("ts,a\n1,2\n", "2,3\n", "3,4\n", "4,5\n"), { firstRows: 3 });
  assert.equal(batches, [3, 1]);
});

test("rows without a time column are spaced evenly, or stamped on arrival", async () => {
  const even = await read(pieces("a,b\n1,2\n3,4\n"), { everyUs: 1000, startUs: 5 });
  assert.equal(even.times, [5, 1005]);
  assert.equal(even.timeText, ["", ""]);
  let now = 41;
  const live = await read(pieces("a\n1\n2\n"), { arrival: () => ++now });
  assert.equal(live.times, [42, 43]);
});

test("a row with an unreadable time has none, and the rows around it have theirs", async () => {
  const { times } = await read(pieces("ts,a\nsoon,1\n1381336201994,2\nlater,3\n1381336201995,4\n"));
  assert.equal(times, [Number.NaN, 1381336201994000, Number.NaN, 1381336201995000]);
});

test("a header without rows is an empty table", async () => {
  assert.equal((await read(pieces("ts,a\n"))).values, []);
});

const FAILURES: [text: string | Uint8Array, options: TableOptions, said: RegExp][] = [
  ["", {}, /^Cannot read standard input: it is empty; expected a header line and rows$/],
  ["\n\n\n", {}, /only blank lines/],
  [
    "1381336201994,IBM,180.05\n",
    {},
    /line 1 has no column names but data \("1381336201994"\); expected a header/,
  ],
  ["2015-01-01,5\n", {}, /line 1 has no column names but data/],
  ["a,b\n1,2\n", {}, /no time column among a, b; expected time=COLUMN, or every=1s/],
  ["ts,a\n1,2\n", { time: "tz" }, /time=tz names no column; expected perhaps ts/],
  ["ts,a,b\n1,2,3\n", { columns: ["x1"] }, /columns=x1 names no column; expected one of ts, a, b/],
  ["ts,a,a\n1,2,3\n", {}, /two columns are called a/],
  ["ts\n1\n", {}, /no column with values/],
  [
    "ts,symbol,bid\n1,A,2\n",
    {},
    /symbol column \(symbol\) but no value column among ts, symbol, bid; expected value=COLUMN/,
  ],
  ["ts,a\n1,2\n", { format: "long" }, /format=long, but there is no symbol column/],
  [
    "date,a\n09.10.2013,1\n10.10.2013,2\n",
    {},
    /column date has no times: line 2 says "09\.10\.2013"; expected seconds, ms/,
  ],
  ["[1,2]\n", {}, /begins with "\["; expected one JSON object a line/],
  ['{"a":\n', {}, /line 1 is not a JSON object/],
  [new Uint8Array([0x7f, 0x45, 0x4c, 0x46, 2, 1]), {}, /byte 4 is 2, which no text has/],
  [new Uint8Array([0xff, 0xfe, 0x74, 0]), {}, /it is UTF-16; expected UTF-8/],
  [Buffer.concat([gzipSync("ts,a\n1,2\n").subarray(0, 12), new Uint8Array(20)]), {}, /gzip data/],
];

for (const [k, [text, options, said]] of FAILURES.entries())
  test(`a table that cannot be read is refused with the reason (${k}: ${said.source.slice(0, 50)})`, async () => {
    assert.match(await failure(read(pieces(text), options)), said);
  });

test("for any bytes the reader throws only an EigenwatchError, and every value is finite or has a reason", async () => {
  const good = [
    new TextEncoder().encode('ts,a,"b c"\r\n1600000000,1.5,"x ""y"""\n1600000001,,-2e3\n'),
    new TextEncoder().encode("ts,symbol,price,size\n2020-01-01T00:00:00Z,A,1,2\n2020-01-01T00:00:01Z,B,3,\n"),
    new TextEncoder().encode('{"ts":1,"a":2}\n{"ts":2,"a":"NaN"}\n'),
    new Uint8Array(gzipSync("ts,a\n1,2\n2,3\n")),
  ];
  const change = fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 }));
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 60 }),
    fc
      .tuple(fc.constantFrom(...good), fc.array(change, { maxLength: 5 }), fc.nat())
      .map(([text, changes, cut]) => {
        const copy = text.slice(0, cut % 3 === 0 ? cut % text.length : text.length);
        for (const [at, byte] of changes) if (copy.length > 0) copy[at % copy.length] = byte;
        return copy;
      }),
  );
  await fc.assert(
    fc.asyncProperty(bytes, fc.integer({ min: 1, max: 64 }), async (input, size) => {
      const chunks = Array.from({ length: Math.ceil(input.length / size) }, (_, k) =>
        input.slice(k * size, (k + 1) * size),
      );
      try {
        const { values } = await read(pieces(...chunks), { everyUs: 1 });
        for (const cell of values.flat()) assert.ok(typeof cell === "string" || Number.isFinite(cell));
      } catch (error) {
        assert.instance(error, EigenwatchError);
      }
    }),
    { numRuns: 1500 },
  );
});

test("missing file and folder are named", async () => {
  assert.is(await failure(read("/no/such.csv")), "Cannot read /no/such.csv: there is no such file");
  await withFile("x.csv", "", async (path) => {
    const folder = path.slice(0, -6);
    assert.is(await failure(read(folder)), `Cannot read ${folder}: it is a folder; expected a file`);
  });
});

test.run();
