// runtime: either
import fc from "fast-check";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { CsvRows } from "../../actors/feeds/table/csv.ts";
import { MAX_ROW_BYTES, REASONS } from "../../actors/feeds/table/rows.ts";

const COMMA = 44;

/** All rows of a text that arrives in pieces of `size` bytes. */
function parse(text: string | Uint8Array, size = Number.POSITIVE_INFINITY, delimiter = COMMA): string[][] {
  const bytes = typeof text === "string" ? new TextEncoder().encode(text) : text;
  const rows = new CsvRows(delimiter);
  const result: string[][] = [];
  const take = (): void => {
    while (rows.next()) result.push(Array.from({ length: rows.width }, (_, k) => rows.text(k)));
  };
  for (let at = 0; at < bytes.length; at += size) {
    rows.push(bytes.subarray(at, at + size));
    take();
    if (size === Number.POSITIVE_INFINITY) break;
  }
  rows.end();
  take();
  return result;
}

test("csv reader splits rows and cells", () => {
  assert.equal(parse("a,b\n1,2\n3,4\n"), [
    ["a", "b"],
    ["1", "2"],
    ["3", "4"],
  ]);
});

test("csv reader needs no line end after the last row", () => {
  assert.equal(parse("a,b\n1,2"), [
    ["a", "b"],
    ["1", "2"],
  ]);
});

test("csv reader accepts CRLF and LF line ends", () => {
  assert.equal(parse("a,b\r\n1,2\r\n3,4\n"), [
    ["a", "b"],
    ["1", "2"],
    ["3", "4"],
  ]);
});

test("csv reader keeps empty cells, also the last", () => {
  assert.equal(parse("a,,c,\n,,,\n"), [
    ["a", "", "c", ""],
    ["", "", "", ""],
  ]);
});

test("csv reader skips blank lines and still counts them", () => {
  const rows = new CsvRows(COMMA);
  rows.push(new TextEncoder().encode("a\n\n\r\nb\n"));
  rows.next();
  assert.is(rows.line, 1);
  rows.next();
  assert.is(rows.line, 4);
  assert.is(rows.text(0), "b");
});

test("csv reader accepts delimiters, line ends and doubled quotes inside quotes", () => {
  assert.equal(parse('"a,b","c\nd","say ""hi""",""\nx,y,z,w\n'), [
    ["a,b", "c\nd", 'say "hi"', ""],
    ["x", "y", "z", "w"],
  ]);
});

test("csv reader counts the lines inside quotes", () => {
  const rows = new CsvRows(COMMA);
  rows.push(new TextEncoder().encode('"a\nb\nc",1\nd,2\n'));
  rows.next();
  rows.next();
  assert.is(rows.line, 4);
});

test("csv reader keeps quotes in the middle of a cell", () => {
  assert.equal(parse('5" disk,"a"b,c\n'), [['5" disk', '"a"b', "c"]]);
});

test("csv reader decodes UTF-8 across chunks", () => {
  assert.equal(parse("größe,日本,😀\n", 1), [["größe", "日本", "😀"]]);
});

test("csv reader accepts other delimiters", () => {
  assert.equal(parse("a;b,c\n", Number.POSITIVE_INFINITY, 59), [["a", "b,c"]]);
});

test("csv reader returns the rows before a quote that is never closed, then names its line", () => {
  const rows = new CsvRows(COMMA);
  rows.push(new TextEncoder().encode('a,b\n1,"2\n3,4\n'));
  assert.ok(rows.next());
  assert.not(rows.next());
  rows.end();
  assert.throws(() => rows.next(), /the row that begins in line 2 has a quote that is never closed/);
});

test("csv reader refuses rows longer than the limit", () => {
  const rows = new CsvRows(COMMA);
  rows.push(new Uint8Array(MAX_ROW_BYTES + 1).fill(97));
  assert.throws(() => rows.next(), /line \d+ is longer than 1048576 bytes/);
});

test("csv reader has a reason for a cell without a number", () => {
  const rows = new CsvRows(COMMA);
  rows.push(new TextEncoder().encode('1, NaN ,inf,-Infinity,1e999,,null,NA,x1,1.5.2,"2.5",0x1f\n'));
  rows.next();
  const said = Array.from({ length: 13 }, (_, k) => {
    const value = rows.number(k);
    return rows.reason === 0 ? value : REASONS[rows.reason];
  });
  assert.equal(said, [
    1,
    "nan",
    "infinite",
    "infinite",
    "infinite",
    "missing",
    "missing",
    "missing",
    "unparsable",
    "unparsable",
    2.5,
    31,
    "missing",
  ]);
});

test("csv reader reads back what was written, in chunks of any size", () => {
  const cell = fc.oneof(
    fc.string({ unit: fc.constantFrom("a", "b", ",", '"', "\n", "\r", " ", "é", "😀") }),
    fc.double().map(String),
  );
  const table = fc.array(fc.array(cell, { minLength: 2, maxLength: 6 }), { minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(
      table,
      fc.integer({ min: 1, max: 40 }),
      fc.constantFrom("\n", "\r\n"),
      (rows, size, lineEnd) => {
        const text = rows.map((row) => row.map(quoted).join(",") + lineEnd).join("");
        assert.equal(parse(text, size), rows);
      },
    ),
    { numRuns: 500 },
  );
});

function quoted(cell: string): string {
  return /[",\n\r]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}

test.run();
