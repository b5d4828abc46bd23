// runtime: either
/** Rows that programs send, in every form: the samples that are read, and what is said of those that cannot be. */
import { encode } from "@msgpack/msgpack";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { type RowFormat, readRows } from "../../actors/feeds/ingest-samples.ts";
import { LimitExceeded, ProtocolError } from "../../protocol/errors.ts";
import { MAX_FRAME_SAMPLES } from "../../protocol/limits.ts";

const NOW_US = 1_714_566_700_000_000;
const AT_US = 1_714_566_600_000_000;

function read(format: RowFormat, body: unknown) {
  const bytes = typeof body === "string" ? new TextEncoder().encode(body) : (body as Uint8Array);
  return readRows(bytes, NOW_US, format).map(({ timeUs, samples }) => [timeUs, Object.fromEntries(samples)]);
}

const ROWS = [
  { time: "2024-05-01T12:30:00Z", hall: 20.5, cellar: null },
  { time: AT_US + 1_000_000, hall: 21, cellar: 12 },
  { hall: 22 },
];
const READ = [
  [AT_US, { hall: 20.5 }],
  [AT_US + 1_000_000, { hall: 21, cellar: 12 }],
  [NOW_US, { hall: 22 }],
];

test("the same rows in JSON, on lines of JSON and in msgpack are the same samples", () => {
  assert.equal(read("json", JSON.stringify(ROWS)), READ);
  assert.equal(read("ndjson", ROWS.map((row) => JSON.stringify(row)).join("\r\n\n")), READ);
  assert.equal(read("msgpack", encode(ROWS)), READ);
  assert.equal(read("json", '{"hall":22}'), [[NOW_US, { hall: 22 }]]);
  assert.equal(read("msgpack", encode({ hall: 22, cellar: Number.NaN })), [[NOW_US, { hall: 22 }]]);
});

test("a line of InfluxDB is a row: measurement, field and tags are the name, and nanoseconds the time", () => {
  const lines = [
    "# Telegraf",
    "cpu,host=a,core=0 usage=12.5,steps=3i 1714566600000000000",
    "",
    "cpu,core=0,host=a usage=-1e-3",
    String.raw`my\ load,place=roof\,\ west value=7u,a\=b=.5`,
  ];
  assert.equal(read("lines", lines.join("\n")), [
    [AT_US, { 'cpu.usage{core="0",host="a"}': 12.5, 'cpu.steps{core="0",host="a"}': 3 }],
    [NOW_US, { 'cpu.usage{core="0",host="a"}': -0.001 }],
    [NOW_US, { 'my load{place="roof, west"}': 7, 'my load.a=b{place="roof, west"}': 0.5 }],
  ]);
});

test("rows are given back in the order of their times, and rows of one time as they came", () => {
  const rows = [3, 1, 2].map((second) => ({ time: AT_US + second * 1e6, x: second }));
  const names = (format: RowFormat, body: string) =>
    read(format, body).map(([, samples]) => Object.values(samples as object)[0]);
  assert.equal(names("json", JSON.stringify(rows)), [1, 2, 3]);
  assert.equal(names("ndjson", '{"x":2}\n{"y":1}\n{"z":3}'), [2, 1, 3]);
});

const BAD: readonly [format: RowFormat, body: unknown, value: RegExp, expected: RegExp][] = [
  ["json", '[{"t":1},{"t":"warm"}]', /^row 2: "t" is "warm"$/, /a number, or null/],
  ["json", '[{"t":1},7]', /^row 2 is 7$/, /an object/],
  ["json", '{"t":1,"time":"yesterday"}', /^row 1: time "yesterday"$/, /ISO 8601/],
  ["json", '{"constructor":1}', /^row 1: channel "constructor"$/, /another name/],
  ["json", "{", /JSON/, /^JSON$/],
  ["json", Uint8Array.of(0x22, 0xff, 0x22), /./, /UTF-8/],
  ["ndjson", '{"t":1}\n\n{"t":true}', /^line 3: "t" is true$/, /a number, or null/],
  ["ndjson", '{"t":1}\n{', /^line 2: .*JSON/, /^JSON$/],
  ["msgpack", encode([{ t: Number.POSITIVE_INFINITY }]), /^row 1: "t" is Infinity$/, /a number/],
  ["msgpack", encode({ t: 1 }).subarray(0, 2), /./, /./],
  // An array that says it has four billion elements.
  ["msgpack", Uint8Array.of(0xdd, 0xff, 0xff, 0xff, 0xff), /./, /./],
  ["lines", "cpu usage=1\ncpu usage=high", /^line 2: field "usage" is "high"$/, /20\.5 or 61i/],
  ["lines", 'cpu state="on"', /^line 1: field "state"/, /a number/],
  ["lines", "cpu usage=0x10", /^line 1: field "usage" is "0x10"$/, /a number/],
  ["lines", "cpu usage", /^line 1: the end after "cpu usage"$/, /=NUMBER after field "usage"/],
  ["lines", "cpu", /^line 1: the end after "cpu"$/, /FIELD=NUMBER/],
  ["lines", "cpu,host usage=1", /^line 1: " usage=1"$/, /=VALUE after tag "host"/],
  ["lines", "cpu usage=1,idle=2,usage=3", /^line 1: field "usage" twice$/, /each field once/],
  ["lines", "cpu,host=a,host=b usage=1", /^line 1: tag "host" twice$/, /each tag once/],
  ["lines", "cpu usage=1 soon", /^line 1: time "soon"$/, /ISO 8601/],
];

for (const [format, body, value, expected] of BAD)
  test(`what is wrong in ${format} is named: ${String(value)}, ${String(expected)}`, () => {
    try {
      read(format, body);
    } catch (error) {
      assert.instance(error, ProtocolError);
      assert.match((error as ProtocolError).value, value);
      return assert.match((error as ProtocolError).expected, expected);
    }
    assert.unreachable("it was read");
  });

test("rows that are no frame together are refused with the name of the limit", () => {
  const limit = (rows: object[]): string => {
    try {
      read("json", JSON.stringify(rows));
    } catch (error) {
      assert.instance(error, LimitExceeded);
      return (error as LimitExceeded).expected;
    }
    return assert.unreachable("it was read") as never;
  };
  const row = { x: 1 };
  assert.is(read("json", JSON.stringify(Array(MAX_FRAME_SAMPLES).fill(row))).length, MAX_FRAME_SAMPLES);
  assert.match(limit(Array(MAX_FRAME_SAMPLES + 1).fill(row)), "MAX_FRAME_SAMPLES");
  const hours = [AT_US, AT_US + 2 * 3_600_000_000].map((time) => ({ time, x: 1 }));
  assert.match(limit(hours), "MAX_FRAME_SPAN_US");
});

test.run();
