// runtime: either
/** Cells of JSON lines: what a row lacks is missing, what it has in another form is not a number. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { JsonRows } from "../../actors/feeds/table/ndjson.ts";
import { FINE, MISSING, UNPARSABLE } from "../../actors/feeds/table/rows.ts";

/** The rows of a text that comes in pieces. */
function rowsOf(...pieces: string[]): JsonRows {
  const rows = new JsonRows();
  for (const piece of pieces) rows.push(new TextEncoder().encode(piece));
  rows.end();
  return rows;
}

test("a row that lacks a column has no value there, also where every object has something of that name", () => {
  const rows = rowsOf('{"ts":1,"toString":2,"__proto__":3}\n{"ts":2}\n');
  assert.ok(rows.next());
  assert.equal([rows.columns, rows.width], [["ts", "toString", "__proto__"], 3]);
  assert.equal([rows.number(1), rows.reason, rows.number(2), rows.text(1)], [2, FINE, 3, "2"]);
  assert.ok(rows.next());
  for (const column of [1, 2, 3]) {
    assert.ok(Number.isNaN(rows.number(column)));
    assert.equal([rows.reason, rows.text(column)], [MISSING, ""], `column ${column}`);
  }
  assert.not(rows.next());
});

test("a line that is no object has bad cells only, and lines without text are passed over", () => {
  const rows = rowsOf('{"a":1}\n\n  \n[1]\nnull\n{"a":', '5}\n{"a"');
  const read: unknown[] = [];
  while (rows.next()) read.push([rows.line, rows.number(0), rows.reason]);
  assert.equal(read, [
    [1, 1, FINE],
    [4, Number.NaN, UNPARSABLE],
    [5, Number.NaN, UNPARSABLE],
    [6, 5, FINE],
    [7, Number.NaN, UNPARSABLE],
  ]);
});

test("a cell is a number, a text that is one, or bad for a reason", () => {
  const rows = rowsOf('{"a":1.5,"b":"2.5","c":null,"d":true,"e":{},"f":""}\n');
  rows.next();
  const cells = rows.columns.map((_, k) => [rows.number(k), rows.reason]);
  assert.equal(cells.slice(0, 5), [
    [1.5, FINE],
    [2.5, FINE],
    [Number.NaN, MISSING],
    [Number.NaN, UNPARSABLE],
    [Number.NaN, UNPARSABLE],
  ]);
  assert.ok(Number.isNaN(cells[5]![0]));
  assert.equal([rows.text(2), rows.text(4)], ["", "{}"]);
});

test("a table whose first line is no object is refused by its line", () => {
  assert.throws(() => rowsOf("\n[1]\n").next(), /line 2 is not a JSON object/);
});

test.run();
